"""Errors thrown by handlers and end events and caught on an activity's edge (issue 3 item 1), over save and load."""

from collections.abc import Callable

import pytest

from bpmn.checks import check_diagram
from bpmn.engine import DeclaredError, Run, StepFailed, read_diagram
from bpmn.exploration import explore
from tests.bpmn.sketch import Flow, again, around, fault, finish, node, ready, several, sketch, sub, timer, user

TELL = node("serviceTask", "tell", sgyp__handler="tell", sgyp__throws="no_reply")


def edge(identifier: str, host: str, code: str = "no_reply", **how: str) -> str:
    return node("boundaryEvent", identifier, fault(code), attachedToRef=host, **how)


def raising(code: str) -> Callable[..., object]:
    def fail(variables: object) -> object:
        raise DeclaredError(code)

    return fail


ON_TASK = [user("a"), TELL, edge("failed", "tell"), user("b"), user("mend"), node("exclusiveGateway", "m")]


def on_task() -> bytes:
    flows = [("s", "a"), ("a", "tell"), ("tell", "b"), ("b", "m"), ("failed", "mend"), ("mend", "m"), ("m", "e")]
    return sketch(ON_TASK, flows)


def test_a_declared_error_of_a_handler_leaves_by_the_edge() -> None:
    run = Run.start(read_diagram(on_task()), {}, around(tell=raising("no_reply")))
    run = again(run, around(tell=raising("no_reply")))
    finish(run, "a")
    assert ready(run) == ["mend"]
    assert run.trail == ("a", "a_tell", "failed", "failed_mend")
    run = again(run)
    finish(run, "mend")
    assert run.finished


def test_without_an_error_the_event_leaves_no_trace() -> None:
    run = again(Run.start(read_diagram(on_task()), {}, around()), around(tell=lambda _: {"round": 1}))
    finish(run, "a")
    assert ready(again(run)) == ["b"]
    assert run.trail == ("a", "a_tell", "tell", "tell_b")
    assert run.variables == {"round": 1}
    assert [mark.inside for mark in run.marking] == [()]


def test_an_error_the_task_does_not_declare_is_an_incident() -> None:
    run = again(Run.start(read_diagram(on_task()), {}, around()), around(tell=raising("too_late")))
    with pytest.raises(StepFailed, match="too_late") as caught:
        finish(run, "a")
    assert caught.value.element == "tell"


def inside() -> str:
    """A sub-process in which one of two branches ends in an error; its timer and joint task go with it."""
    nodes = [
        node("startEvent", "ps"),
        node("parallelGateway", "f"),
        user("a"),
        several("c"),
        node("boundaryEvent", "late", timer("2024-01-01"), attachedToRef="c", cancelActivity="false"),
        node("endEvent", "over"),
        node("exclusiveGateway", "x", default="x_pe"),
        node("endEvent", "pe"),
        node("endEvent", "ce"),
        node("endEvent", "bad", fault("no_reply")),
    ]
    inner: list[Flow] = [
        ("ps", "f"),
        ("f", "a"),
        ("f", "c"),
        ("a", "x"),
        ("x", "bad", "reached"),
        ("x", "pe", "", "x_pe"),
    ]
    return sub("p", nodes, [*inner, ("c", "ce"), ("late", "over")])


AROUND = [("s", "p"), ("p", "b"), ("failed", "mend"), ("mend", "m"), ("b", "m"), ("m", "e")]


def in_scope() -> bytes:
    return sketch([inside(), edge("failed", "p"), user("b"), user("mend"), node("exclusiveGateway", "m")], AROUND)


def test_an_error_end_cancels_its_sub_process_and_leaves_by_the_edge() -> None:
    run = Run.start(read_diagram(in_scope()), {"people": ["甲", "乙"], "reached": True}, around())
    run = again(run)
    assert ready(run) == ["a", "c:乙", "c:甲"]
    assert len(run.timers) == 1
    finish(run, "a")
    run_trail = run.trail
    run = again(run)
    assert ready(run) == ["mend"]
    assert run.timers == ()
    assert run_trail == ("a", "a_x", "x", "x_bad", "bad", "failed", "failed_mend")
    finish(run, "mend")
    assert run.finished


def test_the_other_end_leaves_the_sub_process_alone() -> None:
    run = again(Run.start(read_diagram(in_scope()), {"people": ["甲"], "reached": False}, around()))
    finish(run, "a")
    run = again(run)
    finish(run, "c:甲")
    assert ready(again(run)) == ["b"]


def nested(catches_inside: bool) -> bytes:
    """A handler two sub-processes deep; its error is caught at the inner or the outer one."""
    inner = sub(
        "q",
        [node("startEvent", "qs"), user("a"), TELL, node("endEvent", "qe")],
        [("qs", "a"), ("a", "tell"), ("tell", "qe")],
    )
    own = [edge("near", "q"), user("n"), node("endEvent", "ne")] if catches_inside else []
    own_flows = [("near", "n"), ("n", "ne")] if catches_inside else []
    outer = sub(
        "p", [node("startEvent", "ps"), inner, *own, node("endEvent", "pe")], [("ps", "q"), ("q", "pe"), *own_flows]
    )
    far = [] if catches_inside else [edge("far", "p"), user("o"), node("endEvent", "oe")]
    far_flows = [] if catches_inside else [("far", "o"), ("o", "oe")]
    return sketch([outer, *far], [("s", "p"), ("p", "e"), *far_flows])


