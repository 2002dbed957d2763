"""Two-person acts (双人复核): one person asks, another approves, and only then something happens.

What is wanted waits here as data until somebody else of the right office looks at it; it lapses after a week, so that
nobody approves a forgotten wish. Carrying it out belongs to the act's own module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.db import Base, partial_index
from ledger.people import User
from ledger.scope import Actor
from ledger.vocabulary import Term

LIVES = timedelta(days=7)
REASON_LENGTH = 200


class ApprovalKind(Term):
    """What needs two people."""

    POSTS = "posts", "岗位调整"
    PURGE = "purge", "清除个人信息"
    TEMPLATE = "template", "文书模板"
    CALENDAR = "calendar", "工作日历"


class Approval(Base):
    """A wish and its fate; rows are decided, never deleted. All times are real time."""

    __tablename__ = "approval"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]  # ApprovalKind
    subject_id: Mapped[int]  # what it is about: the row of a person or template, a calendar's year
    wanted: Mapped[dict[str, Any]]
    reason: Mapped[str]
    asked_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    approved: Mapped[bool | None]

    asker: Mapped[User] = relationship(foreign_keys=asked_by)
    decider: Mapped[User | None] = relationship(foreign_keys=decided_by)

    __table_args__ = (partial_index("ix_approval_waiting", "kind", "subject_id", where="decided_at IS NULL"),)


@dataclass(frozen=True)
class Wish:
    """What somebody asks for."""

    kind: ApprovalKind
    subject_id: int
    wanted: Mapping[str, Any]
    reason: str


class ApprovalRefused(Exception):
    """不能这样申请或复核."""


def ask(session: Session, wish: Wish, actor: Actor, real_now: datetime) -> Approval:
    """Write a wish down; ApprovalRefused without a reason, or while the same thing already waits."""
    reason = " ".join(wish.reason.split())
    if not reason or len(reason) > REASON_LENGTH:
        raise ApprovalRefused(f"请写明理由（最多 {REASON_LENGTH} 字）")
    if waits(session, wish.kind, wish.subject_id, real_now):
        raise ApprovalRefused(f"已有一项“{wish.kind.label}”申请等待复核，请先处理")
    row = Approval(
        kind=wish.kind,
        subject_id=wish.subject_id,
        wanted=dict(wish.wanted),
        reason=reason,
        asked_by=actor.user_id,
        asked_at=real_now,
        expires_at=real_now + LIVES,
    )
    session.add(row)
    session.flush()
    return row


def decide(session: Session, approval_id: int, actor: Actor, real_now: datetime, *, approved: bool) -> Approval:
    """Approve or refuse a wish that still waits; ApprovalRefused says why not. The caller carries it out.

    Nobody approves what they asked for; taking a wish back is refusing one's own.
    """
    found = (
        select(Approval).where(Approval.id == approval_id).with_for_update().execution_options(populate_existing=True)
    )
    row = session.scalars(found).one_or_none()
    if row is None:
        raise ApprovalRefused("没有这项申请")
    if row.decided_at is not None:
        raise ApprovalRefused("这项申请已经处理过了")
    if real_now >= row.expires_at:
        raise ApprovalRefused("这项申请已超过 7 天未复核，已失效，请重新申请")
    if approved and row.asked_by == actor.user_id:
        raise ApprovalRefused("申请人不能复核自己的申请，须由另一人复核")
    row.decided_by, row.decided_at, row.approved = actor.user_id, real_now, approved
    return row


def waits(session: Session, kind: ApprovalKind, subject_id: int, real_now: datetime) -> bool:
    """Return whether a wish about this waits for a second person; a lapsed one waits no longer."""
    same = (Approval.kind == kind, Approval.subject_id == subject_id)
    return session.scalars(_waiting(real_now).where(*same).limit(1)).first() is not None


def waiting(session: Session, real_now: datetime) -> Sequence[Approval]:
    """Return what waits for a second person, oldest first."""
    return session.scalars(_waiting(real_now).options(joinedload(Approval.asker)).order_by(Approval.id)).all()


def decided(session: Session, most: int = 50) -> Sequence[Approval]:
    """Return what was decided last, newest first."""
    done = select(Approval).where(Approval.decided_at.is_not(None))
    people = (joinedload(Approval.asker), joinedload(Approval.decider))
    return session.scalars(done.options(*people).order_by(Approval.id.desc()).limit(most)).all()


def _waiting(real_now: datetime) -> Any:
    return select(Approval).where(Approval.decided_at.is_(None), Approval.expires_at > real_now)
