"""Which item did the same step of a case before."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ledger.cases import WorkItem


def item_before(session: Session, item: WorkItem) -> WorkItem | None:
    """Return the last item of the same element and part before one, that was answered; None when there is none."""
    same = (WorkItem.case_id == item.case_id, WorkItem.element == item.element, WorkItem.id < item.id)
    part = WorkItem.instance.is_(None) if item.instance is None else WorkItem.instance == item.instance
    wanted = select(WorkItem).where(*same, part, WorkItem.answers.is_not(None), WorkItem.completed_at.is_not(None))
    loaded = wanted.options(joinedload(WorkItem.completed_by), joinedload(WorkItem.unit))
    return session.scalars(loaded.order_by(WorkItem.id.desc()).limit(1)).one_or_none()
