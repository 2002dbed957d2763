"""A short run of `make prove NAME=workers`: three workers killed at random lose nothing and do nothing twice."""

from __future__ import annotations

from pathlib import Path

from ledger.db import SessionFactory
from tests.doubled import Doubled
from tests.workers import survive

CASES, KILLS = 6, 5


def test_killed_workers_lose_nothing_and_do_nothing_twice(sessions: SessionFactory, tmp_path: Path) -> None:
    doubled = Doubled(sessions, tmp_path)
    doubled.lay(CASES)
    done = survive(doubled, KILLS, seed=3)
    assert done.kills > 0
    assert done.acts == {"start": CASES, "complete": 4 * CASES, "timer": CASES}
