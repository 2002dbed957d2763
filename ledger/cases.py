"""One project going through the procedure: its state, work items, timers, objections and incidents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    delete,
    exists,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship
from sqlalchemy.orm.attributes import flag_modified

from ledger.asking import asked_once
from ledger.campaigns import Campaign
from ledger.db import Base, SealedJson, SealedText, partial_index
from ledger.people import Unit, User
from ledger.procedures import Pins, Procedure
from ledger.projects import Project
from ledger.vocabulary import CaseStatus, IncidentKind, ItemStatus


class Case(Base):
    """`state` is the engine's compact state with its MAC; only `bpmn.runtime` writes it."""

    __tablename__ = "case"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"), index=True)
    callees: Mapped[Pins | None] = mapped_column(JSON(none_as_null=True))  # versions of the processes it calls
    state: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str]  # CaseStatus
    round: Mapped[int] = mapped_column(default=1)  # of disposal (P10)
    started_at: Mapped[datetime]
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    publicity_interrupted_at: Mapped[datetime | None]  # the notices were taken down: the period begins anew
    revision: Mapped[int] = mapped_column()

    project: Mapped[Project] = relationship()
    campaign: Mapped[Campaign] = relationship()
    procedure: Mapped[Procedure] = relationship()

    __table_args__ = (
        UniqueConstraint("project_id", "campaign_id"),  # a push resumed makes no doubles
        Index("ix_case_started", "started_by_id", "started_at", "id"),
        partial_index("ix_case_suspended", "id", where="suspended_at IS NOT NULL"),
    )
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  # SQLAlchemy's own declaration


class WorkItem(Base):
    """A user task that waits, or waited, for a unit and role: one line of the inbox."""

    __tablename__ = "work_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    token: Mapped[str]  # the engine's name of this task
    element: Mapped[str]
    name: Mapped[str]
    stem: Mapped[str]
    article: Mapped[str]
    instance: Mapped[str | None]  # multi-instance: for whom
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[str]  # Role that acts next: handler, or signer once it waits for the signature
    signed: Mapped[bool] = mapped_column(default=False)  # after the handler the unit's signer signs
    status: Mapped[str]  # ItemStatus
    sent_by: Mapped[str]  # who sent it here: unit and person, as the list shows it
    returned_reason: Mapped[str] = mapped_column(default="")  # why it was sent back, when it was
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    milestone_at: Mapped[datetime | None]
    compressed: Mapped[bool] = mapped_column(default=False)
    answers: Mapped[Any | None] = mapped_column(SealedJson)
    prepared_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # who filled what another signs
    completed_at: Mapped[datetime | None]
    completed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    prepared_for_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # in whose place: 代办
    completed_for_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # who alone may act on it now
    delegated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # who gets it back when it is filled
    delegated_to_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # who filled it for another
    returns_to: Mapped[str | None]  # element that a completion goes straight back to
    revision: Mapped[int] = mapped_column()

    case: Mapped[Case] = relationship()
    unit: Mapped[Unit] = relationship()
    prepared_by: Mapped[User | None] = relationship(foreign_keys=[prepared_by_id])
    completed_by: Mapped[User | None] = relationship(foreign_keys=[completed_by_id])
    claimed_by: Mapped[User | None] = relationship(foreign_keys=[claimed_by_id])
    delegated_by: Mapped[User | None] = relationship(foreign_keys=[delegated_by_id])

    __table_args__ = (
        Index("ix_work_item_case_id_element_id", "case_id", "element", "id"),  # what came first of two steps
        # completed_at, though always empty here: else SQLite looks it up in the table row by row, for the lists too
        partial_index(
            *("ix_work_item_inbox", "unit_id", "role", "due_at", "id", "completed_at"), where="completed_at IS NULL"
        ),
        # 在办: a whole county's open items by due moment
        partial_index("ix_work_item_due", "due_at", "id", "unit_id", "completed_at", where="completed_at IS NULL"),
        # 待签收: counted on every page, and few among all that waits
        partial_index(
            *("ix_work_item_receipt", "unit_id", "role", "due_at", "id", "stem", "completed_at"),
            where="completed_at IS NULL AND stem = 'receive'",
        ),
        Index("ix_work_item_done", "completed_by_id", "completed_at", "id"),
        partial_index(
            "ix_work_item_prepared", "prepared_by_id", "completed_at", "id", where="prepared_by_id IS NOT NULL"
        ),
        *(
            partial_index(
                f"ix_work_item_{act}_for", f"{act}_for_id", "completed_at", "id", where=f"{act}_for_id IS NOT NULL"
            )
            for act in ("prepared", "completed")
        ),
    )
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  # SQLAlchemy's own declaration


