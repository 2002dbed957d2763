"""Meetings that decide many projects at once, the batches that carry them there, the replies that come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Row, UniqueConstraint, and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, load_only, mapped_column, relationship

from ledger.asking import asked_once
from ledger.cases import Case, WorkItem
from ledger.db import Base, SealedJson
from ledger.people import Unit, User
from ledger.projects import Project
from ledger.vocabulary import ItemStatus, MeetingKind


class Meeting(Base):
    """党组（委）会 of a unit or 领导小组会议: a verdict per case and one set of minutes (P4, P6)."""

    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]  # MeetingKind
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    title: Mapped[str]
    held_on: Mapped[date]
    place: Mapped[str]
    chair: Mapped[str]
    attendance: Mapped[Any] = mapped_column(SealedJson)  # list of names
    observers: Mapped[Any | None] = mapped_column(SealedJson)  # 列席: list of names
    absent: Mapped[Any | None] = mapped_column(SealedJson)  # 缺席: list of names
    recorder: Mapped[str] = mapped_column(default="")
    minutes: Mapped[str] = mapped_column(default="")  # the text; signed scans are attachments
    number: Mapped[str] = mapped_column(default="")  # 文号 of the minutes, drawn when they are first written
    created_at: Mapped[datetime]
    created_by: Mapped[str]

    unit: Mapped[Unit] = relationship()
    verdicts: Mapped[list[MeetingVerdict]] = relationship(back_populates="meeting")


class MeetingVerdict(Base):
    """What a meeting decided on one case."""

    __tablename__ = "meeting_verdict"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), unique=True)
    verdict: Mapped[str]
    category: Mapped[str | None]
    measures: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")

    meeting: Mapped[Meeting] = relationship(back_populates="verdicts")


class AgendaItem(Base):
    """One project on a meeting's agenda, and what is to be decided on it."""

    __tablename__ = "agenda_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), index=True)
    position: Mapped[int]
    proposed_category: Mapped[str | None]
    proposed: Mapped[str] = mapped_column(default="")  # the measures put before the meeting
    posted: Mapped[Any | None] = mapped_column(SealedJson)  # what will be posted on the step; None: nothing yet
    item_revision: Mapped[int | None]  # of the item it was filled in for
    verdict: Mapped[str] = mapped_column(default="")
    category: Mapped[str | None]
    measures: Mapped[str] = mapped_column(default="")
    problem: Mapped[str] = mapped_column(default="")  # why it cannot be decided as it is filled in

    __table_args__ = (UniqueConstraint("meeting_id", "item_id"),)


class SubmissionBatch(Base):
    """报送批次: what one unit sends to the leading group in one 请示 (P5)."""

    __tablename__ = "submission_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    title: Mapped[str]
    number: Mapped[str]  # 文号 of the 请示
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    sent_at: Mapped[datetime | None]  # of the last case sent with it

    unit: Mapped[Unit] = relationship()


