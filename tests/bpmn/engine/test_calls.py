"""Call activities across separately deployed files (issue 3 item 1): versions pinned at start, saved every step."""

import pytest

from bpmn.checks import check_diagram
from bpmn.engine import (
    Diagram,
    DiagramProblems,
    Run,
    StateRefused,
    StepFailed,
    Surroundings,
    link,
    pinned_callees,
    read_diagram,
)
from bpmn.engine.linking import linked
from bpmn.exploration import explore, legal_targets, reachable_markings
from tests.bpmn.sketch import BEGIN, KEY, MESSAGE, Flow, around, finish, node, ready, several, sketch, sub, timer, user


def process(identifier: str, nodes: list[str], flows: list[Flow]) -> bytes:
    """A diagram whose process is called so."""
    return sketch(nodes, flows).replace(b'<bpmn:process id="P"', f'<bpmn:process id="{identifier}"'.encode())


def call(identifier: str, called: str) -> str:
    return node("callActivity", identifier, calledElement=called)


AUDIT = process(
    "audit",
    [
        node("parallelGateway", "f"),
        user("a"),
        several("look"),
        node("parallelGateway", "j"),
        node("exclusiveGateway", "g", default="g_e"),
        node("endEvent", "stop", "<bpmn:terminateEventDefinition/>"),
    ],
    [
        *(("s", "f"), ("f", "a"), ("f", "look"), ("a", "j"), ("look", "j"), ("j", "g")),
        *(("g", "stop", "reached"), ("g", "e", "", "g_e")),
    ],
)
MAIN = sketch(
    [
        user("a"),
        call("audit", "audit"),
        node("boundaryEvent", "late", timer("P9D", "timeDuration"), attachedToRef="audit"),
        user("z"),
    ],
    [("s", "a"), ("a", "audit"), ("audit", "z"), ("z", "e"), ("late", "e")],
)
VARIABLES = {"people": ["甲", "乙"], "reached": False}


def deployed(*files: bytes) -> dict[str, Diagram]:
    return {diagram.process_id: diagram for diagram in map(read_diagram, files)}


def start(main: bytes = MAIN, *called: bytes) -> Run:
    return Run.start(read_diagram(main), VARIABLES, around(), deployed(*(called or (AUDIT,))))


def again(run: Run) -> Run:
    """Save and load as a process that has only read the files: the linked diagram is made anew."""
    linked.cache_clear()
    return Run.load(read_diagram(MAIN), run.dump(KEY), KEY, around(), deployed(AUDIT))


def test_a_called_process_runs_as_part_of_the_case() -> None:
    run = again(start())
    finish(run, "a")
    run = again(run)
    assert ready(run) == ["audit/a", "audit/look:乙", "audit/look:甲"]
    assert [waiting.element for waiting in run.timers] == ["late"]
    finish(run, "audit/look:甲")
    run = again(run)
    finish(run, "audit/a", {"round": 2})
    run = again(run)
    finish(run, "audit/look:乙", {"verdict": "agree"})
    assert ready(run) == ["z"]
    assert run.trail[-5:] == ("audit/g", "audit/g_e", "audit/e", "audit", "audit_z")
    assert run.ended == ("audit/e",)
    # One set of variables per case: the caller goes on with what the called process decided.
    assert run.variables == {**VARIABLES, "round": 2, "verdict": "agree"}
    run = again(run)
    finish(run, "z")
    assert run.finished


def test_a_terminating_end_takes_the_called_process_only() -> None:
    run = again(start())
    finish(run, "a", {"reached": True})
    for what in ("audit/a", "audit/look:甲", "audit/look:乙"):
        run = again(run)
        finish(run, what)
    assert ready(again(run)) == ["z"]
    assert run.ended == ("audit/stop",)


def test_an_event_on_the_edge_cancels_the_called_process() -> None:
    run = again(start())
    finish(run, "a")
    due = run.timers[0].due_at
    run = Run.load(read_diagram(MAIN), run.dump(KEY), KEY, Surroundings(due, {}), deployed(AUDIT))
    run.fire(run.timers[0].token)
    assert run.finished
    assert run.ended == ("e",)


