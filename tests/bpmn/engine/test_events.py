"""Timers, messages and the events on an activity's edge, across save and load."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from bpmn.engine import NotReady, Run, StepFailed, Surroundings, read_diagram
from bpmn.engine.moments import due_at
from bpmn.expressions import ExpressionError
from tests.bpmn.sketch import BEGIN, MESSAGE, again, around, finish, node, ready, several, sketch, sub, timer, user

GATE = [
    node("exclusiveGateway", "m"),
    node("eventBasedGateway", "g"),
    node("intermediateCatchEvent", "over", timer("publicity_end(5)")),
    node("intermediateCatchEvent", "raised", MESSAGE),
    user("objection"),
    node("exclusiveGateway", "x", default="dismissed"),
    node("endEvent", "upheld"),
]
GATE_FLOWS = [
    ("s", "m"),
    ("m", "g"),
    ("g", "over"),
    ("g", "raised"),
    ("over", "e"),
    ("raised", "objection"),
    ("objection", "x"),
    ("x", "m", "", "dismissed"),
    ("x", "upheld", "objection_upheld"),
]
POSTED = {"objection_upheld": False, "site_posted_on": "2023-11-06"}


def publicity(now: datetime) -> Surroundings:
    return Surroundings(now, {"publicity_end": lambda days: date(2023, 11, 6) + timedelta(days=days)})


def test_an_event_gateway_takes_the_first_event_and_forgets_the_other() -> None:
    run = Run.start(read_diagram(sketch(GATE, GATE_FLOWS)), POSTED, publicity(BEGIN))
    assert ready(run) == []
    (waiting,) = run.timers
    # 24:00 of 2023-11-11 in Shanghai.
    assert (waiting.element, waiting.due_at) == ("over", datetime(2023, 11, 11, 16, tzinfo=UTC))
    assert [m.name for m in run.messages] == ["news"]
    run = again(run, publicity(waiting.due_at))
    run.fire(run.timers[0].token)
    assert run.finished
    assert run.ended == ("e",)
    assert run.trail == ("g", "g_over", "over", "over_e", "e")
    assert not run.deliver("news")


def test_a_dismissed_objection_goes_back_to_the_gateway_with_the_same_due_moment() -> None:
    run = Run.start(read_diagram(sketch(GATE, GATE_FLOWS)), POSTED, publicity(BEGIN))
    due, old = run.timers[0].due_at, run.timers[0].token
    for day in range(1, 4):
        run = again(run, publicity(BEGIN + timedelta(days=day)))
        assert run.deliver("news")
        assert run.timers == ()
        assert run.messages == ()
        with pytest.raises(NotReady):
            run.fire(old)
        finish(run, "objection")
        assert run.timers[0].due_at == due
    run.deliver("news")
    finish(run, "objection", {"objection_upheld": True})
    assert run.ended == ("upheld",)


def test_a_timer_is_fired_when_due_and_not_before() -> None:
    nodes = [node("intermediateCatchEvent", "t", timer("2023-11-10"))]
    run = Run.start(read_diagram(sketch(nodes, [("s", "t"), ("t", "e")])), {}, around())
    due = datetime(2023, 11, 10, 16, tzinfo=UTC)
    token = run.timers[0].token
    assert run.timers[0].due_at == due
    with pytest.raises(NotReady, match="没有到期"):
        again(run, Surroundings(due - timedelta(microseconds=1), {})).fire(token)
    run = again(run, Surroundings(due, {}))
    run.fire(token)
    assert run.finished
    with pytest.raises(NotReady, match="不在等待"):
        run.fire(token)


def test_a_running_timer_keeps_its_moment_when_the_clock_moves() -> None:
    nodes = [node("intermediateCatchEvent", "t", timer("P3DT12H", "timeDuration"))]
    run = Run.start(read_diagram(sketch(nodes, [("s", "t"), ("t", "e")])), {}, around())
    for day in range(3):
        run = again(run, around(days=day))
        assert run.timers[0].due_at == BEGIN + timedelta(days=3.5)


def test_the_second_entry_of_a_timer_computes_anew() -> None:
    nodes = [node("exclusiveGateway", "m"), node("intermediateCatchEvent", "t", timer("P1D", "timeDuration"))]
    nodes.append(node("exclusiveGateway", "x", default="done"))
    flows = [("s", "m"), ("m", "t"), ("t", "x"), ("x", "m", "back"), ("x", "e", "", "done")]
    run = Run.start(read_diagram(sketch(nodes, flows)), {"back": True}, around())
    run = again(run, around(days=4))
    run.fire(run.timers[0].token)
    assert run.timers[0].due_at == BEGIN + timedelta(days=5)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2023, 12, 4), datetime(2023, 12, 4, 16, tzinfo=UTC)),
        ("2023-12-04", datetime(2023, 12, 4, 16, tzinfo=UTC)),
        ("2023-12-04T08:00", datetime(2023, 12, 4, 0, tzinfo=UTC)),
        ("2023-12-04T08:00:00+00:00", datetime(2023, 12, 4, 8, tzinfo=UTC)),
        (datetime(2023, 12, 4, 8, tzinfo=ZoneInfo("Asia/Shanghai")), datetime(2023, 12, 4, 0, tzinfo=UTC)),
        (datetime(2023, 12, 4, 8, tzinfo=timezone(timedelta(hours=-5))), datetime(2023, 12, 4, 13, tzinfo=UTC)),
        ("PT90M", BEGIN + timedelta(minutes=90)),
    ],
)
def test_moments(value: object, expected: datetime) -> None:
    assert due_at(value, BEGIN) == expected


@pytest.mark.parametrize(
    "value", [5, None, True, "soon", "P", "P1Y", "P9999D", "9999-12-31", "0001-01-01", "2023-02-30"]
)
def test_what_is_no_moment(value: object) -> None:
    with pytest.raises(ExpressionError):
        due_at(value, BEGIN)


def test_a_timer_whose_value_is_no_moment_is_an_incident() -> None:
    diagram = read_diagram(
        sketch([node("intermediateCatchEvent", "t", timer("plan_due_on"))], [("s", "t"), ("t", "e")])
    )
    with pytest.raises(StepFailed):
        Run.start(diagram, {"plan_due_on": None}, around())


def edge(host: str, activity: str, definition: str, interrupting: str) -> Run:
    event = node("boundaryEvent", "late", definition, attachedToRef=activity, cancelActivity=interrupting)
    nodes = [host, event, user("b"), user("l"), node("endEvent", "x")]
    flows = [("s", activity), (activity, "b"), ("b", "e"), ("late", "l"), ("l", "x")]
    return Run.start(read_diagram(sketch(nodes, flows)), {"people": ["甲", "乙"]}, around())


HOSTS = [
    (user("a"), "a", ["a"]),
    (several("a"), "a", ["a:乙", "a:甲"]),
    (sub("p", [node("startEvent", "ps"), user("a"), node("endEvent", "pe")], [("ps", "a"), ("a", "pe")]), "p", ["a"]),
]


@pytest.mark.parametrize(("host", "activity", "open_items"), HOSTS)
@pytest.mark.parametrize("interrupting", ["true", "false"])
def test_a_timer_on_the_edge(host: str, activity: str, open_items: list[str], interrupting: str) -> None:
    run = edge(host, activity, timer("P1D", "timeDuration"), interrupting)
    assert ready(run) == open_items
    run = again(run, around(days=1))
    run.fire(run.timers[0].token)
    run = again(run, around(days=1))
    assert run.timers == ()
    assert ready(run) == (["l"] if interrupting == "true" else [*open_items, "l"])
    for item in [] if interrupting == "true" else open_items:
        finish(run, item)
    assert ready(run) == (["l"] if interrupting == "true" else ["b", "l"])


@pytest.mark.parametrize(("host", "activity", "open_items"), HOSTS)
def test_an_activity_that_is_done_takes_its_timer_with_it(host: str, activity: str, open_items: list[str]) -> None:
    run = edge(host, activity, timer("P1D", "timeDuration"), "true")
    for item in open_items:
        run = again(run)
        finish(run, item)
    assert (ready(run), run.timers) == (["b"], ())


def test_a_message_on_the_edge_may_come_more_than_once() -> None:
    run = edge(user("a"), "a", MESSAGE, "false")
    assert run.deliver("news")
    assert run.deliver("news")
    assert not run.deliver("other")
    assert ready(run) == ["a", "l", "l"]


def test_one_message_is_for_one_token() -> None:
    nodes = [
        node("parallelGateway", "f"),
        node("intermediateCatchEvent", "w1", MESSAGE),
        node("intermediateCatchEvent", "w2", MESSAGE),
    ]
    nodes += [user("a"), user("b")]
    flows = [("s", "f"), ("f", "w1"), ("f", "w2"), ("w1", "a"), ("w2", "b"), ("a", "e"), ("b", "e")]
    run = Run.start(read_diagram(sketch(nodes, flows)), {}, around())
    assert run.deliver("news")
    assert len(run.messages) == 1
    assert run.deliver("news")
    assert not run.deliver("news")
    assert ready(run) == ["a", "b"]