class BatchCase(Base):
    """A case sent with a batch, with the signed statement that its data are true."""

    __tablename__ = "batch_case"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("submission_batch.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), unique=True)
    attested_by: Mapped[str]
    sent_at: Mapped[datetime]


class Reply(Base):
    """批复: one per unit and meeting, numbered, listing its projects (P6)."""

    __tablename__ = "reply"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    issued_on: Mapped[date]

    __table_args__ = (UniqueConstraint("meeting_id", "unit_id"),)


class ReplyCase(Base):
    """A case answered by a reply; a case decided twice is answered twice."""

    __tablename__ = "reply_case"

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("reply.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), unique=True)


@asked_once
def meetings_of(session: Session, unit_id: int, kind: str, campaign_id: int) -> Sequence[Row[int, str, date]]:
    """Return `id`, `title` and `held_on` of a unit's meetings of one kind in a campaign, newest first.

    A year's meetings with their minutes would be read at every item that may name one of them.
    """
    wanted = (Meeting.unit_id == unit_id, Meeting.kind == kind, Meeting.campaign_id == campaign_id)
    named = select(Meeting.id, Meeting.title, Meeting.held_on).where(*wanted)
    return session.execute(named.order_by(Meeting.held_on.desc(), Meeting.id.desc())).all()


@asked_once
def batches_of(session: Session, unit_id: int, campaign_id: int) -> Sequence[Row[int, str, str]]:
    """Return `id`, `title` and `number` of a unit's batches in a campaign, newest first."""
    wanted = (SubmissionBatch.unit_id == unit_id, SubmissionBatch.campaign_id == campaign_id)
    named = select(SubmissionBatch.id, SubmissionBatch.title, SubmissionBatch.number).where(*wanted)
    return session.execute(named.order_by(SubmissionBatch.id.desc())).all()


def batch_of_item(session: Session, item_id: int) -> int:
    """Return the batch that an item of 报送 joined; NoResultFound when it joined none."""
    batch_id: int = session.scalars(select(BatchCase.batch_id).where(BatchCase.item_id == item_id)).one()
    return batch_id


def verdict_before(session: Session, case_id: int, before: datetime) -> MeetingVerdict | None:
    """Return what the leading group had last decided on a case at a moment."""
    wanted = select(MeetingVerdict).join(Meeting, Meeting.id == MeetingVerdict.meeting_id)
    found = wanted.join(WorkItem, WorkItem.id == MeetingVerdict.item_id).where(
        MeetingVerdict.case_id == case_id, Meeting.kind == MeetingKind.GROUP, WorkItem.completed_at <= before
    )
    return session.scalars(found.order_by(MeetingVerdict.id.desc()).limit(1)).one_or_none()


@dataclass(frozen=True)
class SignedForm:
    """What the 审核人 of a unit said in signing the form of one project."""

    project: str  # name
    opinion: str
    by: str
    signed_at: datetime


def forms_signed_for(session: Session, batch_id: int) -> list[SignedForm]:
    """Return who signed the forms of a batch's projects last, by 项目编号."""
    signed = (WorkItem.stem == "unit_opinion", WorkItem.status == ItemStatus.DONE)
    rows = session.execute(
        select(Project.id, Project.name, WorkItem.answers, User.name, WorkItem.completed_at)
        .join(Case, Case.project_id == Project.id)
        .join(WorkItem, WorkItem.case_id == Case.id)
        .join(User, User.id == WorkItem.completed_by_id)
        .where(Case.id.in_(select(BatchCase.case_id).where(BatchCase.batch_id == batch_id)), *signed)
        .order_by(Project.number, WorkItem.id)
    )
    last = {row[0]: SignedForm(row[1], str((row[2] or {}).get("opinion") or ""), row[3], row[4]) for row in rows}
    return list(last.values())


def hold_meeting(session: Session, meeting_id: int) -> None:
    """Let nobody else decide, answer or write minutes for a meeting until the commit."""
    session.execute(select(Meeting.id).where(Meeting.id == meeting_id).with_for_update(key_share=True))


def issue_reply(session: Session, reply: Reply) -> bool:
    """Enter a 批复; False when its number is taken, also by somebody who was quicker just now."""
    try:
        with session.begin_nested():
            session.add(reply)
    except IntegrityError:
        return False
    return True


def reply_of(session: Session, meeting_id: int, unit_id: int) -> Reply | None:
    """Return the one 批复 that a meeting gave a unit, or None when none is issued yet."""
    wanted = (Reply.meeting_id == meeting_id, Reply.unit_id == unit_id)
    return session.scalars(select(Reply).where(*wanted)).one_or_none()


# what papers say of a project; its fifty columns, some of them sealed, would be read for every line of minutes
_NAMED = load_only(Project.name, Project.number, Project.exited_on)


def verdicts_with_projects(session: Session, meeting_id: int) -> list[tuple[MeetingVerdict, Project]]:
    """Return what a meeting decided, project by project, in the order of its agenda, then as it was entered."""
    listed = and_(AgendaItem.meeting_id == MeetingVerdict.meeting_id, AgendaItem.item_id == MeetingVerdict.item_id)
    rows = session.execute(
        select(MeetingVerdict, Project)
        .join(Case, Case.id == MeetingVerdict.case_id)
        .join(Project, Project.id == Case.project_id)
        .outerjoin(AgendaItem, listed)
        .where(MeetingVerdict.meeting_id == meeting_id)
        .options(_NAMED)
        .order_by(AgendaItem.position.is_(None), AgendaItem.position, MeetingVerdict.id)
    )
    return [(verdict, project) for verdict, project in rows]


def verdicts_for_unit(session: Session, meeting_id: int, unit_id: int) -> list[tuple[MeetingVerdict, Project]]:
    """Return what a meeting decided on the projects of one unit, by 项目编号; what it returned is left out."""
    rows = session.execute(
        select(MeetingVerdict, Project)
        .join(Case, Case.id == MeetingVerdict.case_id)
        .join(Project, Project.id == Case.project_id)
        .where(MeetingVerdict.meeting_id == meeting_id, Project.responsible_unit_id == unit_id)
        .where(MeetingVerdict.verdict != "return")
        .options(_NAMED)
        .order_by(Project.number)
    )
    return [(verdict, project) for verdict, project in rows]


def drop_verdict(session: Session, item_id: int) -> Meeting | None:
    """Delete what was decided on an item and return the meeting that had decided it, None when nothing was."""
    verdict = session.scalars(select(MeetingVerdict).where(MeetingVerdict.item_id == item_id)).one_or_none()
    if verdict is None:
        return None
    meeting = verdict.meeting
    session.delete(verdict)
    session.flush()  # the row that takes its place bears the same item
    return meeting
