"""Named points inside a transaction, found from outside: before or after a statement, or the commit.

No product code knows of them: SQLAlchemy's own events tell when one is reached. `then` is called in the thread that
reached it, and may wait there for another thread or kill the process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from ledger.db import SessionFactory

COMMIT = "COMMIT"


@dataclass(frozen=True)
class Point:
    """`when` is before or after, `what` a pattern a statement begins with or holds, `nth` which of them."""

    when: str
    what: str
    nth: int = 1

    def __str__(self) -> str:
        times = f" {self.nth}" if self.nth > 1 else ""
        return f"{self.when} {self.what}{times}"


LOCKED = Point("after", r"FOR (NO KEY )?UPDATE|BEGIN IMMEDIATE")
JOURNALED = Point("after", "INSERT INTO journal")
COMMITTING = Point("before", COMMIT)
COMMITTED = Point("after", COMMIT)


@dataclass
class Watch:
    """Calls `then` when its point is reached, once; told of every moment of one thread."""

    point: Point
    then: Callable[[], None]
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.point.nth

    def __call__(self, when: str, text: str) -> None:
        if self.left and when == self.point.when and re.search(self.point.what, text):
            self.left -= 1
            if not self.left:
                self.then()


@contextmanager
def listening(sessions: SessionFactory, told: Callable[[str, str], None]) -> Iterator[None]:
    """Tell each statement and each commit, before it is sent and after it was done, in the thread that does it.

    Begun before any thread is: SQLAlchemy does not expect listeners to change while an event is told.
    """
    engine = sessions.kw["bind"]

    def before_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        told("before", statement)

    def after_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        told("after", statement)

    def before_commit(_connection: Any) -> None:
        told("before", COMMIT)

    def after_commit(session: Session) -> None:
        if not session.in_nested_transaction():  # a savepoint's end is told too
            told("after", COMMIT)

    wanted = [
        (engine, "before_cursor_execute", before_statement),
        (engine, "after_cursor_execute", after_statement),
        (engine, "commit", before_commit),
        (sessions, "after_commit", after_commit),
    ]
    for target, name, listener in wanted:
        event.listen(target, name, listener)
    try:
        yield
    finally:
        for target, name, listener in wanted:
            event.remove(target, name, listener)
