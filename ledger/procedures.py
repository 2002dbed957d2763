"""Deployed procedures: diagram, decision tables and forms as one immutable bundle, addressed by content (F8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base


class Procedure(Base):
    """One deployed version. Rows are never updated; a case keeps the version it was started with."""

    __tablename__ = "procedure"

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(index=True)
    number: Mapped[int]  # 1, 2, 3 … within the process
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(unique=True)  # of diagram, decisions and forms together
    diagram: Mapped[str]
    decisions: Mapped[dict[str, Any]]  # name → DMN text
    forms: Mapped[dict[str, Any]]  # stem → form definition
    deployed_at: Mapped[datetime]
    deployed_by: Mapped[str]


def current_procedure(session: Session, process_id: str) -> Procedure:
    """Return the newest version of `process_id`; NoResultFound when none is deployed."""
    newest = select(Procedure).where(Procedure.process_id == process_id).order_by(Procedure.number.desc()).limit(1)
    return session.scalars(newest).one()


def procedure_by_hash(session: Session, sha256: str) -> Procedure | None:
    return session.scalars(select(Procedure).where(Procedure.sha256 == sha256)).one_or_none()


def newest_number(session: Session, process_id: str) -> int:
    """Return the number of the newest version, 0 before the first."""
    newest = select(func.coalesce(func.max(Procedure.number), 0)).where(Procedure.process_id == process_id)
    return session.scalars(newest).one()
