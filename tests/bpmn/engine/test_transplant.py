"""Live tokens in a new version of the diagram (issue 3 item 7): what stays, what changes, what cannot be carried.

Every case that is carried is then really walked to its end, saved and loaded after each step.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bpmn.correspondence import wishes_for
from bpmn.engine import Carried, Diagram, Run, Surroundings, Weight, carry, link, read_diagram, without_parts
from bpmn.exploration import explore
from bpmn.refusals import ActRefused
from tests.bpmn.sketch import BEGIN, KEY, MESSAGE, Flow, around, finish, node, ready, several, sketch, sub, timer, user

LATER = BEGIN + timedelta(days=3)
VARIABLES = {"people": ["甲", "乙", "丙"], "again": False}
STEPS_LIMIT = 30


def chain(*nodes: str, names: str = "") -> bytes:
    """Nodes in a row; `names` are their ids when they are no single letters of tasks."""
    ids = names.split() or [each.split('id="')[1].split('"')[0] for each in nodes]
    return sketch(nodes, list(zip(["s", *ids], [*ids, "e"], strict=True)))


def tasks(letters: str, **names: str) -> bytes:
    return chain(*(user(each, name=names.get(each, each)) for each in letters))


def parallel(*branches: str) -> bytes:
    flows: list[Flow] = [
        ("s", "f"),
        *(("f", b) for b in branches),
        *((b, "j") for b in branches),
        ("j", "z"),
        ("z", "e"),
    ]
    nodes = [node("parallelGateway", "f"), *map(user, branches), node("parallelGateway", "j"), user("z")]
    return sketch(nodes, flows)


def inclusive(*branches: str) -> bytes:
    flows: list[Flow] = [("s", "f"), ("f", branches[0], "", "d")]
    flows += [("f", b, "not again") for b in branches[1:]]
    nodes = [node("inclusiveGateway", "f", default="d"), *map(user, branches), node("inclusiveGateway", "j"), user("z")]
    return sketch(nodes, [*flows, *((b, "j") for b in branches), ("j", "z"), ("z", "e")])


def waiting(definition: str) -> bytes:
    return chain(user("a"), node("intermediateCatchEvent", "t", definition), user("b"))


def days(count: int) -> str:
    return timer(f"P{count}D", "timeDuration")


def edged(*edges: str) -> bytes:
    """A task `a`, then `b`; events on the edge of `a` lead to tasks of their own."""
    late = [each.split('id="')[1].split('"')[0] for each in edges]
    ends = [node("endEvent", f"e{each}") for each in late]
    flows: list[Flow] = [("s", "a"), ("a", "b"), ("b", "e")]
    for each in late:
        flows += [(each, f"x{each}"), (f"x{each}", f"e{each}")]
    return sketch([user("a"), user("b"), *edges, *(user(f"x{each}") for each in late), *ends], flows)


def edge(identifier: str, definition: str, interrupting: str = "false") -> str:
    return node("boundaryEvent", identifier, definition, attachedToRef="a", cancelActivity=interrupting)


def phase(letters: str, identifier: str = "p") -> bytes:
    """A sub-process of tasks, then `z`."""
    ids = [f"{identifier}s", *letters, f"{identifier}e"]
    inner = [node("startEvent", ids[0]), *map(user, letters), node("endEvent", ids[-1])]
    whole = sub(identifier, inner, list(itertools.pairwise(ids)))
    return sketch([whole, user("z")], [("s", identifier), (identifier, "z"), ("z", "e")])


def guarded(definition: str = "") -> bytes:
    """A sub-process with one step, then `z`; a timer on its edge leads to an end of its own."""
    inner = [node("startEvent", "ps"), user("x"), node("endEvent", "pe")]
    whole = sub("p", inner, [("ps", "x"), ("x", "pe")])
    edges = [node("boundaryEvent", "t", definition, attachedToRef="p"), node("endEvent", "et")] if definition else []
    flows: list[Flow] = [("s", "p"), ("p", "z"), ("z", "e"), *([("t", "et")] if definition else [])]
    return sketch([whole, *edges, user("z")], flows)


def events(*names: str) -> bytes:
    """An event gateway with a timer `t` and, where named, a message `m`; `z` after either."""
    catches = {"t": days(9), "m": MESSAGE}
    nodes = [node("eventBasedGateway", "g"), *(node("intermediateCatchEvent", n, catches[n]) for n in names)]
    flows: list[Flow] = [("s", "a"), ("a", "g"), *(("g", n) for n in names), *((n, "x") for n in names)]
    return sketch([user("a"), *nodes, node("exclusiveGateway", "x"), user("z")], [*flows, ("x", "z"), ("z", "e")])


def looping(middle: str) -> bytes:
    flows: list[Flow] = [("s", "m"), ("m", "a"), ("a", middle), (middle, "g"), ("g", "m", "again"), ("g", "e", "", "d")]
    nodes = [node("exclusiveGateway", "m"), user("a"), user(middle), node("exclusiveGateway", "g", default="d")]
    return sketch(nodes, flows)


@dataclass(frozen=True)
class Situation:
    """A case on an old diagram after `done` steps, a new diagram, what a person names, and what is to come of it."""

    old: bytes
    new: bytes
    done: tuple[str, ...]
    weight: Weight
    now: list[str]
    """What waits for people right after; for a refusal a word of the reason."""
    rest: list[str] = field(default_factory=list)
    """The steps on the way to the end, taken oldest first; timers as @element."""
    given: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False
    due_in: int | None = None
    """Days from the case's beginning to when its first timer is due after the move."""


