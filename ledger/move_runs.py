"""Many cases on their way to another version, or back: how far it is, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.cases import Case
from ledger.db import Base
from ledger.procedures import Procedure


class MoveRun(Base):
    """One order for many cases. `mapping` says where vanished elements went; `back` is an undoing."""

    __tablename__ = "move_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"), index=True)
    back: Mapped[bool]
    mapping: Mapped[dict[str, Any]]
    fresh_timers: Mapped[bool]
    checked: Mapped[bool]  # those to be looked at are moved too
    whole_count: Mapped[int]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    ended_at: Mapped[datetime | None]

    procedure: Mapped[Procedure] = relationship()


class MoveOutcome(Base):
    """What became of one case of a run."""

    __tablename__ = "move_outcome"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("move_run.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    moved: Mapped[bool]
    reason: Mapped[str]

    case: Mapped[Case] = relationship()


def runs_to(session: Session, procedure_id: int, limit: int) -> Sequence[MoveRun]:
    """Return the runs to a version, newest first."""
    wanted = select(MoveRun).where(MoveRun.procedure_id == procedure_id).order_by(MoveRun.id.desc())
    return session.scalars(wanted.limit(limit)).all()


def run_counts(session: Session, run_id: int) -> tuple[int, int]:
    """Return how many cases of a run were moved, and how many stayed."""
    grouped = select(MoveOutcome.moved, func.count()).where(MoveOutcome.run_id == run_id).group_by(MoveOutcome.moved)
    counts = {each[0]: each[1] for each in session.execute(grouped)}
    return counts.get(True, 0), counts.get(False, 0)


def outcomes_of(session: Session, run_id: int, limit: int) -> Sequence[MoveOutcome]:
    """Return what became of a run's cases, those that stayed first."""
    wanted = select(MoveOutcome).where(MoveOutcome.run_id == run_id).order_by(MoveOutcome.moved, MoveOutcome.id)
    return session.scalars(wanted.limit(limit).options(joinedload(MoveOutcome.case).joinedload(Case.project))).all()


def running_by_version(session: Session, process_id: str) -> Sequence[tuple[int, int, int]]:
    """Return id, number and count of running cases of every version of a process that has any, oldest first."""
    grouped = (
        select(Procedure.id, Procedure.number, func.count())
        .join(Case, Case.procedure_id == Procedure.id)
        .where(Procedure.process_id == process_id, Case.ended_at.is_(None))
        .group_by(Procedure.id, Procedure.number)
        .order_by(Procedure.number)
    )
    return [(each[0], each[1], each[2]) for each in session.execute(grouped)]
