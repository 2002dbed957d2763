"""Random returns on random diagrams lose and double nothing (issue 3 item 8, engine rule 4)."""

from __future__ import annotations

from tests.bpmn.random_returns import play_returns

SEEDS = range(40)
GROWTH = 200  # bytes: more tokens at once than at the start, never a memory of returns


def test_no_return_loses_or_doubles_a_token() -> None:
    played = [play_returns(seed) for seed in SEEDS]
    assert sum(each.count for each in played) > 300
    assert all(each.largest_bytes <= each.first_bytes + GROWTH for each in played)
