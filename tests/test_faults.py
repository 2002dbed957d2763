"""A database that fails, and one that goes away: nothing lost, doubled or stuck (safety, how it is tested)."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from ledger.db import SessionFactory, open_ledger
from scheduler.clock import Clock
from scheduler.sweep import Ground
from tests.conftest import KEYS
from tests.doubled import Doubled
from tests.faults import step, work_through
from tests.postgres import PostgresServer
from tests.workers import check

CASES = 6


def test_a_database_that_fails_one_time_in_twenty_loses_nothing(sessions: SessionFactory, tmp_path: Path) -> None:
    doubled = Doubled(sessions, tmp_path)
    doubled.lay(CASES)
    faults, acts = work_through(doubled, seed=5)
    assert {"before a commit", "after a commit"} <= faults.keys()
    assert acts == {"start": CASES, "complete": 4 * CASES, "timer": CASES}


def test_people_and_clock_go_on_after_the_server_was_away(
    postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    """The first attempt after PostgreSQL is back works: no dead connection is used, no clock has died of it."""
    sessions, name = open_ledger(postgres_url, KEYS), make_url(postgres_url).database
    doubled, random, clock = Doubled(sessions, tmp_path), Random(1), Clock(Ground(sessions, tmp_path))
    doubled.lay(1)
    for clock_first in (False, True):
        assert step(doubled, random)
        clock.tick()
        postgres_server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgres_server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        with pytest.raises(DBAPIError):
            step(doubled, random)
        clock.tick()
        postgres_server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        if clock_first:
            clock.tick()
        assert step(doubled, random)
    while step(doubled, random):
        pass
    assert check(doubled) == {"start": 1, "complete": 4, "timer": 1}
    sessions.kw["bind"].dispose()
