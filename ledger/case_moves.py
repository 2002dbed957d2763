"""Cases moved to another version of their procedure, each with what it takes to undo the move."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, func, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.cases import Case, Timer, WorkItem
from ledger.db import Base, UtcDateTime
from ledger.journal import Entry
from ledger.procedures import Pins, Procedure


class CaseMove(Base):
    """One case moved once. `before` holds the columns of its items and timers as they were, `state` the engine's."""

    __tablename__ = "case_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    from_procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    from_callees: Mapped[Pins | None] = mapped_column(JSON(none_as_null=True))
    to_procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"), index=True)
    state: Mapped[bytes] = mapped_column(LargeBinary)
    before: Mapped[dict[str, Any]]
    entry_id: Mapped[int]  # the journal row of the move: whatever follows it makes the move stand
    moved_at: Mapped[datetime]
    moved_by: Mapped[str]
    undone_at: Mapped[datetime | None]

    from_procedure: Mapped[Procedure] = relationship(foreign_keys=[from_procedure_id])


FIXED = frozenset({"id", "case_id", "project_id", "campaign_id", "procedure_id", "token", "created_at", "revision"})
"""Columns that a move never changes, or that `CaseMove` holds itself."""
APART = frozenset({"state", "callees", "answers", "instance", "started_at"})


def columns_of(row: Case | WorkItem | Timer) -> dict[str, Any]:
    """Return what a move may change of a row, as JSON."""
    kept: dict[str, Any] = {}
    for column in row.__table__.columns:
        if column.key not in FIXED | APART:
            value = getattr(row, column.key)
            kept[column.key] = value.isoformat() if isinstance(value, datetime) else value
    return kept


def put_back(row: Case | WorkItem | Timer, kept: Mapping[str, Any]) -> None:
    """Undo `columns_of`."""
    for column in row.__table__.columns:
        if column.key in kept:
            value = kept[column.key]
            moment = isinstance(column.type, UtcDateTime) and value is not None
            setattr(row, column.key, datetime.fromisoformat(value) if moment else value)


def running_cases(session: Session, process_id: str, but: int | None = None) -> Sequence[int]:
    """Return the ids of the cases of a process that have not ended, oldest first; `but` leaves out one version's."""
    wanted = select(Case.id).join(Case.procedure).where(Procedure.process_id == process_id, Case.ended_at.is_(None))
    if but is not None:
        wanted = wanted.where(Case.procedure_id != but)
    return session.scalars(wanted.order_by(Case.id)).all()


def moves_to(session: Session, procedure_id: int) -> Sequence[int]:
    """Return the ids of the cases that were moved to a version and not moved back, oldest move first."""
    wanted = (CaseMove.to_procedure_id == procedure_id, CaseMove.undone_at.is_(None))
    return session.scalars(select(CaseMove.case_id).where(*wanted).order_by(CaseMove.id)).all()


def moves_of(session: Session, case_id: int) -> Sequence[CaseMove]:
    """Return a case's moves that stand, oldest first, each with the version it led away from."""
    wanted = select(CaseMove).where(CaseMove.case_id == case_id, CaseMove.undone_at.is_(None))
    return session.scalars(wanted.options(joinedload(CaseMove.from_procedure)).order_by(CaseMove.id)).all()


def last_move(session: Session, case_id: int) -> CaseMove | None:
    """Return a case's newest move that was not undone."""
    wanted = (CaseMove.case_id == case_id, CaseMove.undone_at.is_(None))
    return session.scalars(select(CaseMove).where(*wanted).order_by(CaseMove.id.desc()).limit(1)).one_or_none()


def acted_since(session: Session, move: CaseMove, quiet: Collection[str]) -> bool:
    """Say whether anything but the acts called `quiet` happened to the case after a move."""
    later = (Entry.case_id == move.case_id, Entry.id > move.entry_id, Entry.act.not_in(quiet))
    return session.scalars(select(func.count()).select_from(Entry).where(*later)).one() > 0


def timers_ever(session: Session, case_id: int) -> Sequence[Timer]:
    """Return all timers of a case, those that ended too, oldest first."""
    return session.scalars(select(Timer).where(Timer.case_id == case_id).order_by(Timer.id)).all()
