"""Rounds that come round: opened by the clock, once however many clocks there are, and people are told (R2, T3)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from ledger.db import transaction
from ledger.installation import shift_clock
from ledger.journal import Moment
from ledger.outbox import Message
from ledger.rounds import RoundItem, UnitRound
from ledger.settings import Settings
from scheduler.clock import clock_of
from scheduler.recurring import open_recurring
from scheduler.reminders import remind
from scheduler.sweep import Ground as ClockGround
from tests.walk import Ground, local

REAL = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def test_r2_the_clock_opens_what_is_due(sqlite_ground: Ground) -> None:
    with transaction(sqlite_ground.sessions) as session:
        shift_clock(session, int((local(2023, 11, 17, 8) - REAL).total_seconds()))
    clock_of(sqlite_ground.sessions, Settings(data=sqlite_ground.papers.parent)).pass_once(REAL)
    with transaction(sqlite_ground.sessions, writes=False) as session:
        assert set(session.scalars(select(UnitRound.occurrence))) == {"2023-W47"}


def test_r2_six_schedulers_at_once_open_each_round_once(ground: Ground) -> None:
    moment = Moment(local(2023, 12, 1, 8), local(2023, 12, 1, 8))  # the week's, the month's and the year's
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(lambda _: open_recurring(ClockGround(ground.sessions, ground.papers), moment), range(6)))
    with transaction(ground.sessions, writes=False) as session:
        rounds = session.scalars(select(UnitRound)).all()
        items = session.scalar(select(func.count()).select_from(RoundItem))
    assert sum(opened) == len(rounds) == items
    assert len({(row.kind, row.unit_id) for row in rounds}) == len(rounds)
    assert {row.kind for row in rounds} == {"weekly", "monthly", "yearly"}


def told(ground: Ground, now: datetime) -> str:
    """Write the hour's messages and return what is said of 周调度 in them."""
    with transaction(ground.sessions, writes=False) as session:
        last = session.scalar(select(func.coalesce(func.max(Message.id), 0)))
    remind(ground.sessions, now)
    with transaction(ground.sessions, writes=False) as session:
        bodies = session.scalars(select(Message.body).where(Message.id > last)).all()
    return "\n".join(sorted({line for body in bodies for line in body.split("\n") if "周调度" in line}))


@pytest.mark.usefixtures("quick_prints")
def test_t3_people_are_told_when_a_week_opens_ends_and_is_overdue(sqlite_ground: Ground) -> None:
    opens = local(2023, 11, 17, 8)
    open_recurring(ClockGround(sqlite_ground.sessions, sqlite_ground.papers), Moment(opens, opens))
    assert told(sqlite_ground, local(2023, 11, 17, 9)) == (
        "2023年11月23日周调度：填报周调度，新任务，办理期限11月23日16:00"
    )
    assert told(sqlite_ground, local(2023, 11, 20, 9)) == ""
    assert "办理期限11月23日16:00，还剩1个工作日" in told(sqlite_ground, local(2023, 11, 22, 9))
    assert "今天到期" in told(sqlite_ground, local(2023, 11, 23, 9))
    late = told(sqlite_ground, local(2023, 11, 24, 9))
    assert "已超期1个工作日" in late
    with transaction(sqlite_ground.sessions, writes=False) as session:
        count = session.scalar(select(func.count()).select_from(UnitRound))
    assert f"2023年11月23日周调度已截止：0个单位已报，{count}个未报，请汇总" in late
    assert "已截止" not in told(sqlite_ground, local(2023, 11, 24, 9) + timedelta(days=3))
