"""What verifications of the audit found: by the clock every night, and whenever the audit administrator asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.audit import Verdict
from ledger.db import Base, end_of_day
from ledger.people import User


class Verification(Base):
    """One look at the whole audit. Times are real time."""

    __tablename__ = "verification"

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # None: the clock
    started_at: Mapped[datetime]
    row_count: Mapped[int]
    seal_count: Mapped[int]
    unsealed_count: Mapped[int]
    faults: Mapped[list[str]]  # sentences; none: the audit is whole

    asker: Mapped[User | None] = relationship()


def keep_verdict(session: Session, verdict: Verdict, user_id: int | None, real_now: datetime) -> Verification:
    """Write down what a verification found."""
    row = Verification(
        asked_by=user_id,
        started_at=real_now,
        row_count=verdict.row_count,
        seal_count=verdict.seal_count,
        unsealed_count=verdict.unsealed_count,
        faults=[fault.sentence for fault in verdict.faults],
    )
    session.add(row)
    session.flush()
    return row


def verifications(session: Session, most: int = 20) -> Sequence[Verification]:
    """Return the last verifications, newest first."""
    found = select(Verification).options(joinedload(Verification.asker))
    return session.scalars(found.order_by(Verification.id.desc()).limit(most)).all()


def verified_on(session: Session, day: date) -> bool:
    """Say whether the clock has verified on `day` (Asia/Shanghai)."""
    begins = end_of_day(day) - timedelta(days=1)
    by_clock = (Verification.asked_by.is_(None), Verification.started_at >= begins)
    return session.scalars(select(Verification.id).where(*by_clock).limit(1)).first() is not None
