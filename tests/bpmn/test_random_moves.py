"""Cases of random programs moved to changed ones (issue 3 items 7 and 8); `make prove NAME=moves` goes on from here."""

from __future__ import annotations

from collections import Counter

from tests.bpmn.random_moves import play_moves

SEEDS = range(155, 180)  # among them a branch that is added while its block is under way


def test_what_is_carried_over_loses_nothing_and_ends() -> None:
    outcomes: Counter[str] = Counter()
    for seed in SEEDS:
        outcomes += play_moves(seed)
    assert outcomes.keys() == {"auto", "check", "refused", "unreachable"}
    assert outcomes["auto"] > len(SEEDS)
