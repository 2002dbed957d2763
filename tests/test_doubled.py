"""A few rounds of `make prove NAME=doubled`: of two at the same moment one is taken (safety rule 5)."""

from __future__ import annotations

from pathlib import Path

from ledger.db import SessionFactory
from tests.doubled import PAIRS, Doubled

ROUNDS = 3


def test_of_two_at_the_same_moment_one_is_taken(sessions: SessionFactory, tmp_path: Path) -> None:
    doubled = Doubled(sessions, tmp_path)
    doubled.lay(ROUNDS)
    assert doubled.play() == {"rounds": ROUNDS, "twice": 0, "faults": 0}
    taken = {pair: sum(doubled.winners[pair, which] for which in (0, 1)) for pair in PAIRS}
    assert taken == dict.fromkeys(PAIRS, ROUNDS)
    back, fired = (doubled.winners[pair, 1] for pair in PAIRS[2:])
    acts = doubled.journaled()
    assert (acts["start"], acts["complete"], acts["call_back"]) == (ROUNDS, 3 * ROUNDS + back, back)
    assert (acts["timer"], acts["change_timer"]) == (fired, ROUNDS - fired)