class StepEntry(Base):
    """One entry on an item that stays open: disposal progress, money recovered, corrected papers."""

    __tablename__ = "step_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), index=True)
    stem: Mapped[str]
    answers: Mapped[Any] = mapped_column(SealedJson)
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    entered_by: Mapped[User | None] = relationship()


class Draft(Base):
    """What a person typed and did not submit yet; never validated."""

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    posted: Mapped[Any] = mapped_column(SealedJson)
    saved_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)  # raised by each window that saves

    __table_args__ = (UniqueConstraint("item_id", "user_id"),)


class DraftChanged(Exception):
    """另一个窗口已经暂存过这份表单."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("另一个窗口已经暂存过这份表单")
        self.revision, self.saved_at = draft.revision, draft.saved_at


class Timer(Base):
    """A timer event that waits: when it is due is a fact of the case, not a job."""

    __tablename__ = "timer"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    token: Mapped[str]
    element: Mapped[str]
    due_at: Mapped[datetime]
    provisional: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    fired: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (partial_index("ix_timer_due", "due_at", where="ended_at IS NULL"),)


class Objection(Base):
    """异议: one record each; all open ones of a case are examined by one item."""

    __tablename__ = "objection"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    raised_by: Mapped[str] = mapped_column(SealedText)
    contact: Mapped[str] = mapped_column(SealedText, default="")
    content: Mapped[str] = mapped_column(SealedText)
    entered_at: Mapped[datetime]
    entered_by: Mapped[str]
    finding: Mapped[str] = mapped_column(default="")
    upheld: Mapped[bool | None]
    settled_at: Mapped[datetime | None]
    receipt: Mapped[str | None] = mapped_column(index=True, unique=True)  # who raised it asks by it


class Incident(Base):
    """Something failed and left the case where it was; a person or a retry mends it."""

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    kind: Mapped[str]  # IncidentKind
    subject_id: Mapped[int | None]  # the timer's, message's or item's id
    attempt: Mapped[Any | None] = mapped_column(SealedJson)  # what was posted on the item, to be tried again
    cause: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=1)
    retry_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


WAITING = (ItemStatus.OPEN, ItemStatus.UNSIGNED)


def item_of(session: Session, item_id: int) -> WorkItem | None:
    """Return one item with its case, project and unit; who may see it is for `ledger.scope` to say."""
    wanted = select(WorkItem).where(WorkItem.id == item_id)
    whole = (joinedload(WorkItem.case).joinedload(Case.project), joinedload(WorkItem.unit))
    return session.scalars(wanted.options(*whole)).one_or_none()


def cases_of_project(session: Session, project_id: int) -> Sequence[Case]:
    """Return a project's cases, newest first."""
    return session.scalars(select(Case).where(Case.project_id == project_id).order_by(Case.id.desc())).all()


def projects_under_way(session: Session, campaign_id: int, project_ids: Collection[int]) -> set[int]:
    """Return which of these projects already have a case in the campaign."""
    wanted = (Case.campaign_id == campaign_id, Case.project_id.in_(project_ids))
    return set(session.scalars(select(Case.project_id).where(*wanted)))


def enter(session: Session, item: WorkItem, answers: Any, user_id: int | None, now: datetime) -> StepEntry:
    """Keep answers as an entry on an item that stays open, and raise the item's revision.

    Raised also when the same words are entered again: otherwise one form posted twice would count twice.
    """
    item.answers = answers
    flag_modified(item, "answers")
    entry = StepEntry(
        case_id=item.case_id, item_id=item.id, stem=item.stem, answers=answers, entered_at=now, entered_by_id=user_id
    )
    session.add(entry)
    return entry


@asked_once
def entries_of(session: Session, item_id: int) -> Sequence[StepEntry]:
    """Return the entries made on an item that stays open, oldest first."""
    wanted = select(StepEntry).where(StepEntry.item_id == item_id).options(joinedload(StepEntry.entered_by))
    return session.scalars(wanted.order_by(StepEntry.id)).all()


