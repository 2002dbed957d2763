"""Tasks, sub-processes, joint activities, calls, moves: each element of the subset (design/engine.md, rule 12)."""

from pathlib import Path

import pytest

from bpmn.engine import MoveRefused, NotReady, Run, StepFailed, Surroundings, VariableRefused, read_diagram
from tests.bpmn.sketch import BEGIN, MESSAGE, again, around, finish, node, ready, several, sketch, sub, timer, user

CASES = Path(__file__).parents[2] / "cases" / "bpmn"


def case(name: str) -> bytes:
    return (CASES / f"{name}.bpmn").read_bytes()


@pytest.mark.parametrize("name", ["ok_control", "ok_utf16", "ok_gb18030", "ok_utf8_bom"])
def test_each_encoding_runs_to_the_end(name: str) -> None:
    diagram = read_diagram(case(name))
    run = Run.start(diagram, {}, around())
    assert [diagram.elements[task.element].name for task in run.ready] == ["实地调研"]
    finish(run, "n1")
    assert run.finished
    assert run.trail == ("s", "f1", "n1", "f2", "e")


def test_four_hundred_returns_lose_nothing_and_cost_nothing() -> None:
    # design/engine.md, second fault: the stock library loses the task after 141 returns.
    run = Run.start(read_diagram(case("ok_rework_loop")), {"approved": False, "category": "盘活"}, around())
    size = len(run.dump(b"k"))
    seen = set()
    for _ in range(400):
        run = again(run)
        (task,) = run.ready
        assert task.element == "t1"
        seen.add(task.token)
        run.complete(task.token, {"approved": False})
        assert len(run._tokens.tasks) == 2
    assert len(seen) == 400
    assert len(run.dump(b"k")) <= size + 4
    run.complete(run.ready[0].token, {"approved": True})
    assert run.finished


def test_four_hundred_returns_without_saving_are_the_same() -> None:
    run = Run.start(read_diagram(case("ok_rework_loop")), {"approved": False, "category": "盘活"}, around())
    for _ in range(400):
        finish(run, "t1")
    assert ready(run) == ["t1"]


def test_a_token_is_acted_on_once() -> None:
    # design/engine.md: the stock Task.run() runs a COMPLETED or FUTURE task without complaint.
    run = Run.start(read_diagram(case("ok_control")), {}, around())
    token = run.ready[0].token
    run.complete(token, {})
    for act in (lambda: run.complete(token, {}), lambda: run.fire(token), lambda: run.move(token, "n1")):
        with pytest.raises(NotReady):
            act()
    with pytest.raises(NotReady):
        run.complete("0", {})


INSIDE = sub("p", [node("startEvent", "ps"), user("a"), node("endEvent", "pe")], [("ps", "a"), ("a", "pe")])


def test_a_sub_process_begins_anew_at_each_entry() -> None:
    nodes = [node("exclusiveGateway", "m"), INSIDE, node("exclusiveGateway", "x", default="done")]
    diagram = read_diagram(
        sketch(nodes, [("s", "m"), ("m", "p"), ("p", "x"), ("x", "m", "back"), ("x", "e", "", "done")])
    )
    run = Run.start(diagram, {"back": True}, around())
    for _ in range(5):
        assert ready(run) == ["a"]
        run = again(run)
        finish(run, "a")
        assert run.trail == ("a", "a_pe", "pe", "p", "p_x", "x", "x_m", "m", "m_p", "ps", "ps_a")
        assert run.ended == ("pe",)
    finish(run, "a", {"back": False})
    assert run.finished


def test_two_tokens_in_one_sub_process_are_two_scopes() -> None:
    nodes = [node("parallelGateway", "f"), user("x"), user("y"), node("exclusiveGateway", "m"), INSIDE]
    diagram = read_diagram(
        sketch(nodes, [("s", "f"), ("f", "x"), ("f", "y"), ("x", "m"), ("y", "m"), ("m", "p"), ("p", "e")])
    )
    run = Run.start(diagram, {}, around())
    finish(run, "x")
    finish(run, "y")
    run = again(run)
    assert ready(run) == ["a", "a"]
    finish(run, "a")
    assert ready(run) == ["a"]
    finish(again(run), "a")


