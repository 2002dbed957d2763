"""Joint activities that are done early, at once and one after another, saved and loaded after every step.

Issue 3 item 1; design/engine.md, multi-instance: the stock completion condition sees stale results, and a
cancelled child hangs the activity.
"""

import random

import pytest

from bpmn.checks import check_diagram
from bpmn.engine import Run, StepFailed, read_diagram
from bpmn.engine.marking import Mark
from bpmn.exploration import explore
from tests.bpmn.sketch import again, around, finish, node, ready, sketch, user

FLOWS = [("s", "a"), ("a", "b"), ("b", "e")]
PEOPLE = ["甲", "乙", "丙"]


def joint(condition: str, result: str = "verdict", sequential: bool = False) -> bytes:
    """A joint user task with a completion condition, then a task."""
    how = ' isSequential="true"' if sequential else ""
    named = f' sgyp:result="{result}"' if result else ""
    written = condition.replace("<", "&lt;").replace(">", "&gt;")
    repeat = (
        f'<bpmn:multiInstanceLoopCharacteristics sgyp:collection="people" sgyp:item="who"{named}{how}>'
        f"<bpmn:completionCondition>{written}</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics>"
    )
    return sketch([node("userTask", "a", repeat), user("b")], FLOWS)


def begun(condition: str, people: list[str] | None = None, **how: bool) -> Run:
    return Run.start(read_diagram(joint(condition, **how)), {"people": people or PEOPLE, "verdict": "old"}, around())  # type: ignore[arg-type]


def token_of(run: Run, who: str) -> str:
    return next(task.token for task in run.ready if task.instance == who)


@pytest.mark.parametrize("sequential", [False, True])
def test_a_majority_is_enough(sequential: bool) -> None:
    run = begun("nr_done * 2 > nr_total", sequential=sequential)
    finish(again(run), "a:甲")
    run = again(run)
    finish(run, "a:甲")
    assert "b" not in ready(run)
    run = again(run)
    finish(run, "a:乙")
    assert ready(again(run)) == ["b"]
    assert run.trail == ("a", "a_b")


@pytest.mark.parametrize("sequential", [False, True])
def test_the_condition_sees_what_each_one_decided_and_nothing_older(sequential: bool) -> None:
    # The case's verdict is "old" at the start and "agree" after the first: neither is the second one's answer.
    run = begun("count(results, 'agree') == 2 or 'old' in results", sequential=sequential)
    finish(run, "a:甲", {"verdict": "agree"})
    run = again(run)
    finish(run, "a:乙", {"round": 2})
    run = again(run)
    assert ready(run) == ["a:丙"]
    finish(run, "a:丙", {"verdict": "agree"})
    assert ready(run) == ["b"]


@pytest.mark.parametrize("sequential", [False, True])
def test_one_refusal_ends_the_round(sequential: bool) -> None:
    run = begun("'back' in results", sequential=sequential)
    finish(run, "a:甲", {"verdict": "back"})
    assert ready(again(run)) == ["b"]
    assert again(run).marking == (Mark("b", "", 0, ()),)


def test_without_the_condition_coming_true_all_are_waited_for() -> None:
    run = begun("'back' in results")
    for who in PEOPLE:
        run = again(run)
        finish(run, f"a:{who}", {"verdict": "agree"})
    assert ready(run) == ["b"]


@pytest.mark.parametrize("sequential", [False, True])
def test_who_is_dropped_is_no_longer_counted_and_may_make_it_enough(sequential: bool) -> None:
    run = begun("nr_done * 2 > nr_total", [*PEOPLE, "丁"], sequential=sequential)
    finish(run, "a:甲")
    run = again(run)
    run.drop_instance(token_of(run, "乙"))
    run = again(run)
    assert "a:丙" in ready(run)  # one of three
    run.drop_instance(token_of(run, "丙"))
    assert "a:丁" in ready(run)  # one of two
    run = again(run)
    run.add_instance(token_of(run, "丁"), "戊")
    run = again(run)
    finish(run, "a:丁")
    assert ready(run) == ["b"]  # two of three


def test_the_names_count_what_they_say() -> None:
    for sequential in (False, True):
        run = begun("nr_total == 4 and nr_done == 1 and nr_open == 3", sequential=sequential)
        run.add_instance(run.ready[0].token, "丁")
        finish(again(run), "a:甲")
        finish(run, "a:甲")
        assert ready(run) == ["b"]


def test_a_condition_without_a_value_is_an_incident() -> None:
    run = begun("nr_done > quorum")
    with pytest.raises(StepFailed, match="quorum"):
        finish(run, "a:甲")


def test_random_rounds_with_people_added_and_dropped_follow_a_model() -> None:
    for seed in range(60):
        rnd = random.Random(seed)
        sequential = seed % 2 == 1
        run = begun("count(results, 'agree') * 2 > nr_total", [f"p{n}" for n in range(5)], sequential=sequential)
        waiting, results = [f"p{n}" for n in range(5)], list[str]()
        for step in range(30):
            shown = waiting[:1] if sequential else sorted(waiting)
            assert ready(run) == [f"a:{who}" for who in shown]
            run = again(run)
            who, act = rnd.choice(shown), rnd.choice(["agree", "agree", "back", "drop", "add"])
            if act == "add":
                waiting.append(f"q{step}")
                run.add_instance(token_of(run, who), f"q{step}")
                continue
            waiting.remove(who)
            if act == "drop":
                run.drop_instance(token_of(run, who))
            else:
                results.append(act)
                finish(run, f"a:{who}", {"verdict": act})
            if not waiting or results.count("agree") * 2 > len(results) + len(waiting):
                assert ready(run) == ["b"], seed
                break


@pytest.mark.parametrize(
    ("condition", "result", "code"),
    [
        ("nr_done > 1", "", None),
        ("count(results, 'back') > 0", "verdict", None),
        ("nr_done >", "", "completion"),
        ("", "", "completion"),
        ("'back' in results", "", "completion"),
        ("nr_finished > 1", "", "unknown_variable"),
        ("open('x')", "", "completion"),
    ],
)
def test_completion_conditions_are_checked(condition: str, result: str, code: str | None) -> None:
    found = {problem.code for problem in check_diagram(joint(condition, result), [], variables={"people", "verdict"})}
    assert found - {"generic_form", "nobody", "not_drawn"} == ({code} if code else set())


def test_the_counts_have_no_meaning_elsewhere() -> None:
    nodes = [node("exclusiveGateway", "g", default="g_e"), user("a")]
    xml = sketch(nodes, [("s", "g"), ("g", "a", "nr_done > 1"), ("g", "e", "", "g_e"), ("a", "e")])
    assert "unknown_variable" in {problem.code for problem in check_diagram(xml, [])}


def test_exploration_walks_both_ways_out_of_a_round() -> None:
    found = explore(read_diagram(joint("nr_done == 1")))
    assert found.complete
    assert found.findings == ()
    # The round (with two left or one), the task, the end.
    assert found.marking_count == 3
