"""抄送: a case brought to somebody's notice. It asks for nothing, and shows nobody what they could not see anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, exists, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.cases import Case, WorkItem
from ledger.db import Base
from ledger.journal import Act, Moment
from ledger.listing import PAGE_SIZE, Filters, Order, beyond, of_project, place, sorted_by
from ledger.message_texts import worded
from ledger.message_words import TextKind
from ledger.outbox import Notice, post
from ledger.people import Post, Unit, User
from ledger.projects import Project
from ledger.scope import BUSINESS, COUNTY_WIDE, Actor, signature_of
from ledger.vocabulary import UnitKind
from ledger.writing import record

NOTE_LENGTH = 200
_PAGE_CHANNEL = "page"


class Copy(Base):
    """One case copied to one person."""

    __tablename__ = "copy"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    sent_by: Mapped[str]  # unit and person, as the list shows it
    note: Mapped[str]
    sent_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship()

    __table_args__ = (Index("ix_copy_user_id_sent_at_id", "user_id", "sent_at", "id"),)


class CopyRefused(ValueError):
    """不能抄送."""


@dataclass(frozen=True)
class CopyPage:
    """`next` is "" on the last page."""

    rows: Sequence[Copy]
    next: str


def copy_units(session: Session, case: Case) -> Sequence[Unit]:
    """Return the units whose people see the case anyway, in the order they were entered."""
    project = case.project
    places = (project.responsible_unit, project.township, project.village)
    above = {int(number) for unit in places if unit is not None for number in unit.path.strip("/").split("/")}
    own = exists().where(WorkItem.case_id == case.id, WorkItem.unit_id == Unit.id)
    wanted = select(Unit).where(
        Unit.county_id == project.county_id,
        Unit.closed_at.is_(None),
        or_(Unit.id.in_(above), Unit.kind.in_(COUNTY_WIDE - {UnitKind.CITY}), own),
        exists().where(Post.unit_id == Unit.id, Post.role.in_(BUSINESS)),
    )
    return session.scalars(wanted.order_by(Unit.id)).all()


def send_copies(session: Session, actor: Actor, case: Case, unit_ids: Sequence[int], note: str, now: Moment) -> int:
    """Copy a case to the people of some units, each told in the page; returns how many. CopyRefused with the reason.

    Whether the actor may see the case is the caller's to ask.
    """
    words = " ".join(note.split())
    if len(words) > NOTE_LENGTH:
        raise CopyRefused(f"附言最多 {NOTE_LENGTH} 字")
    allowed = {unit.id: unit for unit in copy_units(session, case)}
    chosen = [allowed[number] for number in dict.fromkeys(unit_ids) if number in allowed]
    if not unit_ids or len(chosen) < len(set(unit_ids)):
        raise CopyRefused("请选择抄送单位；只能抄送给能够查看该项目的单位")
    people = _people(session, [unit.id for unit in chosen], actor)
    if not people:
        raise CopyRefused("所选单位没有其他人员可以抄送")
    copies = [_copy(case, actor, user_id, words, now) for user_id in people]
    session.add_all(copies)
    session.flush()
    ending = f"：{words}" if words else "，在“抄送我的”里查看"
    subject, body = worded(session, TextKind.COPY, 项目=case.project.name, 谁=signature_of(actor), 附言=ending)
    link = f"/cases/{case.id}"
    notices = [Notice(f"copy:{copy.id}", _PAGE_CHANNEL, copy.user_id, subject, body, link=link) for copy in copies]
    post(session, notices, now.at)
    names = [unit.short_name for unit in chosen]
    record(
        session, now, actor, Act("copy", case_id=case.id, detail={"summary": f"抄送{'、'.join(names)}", "note": words})
    )
    return len(copies)


def _people(session: Session, unit_ids: Sequence[int], actor: Actor) -> Sequence[int]:
    wanted = (
        select(User.id)
        .join(Post, Post.user_id == User.id)
        .where(
            Post.unit_id.in_(unit_ids), Post.role.in_(BUSINESS), User.disabled_at.is_(None), User.id != actor.user_id
        )
    )
    return session.scalars(wanted.distinct().order_by(User.id)).all()


def _copy(case: Case, actor: Actor, user_id: int, note: str, now: Moment) -> Copy:
    sender = signature_of(actor)
    return Copy(case_id=case.id, user_id=user_id, sent_by_id=actor.user_id, sent_by=sender, note=note, sent_at=now.at)


def copies_to(session: Session, actor: Actor, filters: Filters, size: int = PAGE_SIZE) -> CopyPage:
    """Return a page of 抄送我的, newest first unless asked."""
    newest = filters.order is not Order.OLDEST
    wanted = [Copy.user_id == actor.user_id, *of_project(filters)]
    if filters.after:
        wanted.append(beyond(filters.after, Copy.sent_at, Copy.id, newest_first=newest))
    found = select(Copy).join(Case, Case.id == Copy.case_id).join(Project, Project.id == Case.project_id)
    loaded = found.where(*wanted).options(joinedload(Copy.case).joinedload(Case.project))
    order = sorted_by(Copy.sent_at, Copy.id, newest_first=newest)
    rows = session.scalars(loaded.order_by(*order).limit(size + 1)).all()
    return CopyPage(rows[:size], place(rows[size - 1].sent_at, rows[size - 1].id) if len(rows) > size else "")


def unread_copies(actor: Actor) -> Any:
    """Return the scalar that counts the copies a person has not marked as read."""
    mine = (Copy.user_id == actor.user_id, Copy.read_at.is_(None))
    return select(func.count()).select_from(Copy).where(*mine).scalar_subquery()


def mark_copies_read(session: Session, actor: Actor, now: datetime, copy_id: int | None = None) -> None:
    """Note that a person has read one copy, or all of the own; a foreign one is left alone."""
    mine = [Copy.user_id == actor.user_id, Copy.read_at.is_(None)]
    if copy_id is not None:
        mine.append(Copy.id == copy_id)
    session.execute(update(Copy).where(*mine).values(read_at=now))