def test_a_terminating_end_takes_its_scope_only() -> None:
    inner = sub(
        "p",
        [
            node("startEvent", "ps"),
            node("parallelGateway", "pf"),
            user("a"),
            user("b"),
            node("endEvent", "pe"),
            node("endEvent", "pt", "<bpmn:terminateEventDefinition/>"),
        ],
        [("ps", "pf"), ("pf", "a"), ("pf", "b"), ("a", "pt"), ("b", "pe")],
    )
    nodes = [node("parallelGateway", "f"), inner, user("c"), user("d")]
    run = Run.start(
        read_diagram(sketch(nodes, [("s", "f"), ("f", "p"), ("f", "c"), ("p", "d"), ("d", "e"), ("c", "e")])),
        {},
        around(),
    )
    assert ready(run) == ["a", "b", "c"]
    finish(run, "a")
    assert ready(run) == ["c", "d"]


def test_branches_share_variables_instead_of_overwriting_each_other() -> None:
    # design/engine.md, third fault: an untouched branch overwrites the other's change at the join.
    nodes = [node("parallelGateway", "f"), user("a"), user("b"), node("parallelGateway", "j"), user("c")]
    flows = [("s", "f"), ("f", "a"), ("f", "b"), ("a", "j"), ("b", "j"), ("j", "c"), ("c", "e")]
    run = Run.start(read_diagram(sketch(nodes, flows)), {"n": 1}, around())
    finish(run, "a", {"n": 2})
    run = again(run)
    finish(run, "b", {"k": 1})
    assert run.variables == {"n": 2, "k": 1}


def joint(how: str = "") -> Run:
    nodes = [several("a", how=how), user("b")]
    return Run.start(
        read_diagram(sketch(nodes, [("s", "a"), ("a", "b"), ("b", "e")])), {"people": ["甲", "乙", "丙"]}, around()
    )


def test_a_joint_activity_waits_for_all_and_takes_them_in_any_order() -> None:
    run = joint()
    for who in ("乙", "丙"):
        finish(run, f"a:{who}")
        run = again(run)
    assert ready(run) == ["a:甲"]
    finish(run, "a:甲")
    assert ready(run) == ["b"]
    assert run.trail == ("a", "a_b")


def test_a_joint_activity_with_nobody_is_passed() -> None:
    nodes = [several("a"), user("b")]
    run = Run.start(read_diagram(sketch(nodes, [("s", "a"), ("a", "b"), ("b", "e")])), {"people": []}, around())
    assert ready(run) == ["b"]


def test_adding_and_dropping_participants() -> None:
    # design/engine.md, multi-instance: with the stock class a cancelled child hangs the activity.
    run = joint()
    run.add_instance(run.ready[0].token, "丁")
    run = again(run)
    assert ready(run) == ["a:丁", "a:丙", "a:乙", "a:甲"]
    for who in ("甲", "丁"):
        run.drop_instance(next(t.token for t in run.ready if t.instance == who))
    finish(again(run), "a:乙")
    finish(run, "a:乙")
    run.drop_instance(run.ready[0].token)
    assert ready(run) == ["b"]
    with pytest.raises(NotReady):
        run.drop_instance(run.ready[0].token)


def test_a_sequential_joint_activity_asks_one_after_another() -> None:
    run = joint(' isSequential="true"')
    assert ready(run) == ["a:甲"]
    run.add_instance(run.ready[0].token, "丁")
    for who, then in (("甲", "a:乙"), ("乙", "a:丙"), ("丙", "a:丁"), ("丁", "b")):
        run = again(run)
        finish(run, f"a:{who}")
        assert ready(run) == [then]


@pytest.mark.parametrize("people", ["甲", 3, None])
def test_a_collection_that_is_no_list_is_an_incident(people: object) -> None:
    diagram = read_diagram(sketch([several("a")], [("s", "a"), ("a", "e")]))
    with pytest.raises(StepFailed, match="不是列表"):
        Run.start(diagram, {"people": people}, around())