@pytest.mark.parametrize(("catches_inside", "then"), [(True, "n"), (False, "o")])
def test_the_nearest_event_catches(catches_inside: bool, then: str) -> None:
    run = Run.start(read_diagram(nested(catches_inside)), {}, around())
    run = again(run, around(tell=raising("no_reply")))
    finish(run, "a")
    assert ready(run) == [then]
    finish(again(run), then)
    finish(run, then)
    assert run.finished


def test_exploration_lets_handlers_fail_and_succeed() -> None:
    for xml in (on_task(), in_scope(), nested(True), nested(False)):
        found = explore(read_diagram(xml))
        assert found.complete
        assert found.findings == ()


def codes(nodes: list[str], flows: list[Flow]) -> set[str]:
    found = check_diagram(sketch(nodes, flows), ["tell"], variables={"people", "reached"})
    return {problem.code for problem in found} - {"generic_form", "nobody", "not_drawn"}


def test_errors_that_nobody_catches_or_throws_are_told() -> None:
    plain = [("s", "a"), ("a", "tell"), ("tell", "e")]
    caught = [*plain, ("failed", "x")]
    end = node("endEvent", "x")
    silent = node("serviceTask", "tell", sgyp__handler="tell")
    assert codes([user("a"), TELL], plain) == {"uncaught_error"}
    assert codes([user("a"), TELL, edge("failed", "tell"), end], caught) == set()
    assert codes([user("a"), silent, edge("failed", "tell"), end], caught) == {"never_thrown"}
    assert codes([user("a"), TELL, edge("failed", "tell", "too_late"), end], caught) == {
        "uncaught_error",
        "never_thrown",
    }
    twice = [user("a"), TELL, edge("failed", "tell"), edge("more", "tell"), end, node("endEvent", "y")]
    assert codes(twice, [*caught, ("more", "y")]) == {"never_thrown"}
    assert codes([user("a"), TELL, edge("failed", "tell", cancelActivity="false"), end], caught) == {
        "error_interrupting"
    }
    assert "boundary_host" in codes([user("a"), TELL, edge("failed", "a"), end], caught)
    late = node("boundaryEvent", "failed", timer("2024-01-01"), attachedToRef="tell")
    assert "boundary_host" in codes([user("a"), silent, late, end], caught)
    nameless = node("boundaryEvent", "failed", "<bpmn:errorEventDefinition/>", attachedToRef="tell")
    assert "error_code" in codes([user("a"), silent, nameless, end], caught)
    assert codes([user("a"), node("endEvent", "x", fault("no_reply"))], [("s", "a"), ("a", "x"), ("a", "e")]) >= {
        "uncaught_error"
    }
    assert "event_kind" in codes([node("intermediateThrowEvent", "a", fault("no_reply"))], [("s", "a"), ("a", "e")])


def retry(*inner: str, flows: list[Flow]) -> set[str]:
    """A sub-process that is begun anew after its error and after its end."""
    inside = sub("p", [node("startEvent", "ps"), *inner, node("endEvent", "pe")], [("ps", "tell"), *flows])
    nodes = [node("exclusiveGateway", "m"), inside, edge("failed", "p"), node("exclusiveGateway", "g", default="d")]
    around_it = [
        ("s", "m"),
        ("m", "p"),
        ("p", "g"),
        ("g", "m", "reached"),
        ("g", "e", "", "d"),
        ("failed", "a"),
        ("a", "m"),
    ]
    return codes([*nodes, user("a")], around_it)


def test_only_what_goes_round_without_a_wait_is_an_empty_loop() -> None:
    # By the error a person is asked, by the end one has been: both ways round wait.
    assert retry(TELL, user("b"), flows=[("tell", "b"), ("b", "pe")]) == set()
    # Without the second wait the way round by the end is empty.
    assert retry(TELL, flows=[("tell", "pe")]) == {"empty_loop"}
    # The handler is asked again at once for as long as it fails.
    nodes = [node("exclusiveGateway", "m"), TELL, edge("failed", "tell"), user("a")]
    assert codes(nodes, [("s", "a"), ("a", "m"), ("m", "tell"), ("failed", "m"), ("tell", "e")]) == {"empty_loop"}


def test_a_loop_round_by_an_error_out_of_a_sub_process_is_empty() -> None:
    inside = sub(
        "p",
        [node("startEvent", "ps"), TELL, user("b"), node("endEvent", "pe")],
        [("ps", "tell"), ("tell", "b"), ("b", "pe")],
    )
    nodes = [node("exclusiveGateway", "m"), inside, edge("failed", "p")]
    assert codes(nodes, [("s", "m"), ("m", "p"), ("failed", "m"), ("p", "e")]) == {"empty_loop"}


def test_escalation_is_refused() -> None:
    # Issue 3 item 1: outside the subset of design/engine.md rule 12.
    assert "unsupported" in codes(
        [
            user("a"),
            node("boundaryEvent", "b", "<bpmn:escalationEventDefinition/>", attachedToRef="a"),
            node("endEvent", "x"),
        ],
        [("s", "a"), ("a", "e"), ("b", "x")],
    )
