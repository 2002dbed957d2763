"""文号: the numbers of a unit's official papers, one row of them by kind and year, without gaps or doubles.

A number is drawn in the transaction of the act that issues the paper: one statement raises the counter and holds its
row until the commit. Two acts at once therefore wait for each other, and one that is rolled back has used nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    String,
    UniqueConstraint,
    bindparam,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.db import Base, rows_of
from ledger.people import Unit
from ledger.scope import BUSINESS, Actor, reach_of
from ledger.vocabulary import PaperKind

WORDS: Final = {
    PaperKind.REQUEST: "请",
    PaperKind.REPLY: "复",
    PaperKind.PARTY_MINUTES: "党纪",
    PaperKind.GROUP_MINUTES: "纪",
    PaperKind.WORK_PLAN: "发",
    PaperKind.YEARLY_REPORT: "报",
}
"""Which papers carry a number, and what stands before its year after the unit's name while no 代字 is chosen."""
TEXT_LENGTH, WORD_LENGTH = 60, 30  # characters
_DRAWING = 9704  # our kind among the server's locks, after GB/T 9704
_NUMBER = re.compile(r"(.+)〔(\d{4})〕([1-9]\d{0,5})号")


class NumberSeries(Base):
    """The papers of one kind that one unit issues in one year; `last` is the last number used."""

    __tablename__ = "number_series"

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int | None]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str]  # PaperKind
    year: Mapped[int]
    word: Mapped[str]  # 代字: what stands before the year
    last: Mapped[int]

    unit: Mapped[Unit] = relationship()

    __table_args__ = (UniqueConstraint("unit_id", "kind", "year"), UniqueConstraint("county_id", "word", "year"))


class IssuedNumber(Base):
    """A line of 发文登记: a number and the paper that has it; rows are never changed."""

    __tablename__ = "issued_number"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str]  # PaperKind
    year: Mapped[int]
    number: Mapped[int | None]  # None for one with words of its own
    text: Mapped[str]  # as printed
    title: Mapped[str]
    issued_on: Mapped[date]  # 成文日期
    entered_at: Mapped[datetime]
    entered_by: Mapped[str]
    by_hand: Mapped[bool]  # given by a person, not drawn

    unit: Mapped[Unit] = relationship()

    __table_args__ = (
        UniqueConstraint("unit_id", "text"),
        Index("ix_issued_number_unit_id_year", "unit_id", "year"),
    )


class NumberRefused(ValueError):
    """文号不能这样编."""


@dataclass(frozen=True)
class Issue:
    """A paper that is about to be issued."""

    unit: Unit
    kind: PaperKind
    title: str
    issued_on: date


@dataclass(frozen=True)
class Entered:
    """Who enters a number, and when."""

    by: str
    at: datetime


def printed_number(word: str, year: int, number: int) -> str:
    """Return a number as papers print it: 桑柘府文〔2023〕12号, without leading zeros (GB/T 9704-2012)."""
    return f"{word}〔{year}〕{number}号"


def usual_word(unit: Unit, kind: PaperKind) -> str:
    """Return the 代字 of a unit that chose none."""
    return f"{unit.short_name}{WORDS[kind]}"


def draw_number(session: Session, issue: Issue, entered: Entered) -> str:
    """Draw the next number for a paper and enter it; the year is that of its 成文日期."""
    year = issue.issued_on.year
    word, number = _draw(session, issue)
    text = printed_number(word, year, number)
    while not _enter(session, issue, entered, text, number, by_hand=False):  # given by hand under another word
        word, number = _draw(session, issue)
        text = printed_number(word, year, number)
    return text


def enter_number(session: Session, issue: Issue, text: str, entered: Entered) -> str:
    """Enter a number that a person gave; one of the unit's own series has to be the next or one from before it.

    Raises NumberRefused for one that is used, would leave a gap, or is another unit's or of another kind of paper.
    """
    series = held_series(session, issue)
    found, number = _NUMBER.fullmatch(text), None
    if found is not None and found[1] == (series.word if series else usual_word(issue.unit, issue.kind)):
        number = _next_by_hand(session, issue, series, int(found[2]), int(found[3]))
    else:
        _refuse_foreign(session, issue, text, "" if found is None else found[1])
    if not _enter(session, issue, entered, text, number, by_hand=True):
        raise NumberRefused(f"文号“{text}”已经用过，请核对")
    return text