def test_service_and_decision_tasks_call_the_surroundings() -> None:
    nodes = [node("serviceTask", "a", sgyp__handler="tell"), node("businessRuleTask", "b", sgyp__decision="classify")]
    diagram = read_diagram(sketch([*nodes, user("c")], [("s", "a"), ("a", "b"), ("b", "c"), ("c", "e")]))
    seen: list[object] = []
    functions = {"tell": lambda v: seen.append(dict(v)), "classify": lambda v: {"category": "revive"}}
    run = Run.start(diagram, {"n": 1}, Surroundings(BEGIN, functions))
    assert seen == [{"n": 1}]
    assert run.variables == {"n": 1, "category": "revive"}
    with pytest.raises(StepFailed, match="tell"):
        Run.start(diagram, {}, around())


@pytest.mark.parametrize(
    "bad",
    [
        {"typename": {"a": 1}},
        {"x": [[1]]},
        {"x": object()},
        {"x": "长" * 201},
        {"x": 2**64},
        {"a b": 1},
        {"x": float("nan")},
    ],
)
def test_what_is_no_small_scalar_never_gets_into_the_state(bad: dict[str, object]) -> None:
    # design/engine.md: {"typename": …} in a form makes the stock state unloadable.
    run = Run.start(read_diagram(case("ok_control")), {}, around())
    with pytest.raises(VariableRefused):
        run.complete(run.ready[0].token, bad)
    assert ready(run) == ["n1"]


def phases() -> Run:
    first = sub(
        "p1",
        [node("startEvent", "s1"), user("a"), several("b"), node("endEvent", "e1")],
        [("s1", "a"), ("a", "b"), ("b", "e1")],
    )
    edge = node("boundaryEvent", "late", timer("2024-01-01"), attachedToRef="p1")
    second = sub(
        "p2",
        [node("startEvent", "s2"), user("c"), user("d"), node("endEvent", "e2")],
        [("s2", "c"), ("c", "d"), ("d", "e2")],
    )
    news = node("intermediateCatchEvent", "w", MESSAGE)
    nodes = [user("r"), first, edge, user("l"), second, news, node("endEvent", "x")]
    flows = [("s", "r"), ("r", "p1"), ("p1", "p2"), ("p2", "w"), ("w", "e"), ("late", "l"), ("l", "x")]
    return Run.start(read_diagram(sketch(nodes, flows)), {"people": ["甲", "乙"]}, around())


def test_moving_a_token_cancels_its_activity_only() -> None:
    run = phases()
    finish(run, "r")
    finish(run, "a")
    assert ready(run) == ["b:乙", "b:甲"]
    run.move(run.ready[0].token, "a")
    assert ready(again(run)) == ["a"]
    assert [t.element for t in run.timers] == ["late"]


def test_moving_out_of_and_into_a_sub_process() -> None:
    run = phases()
    finish(run, "r")
    run.move(run.ready[0].token, "d")
    assert ready(run) == ["d"]
    assert run.timers == ()
    run = again(run)
    run.move(run.ready[0].token, "b")
    assert ready(run) == ["b:乙", "b:甲"]
    assert [t.element for t in run.timers] == ["late"]
    run.move(run.ready[1].token, "r")
    assert ready(run) == ["r"]
    assert run.timers == ()
    for element in ("r", "a", "b:甲", "b:乙", "c", "d"):
        run = again(run)
        finish(run, element)
    assert run.deliver("news")
    assert run.finished


@pytest.mark.parametrize("element", ["s", "late", "r_p1", "nowhere"])
def test_no_token_can_be_put_where_none_can_stand(element: str) -> None:
    run = phases()
    with pytest.raises(MoveRefused):
        run.move(run.ready[0].token, element)
    assert ready(run) == ["r"]


def test_a_task_without_a_type_is_for_a_person() -> None:
    diagram = read_diagram(sketch([node("task", "a"), user("b")], [("s", "a"), ("a", "b"), ("b", "e")]))
    run = again(Run.start(diagram, {}, around()))
    assert diagram.elements["a"].kind == "manualTask"
    finish(run, "a")
    assert ready(again(run)) == ["b"]


def test_four_hundred_tasks_in_a_row_run_to_the_end() -> None:
    # tests/cases/bpmn: big_linear_400 may be accepted; accepted, it must run.
    run = Run.start(read_diagram(case("big_linear_400")), {}, around())
    for number in range(400):
        run = again(run) if number % 50 == 0 else run
        (task,) = run.ready
        run.complete(task.token, {})
    assert run.finished