def test_the_elements_of_the_called_process_are_found_by_their_names() -> None:
    whole = link(read_diagram(MAIN), deployed(AUDIT))
    assert whole.elements["audit/look"].parent == "audit"
    assert whole.elements["audit/look"].multiple == "parallel"
    assert whole.start_of("audit").id == "audit/s"
    assert whole is link(read_diagram(MAIN), deployed(AUDIT))
    assert link(whole, {}) is whole
    assert set(read_diagram(MAIN).elements) < set(whole.elements)


def test_the_versions_are_pinned_at_the_start() -> None:
    run = start()
    saved = run.dump(KEY)
    assert pinned_callees(saved, KEY) == {"audit": read_diagram(AUDIT).sha256}
    newer = process("audit", [user("a")], [("s", "a"), ("a", "e")])
    with pytest.raises(StateRefused, match="被调用"):
        Run.load(read_diagram(MAIN), saved, KEY, around(), deployed(newer))
    with pytest.raises(StateRefused, match="校验码"):
        pinned_callees(saved, b"another key")
    assert pinned_callees(Run.start(read_diagram(AUDIT), VARIABLES, around()).dump(KEY), KEY) == {}


def test_a_process_called_twice_and_through_another_is_several() -> None:
    middle = process("middle", [call("x", "leaf"), user("b")], [("s", "x"), ("x", "b"), ("b", "e")])
    leaf = process("leaf", [user("a")], [("s", "a"), ("a", "e")])
    flows: list[Flow] = [("s", "f"), ("f", "x"), ("f", "y"), ("x", "j"), ("y", "j"), ("j", "e")]
    gates = [node("parallelGateway", "f"), node("parallelGateway", "j")]
    main = sketch([*gates, call("x", "middle"), call("y", "leaf")], flows)
    run = start(main, middle, leaf)
    assert ready(run) == ["x/x/a", "y/a"]
    for what, then in (("x/x/a", ["x/b", "y/a"]), ("x/b", ["y/a"]), ("y/a", [])):
        run = Run.load(run.diagram, run.dump(KEY), KEY, around())
        finish(run, what)
        assert ready(run) == then
    assert run.finished


def test_calls_that_lead_nowhere_or_back_are_refused_at_the_start() -> None:
    with pytest.raises(DiagramProblems) as missing:
        Run.start(read_diagram(MAIN), VARIABLES, around())
    assert [(p.code, p.element) for p in missing.value.problems] == [("unknown_process", "audit")]
    one = process("one", [user("a"), call("c", "two")], [("s", "a"), ("a", "c"), ("c", "e")])
    two = process("two", [user("a"), call("d", "one")], [("s", "a"), ("a", "d"), ("d", "e")])
    with pytest.raises(DiagramProblems) as circle:
        start(one, one, two)
    assert [(p.code, p.element) for p in circle.value.problems] == [("recursion", "d")]


def test_calls_that_multiply_are_refused_by_size_at_once() -> None:
    # Ten calls each, eight deep: a hundred million elements if they were laid out.
    def level(number: int) -> bytes:
        calls = (
            [call(f"c{n}", f"level{number + 1}") for n in range(10)]
            if number < 8
            else [user("c0"), *(user(f"c{n}") for n in range(1, 10))]
        )
        flows = [("s", "c0"), *((f"c{n}", f"c{n + 1}") for n in range(9)), ("c9", "e")]
        return process(f"level{number}", calls, flows)

    levels = [level(number) for number in range(9)]
    with pytest.raises(DiagramProblems) as refused:
        start(levels[0], *levels)
    assert [p.code for p in refused.value.problems] == ["too_big"]


def test_moving_into_and_out_of_a_called_process() -> None:
    leaf = process("leaf", [user("a"), user("b")], [("s", "a"), ("a", "b"), ("b", "e")])
    main = sketch([user("a"), call("x", "leaf"), user("z")], [("s", "a"), ("a", "x"), ("x", "z"), ("z", "e")])
    run = start(main, leaf)
    for target in ("x/b", "x/a", "z", "x/a", "a"):
        run = Run.load(run.diagram, run.dump(KEY), KEY, around())
        assert target in legal_targets(reachable_markings(run.diagram), run, run.ready[0].token)
        run.move(run.ready[0].token, target)
        assert ready(run) == [target]


def test_a_message_reaches_a_called_process() -> None:
    leaf = process("leaf", [node("intermediateCatchEvent", "w", MESSAGE)], [("s", "w"), ("w", "e")])
    run = start(sketch([call("x", "leaf")], [("s", "x"), ("x", "e")]), leaf)
    run = Run.load(run.diagram, run.dump(KEY), KEY, around())
    assert run.deliver("news")
    assert run.finished


