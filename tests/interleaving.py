"""Two acts at once in an order that is written down: the first is held at a point until the second can do no more.

On PostgreSQL that is when the second waits for a lock, or is through; the server says so. SQLite has one writer: there
it is when the second asks to be it, of its process or of the database. The first goes on only then, so that the outcome
is the same however the threads are scheduled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.db import TURN, SessionFactory
from tests.points import Point, Watch, listening

PATIENCE = 20  # seconds after which a test that hangs fails
A_MOMENT = 0.003  # seconds between two looks at the server
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock' AND state = 'active'"
)


@dataclass(frozen=True)
class Told:
    """What one of two was told: a value, or the error raised."""

    value: object = None
    error: Exception | None = None


@dataclass
class Meeting:
    """Where the threads wait for each other; `over` is set once the second is through."""

    sessions: SessionFactory
    reached: threading.Event = field(default_factory=threading.Event)
    stuck: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    held: bool = False

    def hold(self) -> None:
        """Stop the first at its point until the second can do no more."""
        self.held = True
        self.reached.set()
        assert self.stuck.wait(PATIENCE), "the second never came"

    def notice(self, when: str, statement: str) -> None:
        """Take note of what the second sends to SQLite."""
        if when == "before" and "BEGIN IMMEDIATE" in statement:
            self.stuck.set()

    def watch(self) -> None:
        """Ask PostgreSQL until the second waits for a lock, or is through."""
        engine = self.sessions.kw["bind"]
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                while not self.over.wait(A_MOMENT) and not self.stuck.is_set():
                    if self.reached.is_set() and connection.exec_driver_sql(WAITING).scalar_one():
                        self.stuck.set()


@dataclass(frozen=True)
class Queue:
    """The turn of this process's writers, which tells when somebody else than the first asks for it."""

    turn: threading.Lock
    meeting: Meeting

    def acquire(self, timeout: float) -> bool:
        if self.meeting.reached.is_set():
            self.meeting.stuck.set()
        return self.turn.acquire(timeout=timeout)

    def release(self) -> None:
        self.turn.release()


def interleave(
    sessions: SessionFactory, first: Callable[[], object], second: Callable[[], object], point: Point
) -> tuple[Told, Told]:
    """Run both, the second from the moment the first is at `point`; return what each was told."""
    meeting, told = Meeting(sessions), [Told(), Told()]
    listeners: dict[int, Callable[[str, str], None]] = {}

    def tell(when: str, text: str) -> None:
        listeners.get(threading.get_ident(), lambda *_: None)(when, text)

    def run(number: int, act: Callable[[], object]) -> None:
        try:
            told[number] = Told(value=act())
        except Exception as error:  # what it raised is what the test asks for
            told[number] = Told(error=error)

    def run_first() -> None:
        listeners[threading.get_ident()] = Watch(point, meeting.hold)
        run(0, first)
        meeting.reached.set()

    def run_second() -> None:
        listeners[threading.get_ident()] = meeting.notice
        meeting.reached.wait(PATIENCE)
        run(1, second)
        meeting.stuck.set()
        meeting.over.set()

    threads = [threading.Thread(target=each, daemon=True) for each in (run_first, run_second)]
    turn = sessions.kw["info"][TURN]
    sessions.kw["info"][TURN] = turn and Queue(turn, meeting)
    with listening(sessions, tell):
        for thread in threads:
            thread.start()
        meeting.watch()
        for thread in threads:
            thread.join(2 * PATIENCE)
    sessions.kw["info"][TURN] = turn
    assert meeting.held, f"the first never came to {point}: {told[0]}"
    assert not any(thread.is_alive() for thread in threads), "the two wait for each other"
    return told[0], told[1]
