"""Joins, forks and choices: exact in loops and in every order (design/engine.md, first fault)."""

import pytest

from bpmn.engine import Run, RunawayDiagram, StepFailed, read_diagram
from tests.bpmn.sketch import KEY, again, around, finish, node, orders, ready, sketch, user

LOOP = [
    ("s", "m"),
    ("m", "f"),
    ("f", "a", "", "fa"),
    ("f", "b", "", "fb"),
    ("a", "j"),
    ("b", "j"),
    ("j", "c"),
    ("c", "x"),
    ("x", "m", "back", "x_m"),
    ("x", "e", "", "x_e"),
]


def looped(kind: str) -> bytes:
    flows = [(f[0], f[1], "True" if f[3] == "fa" else "both", f[3]) if f[0] == "f" else f for f in LOOP]
    fork = node(kind, "f") if kind == "parallelGateway" else node(kind, "f", default="fd")
    extra = [] if kind == "parallelGateway" else [("f", "d", "", "fd"), ("d", "j")]
    nodes = [
        node("exclusiveGateway", "m"),
        fork,
        user("a"),
        user("b"),
        *([] if kind == "parallelGateway" else [user("d")]),
        node(kind, "j"),
        user("c"),
        node("exclusiveGateway", "x", default="x_e"),
    ]
    return sketch(nodes, (LOOP if kind == "parallelGateway" else flows) + extra)


@pytest.mark.parametrize("kind", ["parallelGateway", "inclusiveGateway"])
@pytest.mark.parametrize("first", list(orders("a", "b")))
@pytest.mark.parametrize("second", list(orders("a", "b")))
@pytest.mark.parametrize("third", list(orders("a", "b")))
def test_a_join_in_a_loop_waits_in_every_round(
    kind: str, first: tuple[str, ...], second: tuple[str, ...], third: tuple[str, ...]
) -> None:
    run = Run.start(read_diagram(looped(kind)), {"both": True, "back": True}, around())
    for round_order in (first, second, third):
        assert ready(run) == ["a", "b"]
        finish(run, round_order[0])
        assert ready(run) == [round_order[1]]
        run = again(run)
        finish(run, round_order[1])
        assert ready(run) == ["c"]
        finish(run, "c")
    finish(run, "a")
    finish(run, "b")
    finish(run, "c", {"back": False})
    assert run.finished
    assert run.ended == ("e",)


def test_an_inclusive_join_waits_only_for_what_was_sent() -> None:
    run = Run.start(read_diagram(looped("inclusiveGateway")), {"both": False, "back": False}, around())
    assert ready(run) == ["a"]
    finish(run, "a")
    assert ready(run) == ["c"]


def test_two_flows_from_one_gateway_to_one_join_are_two_tokens() -> None:
    nodes = [node("parallelGateway", "f"), user("a"), node("parallelGateway", "j")]
    flows = [("s", "f"), ("f", "a"), ("f", "j", "", "f1"), ("f", "j", "", "f2"), ("a", "j"), ("j", "e")]
    run = Run.start(read_diagram(sketch(nodes, flows)), {}, around())
    run = again(run)
    finish(run, "a")
    assert run.finished


def test_a_join_keeps_the_surplus_token() -> None:
    # a → merge → j twice while b has not come: the second token of the same flow is kept for the next round.
    nodes = [
        node("parallelGateway", "f"),
        user("a1"),
        user("a2"),
        user("b"),
        node("exclusiveGateway", "m"),
        node("parallelGateway", "j"),
        user("c"),
    ]
    flows = [("s", "f"), ("f", "a1"), ("f", "a2"), ("f", "b"), ("a1", "m"), ("a2", "m"), ("m", "j"), ("b", "j")]
    run = Run.start(read_diagram(sketch(nodes, [*flows, ("j", "c"), ("c", "e")])), {}, around())
    finish(run, "a1")
    finish(run, "a2")
    run = again(run)
    finish(run, "b")
    assert ready(run) == ["c"]
    with pytest.raises(StepFailed, match="等不到其余的分支"):
        finish(again(run), "c")


def test_a_branch_that_never_comes_is_an_incident_and_not_a_vanished_case() -> None:
    nodes = [node("exclusiveGateway", "g", default="g_a"), user("a"), user("b"), node("parallelGateway", "j")]
    flows = [("s", "g"), ("g", "a", "", "g_a"), ("g", "b", "reached"), ("a", "j"), ("b", "j"), ("j", "e")]
    run = Run.start(read_diagram(sketch(nodes, flows)), {"reached": False}, around())
    saved = run.dump(KEY)
    with pytest.raises(StepFailed, match=r"“j”.*卡住"):
        finish(run, "a")
    assert ready(Run.load(run.diagram, saved, KEY, around())) == ["a"]


