"""Meetings that decide many projects at once, the batches that carry them there, the replies that come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, UniqueConstraint, and_, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger.asking import asked_once
from ledger.cases import Case, WorkItem
from ledger.db import Base, SealedJson, rows_of
from ledger.people import Unit, User
from ledger.projects import Project
from ledger.taking import Part, laid
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


class NamedMeeting(NamedTuple):
    """A meeting as it is chosen from a list; a year's minutes would be read at every item that may name one."""

    id: int
    title: str
    held_on: date


class NamedBatch(NamedTuple):
    """A batch as it is chosen from a list."""

    id: int
    title: str
    number: str


@asked_once
def meetings_of(session: Session, unit_id: int, kind: str, campaign_id: int) -> Sequence[NamedMeeting]:
    """Return a unit's meetings of one kind in a campaign, newest first."""
    session.flush()
    found = rows_of(session, _MEETINGS, unit=unit_id, kind=str(kind), campaign=campaign_id)
    return [NamedMeeting(*row) for row in found]


_MEETINGS = (
    select(Meeting.id, Meeting.title, Meeting.held_on)
    .where(Meeting.unit_id == bindparam("unit"), Meeting.kind == bindparam("kind"))
    .where(Meeting.campaign_id == bindparam("campaign"))
    .order_by(Meeting.held_on.desc(), Meeting.id.desc())
)


@asked_once
def batches_of(session: Session, unit_id: int, campaign_id: int) -> Sequence[NamedBatch]:
    """Return a unit's batches in a campaign, newest first."""
    session.flush()
    return [NamedBatch(*row) for row in rows_of(session, _BATCHES, unit=unit_id, campaign=campaign_id)]


_BATCHES = (
    select(SubmissionBatch.id, SubmissionBatch.title, SubmissionBatch.number)
    .where(SubmissionBatch.unit_id == bindparam("unit"), SubmissionBatch.campaign_id == bindparam("campaign"))
    .order_by(SubmissionBatch.id.desc())
)


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
    session.flush()
    rows = rows_of(session, _REPLY, meeting=meeting_id, unit=unit_id)
    return laid(session, Reply, dict(zip(_WHOLE_REPLY.names, rows[0], strict=True))) if rows else None


_WHOLE_REPLY = Part(Reply)
_REPLY = select(*_WHOLE_REPLY.columns).where(
    Reply.meeting_id == bindparam("meeting"), Reply.unit_id == bindparam("unit")
)


class Decision(NamedTuple):
    """What a meeting decided on one project, as papers say it; a project's fifty columns would be read for a line."""

    verdict: str
    category: str | None
    measures: str
    reason: str
    name: str
    number: str
    exited_on: date | None


_DECISION = (
    *(MeetingVerdict.verdict, MeetingVerdict.category, MeetingVerdict.measures, MeetingVerdict.reason),
    *(Project.name, Project.number, Project.exited_on),
)
_DECIDED = (
    select(*_DECISION)
    .join(Case, Case.id == MeetingVerdict.case_id)
    .join(Project, Project.id == Case.project_id)
    .where(MeetingVerdict.meeting_id == bindparam("meeting"))
)
_LISTED = and_(AgendaItem.meeting_id == MeetingVerdict.meeting_id, AgendaItem.item_id == MeetingVerdict.item_id)
_ON_AGENDA = _DECIDED.outerjoin(AgendaItem, _LISTED).order_by(
    AgendaItem.position.is_(None), AgendaItem.position, MeetingVerdict.id
)
_FOR_UNIT = _DECIDED.where(
    Project.responsible_unit_id == bindparam("unit"), MeetingVerdict.verdict != "return"
).order_by(Project.number)


def decisions_of(session: Session, meeting_id: int) -> list[Decision]:
    """Return what a meeting decided, project by project, in the order of its agenda, then as it was entered."""
    session.flush()
    return [Decision(*row) for row in rows_of(session, _ON_AGENDA, meeting=meeting_id)]


def decisions_for_unit(session: Session, meeting_id: int, unit_id: int) -> list[Decision]:
    """Return what a meeting decided on the projects of one unit, by 项目编号; what it returned is left out."""
    session.flush()
    return [Decision(*row) for row in rows_of(session, _FOR_UNIT, meeting=meeting_id, unit=unit_id)]


def drop_verdict(session: Session, item_id: int) -> Meeting | None:
    """Delete what was decided on an item and return the meeting that had decided it, None when nothing was."""
    verdict = session.scalars(select(MeetingVerdict).where(MeetingVerdict.item_id == item_id)).one_or_none()
    if verdict is None:
        return None
    meeting = verdict.meeting
    session.delete(verdict)
    session.flush()  # the row that takes its place bears the same item
    return meeting
