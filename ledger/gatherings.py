"""会议 and 报送批次 as lists and pages: whose they are, who may see them, what they decided or carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from ledger.cases import Case
from ledger.meetings import BatchCase, Meeting, MeetingVerdict, SubmissionBatch
from ledger.papers import Attachment
from ledger.projects import Project
from ledger.scope import Actor, visible_projects


@dataclass(frozen=True)
class NewMeeting:
    """A meeting as entered by the unit that held it."""

    kind: str  # MeetingKind
    unit_id: int
    campaign_id: int
    title: str
    held_on: date
    place: str
    chair: str
    attendance: tuple[str, ...]
    minutes: str
    observers: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    recorder: str = ""


def create_meeting(session: Session, new: NewMeeting, actor: Actor, now: datetime) -> Meeting:
    """Enter a meeting, held or to be held; what it decides is entered afterwards."""
    meeting = Meeting(
        kind=new.kind,
        unit_id=new.unit_id,
        campaign_id=new.campaign_id,
        title=new.title,
        held_on=new.held_on,
        place=new.place,
        chair=new.chair,
        attendance=list(new.attendance),
        minutes=new.minutes,
        observers=list(new.observers),
        absent=list(new.absent),
        recorder=new.recorder,
        created_at=now,
        created_by=actor.name,
    )
    session.add(meeting)
    session.flush()
    return meeting


def _seen_cases(actor: Actor) -> Select[int]:
    return select(Case.id).join(Project, Project.id == Case.project_id).where(visible_projects(actor))


def _visible_meetings(actor: Actor) -> ColumnElement[bool]:
    decided = exists().where(MeetingVerdict.meeting_id == Meeting.id, MeetingVerdict.case_id.in_(_seen_cases(actor)))
    return or_(Meeting.unit_id.in_({post.unit_id for post in actor.posts}), decided)


def _visible_batches(actor: Actor) -> ColumnElement[bool]:
    sent = exists().where(BatchCase.batch_id == SubmissionBatch.id, BatchCase.case_id.in_(_seen_cases(actor)))
    return or_(SubmissionBatch.unit_id.in_({post.unit_id for post in actor.posts}), sent)


def meetings_page(session: Session, actor: Actor, before_id: int | None, limit: int) -> Sequence[Meeting]:
    """Return visible meetings, newest first; `before_id` continues a list."""
    query = select(Meeting).where(_visible_meetings(actor))
    if before_id is not None:
        query = query.where(Meeting.id < before_id)
    whole = query.options(joinedload(Meeting.unit), selectinload(Meeting.verdicts))
    return session.scalars(whole.order_by(Meeting.id.desc()).limit(limit)).all()


def visible_meeting(session: Session, actor: Actor, meeting_id: int) -> Meeting | None:
    query = select(Meeting).where(Meeting.id == meeting_id, _visible_meetings(actor))
    return session.scalars(query.options(joinedload(Meeting.unit))).one_or_none()


def verdicts_of(session: Session, actor: Actor, meeting_id: int) -> Sequence[tuple[MeetingVerdict, Case]]:
    """Return what a meeting decided on the cases `actor` may see."""
    rows = session.execute(
        select(MeetingVerdict, Case)
        .join(Case, Case.id == MeetingVerdict.case_id)
        .where(MeetingVerdict.meeting_id == meeting_id, Case.id.in_(_seen_cases(actor)))
        .options(joinedload(Case.project))
        .order_by(MeetingVerdict.id)
    ).all()
    return [(verdict, case) for verdict, case in rows]


def batches_page(session: Session, actor: Actor, before_id: int | None, limit: int) -> Sequence[SubmissionBatch]:
    """Return visible batches, newest first; `before_id` continues a list."""
    query = select(SubmissionBatch).where(_visible_batches(actor))
    if before_id is not None:
        query = query.where(SubmissionBatch.id < before_id)
    whole = query.options(joinedload(SubmissionBatch.unit))
    return session.scalars(whole.order_by(SubmissionBatch.id.desc()).limit(limit)).all()


def visible_batch(session: Session, actor: Actor, batch_id: int) -> SubmissionBatch | None:
    query = select(SubmissionBatch).where(SubmissionBatch.id == batch_id, _visible_batches(actor))
    return session.scalars(query.options(joinedload(SubmissionBatch.unit))).one_or_none()


def batch_cases(session: Session, actor: Actor, batch_id: int) -> Sequence[tuple[BatchCase, Case]]:
    """Return the cases sent with a batch that `actor` may see, each with its latest sending."""
    rows = session.execute(
        select(BatchCase, Case)
        .join(Case, Case.id == BatchCase.case_id)
        .where(BatchCase.batch_id == batch_id, Case.id.in_(_seen_cases(actor)))
        .options(joinedload(Case.project))
        .order_by(BatchCase.id)
    ).all()
    return list({case.id: (sent, case) for sent, case in rows}.values())


def papers_of(session: Session, *, meeting_id: int | None = None, batch_id: int | None = None) -> Sequence[Attachment]:
    """Return the papers of one meeting (minutes) or one batch (请示)."""
    place = Attachment.meeting_id == meeting_id if meeting_id is not None else Attachment.batch_id == batch_id
    query = select(Attachment).where(place, Attachment.removed_at.is_(None))
    loaded = query.options(joinedload(Attachment.paper), joinedload(Attachment.attached_by))
    return session.scalars(loaded.order_by(Attachment.id)).all()