AUTO, CHECK, REFUSE = Weight
SEQUENTIAL = {"how": ' isSequential="true"'}

SITUATIONS: dict[str, Situation] = {
    "the current step renamed": Situation(tasks("abcd"), tasks("abcd", b="新"), ("a",), AUTO, ["b"], ["b", "c", "d"]),
    "a step added after": Situation(tasks("abcd"), tasks("abxcd"), ("a",), AUTO, ["b"], ["b", "x", "c", "d"]),
    "a step added before": Situation(tasks("abcd"), tasks("axbcd"), ("a",), AUTO, ["b"], ["b", "c", "d"]),
    "moved by hand to the added step": Situation(
        tasks("abcd"), tasks("axbcd"), ("a",), CHECK, ["x"], ["x", "b", "c", "d"], {"b": "x"}
    ),
    "a finished step removed": Situation(tasks("abcd"), tasks("bcd"), ("a",), AUTO, ["b"], ["b", "c", "d"]),
    "a coming step removed": Situation(tasks("abcd"), tasks("abd"), ("a",), AUTO, ["b"], ["b", "d"]),
    "the current step removed": Situation(tasks("abcd"), tasks("acd"), ("a",), REFUSE, ["没有“b”"]),
    "the current step removed, another named": Situation(
        tasks("abcd"), tasks("acd"), ("a",), CHECK, ["c"], ["c", "d"], {"b": "c"}
    ),
    "the same step under another id, known by its name": Situation(
        tasks("ab", b="核查"), tasks("ax", x="核查"), ("a",), AUTO, ["x"], ["x"]
    ),
    "the same step under another id, known by its handler": Situation(
        chain(user("a"), user("b", sgyp__handler="tell")), chain(user("a"), user("x", sgyp__handler="tell", name="y")),
        ("a",), AUTO, ["x"], ["x"],
    ),
    "two steps of one name are not guessed": Situation(
        tasks("abc", b="核查", c="核查"), tasks("axy", x="核查", y="核查"), ("a",), REFUSE, ["没有“核查”"]
    ),
    "another form for the current step": Situation(
        chain(user("a"), user("b", sgyp__handler="tell")), chain(user("a"), user("b", sgyp__handler="ask")),
        ("a",), CHECK, ["b"], ["b"],
    ),
    "a person's task made a gateway": Situation(
        tasks("abc"), chain(user("a"), node("exclusiveGateway", "b"), user("c")), ("a",), REFUSE, ["exclusiveGateway"]
    ),
    "a person's task made a gateway by hand": Situation(
        tasks("abc"), chain(user("a"), node("exclusiveGateway", "b"), user("c")), ("a",), CHECK,
        ["c"], ["c"], {"b": "b"},
    ),
    # -- timers
    "a timer untouched keeps its day": Situation(
        waiting(days(5)), waiting(days(5)), ("a",), AUTO, [], ["@t", "b"], due_in=5
    ),
    "a timer's rule changed, its day kept": Situation(
        waiting(days(5)), waiting(days(10)), ("a",), CHECK, [], ["@t", "b"], due_in=5
    ),
    "a timer's rule changed, its day counted anew": Situation(
        waiting(days(5)), waiting(days(10)), ("a",), CHECK, [], ["@t", "b"], fresh=True, due_in=13
    ),
    "a timer made a message": Situation(waiting(days(5)), waiting(MESSAGE), ("a",), REFUSE, ["事件类型"]),
    "a message keeps waiting": Situation(waiting(MESSAGE), waiting(MESSAGE), ("a",), AUTO, [], ["!news", "b"]),
    "a timer taken away, the step after it named": Situation(
        waiting(days(5)), tasks("ab"), ("a",), CHECK, ["b"], ["b"], {"t": "b"}
    ),
    # -- events on the edge
    "a timer on the edge keeps its day": Situation(
        edged(edge("t", days(5))), edged(edge("t", days(5))), (), AUTO, ["a"], ["a", "b"], due_in=5
    ),
    "a timer on the edge changed": Situation(
        edged(edge("t", days(5))), edged(edge("t", days(8))), (), CHECK, ["a"], ["a", "b"], fresh=True, due_in=11
    ),
    "a timer on the edge added": Situation(edged(), edged(edge("t", days(5))), (), CHECK, ["a"], ["a", "b"], due_in=8),
    "a timer on the edge removed": Situation(edged(edge("t", days(5))), edged(), (), CHECK, ["a"], ["a", "b"]),
    "a timer on the edge made to interrupt": Situation(
        edged(edge("t", days(5))), edged(edge("t", days(5), "true")), (), CHECK, ["a"], ["a", "b"], due_in=5
    ),
    "a message on the edge added to a timer": Situation(
        edged(edge("t", days(5))), edged(edge("t", days(5)), edge("m", MESSAGE)), (), CHECK, ["a"], ["a", "b"], due_in=5
    ),
    # -- parallel branches
    "one branch done, another renamed": Situation(
        parallel("a", "b"), parallel("a", "b").replace(b'id="b"', b'id="b" name="B"'), ("a",), AUTO, ["b"], ["b", "z"]
    ),
    "one branch done, a third added": Situation(
        parallel("a", "b"), parallel("a", "b", "c"), ("a",), REFUSE, ["走不到"]
    ),
    "nothing done, a third added": Situation(parallel("a", "b"), parallel("a", "b", "c"), (), REFUSE, ["走不到"]),
    "one branch done, the open one removed": Situation(
        parallel("a", "b", "c"), parallel("a", "c"), ("a",), REFUSE, ["没有“b”"]
    ),
    "one branch done, the open one given up": Situation(
        parallel("a", "b", "c"), parallel("a", "c"), ("a",), CHECK, ["c"], ["c", "z"], {"b": ""}
    ),
    "all but the removed branch done": Situation(
        parallel("a", "b", "c"), parallel("a", "c"), ("a", "c"), CHECK, ["z"], ["z"], {"b": ""}
    ),
    "the branch that has arrived removed": Situation(
        parallel("a", "b", "c"), parallel("b", "c"), ("a",), REFUSE, ["入口有变化"]
    ),
    "both open branches into one step": Situation(
        parallel("a", "b"), tasks("xz"), (), REFUSE, ["走不到"], given={"a": "x", "b": "x"}
    ),
    "one of two open branches goes on alone": Situation(
        parallel("a", "b"), tasks("xz"), (), CHECK, ["x"], ["x", "z"], {"a": "x", "b": ""}
    ),
    "an inclusive join waits on": Situation(
        inclusive("a", "b", "c"), inclusive("a", "b", "c"), ("b",), AUTO, ["c"], ["c", "z"]
    ),
    # -- joint activities
    "one of three heard, nothing changed": Situation(
        chain(several("r"), user("z"), names="r z"), chain(several("r"), user("z"), names="r z"), ("r:甲",), AUTO,
        ["r:丙", "r:乙"], ["r:乙", "r:丙", "z"],
    ),
    "one of three heard, done early from now on": Situation(
        chain(several("r"), user("z"), names="r z"), chain(several("r", early="nr_done >= 1"), user("z"), names="r z"),
        ("r:甲",), CHECK, ["r:丙", "r:乙"], ["r:乙", "z"],
    ),
    "two of three heard, results kept": Situation(
        chain(several("r", early="nr_done >= 3"), user("z"), names="r z"),
        chain(several("r", early="nr_done >= 2"), user("z"), names="r z"),
        ("r:甲",), CHECK, ["r:丙", "r:乙"], ["r:乙", "z"],
    ),
    "one after another made at once": Situation(
        chain(several("r", **SEQUENTIAL), user("z"), names="r z"), chain(several("r"), user("z"), names="r z"),
        ("r:甲",), CHECK, ["r:丙", "r:乙"], ["r:乙", "r:丙", "z"],
    ),
    "at once made one after another": Situation(
        chain(several("r"), user("z"), names="r z"), chain(several("r", **SEQUENTIAL), user("z"), names="r z"),
        ("r:甲",), CHECK, ["r:丙", "r:乙"], ["r:乙", "r:丙", "z"],
    ),
    "one after another untouched": Situation(
        chain(several("r", **SEQUENTIAL), user("z"), names="r z"),
        chain(several("r", **SEQUENTIAL), user("z"), names="r z"),
        ("r:甲",), AUTO, ["r:乙"], ["r:乙", "r:丙", "z"],
    ),
    "a joint activity made one person's": Situation(
        chain(several("r"), user("z"), names="r z"), tasks("rz"), ("r:甲",), REFUSE, ["一人办理"]
    ),
    "a joint activity made one person's, named by hand": Situation(
        chain(several("r"), user("z"), names="r z"), tasks("rz"), ("r:甲",), CHECK, ["r"], ["r", "z"], {"r": "r"}
    ),
    "one person's task made a joint one": Situation(
        tasks("rz"), chain(several("r"), user("z"), names="r z"), (), REFUSE, ["多人会办"]
    ),
    # -- sub-processes
    "a step added inside": Situation(phase("xy"), phase("xwy"), (), AUTO, ["x"], ["x", "w", "y", "z"]),
    "a sub-process taken away around the step": Situation(phase("xy"), tasks("xyz"), (), CHECK, ["x"], ["x", "y", "z"]),
    "a sub-process drawn around the step": Situation(tasks("xyz"), phase("xy"), (), CHECK, ["x"], ["x", "y", "z"]),
    "a sub-process exchanged for another": Situation(
        phase("xy"), phase("xy", "q"), ("x",), CHECK, ["y"], ["y", "z"]
    ),
    "a timer added to the sub-process": Situation(
        guarded(), guarded(days(5)), (), CHECK, ["x"], ["x", "z"], due_in=8
    ),
    # -- event gateways
    "an event gateway untouched": Situation(
        events("t", "m"), events("t", "m"), ("a",), AUTO, [], ["@t", "z"], due_in=9
    ),
    "a message added to a wait": Situation(
        chain(user("a"), node("intermediateCatchEvent", "t", days(9)), user("z")), events("t", "m"), ("a",), CHECK,
        [], ["!news", "z"], due_in=9,
    ),
    "an event gateway reduced to its timer": Situation(
        events("t", "m"), chain(user("a"), node("intermediateCatchEvent", "t", days(9)), user("z")), ("a",), CHECK,
        [], ["@t", "z"], due_in=9,
    ),
    # -- loops
    "a second round through a loop": Situation(
        looping("b"), looping("b").replace(b'id="b"', b'id="b" name="B"'), ("a", "b+", "a"), AUTO, ["b"], ["b"]
    ),
    "a second round, the other step of the loop exchanged": Situation(
        looping("b"), looping("c"), ("a", "b+"), AUTO, ["a"], ["a", "c"]
    ),
}  # fmt: skip


