"""What a transaction did outside of the database is undone when it fails: files, which no rollback takes back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

Undo = Callable[[Session], None]
_UNDOING = "undoing"


def undo_if_failed(session: Session, step: Undo) -> None:
    """Have `step` taken when the session's transaction fails; it is given a new transaction that is never committed.

    A commit may have been done and not told: the step has to ask. Nothing is undone after a kill.
    """
    session.info.setdefault(_UNDOING, []).append(step)


def undo(session: Session) -> None:
    """Roll the session back and undo what else it did; what cannot be undone now stays, and is not told."""
    steps: list[Undo] = session.info.pop(_UNDOING, [])
    session.rollback()
    for step in steps:
        with suppress(SQLAlchemyError, OSError):  # what made the transaction fail is told, not this
            step(session)
        session.rollback()
