"""留痕: who did what, when, old → new. Append only; each row carries its own MAC and is also the case's history.

One table serves the audit and 流转记录: a case's history that could differ from its audit would be worth neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base, day_of, partial_index

SUSPEND, RESUME = "suspend", "resume"  # between the two nobody may act on a case


class Entry(Base):
    """Rows are never updated or deleted: triggers refuse it on both databases."""

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]  # the time of the procedure; the demonstration's clock can shift it
    recorded_at: Mapped[datetime]  # real time
    user_id: Mapped[int | None]
    who: Mapped[str]  # name as it was
    unit: Mapped[str]  # unit as it was
    act: Mapped[str]
    case_id: Mapped[int | None]
    item_id: Mapped[int | None]
    element: Mapped[str]
    detail: Mapped[str]  # JSON text: the MAC is over exactly these characters
    address: Mapped[str]
    mac: Mapped[str]

    __table_args__ = (
        Index("ix_journal_case_id_id", "case_id", "id"),
        partial_index(
            "ix_journal_sign_ins",
            "user_id",
            "id",
            where="act IN ('sign_in', 'sign_out', 'sign_in_refused', 'password_changed')",
        ),
    )


@dataclass(frozen=True)
class Act:
    """What happened, for `record`. `detail` is JSON-able and holds no personal data unmasked."""

    name: str
    case_id: int | None = None
    item_id: int | None = None
    element: str = ""
    unit: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """The two times of one transaction: `at` for the procedure, `real_at` for sign-ins and the audit."""

    at: datetime
    real_at: datetime


def last_act(session: Session, case_id: int, quiet: Collection[str] = ()) -> Entry | None:
    """Return the newest row about an element of a case, acts called `quiet` aside."""
    wanted = select(Entry).where(Entry.case_id == case_id, Entry.element != "", Entry.act.not_in(quiet))
    return session.scalars(wanted.order_by(Entry.id.desc()).limit(1)).one_or_none()


def rests_in(rows: Iterable[Any]) -> list[tuple[date, date]]:
    """Return the days on which a case was suspended and resumed, from its rows in their order; `act` and `at` are read.

    One that still stands still has no end and is not among them.
    """
    found, begun = [], None
    for row in rows:
        if row.act == SUSPEND:
            begun = day_of(row.at)
        elif row.act == RESUME and begun is not None:
            found.append((begun, day_of(row.at)))
            begun = None
    return found


def rests_of(session: Session, case_ids: Collection[int]) -> dict[int, list[tuple[date, date]]]:
    """Return the rests of those of these cases that have any."""
    told = (Entry.case_id.in_(case_ids), Entry.act.in_((SUSPEND, RESUME)))
    rows = session.execute(select(Entry.case_id, Entry.act, Entry.at).where(*told).order_by(Entry.case_id, Entry.id))
    return {case_id or 0: rests_in(group) for case_id, group in groupby(rows, lambda row: row.case_id)}


def history(session: Session, case_id: int) -> Sequence[Entry]:
    """Return everything that happened to a case, oldest first: 流转记录."""
    return session.scalars(select(Entry).where(Entry.case_id == case_id).order_by(Entry.id)).all()
