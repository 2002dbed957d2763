"""催办: who pressed for an item on which day. An item is pressed for once a day, whoever does it: the table says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, ScalarSelect, UniqueConstraint, func, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from ledger.db import Base, day_of


class Urge(Base):
    """One 催办 of one item."""

    __tablename__ = "urge"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"))
    urged_on: Mapped[date]
    urged_at: Mapped[datetime]
    urged_by: Mapped[str]  # unit and person as they were

    __table_args__ = (UniqueConstraint("item_id", "urged_on"),)


@dataclass(frozen=True)
class Urged:
    """How often an item was pressed for, and the last time."""

    count: int
    last_at: datetime
    last_by: str


def urged(session: Session, item_id: int) -> Urged | None:
    """Return how often an item was pressed for; None when never."""
    rows: Sequence[Urge] = session.scalars(select(Urge).where(Urge.item_id == item_id).order_by(Urge.urged_on)).all()
    return Urged(len(rows), rows[-1].urged_at, rows[-1].urged_by) if rows else None


def keep_urge(session: Session, item_id: int, who: str, now: datetime) -> None:
    """Write down that an item is pressed for; the second on one day is refused by the table."""
    session.add(Urge(item_id=item_id, urged_on=day_of(now), urged_at=now, urged_by=who))
    session.flush()


def urge_count(item_id: InstrumentedAttribute[int]) -> ScalarSelect[int]:
    """Return the scalar that counts how often the item of a row was pressed for."""
    return select(func.count()).where(Urge.item_id == item_id).scalar_subquery()