def test_handlers_of_a_called_process_fail_where_they_stand() -> None:
    leaf = process("leaf", [node("serviceTask", "w", sgyp__handler="tell")], [("s", "w"), ("w", "e")])
    main = sketch([call("x", "leaf")], [("s", "x"), ("x", "e")])
    with pytest.raises(StepFailed) as caught:
        start(main, leaf)
    assert caught.value.element == "x/w"
    told: list[object] = []
    run = Run.start(read_diagram(main), {}, Surroundings(BEGIN, {"tell": told.append}), deployed(leaf))
    assert run.finished
    assert told == [{}]


def test_exploration_walks_through_called_processes() -> None:
    found = explore(link(read_diagram(MAIN), deployed(AUDIT)))
    assert found.complete
    assert found.findings == ()
    stuck = process(
        "audit",
        [node("exclusiveGateway", "g", default="g_a"), user("a"), user("b"), node("parallelGateway", "j")],
        [("s", "g"), ("g", "a", "", "g_a"), ("g", "b", "reached"), ("a", "j"), ("b", "j"), ("j", "e")],
    )
    codes = {(f.code, f.element) for f in explore(link(read_diagram(MAIN), deployed(stuck))).findings}
    # The timer on the edge is the only way on, so that it is no deadlock; the join is never passed.
    assert ("dead_element", "audit/j") in codes


def test_one_that_runs_through_at_once_in_a_loop_is_found_by_exploration() -> None:
    empty = process("leaf", [node("exclusiveGateway", "w")], [("s", "w"), ("w", "e")])
    nodes = [node("exclusiveGateway", "m"), call("x", "leaf"), node("exclusiveGateway", "g", default="g_e")]
    main = sketch(nodes, [("s", "m"), ("m", "x"), ("x", "g"), ("g", "m", "1 == 1"), ("g", "e", "", "g_e")])
    assert "step_failed" in {f.code for f in explore(link(read_diagram(main), deployed(empty))).findings}


def codes(nodes: list[str], **known: dict[str, list[str]]) -> set[str]:
    xml = process("main", nodes, [("s", "a"), ("a", "x"), ("x", "e")])
    found = check_diagram(xml, [], **known)  # type: ignore[arg-type]
    return {problem.code for problem in found} - {"generic_form", "nobody", "not_drawn"}


@pytest.mark.parametrize(
    ("called", "callees", "expected"),
    [
        ("audit", None, set()),
        ("audit", {"audit": []}, set()),
        ("audit", {}, {"unknown_process"}),
        ("main", None, {"recursion"}),
        ("main", {}, {"recursion"}),
        ("audit", {"audit": ["other"], "other": ["main"]}, {"recursion"}),
        ("audit", {"audit": ["other"], "other": ["audit"]}, set()),  # that one is its own diagram's problem
        ("audit", {"audit": [], "main": ["main"]}, set()),  # the version that is replaced
        ("", None, {"no_called"}),
        ("ns:audit", None, {"no_called"}),
    ],
)
def test_calls_are_checked(called: str, callees: dict[str, list[str]] | None, expected: set[str]) -> None:
    known = {} if callees is None else {"callees": callees}
    assert codes([user("a"), call("x", called)], **known) == expected


def test_a_called_process_is_none_of_the_joint_ones() -> None:
    repeat = '<bpmn:multiInstanceLoopCharacteristics sgyp:collection="reviewing_bodies"/>'
    assert codes([user("a"), node("callActivity", "x", repeat, calledElement="audit")]) == {"multiple"}


def test_a_call_may_stand_in_a_sub_process() -> None:
    leaf = process("leaf", [user("a")], [("s", "a"), ("a", "e")])
    inner = sub("p", [node("startEvent", "ps"), call("x", "leaf"), node("endEvent", "pe")], [("ps", "x"), ("x", "pe")])
    run = start(sketch([inner], [("s", "p"), ("p", "e")]), leaf)
    run = Run.load(run.diagram, run.dump(KEY), KEY, around())
    finish(run, "x/a")
    assert run.finished
    assert run.trail == ("x/a", "x/a_e", "x/e", "x", "x_pe", "pe", "p", "p_e", "e")
