"""Deployed procedures: diagram, decision tables and forms as one immutable bundle, addressed by content (F8)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, func, select
from sqlalchemy.orm import Mapped, Session, load_only, mapped_column, undefer

from ledger.db import Base

Pins = dict[str, str]
"""The versions of called processes, each by its content (`Procedure.sha256`), by process id."""


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
    callees: Mapped[Pins | None] = mapped_column(JSON(none_as_null=True))  # the processes it was explored with
    markings: Mapped[bytes | None]  # where a case can stand, as `bpmn.exploration` writes it down
    deployed_at: Mapped[datetime]
    deployed_by: Mapped[str]


_SLIGHT = load_only(Procedure.process_id, Procedure.number, Procedure.name, Procedure.sha256, Procedure.callees)

_TOLD = ("process_id", "number", "name", "deployed_at", "deployed_by")


def current_procedure(session: Session, process_id: str) -> Procedure:
    """Return the newest version of `process_id`, its bundle read when asked for; NoResultFound when there is none."""
    newest = select(Procedure).where(Procedure.process_id == process_id).order_by(Procedure.number.desc()).limit(1)
    return session.scalars(newest.options(_SLIGHT, undefer(Procedure.markings))).one()


def procedure_by_hash(session: Session, sha256: str) -> Procedure | None:
    return session.scalars(select(Procedure).where(Procedure.sha256 == sha256)).one_or_none()


def newest_number(session: Session, process_id: str) -> int:
    """Return the number of the newest version, 0 before the first."""
    newest = select(func.coalesce(func.max(Procedure.number), 0)).where(Procedure.process_id == process_id)
    return session.scalars(newest).one()


def version_by_number(session: Session, process_id: str, number: int) -> Procedure | None:
    """Return a version of a process by the number people call it by."""
    wanted = (Procedure.process_id == process_id, Procedure.number == number)
    return session.scalars(select(Procedure).where(*wanted)).one_or_none()


def newest_versions(session: Session) -> dict[str, Procedure]:
    """Return the newest version of every process by its id; the bundles are read when they are asked for."""
    numbers = select(Procedure.process_id, func.max(Procedure.number).label("number")).group_by(Procedure.process_id)
    newest = numbers.subquery()
    joined = select(Procedure).join(
        newest, (Procedure.process_id == newest.c.process_id) & (Procedure.number == newest.c.number)
    )
    return {each.process_id: each for each in session.scalars(joined.options(_SLIGHT))}


def versions_of(session: Session, process_id: str, limit: int) -> Sequence[Procedure]:
    """Return the versions of a process, newest first; the bundles are read when they are asked for."""
    wanted = select(Procedure).where(Procedure.process_id == process_id).order_by(Procedure.number.desc()).limit(limit)
    return session.scalars(wanted.options(load_only(*(getattr(Procedure, name) for name in _TOLD)))).all()


def versions_by_hash(session: Session, hashes: Collection[str]) -> Sequence[Procedure]:
    """Return the versions with these contents, oldest first; no statement for none."""
    wanted = select(Procedure).where(Procedure.sha256.in_(hashes)).order_by(Procedure.id)
    return session.scalars(wanted).all() if hashes else ()
