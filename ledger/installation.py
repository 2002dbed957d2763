"""What this installation is: real, or the demonstration with a clock that can be moved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base


class Installation(Base):
    """Exactly one row. Outside the demonstration the offset stays 0."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    demonstration: Mapped[bool]
    clock_offset_seconds: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime | None]  # of the clock


def found(session: Session, real_now: datetime, *, demonstration: bool) -> Installation:
    """Make the installation's one row; an existing one is kept as it is."""
    known = session.get(Installation, 1)
    if known is None:
        known = Installation(id=1, demonstration=demonstration, clock_offset_seconds=0, created_at=real_now)
        session.add(known)
    return known


def installation(session: Session) -> Installation:
    """Return the installation; NoResultFound before it is set up."""
    return session.scalars(select(Installation)).one()


def take_turn(session: Session) -> None:
    """Wait until nobody else changes what there is one of for the whole installation; until the commit."""
    session.execute(select(Installation.id).with_for_update(key_share=True))


class NotADemonstration(Exception):
    """只有演示环境可以拨动时钟。"""


def shift_clock(session: Session, seconds: int) -> None:
    """Move the demonstration's clock forwards by `seconds`; refused anywhere else."""
    known = installation(session)
    if not known.demonstration:
        raise NotADemonstration
    known.clock_offset_seconds += seconds


def beat(session: Session, real_now: datetime) -> None:
    """Note that the clock is alive, in real time; `/healthz` is red when this is older than 90 s."""
    installation(session).heartbeat_at = real_now
