"""What people send without signing in is counted, by their address and by the notice, so that nobody floods a unit.

The count is in the database: no restart forgives it, and every worker sees the same. Of an address only a keyed hash
is kept, and that for a day.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ForeignKey, Index, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base

PER_ADDRESS = 10  # in an hour: a village's telephones may share one address
PER_NOTICE = 60  # in a day
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class OutsideAttempt(Base):
    """One attempt to send an objection, well-formed or not; `address` is a keyed hash."""

    __tablename__ = "outside_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    at: Mapped[datetime]  # real time

    __table_args__ = (
        Index("ix_outside_attempt_address_at", "address", "at"),
        Index("ix_outside_attempt_case_id_at", "case_id", "at"),
    )


class TooMany(Exception):
    """提交过于频繁，请稍后再试."""


def count_attempt(session: Session, address: str, case_id: int, real_now: datetime) -> None:
    """Count one attempt; TooMany when the address or the notice has had its share. Forgets what is older than a day."""
    hashed = hmac.new(session.info["keys"].mac, f"outside:{address}".encode(), sha256).hexdigest()
    session.execute(delete(OutsideAttempt).where(OutsideAttempt.at <= real_now - _DAY))
    by_address = (OutsideAttempt.address == hashed, OutsideAttempt.at > real_now - _HOUR)
    if session.scalars(select(func.count()).where(*by_address)).one() >= PER_ADDRESS:
        raise TooMany("从您的网络提交得太多，请一小时后再试，或直接向受理单位反映。")
    if session.scalars(select(func.count()).where(OutsideAttempt.case_id == case_id)).one() >= PER_NOTICE:
        raise TooMany("这份公告今天收到的提交太多，请明天再试，或直接向受理单位反映。")
    session.add(OutsideAttempt(address=hashed, case_id=case_id, at=real_now))


def notice_token(session: Session, case_id: int) -> str:
    """Return the part of a notice's public address that nobody guesses: 128 bits, the same for as long as it hangs."""
    return hmac.new(session.info["keys"].mac, f"notice:{case_id}".encode(), sha256).hexdigest()[:32]


def is_notice_token(session: Session, case_id: int, given: str) -> bool:
    return hmac.compare_digest(notice_token(session, case_id).encode(), given.encode())
