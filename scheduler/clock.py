"""The clock: wakes the sweep when something is due. It stands in the database, so that a missed tick loses nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import structlog
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler

from bpmn.publishing import publish_due
from bpmn.tallying import renew_tallies
from ledger.cases import next_due_at
from ledger.channel_settings import Channelling
from ledger.db import SHANGHAI, SessionFactory, day_of, transaction
from ledger.installation import beat, installation
from ledger.journal import Moment
from ledger.settings import Settings
from ledger.webhooks import WEBHOOK, tell_hooks
from scheduler.auditing import EVERY_SECONDS, Watch
from scheduler.backups import keep_backups
from scheduler.channels.shipped import channels_of, patience_of, signature_of
from scheduler.keeping import Keeper
from scheduler.recurring import open_recurring
from scheduler.reminders import hour_of, remind, spread
from scheduler.sending import Outgoing, send_waiting
from scheduler.sweep import Ground, sweep

TICK_SECONDS = 5  # at most so late is what another process made due; our own next moment is woken for exactly
_BACKUP_SECONDS = 300
_KEEP_SECONDS = 60
_log = structlog.get_logger(__name__)


@dataclass
class Clock:
    """Ticks on one ledger; `stop` lets the timer being fired finish and nothing new begin."""

    ground: Ground
    outgoing: tuple[Outgoing, ...] = ()
    watch: Watch | None = None
    settings: Settings | None = None  # of the installation, for its nightly backup
    scheduler: BaseScheduler | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _reminded_at: tuple[date, int] | None = None
    _rounds_at: datetime | None = None
    _keeper: Keeper = field(init=False)

    def __post_init__(self) -> None:
        self._keeper = Keeper(self.ground.sessions)

    def tick(self) -> None:
        """Do what is due now; an error is logged and the next tick tries again."""
        try:
            self._wake(self.pass_once(datetime.now(UTC)))
        except Exception:  # the clock must outlive a database that is away for a minute
            _log.exception("tick_failed")

    def pass_once(self, real_now: datetime) -> datetime | None:
        """Beat, open rounds, remind, publish, sweep, count; tells in real time when the next timer is due."""
        moment = self._beat(real_now)
        minute = moment.at.replace(second=0, microsecond=0)
        if self._rounds_at != minute:
            open_recurring(self.ground, moment)
            self._rounds_at = minute
        with transaction(self.ground.sessions, writes=False) as session:
            hour = hour_of(session, moment.at)
        names = [each.name for each in self.outgoing]
        reached = None if hour is None else (day_of(moment.at), hour)
        if reached is not None and self._reminded_at != reached:
            remind(self.ground.sessions, moment.at, names)
            self._reminded_at = reached
        spread(self.ground.sessions, moment.at, names)
        if WEBHOOK in names:
            with transaction(self.ground.sessions) as session:
                tell_hooks(session, moment)
        publish_due(self.ground.sessions, moment)
        sweep(self.ground, moment, self.going_on)
        renew_tallies(self.ground.sessions, moment.at, self.going_on)
        with transaction(self.ground.sessions, writes=False) as session:
            due = next_due_at(session, moment.at)
        return None if due is None else due - (moment.at - moment.real_at)

    def send(self, outgoing: Outgoing) -> None:
        """Send what waits for one channel; each channel has a thread of its own, so that none waits for another."""
        try:
            with transaction(self.ground.sessions, writes=False) as session:
                moment = _moment(installation(session).clock_offset_seconds, datetime.now(UTC))
            send_waiting(self.ground.sessions, outgoing, moment.at, self.going_on)
        except Exception:  # as for a tick
            _log.exception("sending_failed", channel=outgoing.name)

    def audit(self) -> None:
        """Keep the audit in a thread of its own: a night's verification must not keep a timer waiting."""
        if self.watch is not None:
            self.watch.keep(datetime.now(UTC))

    def back_up(self) -> None:
        """Do the night's backup when it is due, in a thread of its own."""
        if self.settings is None:
            return
        try:
            keep_backups(self.settings, datetime.now(UTC))
        except Exception:  # as for a tick
            _log.exception("backup_failed")

    def keep_states(self) -> None:
        """Keep the ledger as it stands when a day or a month has ended, in a thread of its own."""
        try:
            with transaction(self.ground.sessions, writes=False) as session:
                moment = _moment(installation(session).clock_offset_seconds, datetime.now(UTC))
            self._keeper.keep(moment)
        except Exception:  # as for a tick
            _log.exception("keeping_failed")

    def going_on(self) -> bool:
        return not self._stopping.is_set()

    def stop(self) -> None:
        self._stopping.set()

    def _beat(self, real_now: datetime) -> Moment:
        with transaction(self.ground.sessions) as session:
            beat(session, real_now)
            return _moment(installation(session).clock_offset_seconds, real_now)

    def _wake(self, real_at: datetime | None) -> None:
        """Ask to be woken exactly when the next timer is due, when that is before the next tick."""
        soon = datetime.now(UTC) + timedelta(seconds=TICK_SECONDS)
        if self.scheduler is not None and real_at is not None and real_at < soon:
            self.scheduler.add_job(self.tick, "date", run_date=real_at, id="due", replace_existing=True)


def _moment(offset_seconds: int, real_now: datetime) -> Moment:
    return Moment(real_now + timedelta(seconds=offset_seconds), real_now)


def clock_of(sessions: SessionFactory, settings: Settings) -> Clock:
    """Return the clock of an installation; ExtraMissing when a provider's component is not installed."""
    watch = Watch(sessions, settings.anchors, settings.audit_archives, settings.audit.digest)
    outgoing = outgoing_of(settings.channels, settings.public_url)
    return Clock(Ground(sessions, settings.papers), outgoing, watch, settings)


def outgoing_of(settings: Channelling, link: str) -> tuple[Outgoing, ...]:
    """Return the channels that carry messages out of the building."""
    signature = signature_of(settings)
    return tuple(
        Outgoing(name, channel, link, settings.sms_daily_quota, signature, patience_of(settings, name))
        for name, channel in channels_of(settings).items()
    )


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
    clock.scheduler = scheduler
    sending = {f"send:{each.name}": (clock.send, (each,), TICK_SECONDS) for each in clock.outgoing}
    works = {"tick": (clock.tick, (), TICK_SECONDS), "audit": (clock.audit, (), EVERY_SECONDS), **sending}
    works["backup"] = (clock.back_up, (), _BACKUP_SECONDS)
    works["keep"] = (clock.keep_states, (), _KEEP_SECONDS)
    for name, (work, arguments, seconds) in works.items():
        scheduler.add_job(
            work,
            "interval",
            args=arguments,
            id=name,
            seconds=seconds,
            next_run_time=datetime.now(SHANGHAI),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
