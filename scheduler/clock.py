"""The clock: wakes the sweep every few seconds. What is due stands in the database, so a missed tick loses nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler

from ledger.db import SHANGHAI, SessionFactory, day_of, transaction
from ledger.installation import beat, installation
from ledger.journal import Moment
from ledger.working_days import load_calendar
from scheduler.channels import Channels
from scheduler.channels.page import NAME as PAGE
from scheduler.channels.page import PageChannel
from scheduler.reminders import is_time, remind
from scheduler.sweep import Ground, sweep

TICK_SECONDS = 5
_log = structlog.get_logger(__name__)


def shipped_channels() -> Channels:
    return {PAGE: PageChannel()}


@dataclass
class Clock:
    """Ticks on one ledger; `stop` lets the timer being fired finish and nothing new begin."""

    ground: Ground
    _stopping: threading.Event = field(default_factory=threading.Event)
    _reminded_on: date | None = None

    def tick(self) -> None:
        """Do what is due now; an error is logged and the next tick tries again."""
        try:
            self.pass_once(datetime.now(UTC))
        except Exception:  # the clock must outlive a database that is away for a minute
            _log.exception("tick_failed")

    def pass_once(self, real_now: datetime) -> None:
        """Beat, sweep, and write the day's reminders once it is time."""
        with transaction(self.ground.sessions) as session:
            beat(session, real_now)
            offset = timedelta(seconds=installation(session).clock_offset_seconds)
            calendar = load_calendar(session)
        moment = Moment(real_now + offset, real_now)
        today = day_of(moment.at)
        if self._reminded_on != today and is_time(calendar, moment.at):
            remind(self.ground.sessions, moment.at)
            self._reminded_on = today
        sweep(self.ground, moment, lambda: not self._stopping.is_set())

    def stop(self) -> None:
        self._stopping.set()


def clock_of(sessions: SessionFactory, papers: Path) -> Clock:
    return Clock(Ground(sessions, papers, shipped_channels()))


def start_in_background(clock: Clock) -> BackgroundScheduler:
    """Start ticking in a thread of this process; `stop_ticking` ends it."""
    scheduler = BackgroundScheduler(timezone=SHANGHAI, jobstores={"default": MemoryJobStore()})
    _schedule(scheduler, clock)
    scheduler.start()
    return scheduler


def stop_ticking(scheduler: BackgroundScheduler, clock: Clock) -> None:
    """Finish the timer under way and end the thread."""
    clock.stop()
    scheduler.shutdown(wait=True)


def run_forever(clock: Clock) -> None:
    """Tick in this thread until the process is told to stop."""
    scheduler = BlockingScheduler(timezone=SHANGHAI, jobstores={"default": MemoryJobStore()})
    _schedule(scheduler, clock)
    try:
        scheduler.start()
    finally:
        clock.stop()


def _schedule(scheduler: BaseScheduler, clock: Clock) -> None:
    scheduler.add_job(
        clock.tick,
        "interval",
        seconds=TICK_SECONDS,
        next_run_time=datetime.now(SHANGHAI),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
