"""How often a case came to each of its steps: counted in the database, so that a long history costs an act nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, case, exists, false, func, select
from sqlalchemy.orm import Session, aliased

from ledger.cases import Timer, WorkItem
from ledger.vocabulary import ItemStatus


@dataclass(frozen=True)
class Passage:
    """One step a case came to: the number of its first item, how many items it had, whether one of them was done."""

    first_id: int
    item_count: int
    done: bool


def passages(session: Session, case_id: int, before: str | None = None) -> Mapping[str, Passage]:
    """Return by element what a case came to; what the session has not written yet is not counted.

    With `before`, `done` is told only of the steps the case first came to before that one: a step that was never done
    is looked for among all its items.
    """
    asked = {"case": case_id} if before is None else {"case": case_id, "before": before}
    rows = session.connection().execute(_passages(bounded=before is not None), asked).all()
    return {row[0]: Passage(row[1], row[2], bool(row[3])) for row in rows}


@lru_cache(maxsize=2)
def _passages(*, bounded: bool) -> Select[Any]:
    grouped = (
        select(WorkItem.element, func.min(WorkItem.id).label("first_id"), func.count().label("item_count"))
        .where(WorkItem.case_id == bindparam("case"))
        .group_by(WorkItem.element)
        .subquery()
    )
    past = aliased(WorkItem)
    wanted = (past.case_id == bindparam("case"), past.element == grouped.c.element, past.status == ItemStatus.DONE)
    done: Any = exists().where(*wanted)
    if bounded:
        own = (WorkItem.case_id == bindparam("case"), WorkItem.element == bindparam("before"))
        first = select(func.min(WorkItem.id)).where(*own).scalar_subquery()
        done = case((grouped.c.first_id < first, done), else_=false())
    return select(grouped.c.element, grouped.c.first_id, grouped.c.item_count, done)


def came_often(session: Session, case_id: int, element: str, limit: int) -> bool:
    """Say whether a case came to a step so many times; of one that several do at once the parts count together."""
    wanted = (WorkItem.case_id == case_id, WorkItem.element == element)
    items = select(func.count()).select_from(WorkItem).where(*wanted)
    if session.connection().execute(items).scalar_one() < limit:  # told by the index alone
        return False
    parts = select(func.count()).where(*wanted).group_by(WorkItem.instance)
    return max(session.connection().execute(parts).scalars(), default=0) >= limit


def timers_at(session: Session, case_id: int, element: str) -> int:
    """Return how often a case has waited for the moment of an event."""
    wanted = select(func.count()).select_from(Timer).where(Timer.case_id == case_id, Timer.element == element)
    return session.connection().execute(wanted).scalar_one()
