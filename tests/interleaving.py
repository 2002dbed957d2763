"""Two acts at once in an order that is written down: the first is held at a named point until the second knocks.

The second knocks when it sends its first statement that may have to wait; from there on the database decides, and
the first already holds what it will change, so that the outcome is the same however the threads are scheduled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ledger.db import SessionFactory
from tests.points import WRITES, Point, Watch, listening

PATIENCE = 8  # seconds after which a test that hangs fails


@dataclass(frozen=True)
class Told:
    """What one of two was told: a value, or the error raised."""

    value: object = None
    error: Exception | None = None


@dataclass
class Meeting:
    """Where the threads wait for each other."""

    reached: threading.Event
    knocked: threading.Event
    held: bool = False

    def hold(self) -> None:
        """Stop the first at its point until the second has knocked."""
        self.held = True
        self.reached.set()
        assert self.knocked.wait(PATIENCE), "the second never came"

    def knock(self, when: str, statement: str) -> None:
        """Tell the first that the second now sends what may have to wait."""
        if when == "before" and WRITES.search(statement):
            self.knocked.set()


def interleave(
    sessions: SessionFactory, first: Callable[[], object], second: Callable[[], object], point: Point
) -> tuple[Told, Told]:
    """Run both, the second from the moment the first is at `point`; return what each was told."""
    meeting, told = Meeting(threading.Event(), threading.Event()), [Told(), Told()]
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
        listeners[threading.get_ident()] = meeting.knock
        meeting.reached.wait(PATIENCE)
        run(1, second)
        meeting.knocked.set()

    threads = [threading.Thread(target=each, daemon=True) for each in (run_first, run_second)]
    with listening(sessions, tell):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * PATIENCE)
    assert meeting.held, f"the first never came to {point}: {told[0]}"
    assert not any(thread.is_alive() for thread in threads), "the two wait for each other"
    return told[0], told[1]
