"""What a transaction did outside of the database is undone when it fails: files, which no rollback takes back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.orm import Session

Undo = Callable[[Session], None]
UNDOING = "undoing"
"""Under this name a session holds its `Undo`s: steps taken when its transaction fails, in one that is never committed.

A commit may have been done and not told: a step has to ask. Nothing is undone after a kill.
"""


def undo(session: Session) -> None:
    """Roll the session back and undo what else it did; what cannot be undone now stays, and is not told."""
    steps: list[Undo] = session.info.pop(UNDOING, [])
    with suppress(InvalidRequestError):  # the commit was done, and what follows it failed
        session.rollback()
    session.close()
    for step in steps:
        with suppress(SQLAlchemyError, OSError):  # what made the transaction fail is told, not this
            step(session)
        session.rollback()
