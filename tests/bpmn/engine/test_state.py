"""The saved state: small, sealed, of one version and one diagram (design/engine.md rule 1; safety.md)."""

from decimal import Decimal
from pathlib import Path

import pytest

from bpmn.engine import Run, StateRefused, case_key, read_diagram
from bpmn.engine.run import VERSION
from tests.bpmn.engine.blocks import BLOCKS, ten_blocks
from tests.bpmn.sketch import KEY, again, around, finish, node, ready, sketch, user

CASES = Path(__file__).parents[2] / "cases"
TWO = read_diagram(
    sketch(
        [node("parallelGateway", "f"), user("a"), user("b"), node("parallelGateway", "j")],
        [("s", "f"), ("f", "a"), ("f", "b"), ("a", "j"), ("b", "j"), ("j", "e")],
    )
)


def test_every_bit_of_a_state_is_under_its_seal() -> None:
    saved = Run.start(TWO, {"category": "盘活"}, around()).dump(KEY)
    for place in range(len(saved)):
        changed = bytearray(saved)
        changed[place] ^= 1
        with pytest.raises(StateRefused):
            Run.load(TWO, bytes(changed), KEY, around())
    for wrong in (saved[:-1], saved + b"\x00", b"", VERSION):
        with pytest.raises(StateRefused):
            Run.load(TWO, wrong, KEY, around())


def test_another_key_version_or_diagram_is_refused() -> None:
    saved = Run.start(TWO, {}, around()).dump(KEY)
    with pytest.raises(StateRefused, match="校验码"):
        Run.load(TWO, saved, b"another key", around())
    with pytest.raises(StateRefused, match="版本"):
        Run.load(TWO, b"\x02" + saved[1:], KEY, around())
    other = read_diagram(sketch([user("a")], [("s", "a"), ("a", "e")]))
    with pytest.raises(StateRefused, match="另一个版本"):
        Run.load(other, saved, KEY, around())


@pytest.mark.parametrize("name", ["state_condition_changed", "state_migration_eval", "state_poisoned_typename"])
def test_a_state_of_the_stock_library_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pwned").mkdir()
    with pytest.raises(StateRefused):
        Run.load(TWO, (CASES / "data" / f"{name}.json").read_bytes(), KEY, around())
    assert not list((tmp_path / "pwned").iterdir())


def test_values_come_back_exactly_as_they_were() -> None:
    kept = {
        "amount_yuan": Decimal("1234567.80"),
        "bodies": ["财政", 3, None, True, Decimal("0.10")],
        "round": 0,
        "reached": False,
        "level": None,
        "名称": "蜂糖李",
        "ratio": 0.5,
    }
    back = again(Run.start(TWO, kept, around())).variables
    assert back == kept
    assert [type(value) for value in back.values()] == [type(value) for value in kept.values()]
    assert str(back["amount_yuan"]) == "1234567.80"


def test_tokens_keep_their_names_and_are_never_used_twice() -> None:
    run = Run.start(TWO, {}, around())
    tokens = {task.element: task.token for task in run.ready}
    finish(run, "a")
    run = again(again(run))
    assert {task.element: task.token for task in run.ready} == {"b": tokens["b"]}
    run.move(tokens["b"], "b")
    assert run.ready[0].token not in tokens.values()


def test_a_token_at_a_join_survives() -> None:
    run = Run.start(TWO, {}, around())
    finish(run, "b")
    run = again(run)
    assert ready(run) == ["a"]
    finish(run, "a")
    assert run.finished
    assert again(run).finished


def test_the_trail_is_that_of_the_step_only() -> None:
    run = Run.start(TWO, {}, around())
    assert run.trail == ("s", "s_f", "f", "f_a", "f_b")
    run = again(run)
    assert run.trail == ()
    finish(run, "a")
    assert run.trail == ("a", "a_j")
    finish(run, "b")
    assert run.trail == ("a", "a_j", "b", "b_j", "j", "j_e", "e")


def test_the_states_of_two_cases_cannot_be_swapped() -> None:
    # safety.md: a row changed by SQL, even to another row's value, is told.
    mine, theirs = (case_key(KEY, case) for case in ("7/1", "77/1"))
    saved = Run.start(TWO, {}, around()).dump(mine)
    assert ready(Run.load(TWO, saved, mine, around())) == ["a", "b"]
    for wrong in (theirs, case_key(b"another key", "7/1"), KEY):
        with pytest.raises(StateRefused, match="校验码"):
            Run.load(TWO, saved, wrong, around())


def test_ten_parallel_blocks_in_a_row_stay_small_from_the_first_to_the_last() -> None:
    """What is ahead is not predicted: the state holds what stands, and the next block begins when one is joined."""
    run, largest = Run.start(ten_blocks(), {}, around()), 0
    for block in range(BLOCKS):
        assert ready(run) == [f"task_{block}_0", f"task_{block}_1"]
        for way in (1, 0):
            largest = max(largest, len(run.dump(KEY)))
            finish(run, f"task_{block}_{way}")
            run = again(run)
    assert run.finished
    assert largest <= 5120
