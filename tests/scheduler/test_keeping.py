"""The ledger kept by the clock: a day, a month, once however many schedulers there are (R3)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Moment
from ledger.projects import Project
from ledger.snapshots import Snapshot
from scheduler.keeping import Keeper
from tests.walk import Ground, local


def kept(ground: Ground) -> list[tuple[str, str]]:
    with transaction(ground.sessions, writes=False) as session:
        rows = session.scalars(select(Snapshot).order_by(Snapshot.id)).all()
        return [(row.kind, row.key) for row in rows]


def test_r3_six_schedulers_keep_one_state_of_a_day(ground: Ground) -> None:
    moment = Moment(local(2023, 12, 8, 0), local(2023, 12, 8, 0))
    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(lambda _: Keeper(ground.sessions).keep(moment), range(6)))
    assert sum(counts) == len(kept(ground))
    assert kept(ground).count(("monthly", "month 2023-12")) == 1
    assert len(set(kept(ground))) == len(kept(ground))


def test_r3_a_scheduler_looks_once_a_day(sqlite_ground: Ground) -> None:
    keeper, now = Keeper(sqlite_ground.sessions), local(2023, 11, 7, 1)
    assert keeper.keep(Moment(now, now)) == 1
    with transaction(sqlite_ground.sessions) as session:
        session.scalars(select(Project)).first().remark = "变了"  # type: ignore[union-attr]  # the ground has projects
    later = now + timedelta(hours=5)
    assert keeper.keep(Moment(later, later)) == 0
    tomorrow = now + timedelta(days=1)
    assert keeper.keep(Moment(tomorrow, tomorrow)) == 1  # the month, whose week has passed: the day is no other state
    assert kept(sqlite_ground) == [
        ("daily", "day 2023-11-06"),
        ("monthly", "month 2023-11"),
    ]
