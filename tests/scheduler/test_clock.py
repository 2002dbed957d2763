"""The clock: beats in real time, works in the demonstration's shifted time, outlives a failing pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from ledger.db import transaction
from ledger.installation import installation, shift_clock
from ledger.outbox import Message
from ledger.settings import Settings
from scheduler.clock import TICK_SECONDS, Clock, clock_of, start_in_background, stop_ticking
from tests.walk import Ground, Walk, local

REAL = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.mark.usefixtures("quick_prints")
def test_t1_moving_the_clock_lets_the_period_pass(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.to("notice_unit")
    walk.complete("notice_unit")
    walk.complete("notice_site")
    clock = clock_of(sqlite_ground.sessions, Settings(data=sqlite_ground.papers.parent))
    with transaction(sqlite_ground.sessions) as session:
        shift_clock(session, int((walk.now - REAL).total_seconds()))
    clock.pass_once(REAL)
    assert walk.waiting() == []
    with transaction(sqlite_ground.sessions) as session:
        shift_clock(session, int(timedelta(days=30).total_seconds()))
    clock.pass_once(REAL + timedelta(seconds=TICK_SECONDS))
    assert walk.waiting() == ["disposal_plan"]
    with transaction(sqlite_ground.sessions, writes=False) as session:
        assert installation(session).heartbeat_at == REAL + timedelta(seconds=TICK_SECONDS)


def test_t3_reminders_go_out_once_a_day_and_are_delivered(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])  # 签收 is due on 11-08
    with transaction(sqlite_ground.sessions) as session:
        shift_clock(session, int((local(2023, 11, 8, 8, 59) - REAL).total_seconds()))
    clock = clock_of(sqlite_ground.sessions, Settings(data=sqlite_ground.papers.parent))
    counts = []
    for minutes in (0, 1, 2):
        clock.pass_once(REAL + timedelta(minutes=minutes))
        with transaction(sqlite_ground.sessions, writes=False) as session:
            told = (Message.sent_at.is_not(None), Message.body.contains("签收项目"))
            counts.append(len(session.scalars(select(Message).where(*told)).all()))
    assert counts == [0, 1, 1]
    assert walk.waiting() == ["receive"]


def test_a_failing_pass_does_not_stop_the_clock(
    sqlite_ground: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError("database is away")

    clock = clock_of(sqlite_ground.sessions, Settings(data=sqlite_ground.papers.parent))
    monkeypatch.setattr(Clock, "pass_once", fail)
    clock.tick()
    assert "tick_failed" in "".join(capsys.readouterr())


def test_it_starts_at_once_and_stops(sqlite_ground: Ground) -> None:
    clock = clock_of(sqlite_ground.sessions, Settings(data=sqlite_ground.papers.parent))
    scheduler = start_in_background(clock)
    job = scheduler.get_job("tick")
    assert (job.max_instances, job.coalesce) == (1, True)
    stop_ticking(scheduler, clock)
    assert not scheduler.running
