"""How often a case came to each of its steps: counted in the database, so that a long history costs an act nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from ledger.cases import Timer, WorkItem
from ledger.vocabulary import ItemStatus


@dataclass(frozen=True)
class Passage:
    """One step a case came to: the number of its first item, how many items it had, whether one of them was done."""

    first_id: int
    item_count: int
    done: bool


def passages(session: Session, case_id: int) -> Mapping[str, Passage]:
    """Return by element what a case came to; what the session has not written yet is not counted."""
    rows = session.connection().execute(_passages(), {"case": case_id}).all()
    return {row[0]: Passage(row[1], row[2], bool(row[3])) for row in rows}


@lru_cache(maxsize=1)
def _passages() -> Select[Any]:
    grouped = (
        select(WorkItem.element, func.min(WorkItem.id).label("first_id"), func.count().label("item_count"))
        .where(WorkItem.case_id == bindparam("case"))
        .group_by(WorkItem.element)
        .subquery()
    )
    past = aliased(WorkItem)
    wanted = (past.case_id == bindparam("case"), past.element == grouped.c.element, past.status == ItemStatus.DONE)
    return select(grouped.c.element, grouped.c.first_id, grouped.c.item_count, exists().where(*wanted))


def times_at(session: Session, case_id: int, element: str) -> int:
    """Return how often a case came to a step; of one that several do at once the parts count together."""
    wanted = (WorkItem.case_id == case_id, WorkItem.element == element)
    parts = select(func.count()).where(*wanted).group_by(WorkItem.instance)
    return max(session.connection().execute(parts).scalars(), default=0)


def timers_at(session: Session, case_id: int, element: str) -> int:
    """Return how often a case has waited for the moment of an event."""
    wanted = select(func.count()).select_from(Timer).where(Timer.case_id == case_id, Timer.element == element)
    return session.connection().execute(wanted).scalar_one()