def test_the_first_condition_that_holds_wins_and_the_trail_says_so() -> None:
    nodes = [node("exclusiveGateway", "g", default="d"), user("a"), user("b"), user("c")]
    flows = [("s", "g"), ("g", "a", "n > 1"), ("g", "b", "n > 0"), ("g", "c", "", "d")]
    diagram = read_diagram(sketch(nodes, [*flows, ("a", "e"), ("b", "e"), ("c", "e")]))
    for n, taken in ((2, "a"), (1, "b"), (0, "c")):
        run = Run.start(diagram, {"n": n}, around())
        assert ready(run) == [taken]
        assert run.trail == ("s", "s_g", "g", "d" if taken == "c" else f"g_{taken}")


def test_a_condition_without_its_variable_is_an_incident_naming_the_element() -> None:
    nodes = [node("exclusiveGateway", "g", default="d", name="是否重建"), user("a")]
    diagram = read_diagram(sketch(nodes, [("s", "g"), ("g", "a", "n > 1"), ("g", "e", "", "d"), ("a", "e")]))
    with pytest.raises(StepFailed, match=r"是否重建.*变量 n 尚未赋值"):
        Run.start(diagram, {}, around())


def test_the_step_budget_ends_a_loop_without_a_wait() -> None:
    nodes = [node("exclusiveGateway", "m"), node("exclusiveGateway", "x", default="x_m")]
    flows = [("s", "m"), ("m", "x"), ("x", "m", "", "x_m"), ("x", "e", "done")]
    with pytest.raises(RunawayDiagram, match="500"):
        Run.start(read_diagram(sketch(nodes, flows)), {"done": False}, around())


def test_tokens_without_end_are_stopped() -> None:
    nodes = [node("exclusiveGateway", "m"), node("parallelGateway", "p"), user("a"), user("b")]
    flows = [
        ("s", "m"),
        ("m", "p"),
        ("p", "a"),
        ("p", "b"),
        ("a", "m"),
        ("b", "x"),
        ("x", "m", "", "x_m"),
        ("x", "e", "n"),
    ]
    nodes.append(node("exclusiveGateway", "x", default="x_m"))
    run = Run.start(read_diagram(sketch(nodes, flows)), {"n": False}, around())

    def forever() -> None:
        for _ in range(400):
            run.complete(run.ready[0].token, {})

    with pytest.raises(RunawayDiagram, match="令牌"):
        forever()


def test_ten_parallel_blocks_start_small() -> None:
    # design/engine.md: stock makes 8,189 tasks and 3.1 MB of it.
    nodes: list[str] = []
    flows = [("s", "f0")]
    for n in range(10):
        nodes += [node("parallelGateway", f"f{n}"), user(f"a{n}"), user(f"b{n}"), node("parallelGateway", f"j{n}")]
        flows += [(f"f{n}", f"a{n}"), (f"f{n}", f"b{n}"), (f"a{n}", f"j{n}"), (f"b{n}", f"j{n}")]
        flows.append((f"j{n}", f"f{n + 1}" if n < 9 else "e"))
    run = Run.start(read_diagram(sketch(nodes, flows)), {}, around())
    assert len(run._tokens.tasks) == 3
    assert len(run.dump(b"k" * 32)) < 120
    for n in range(10):
        finish(run, f"b{n}")
        finish(run, f"a{n}")
    assert run.finished


@pytest.mark.parametrize(("condition", "value"), [("v == 'a'", "b"), ("v == 'a'", None), ("v", False), ("not v", True)])
def test_a_plain_condition_that_does_not_hold_leaves_by_the_default(condition: str, value: object) -> None:
    assert chosen(condition, {"v": value}) == ["d"]


@pytest.mark.parametrize(
    ("condition", "value"), [("v == 'a'", "a"), ("v", True), ("v", 2), ("not v", False), ("not v", 0)]
)
def test_a_plain_condition_that_holds_is_taken(condition: str, value: object) -> None:
    assert chosen(condition, {"v": value}) == ["c"]


def chosen(condition: str, variables: dict[str, object]) -> list[str]:
    nodes = [node("exclusiveGateway", "x", default="x_d"), user("c"), user("d")]
    flows = [("s", "x"), ("x", "c", condition, "x_c"), ("x", "d", "", "x_d"), ("c", "e"), ("d", "e")]
    return ready(Run.start(read_diagram(sketch(nodes, flows)), variables, around()))
