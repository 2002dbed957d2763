"""代字 and the number a series goes on from; numbers that are passed over stay in sight, with a reason.

Papers given by hand before the software came leave room at the beginning of a series: that is a gap of its own kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, delete, exists, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.db import Base
from ledger.numbers import (
    WORD_LENGTH,
    Entered,
    Issue,
    IssuedNumber,
    NumberRefused,
    NumberSeries,
    Sought,
    held_series,
    printed_number,
    refuse_taken,
    units_seen,
    usual_word,
)
from ledger.people import Unit
from ledger.scope import Actor
from ledger.vocabulary import PaperKind

REASON_LENGTH = 100  # characters
BEFORE = "启用前已手工编号"


class NumberGap(Base):
    """Numbers of a series that the software passes over, and why."""

    __tablename__ = "number_gap"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str]  # PaperKind
    year: Mapped[int]
    word: Mapped[str]
    first: Mapped[int]
    last: Mapped[int]
    reason: Mapped[str]
    entered_at: Mapped[datetime]
    entered_by: Mapped[str]

    unit: Mapped[Unit] = relationship()

    __table_args__ = (Index("ix_number_gap_unit_id_year", "unit_id", "year"),)

    @property
    def text(self) -> str:
        """The numbers as the register prints them: 桑柘府文〔2023〕14—19号."""
        numbers = str(self.first) if self.first == self.last else f"{self.first}—{self.last}"
        return f"{self.word}〔{self.year}〕{numbers}号"


@dataclass(frozen=True)
class Start:
    """How a unit numbers papers of a kind in a year: its 代字, the next paper's number, why some are left out."""

    unit: Unit
    kind: PaperKind
    year: int
    word: str
    next: int
    reason: str = ""


@dataclass(frozen=True)
class Started:
    """The next number, old → new, and what is passed over."""

    before: str
    after: str
    gap: NumberGap | None


def start_series(session: Session, start: Start, entered: Entered) -> Started:
    """Set a unit's 代字, and the number that goes on from those given by hand.

    Raises NumberRefused for a word that is not one or another series has, once a number of the year is drawn for
    another word, for a number that is used, and for numbers passed over without a reason.
    """
    word = start.word.strip()
    if not word or len(word) > WORD_LENGTH or not word.isprintable() or set("〔〕[]（）()号 ") & set(word):
        raise NumberRefused(f"请填写代字（最多 {WORD_LENGTH} 字，不含括号和空格），如“桑柘府文”")
    if not 1 <= start.next < 1_000_000 or not 2000 <= start.year <= 2100:
        raise NumberRefused("请填写年份和下一个文号（1 以上的整数）")
    issue = Issue(start.unit, start.kind, "", date(start.year, 1, 1))
    series = held_series(session, issue)
    refuse_taken(session, issue, word)
    used = series is not None and _is_used(session, series)
    last = series.last if series is not None and used else 0
    before = printed_number(series.word if series else usual_word(start.unit, start.kind), start.year, 1)
    if series is not None:
        before = printed_number(series.word, series.year, series.last + 1)
    if series is not None and used:
        if word != series.word:
            raise NumberRefused(f"本年已用“{series.word}”发文，代字不能再改，可从下一年起改")
        if start.next <= last:
            raise NumberRefused(f"已编到 {last} 号，下一个文号至少是 {last + 1}")
    gap = _gap(session, start, entered, last + 1, used=used)
    if series is None:
        county, unit = start.unit.county_id, start.unit.id
        series = NumberSeries(county_id=county, unit_id=unit, kind=start.kind, year=start.year)
        session.add(series)
    series.word, series.last = word, start.next - 1
    session.flush()
    return Started(before, printed_number(word, start.year, start.next), gap)


def _gap(session: Session, start: Start, entered: Entered, first: int, *, used: bool) -> NumberGap | None:
    """Enter which numbers are passed over; what was entered before a series was used holds no more."""
    of = (NumberGap.unit_id == start.unit.id, NumberGap.kind == start.kind, NumberGap.year == start.year)
    if not used:
        session.execute(delete(NumberGap).where(*of))
    if start.next == first:
        return None
    reason = " ".join(start.reason.split())[:REASON_LENGTH] or ("" if used else BEFORE)
    if not reason:
        raise NumberRefused(f"下一个文号本应是 {first} 号，跳号须写明理由，并在发文登记中列明")
    gap = NumberGap(
        unit_id=start.unit.id,
        kind=start.kind,
        year=start.year,
        word=start.word.strip(),
        first=first,
        last=start.next - 1,
        reason=reason,
        entered_at=entered.at,
        entered_by=entered.by,
    )
    session.add(gap)
    return gap


def _is_used(session: Session, series: NumberSeries) -> bool:
    """Say whether a paper of a series has a number of it."""
    same = (
        IssuedNumber.unit_id == series.unit_id,
        IssuedNumber.kind == series.kind,
        IssuedNumber.year == series.year,
        IssuedNumber.number.is_not(None),
    )
    return bool(session.scalar(select(exists().where(*same))))


def gaps_of(session: Session, actor: Actor, sought: Sought) -> Sequence[NumberGap]:
    """Return the numbers passed over that `actor` may see, by unit and number."""
    wanted = select(NumberGap).join(Unit, Unit.id == NumberGap.unit_id).where(units_seen(actor))
    wanted = wanted.where(NumberGap.year == sought.year)
    if sought.kind is not None:
        wanted = wanted.where(NumberGap.kind == sought.kind)
    if sought.unit_id is not None:
        wanted = wanted.where(NumberGap.unit_id == sought.unit_id)
    order = (NumberGap.unit_id, NumberGap.kind, NumberGap.first)
    return session.scalars(wanted.options(joinedload(NumberGap.unit)).order_by(*order)).all()
