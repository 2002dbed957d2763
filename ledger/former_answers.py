"""Answers that stood on an item until others replaced them: after a 撤回 or a 退回修改 (时光回溯)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.cases import WorkItem
from ledger.db import Base, SealedJson
from ledger.journal import Entry


class FormerAnswers(Base):
    """What an item said until it was filled in otherwise; rows are only added."""

    __tablename__ = "former_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), index=True)
    until_entry_id: Mapped[int]  # the case's newest journal row while they stood
    answers: Mapped[Any] = mapped_column(SealedJson)


def keep_answers(session: Session, item: WorkItem) -> None:
    """Keep what an item says at present, right before it says something else."""
    newest = select(func.max(Entry.id)).where(Entry.case_id == item.case_id)
    until = session.scalars(newest).one() or 0
    session.add(FormerAnswers(item_id=item.id, until_entry_id=until, answers=item.answers))


def former_answers(session: Session, case_id: int) -> dict[int, list[FormerAnswers]]:
    """Return what was replaced on a case's items, by item, oldest first."""
    wanted = select(FormerAnswers).join(WorkItem, WorkItem.id == FormerAnswers.item_id)
    found: dict[int, list[FormerAnswers]] = {}
    for each in session.scalars(wanted.where(WorkItem.case_id == case_id).order_by(FormerAnswers.id)):
        found.setdefault(each.item_id, []).append(each)
    return found