def _refuse_foreign(session: Session, issue: Issue, text: str, word: str) -> None:
    """Refuse a number in words that are another series' of the county, or that another of its units has given."""
    county = issue.unit.county_id
    if county is not None and session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_DRAWING, county)))  # two units that enter the same one
    if word:
        refuse_taken(session, issue, word)
    same = (IssuedNumber.text == text, Unit.county_id == county, Unit.id != issue.unit.id)
    other = session.scalar(select(Unit.short_name).join(IssuedNumber, IssuedNumber.unit_id == Unit.id).where(*same))
    if other is not None:
        raise NumberRefused(f"文号“{text}”{other}已经用过，请核对")


def _next_by_hand(session: Session, issue: Issue, series: NumberSeries | None, year: int, number: int) -> int:
    if year != issue.issued_on.year:
        raise NumberRefused(f"文号的年份应为成文年份〔{issue.issued_on.year}〕")
    last = series.last if series else 0
    if number > last + 1:
        raise NumberRefused(
            f"下一个文号是 {last + 1} 号，不能跳号；以前手工编到了哪一号，请先在“发文登记”填写，或留空由系统编号"
        )
    if number == last + 1:
        _draw(session, issue)
    return number


def _draw(session: Session, issue: Issue) -> tuple[str, int]:
    """Raise the series of a paper by one; returns its word and the number drawn."""
    place = {
        "county": issue.unit.county_id,
        "unit": issue.unit.id,
        "paper": str(issue.kind),
        "in_year": issue.issued_on.year,
        "usual": usual_word(issue.unit, issue.kind),
    }
    ((word, number),) = rows_of(session, _drawing(session.get_bind().dialect.name), **place)
    return word, number


@cache
def _drawing(database: str) -> Any:
    """Return the statement that raises a series by one, or begins it with the word it had the year before.

    Two that begin the same series at once would meet at its word, which no clause waits for: on PostgreSQL they take
    turns from the beginning, a unit's drawings until the commit.
    """
    on_server = database == "postgresql"
    insert = postgresql.insert if on_server else sqlite.insert
    unit, kind, year = (
        bindparam("unit", type_=Integer),
        bindparam("paper", type_=String),
        bindparam("in_year", type_=Integer),
    )
    before = select(NumberSeries.word).where(NumberSeries.unit_id == unit, NumberSeries.kind == kind)
    latest = before.where(NumberSeries.year < year).order_by(NumberSeries.year.desc()).limit(1).scalar_subquery()
    values = {
        NumberSeries.county_id: bindparam("county", type_=Integer),
        NumberSeries.unit_id: unit,
        NumberSeries.kind: kind,
        NumberSeries.year: select(year).select_from(_turn(unit)).scalar_subquery() if on_server else year,
        NumberSeries.word: func.coalesce(latest, bindparam("usual", type_=String)),
        NumberSeries.last: literal(1),
    }
    raised = (
        insert(NumberSeries)
        .values(values)
        .on_conflict_do_update(index_elements=["unit_id", "kind", "year"], set_={"last": NumberSeries.last + 1})
    )
    return raised.returning(NumberSeries.word, NumberSeries.last)


def _turn(unit: ColumnElement[int]) -> FromClause:
    """Return what waits until nobody else draws a number of a unit."""
    return func.pg_advisory_xact_lock(_DRAWING, unit).table_valued("turn")


def held_series(session: Session, issue: Issue) -> NumberSeries | None:
    """Return the series of a paper, held until the commit, as it stands now."""
    wanted = (
        NumberSeries.unit_id == issue.unit.id,
        NumberSeries.kind == issue.kind,
        NumberSeries.year == issue.issued_on.year,
    )
    found = select(NumberSeries).where(*wanted).with_for_update().execution_options(populate_existing=True)
    return session.scalars(found).one_or_none()