@asked_once
def objections_of(session: Session, case_id: int, *, open_only: bool = False) -> Sequence[Objection]:
    """Return a case's objections, oldest first."""
    wanted = select(Objection).where(Objection.case_id == case_id).order_by(Objection.id)
    return session.scalars(wanted.where(Objection.settled_at.is_(None)) if open_only else wanted).all()


@asked_once
def timers_of(session: Session, case_id: int) -> Sequence[Timer]:
    """Return the timers of a case that still wait."""
    wanted = (Timer.case_id == case_id, Timer.ended_at.is_(None))
    return session.scalars(
        select(Timer).where(*wanted).order_by(Timer.id).execution_options(populate_existing=True)
    ).all()


def due_timers(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Return ids of timers due at `now`, the longest due first; one that failed waits for its retry, or a person."""
    resting = exists().where(
        Incident.kind == IncidentKind.TIMER,
        Incident.subject_id == Timer.id,
        Incident.resolved_at.is_(None),
        or_(Incident.retry_at.is_(None), Incident.retry_at > now),
    )
    due = (Timer.ended_at.is_(None), Timer.due_at <= now, Case.status == CaseStatus.RUNNING, ~resting)
    wanted = select(Timer.id).join(Case, Case.id == Timer.case_id).where(*due)
    return session.scalars(wanted.order_by(Timer.due_at, Timer.id).limit(limit)).all()


def cases_resting_on(session: Session, since: datetime) -> Sequence[int]:
    """Return cases not ended that have a timer or an open item due at or after a moment."""
    timing = select(Timer.case_id).where(Timer.ended_at.is_(None), Timer.due_at >= since)
    waiting = select(WorkItem.case_id).where(WorkItem.completed_at.is_(None), WorkItem.due_at >= since)
    wanted = select(Case.id).where(Case.ended_at.is_(None), or_(Case.id.in_(timing), Case.id.in_(waiting)))
    return session.scalars(wanted.order_by(Case.id)).all()


def cases_under_way(session: Session, campaign_id: int) -> Sequence[int]:
    """Return a campaign's cases that have not ended, in the order they were started."""
    wanted = (Case.campaign_id == campaign_id, Case.ended_at.is_(None))
    return session.scalars(select(Case.id).where(*wanted).order_by(Case.id)).all()


def next_due_at(session: Session, after: datetime) -> datetime | None:
    """Return the next moment at which a timer is due; one that failed and rests is due by its incident."""
    waiting = (Timer.ended_at.is_(None), Timer.due_at > after)
    return session.scalars(select(Timer.due_at).where(*waiting).order_by(Timer.due_at).limit(1)).first()


def timer_case(session: Session, timer_id: int) -> int | None:
    """Return the case a timer belongs to, for the incident it leaves."""
    return session.scalars(select(Timer.case_id).where(Timer.id == timer_id)).one_or_none()


def draft_of(session: Session, item_id: int, user_id: int) -> Draft | None:
    """Return what a person typed on an item and did not submit."""
    return session.scalars(select(Draft).where(Draft.item_id == item_id, Draft.user_id == user_id)).one_or_none()


def keep_draft(
    session: Session, item_id: int, user_id: int, posted: Any, now: datetime, *, seen: int | None = None
) -> Draft:
    """Keep what a person typed, in place of what was kept before.

    `seen` is the draft's revision that the window began with (0: there was none). DraftChanged when another window
    has saved something else since; without it the later of two windows stands.
    """
    draft = draft_of(session, item_id, user_id)
    if draft is None:
        draft = Draft(item_id=item_id, user_id=user_id, posted=posted, saved_at=now)
        try:
            with session.begin_nested():
                session.add(draft)
            return draft
        except IntegrityError:  # the other window was quicker, and is committed by now
            draft = session.scalars(select(Draft).where(Draft.item_id == item_id, Draft.user_id == user_id)).one()
    if seen is not None and seen != draft.revision and posted != draft.posted:
        raise DraftChanged(draft)
    if posted != draft.posted:
        draft.posted, draft.revision = posted, draft.revision + 1
    draft.saved_at = now
    return draft


def drop_draft(session: Session, item_id: int, user_id: int) -> None:
    """Forget what one person typed on an item that somebody else completed."""
    session.execute(delete(Draft).where(Draft.item_id == item_id, Draft.user_id == user_id))
