"""月度核对 (R3): on which day the facts of each project were confirmed with its unit's monthly update.

The rates fall because somebody says so (R6): what a unit confirms is kept by project and month, with the day.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, ForeignKey, Select, delete, func, insert, literal, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column

from ledger.db import Base
from ledger.ledger_edits import LedgerEdit
from ledger.projects import Project
from ledger.rounds import UnitRound


class FactConfirmation(Base):
    """One project's facts, confirmed with one monthly update of its unit."""

    __tablename__ = "fact_confirmation"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True, autoincrement=False)
    round_id: Mapped[int] = mapped_column(ForeignKey("unit_round.id"), primary_key=True, autoincrement=False)
    confirmed_on: Mapped[date]


@dataclass(frozen=True)
class CheckedProject:
    """A project as the unit looks it over: when it was confirmed last, and whether it was corrected this time."""

    project: Project
    confirmed_on: date | None
    corrected: bool


@dataclass(frozen=True)
class CheckedPage:
    """`next` is the number to go on after, "" on the last page."""

    rows: tuple[CheckedProject, ...]
    next: str


def confirm_facts(session: Session, round_: UnitRound, on: date) -> None:
    """Keep the day on which the facts of a unit's projects were confirmed; handed in again, the later day counts."""
    session.execute(delete(FactConfirmation).where(FactConfirmation.round_id == round_.id))
    columns = ("project_id", "round_id", "confirmed_on")
    told = select(Project.id, literal(round_.id), literal(on, FactConfirmation.confirmed_on.type))
    session.execute(insert(FactConfirmation).from_select(columns, told.where(*_of_unit(round_.unit_id))))


def confirmed_days(session: Session, project_ids: Collection[int]) -> dict[int, date]:
    """Return on which day these projects' facts were confirmed last; none for those that never were."""
    last = select(FactConfirmation.project_id, func.max(FactConfirmation.confirmed_on))
    wanted = last.where(FactConfirmation.project_id.in_(project_ids)).group_by(FactConfirmation.project_id)
    return {row[0]: row[1] for row in session.execute(wanted)}


def facts_page(session: Session, round_: UnitRound, after: str, size: int) -> CheckedPage:
    """Return a page of the projects a unit looks over with its monthly update, in the order of 项目编号."""
    wanted = select(Project).where(*_of_unit(round_.unit_id), Project.number > after)
    rows = session.scalars(wanted.order_by(Project.number).limit(size + 1)).all()
    shown = rows[:size]
    days = confirmed_days(session, [each.id for each in shown])
    edited = _edited_since(round_.opened_at).where(LedgerEdit.project_id.in_([each.id for each in shown]))
    corrected = set(session.scalars(edited))
    found = tuple(CheckedProject(each, days.get(each.id), each.id in corrected) for each in shown)
    return CheckedPage(found, shown[-1].number if len(rows) > size else "")


def checked_count(session: Session, round_: UnitRound) -> tuple[int, int]:
    """Return how many projects a unit looks over, and how many of them were corrected since the round opened."""
    own = select(Project.id).where(*_of_unit(round_.unit_id))
    edited = _edited_since(round_.opened_at).where(LedgerEdit.project_id.in_(own)).subquery()
    counts = (select(func.count()).select_from(each.subquery()).scalar_subquery() for each in (own, select(edited)))
    count, corrected = session.execute(select(*counts)).one()
    return count, corrected


def project_to_check(session: Session, round_: UnitRound, project_id: int, *, lock: bool) -> Project | None:
    """Return a project that a unit looks over, locked when it is to be corrected; None for any other."""
    wanted = select(Project).where(Project.id == project_id, *_of_unit(round_.unit_id))
    wanted = wanted.options(joinedload(Project.responsible_unit)).execution_options(populate_existing=True)
    return session.scalars(wanted.with_for_update(of=Project) if lock else wanted).one_or_none()


def _of_unit(unit_id: int) -> tuple[ColumnElement[bool], ...]:
    return Project.responsible_unit_id == unit_id, Project.exited_on.is_(None)


def _edited_since(since: datetime) -> Select[int]:
    return select(LedgerEdit.project_id).where(LedgerEdit.edited_at >= since).distinct()
