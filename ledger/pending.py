"""Work items in the order they came, as plain values: for whoever follows all cases at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from ledger.cases import WAITING, Case, Timer, WorkItem
from ledger.db import rows_of
from ledger.projects import Project
from ledger.vocabulary import CaseStatus


@dataclass(frozen=True)
class Pending:
    """An item that waits."""

    id: int
    case_id: int
    stem: str
    unit_id: int
    role: str
    instance: str | None
    revision: int
    created_at: datetime
    due_at: datetime


# asked after every act: built once
_AFTER = (
    select(
        *(WorkItem.id, WorkItem.case_id, WorkItem.stem, WorkItem.unit_id, WorkItem.role, WorkItem.instance),
        *(WorkItem.revision, WorkItem.created_at, WorkItem.due_at),
    )
    .where(WorkItem.id > bindparam("item_id"), or_(*(WorkItem.status == status for status in WAITING)))
    .order_by(WorkItem.id)
)

_REVISION = select(WorkItem.revision).where(WorkItem.id == bindparam("item_id"))


def pending_after(session: Session, item_id: int) -> list[Pending]:
    """Return the waiting items that came after item `item_id`, oldest first."""
    session.flush()
    return [Pending(*row) for row in rows_of(session, _AFTER, item_id=item_id)]


def revision_of(session: Session, item_id: int) -> int:
    """Return the revision an item has now."""
    ((revision,),) = rows_of(session, _REVISION, item_id=item_id)
    return int(revision)


def unfinished(session: Session, campaign_id: int) -> Sequence[tuple[int, str]]:
    """Return (case, 项目编号) of the cases of a campaign that have not ended."""
    open_cases = (Case.campaign_id == campaign_id, Case.ended_at.is_(None))
    wanted = select(Case.id, Project.number).join(Project, Project.id == Case.project_id).where(*open_cases)
    return [(case_id, number) for case_id, number in session.execute(wanted.order_by(Case.id))]


def next_timer_at(session: Session) -> datetime | None:
    """Return when the next timer of a running case is due, None when none waits."""
    waiting = (Timer.ended_at.is_(None), Case.status == CaseStatus.RUNNING)
    return session.scalars(select(func.min(Timer.due_at)).join(Case, Case.id == Timer.case_id).where(*waiting)).one()