def at(moment: datetime) -> Surroundings:
    return Surroundings(moment, {})


def begun(situation: Situation) -> Run:
    run = Run.start(read_diagram(situation.old), VARIABLES, around())
    for step in situation.done:
        run = Run.load(run.diagram, run.dump(KEY), KEY, around())
        finish(run, step.rstrip("+"), {"again": step.endswith("+")})
    return run


def carried(situation: Situation, run: Run) -> Carried:
    new = read_diagram(situation.new)
    wishes = wishes_for(run.diagram, new, situation.given, fresh_timers=situation.fresh)
    return carry(run, new, wishes, at(LATER))


def is_reachable(run: Run) -> bool:
    return without_parts(run.marking) in explore(run.diagram).markings


def walked(run: Run, rest: list[str]) -> list[str]:
    """Walk to the end as `rest` says where it names an event, oldest first otherwise."""
    taken: list[str] = []
    while not run.finished and len(taken) < STEPS_LIMIT:
        run = Run.load(run.diagram, run.dump(KEY), KEY, at(LATER + timedelta(days=len(taken))))
        ahead = rest[len(taken)] if len(taken) < len(rest) else ""
        if ahead.startswith("!"):
            assert run.deliver(ahead[1:])
            taken.append(ahead)
        elif ahead.startswith("@"):
            due = run.timers[0]
            Run.load(run.diagram, run.dump(KEY), KEY, at(due.due_at))
            run = Run.load(run.diagram, run.dump(KEY), KEY, at(due.due_at))
            run.fire(due.token)
            taken.append(f"@{due.element}")
        else:
            task = run.ready[0]
            taken.append(task.element if task.instance is None else f"{task.element}:{task.instance}")
            run.complete(task.token, {"again": False})
    return taken


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation(name: str) -> None:
    situation = SITUATIONS[name]
    run = begun(situation)
    before = run.dump(KEY)
    tokens = {task.token for task in run.ready}
    result = carried(situation, run)
    assert run.dump(KEY) == before  # a plan changes nothing
    told = [change.sentence for change in result.changes]
    if situation.weight is Weight.REFUSE:
        reachable = result.run is not None and is_reachable(result.run)
        assert not reachable
        assert any(situation.now[0] in sentence for sentence in told) or situation.now == ["走不到"]
        return
    assert max((change.weight for change in result.changes), default=Weight.AUTO) is situation.weight, told
    assert result.run is not None
    assert is_reachable(result.run), (result.run.marking, told)
    assert ready(result.run) == situation.now
    if situation.weight is Weight.AUTO:
        assert {task.token for task in result.run.ready} == tokens  # items and timers keep their rows
    if situation.due_in is not None:
        assert result.run.timers[0].due_at == BEGIN + timedelta(days=situation.due_in)
    assert walked(result.run, situation.rest) == situation.rest