def _enter(session: Session, issue: Issue, entered: Entered, text: str, number: int | None, *, by_hand: bool) -> bool:
    """Write a line of the register; False when the unit has used this number, also just now."""
    row = {
        "unit_id": issue.unit.id,
        "kind": str(issue.kind),
        "year": issue.issued_on.year,
        "number": number,
        "text": text,
        "title": issue.title,
        "issued_on": issue.issued_on,
        "entered_at": entered.at,
        "entered_by": entered.by,
        "by_hand": by_hand,
    }
    return bool(rows_of(session, _entering(session.get_bind().dialect.name), **row))


@cache
def _entering(database: str) -> Any:
    insert = postgresql.insert if database == "postgresql" else sqlite.insert
    columns = (each for each in IssuedNumber.__table__.c if each.key != "id")
    written = insert(IssuedNumber).values({each.key: bindparam(each.key, type_=each.type) for each in columns})
    return written.on_conflict_do_nothing().returning(IssuedNumber.id)


def refuse_taken(session: Session, issue: Issue, word: str) -> None:
    """Refuse a word that another series of the county has, or will have unless its unit chooses another."""
    unit, kind, county = issue.unit, issue.kind, issue.unit.county_id
    others = or_(NumberSeries.unit_id != unit.id, NumberSeries.kind != kind)
    if session.scalar(select(exists().where(NumberSeries.county_id == county, NumberSeries.word == word, others))):
        raise NumberRefused(f"代字“{word}”已由别的单位或别的文种使用")
    units = session.scalars(select(Unit).where(Unit.county_id == county)).all()
    usual = {usual_word(each, of): (each.id, of) for each in units for of in WORDS}
    if usual.get(word, (unit.id, kind)) != (unit.id, kind):
        raise NumberRefused(f"代字“{word}”是别的单位或别的文种的默认代字")


def units_seen(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Unit` whose numbers `actor` may see: those of the own units and of all below."""
    reaches = {reach_of(post) for post in actor.posts if post.role in BUSINESS}
    return or_(false(), *(Unit.path.startswith(reach, autoescape=True) for reach in reaches))


@dataclass(frozen=True)
class Sought:
    """Which lines of the register are wanted; None and 0 for all."""

    year: int
    kind: PaperKind | None = None
    unit_id: int | None = None


def register_of(
    session: Session, actor: Actor, sought: Sought, limit: int, before_id: int | None = None
) -> Sequence[IssuedNumber]:
    """Return lines of 发文登记 that `actor` may see, the newest first; `before_id` continues a list."""
    wanted = select(IssuedNumber).join(Unit, Unit.id == IssuedNumber.unit_id).where(units_seen(actor))
    wanted = wanted.where(IssuedNumber.year == sought.year)
    if sought.kind is not None:
        wanted = wanted.where(IssuedNumber.kind == sought.kind)
    if sought.unit_id is not None:
        wanted = wanted.where(IssuedNumber.unit_id == sought.unit_id)
    if before_id is not None:
        wanted = wanted.where(IssuedNumber.id < before_id)
    return session.scalars(
        wanted.options(joinedload(IssuedNumber.unit)).order_by(IssuedNumber.id.desc()).limit(limit)
    ).all()


def series_of(session: Session, units: Collection[int], year: int) -> Sequence[NumberSeries]:
    """Return the series that units began in a year, by unit and kind."""
    wanted = select(NumberSeries).where(NumberSeries.unit_id.in_(units), NumberSeries.year == year)
    return session.scalars(
        wanted.options(joinedload(NumberSeries.unit)).order_by(NumberSeries.unit_id, NumberSeries.kind)
    ).all()


def units_with_numbers(session: Session, actor: Actor, year: int) -> Sequence[Unit]:
    """Return the units whose numbers of a year `actor` may see."""
    numbered = exists().where(IssuedNumber.unit_id == Unit.id, IssuedNumber.year == year)
    return session.scalars(select(Unit).where(units_seen(actor), numbered).order_by(Unit.id)).all()
