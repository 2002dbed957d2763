"""The clock: beats in real time, works in shifted time, wakes when something is due, outlives failing passes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import select, update

from ledger.cases import Timer, due_timers
from ledger.db import transaction
from ledger.installation import installation, shift_clock
from ledger.journal import Moment
from ledger.outbox import Message, Notice, post
from ledger.people import User
from ledger.settings import Settings
from scheduler.channels import Reach, Send
from scheduler.channels.page import PageChannel
from scheduler.clock import TICK_SECONDS, Clock, clock_of, start_in_background, stop_ticking
from scheduler.letters import Letter
from scheduler.sending import Outgoing, send_waiting
from scheduler.sweep import Ground as Sweeping
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


class Alarm:
    """Stands for APScheduler: keeps when it is asked to wake the clock."""

    def __init__(self) -> None:
        self.asked: list[datetime] = []

    def add_job(self, _work: object, _trigger: str, *, run_date: datetime, **_: object) -> None:
        self.asked.append(run_date)


@pytest.fixture
def waiting(sqlite_ground: Ground) -> tuple[Clock, datetime]:
    """A clock on a ledger with one timer, and the moment at which that is due."""
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    due_at = local(2023, 12, 4, 0)
    with transaction(sqlite_ground.sessions) as session:
        case = {"case_id": walk.case_id, "token": "t", "element": "e", "created_at": walk.now}
        session.add(Timer(**case, due_at=due_at))
    return clock_of(sqlite_ground.sessions, Settings(data=sqlite_ground.papers.parent)), due_at


def fired(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Count the passes in which a timer was due, instead of firing it."""
    passes: list[datetime] = []

    def look(ground: Sweeping, moment: Moment, _going_on: object) -> None:
        with transaction(ground.sessions, writes=False) as session:
            passes.extend(moment.at for _timer in due_timers(session, moment.at, 10))

    monkeypatch.setattr("scheduler.clock.sweep", look)
    return passes


def test_t3_a_pass_tells_in_real_time_when_the_next_timer_is_due(waiting: tuple[Clock, datetime]) -> None:
    clock, due_at = waiting
    assert clock.pass_once(due_at - timedelta(hours=1)) == due_at
    with transaction(clock.ground.sessions) as session:
        shift_clock(session, 600)  # the demonstration's clock is ten minutes ahead
    assert clock.pass_once(due_at - timedelta(hours=1)) == due_at - timedelta(minutes=10)


def test_t3_it_is_woken_exactly_then_when_that_is_before_the_next_tick(waiting: tuple[Clock, datetime]) -> None:
    clock, _ = waiting
    alarm = clock.scheduler = Alarm()  # type: ignore[assignment]
    soon = datetime.now(UTC) + timedelta(seconds=1)
    for at in (soon, soon + timedelta(seconds=2 * TICK_SECONDS), None):
        clock._wake(at)
    assert alarm.asked == [soon]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((-1,), 0),  # a second early: nothing
        ((0,), 1),
        ((-1, 3600), 1),  # the computer slept for an hour
        ((-7200, -10800, -1), 0),  # set back while it waits: never early
        ((40 * 86400,), 1),  # set far ahead, or away for weeks
    ],
)
def test_t3_a_clock_that_jumps_fires_late_but_never_early(
    waiting: tuple[Clock, datetime], monkeypatch: pytest.MonkeyPatch, steps: tuple[int, ...], expected: int
) -> None:
    clock, due_at = waiting
    passes = fired(clock, monkeypatch)
    for seconds in steps:
        clock.pass_once(due_at + timedelta(seconds=seconds))
    assert len(passes) == expected
    assert all(at >= due_at for at in passes)


def test_t3_nothing_is_told_twice_when_the_clock_is_set_back(sqlite_ground: Ground) -> None:
    Walk(sqlite_ground, sqlite_ground.projects[1])  # 签收 is due on 11-08
    clock = clock_of(sqlite_ground.sessions, Settings(data=sqlite_ground.papers.parent))
    counts = []
    for hour, minute in ((9, 0), (8, 0), (9, 0), (9, 30)):
        clock.pass_once(local(2023, 11, 8, hour, minute))
        with transaction(sqlite_ground.sessions, writes=False) as session:
            counts.append(len(session.scalars(select(Message)).all()))
    assert counts[0] > 0
    assert set(counts) == {counts[0]}


def test_t3_a_slow_provider_keeps_no_other_channel_and_no_writer_waiting(ground: Ground) -> None:
    """The provider answers only after an email went out and a page was written: with one thread this would hang."""
    others_done = Event()
    calls: list[str] = []

    class Slow:
        reach, batch = Reach.TELEPHONE, 5

        @contextmanager
        def opened(self) -> Iterator[Send]:
            yield self._send

        def _send(self, letter: Letter) -> str:
            calls.append("asked")
            assert others_done.wait(60), "the others waited for the slow provider"
            calls.append("answered")
            return "1"

    class Quick(Slow):
        reach = Reach.EMAIL

        def _send(self, letter: Letter) -> str:
            calls.append("email")
            return "2"

    with transaction(ground.sessions) as session:
        user_id = session.scalars(select(User.id).where(User.login == "sangzhezhen.jingban")).one()
        post(session, [Notice(name, name, user_id, "提醒", "内容") for name in ("sms", "email")], local(2023, 11, 20))
    slow, quick = Outgoing("sms", Slow()), Outgoing("email", Quick())
    clock = Clock(Sweeping(ground.sessions, ground.papers), (slow, quick))
    with ThreadPoolExecutor(1) as threads:
        texting = threads.submit(send_waiting, ground.sessions, slow, local(2023, 11, 20))
        send_waiting(ground.sessions, quick, local(2023, 11, 20))
        clock.pass_once(local(2023, 11, 20))  # reminders, timers, rounds
        with transaction(ground.sessions) as session:  # what a request writes
            session.execute(update(User).where(User.id == user_id).values(large_type=True))
        others_done.set()
        assert texting.result() >= 1  # the reminders of that hour were written meanwhile
    assert calls.index("email") < calls.index("answered")


def test_t3_each_channel_has_a_job_of_its_own(sqlite_ground: Ground) -> None:
    outgoing = tuple(Outgoing(name, PageChannel()) for name in ("email", "sms"))
    clock = Clock(Sweeping(sqlite_ground.sessions, sqlite_ground.papers), outgoing)
    scheduler = start_in_background(clock)
    assert {job.id for job in scheduler.get_jobs()} >= {"tick", "send:email", "send:sms"}
    stop_ticking(scheduler, clock)
