"""One project going through the procedure: its state, work items, timers, objections and incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.campaigns import Campaign
from ledger.db import Base, SealedJson, SealedText
from ledger.people import Unit, User
from ledger.procedures import Procedure
from ledger.projects import Project


class Case(Base):
    """`state` is the engine's compact state with its MAC; only `bpmn.runtime` writes it."""

    __tablename__ = "case"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"), index=True)
    state: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str]  # CaseStatus
    round: Mapped[int] = mapped_column(default=1)  # of disposal (P10)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column()

    project: Mapped[Project] = relationship()
    campaign: Mapped[Campaign] = relationship()
    procedure: Mapped[Procedure] = relationship()

    __table_args__ = (UniqueConstraint("project_id", "campaign_id"),)  # a push resumed makes no doubles
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  # SQLAlchemy's own declaration


class WorkItem(Base):
    """A user task that waits, or waited, for a unit and role: one line of the inbox."""

    __tablename__ = "work_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
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
    completed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    revision: Mapped[int] = mapped_column()

    case: Mapped[Case] = relationship()
    unit: Mapped[Unit] = relationship()
    prepared_by: Mapped[User | None] = relationship(foreign_keys=[prepared_by_id])
    completed_by: Mapped[User | None] = relationship(foreign_keys=[completed_by_id])

    __table_args__ = (
        Index(
            "ix_work_item_inbox",
            "unit_id",
            "role",
            "due_at",
            "id",
            sqlite_where=text("completed_at IS NULL"),
            postgresql_where=text("completed_at IS NULL"),
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

    __table_args__ = (UniqueConstraint("item_id", "user_id"),)


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

    __table_args__ = (
        Index(
            "ix_timer_due",
            "due_at",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


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


class Incident(Base):
    """Something failed and left the case where it was; a person or a retry mends it."""

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    kind: Mapped[str]  # timer, message, state
    subject_id: Mapped[int | None]  # the timer's or message's id
    cause: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=1)
    retry_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