def test_what_changes_is_told_at_its_element() -> None:
    situation = SITUATIONS["a timer's rule changed, its day kept"]
    (change,) = carried(situation, begun(situation)).changes
    assert (change.element, change.weight) == ("t", Weight.CHECK)
    assert "P5D" in change.sentence
    assert "不变" in change.sentence


def test_an_event_on_the_edge_that_happened_is_not_waited_for_again() -> None:
    old = edged(edge("t", days(5)))
    run = Run.start(read_diagram(old), VARIABLES, at(BEGIN))
    run = Run.load(run.diagram, run.dump(KEY), KEY, at(BEGIN + timedelta(days=6)))
    run.fire(run.timers[0].token)
    assert ready(run) == ["a", "xt"]
    new = read_diagram(old.replace(b'id="b"', b'id="b" name="B"'))
    moved = carry(run, new, wishes_for(run.diagram, new, {}), at(LATER)).run
    assert moved is not None
    assert ready(moved) == ["a", "xt"]
    assert moved.timers == ()


def test_a_case_in_a_called_process_goes_to_its_new_version() -> None:
    def process(identifier: str, *nodes: str) -> Diagram:
        return read_diagram(chain(*nodes).replace(b'<bpmn:process id="P"', f'<bpmn:process id="{identifier}"'.encode()))

    main = process("main", user("a"), node("callActivity", "c", calledElement="leaf"), user("z"))
    leaf, longer = process("leaf", user("x"), user("y")), process("leaf", user("x"), user("w"), user("y"))
    run = Run.start(main, VARIABLES, around(), {"leaf": leaf})
    finish(run, "a")
    token = run.ready[0].token
    new = link(main, {"leaf": longer})
    result = carry(run, new, wishes_for(run.diagram, new, {}), at(LATER))
    assert result.changes == ()
    assert result.run is not None
    assert [(task.token, task.element) for task in result.run.ready] == [(token, "c/x")]
    assert walked(result.run, []) == ["c/x", "c/w", "c/y", "z"]
    drawn = read_diagram(tasks("axyz"))  # the called process drawn in
    given = {"c/x": "x", "c/y": "y"}
    result = carry(run, drawn, wishes_for(run.diagram, drawn, given), at(LATER))
    assert result.run is not None
    assert walked(result.run, []) == ["x", "y", "z"]


def test_elements_that_are_nowhere_are_refused() -> None:
    old, new = read_diagram(tasks("ab")), read_diagram(tasks("ac"))
    with pytest.raises(ActRefused, match="旧版流程里没有"):
        wishes_for(old, new, {"x": "c"})
    with pytest.raises(ActRefused, match="新版流程里没有"):
        wishes_for(old, new, {"b": "x"})


def test_a_step_no_token_can_be_put_on_is_refused() -> None:
    run = Run.start(read_diagram(tasks("ab")), VARIABLES, around())
    new = read_diagram(parallel("b", "c"))
    result = carry(run, new, wishes_for(run.diagram, new, {"a": "j"}), at(LATER))
    assert result.run is None
    assert "另选一个环节" in result.changes[0].sentence
