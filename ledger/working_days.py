"""工作日: the State Council's working days, counted for publicity periods and due dates (T1).

A year whose notice is not entered yet counts weekends only and says so: its answers are provisional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
from sqlalchemy import ScalarSelect, delete, extract, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base


class SpecialDay(Base):
    """A weekday that is free or a weekend day that is worked."""

    __tablename__ = "special_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    name: Mapped[str]


class CalendarYear(Base):
    """A year whose State Council notice is entered; `source` names it."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str]
    revision: Mapped[int] = mapped_column(default=1)  # raised with every change, so that caches notice


@dataclass(frozen=True)
class Period:
    """`days` are the counted working days; the period ends at 24:00 of the last."""

    begins_after: date
    days: tuple[date, ...]
    provisional: bool

    @property
    def end(self) -> date:
        return self.days[-1]


@dataclass(frozen=True)
class Calendar:
    """Which days are worked. `years` are those whose notice is known."""

    special: Mapping[date, bool]
    years: frozenset[int]

    def is_working(self, day: date) -> bool:
        return self.special.get(day, day.weekday() < 5)

    def is_provisional(self, day: date) -> bool:
        return day.year not in self.years

    def after(self, day: date) -> Iterator[date]:
        """Yield the working days after `day`, which itself is not counted."""
        while True:
            day += timedelta(days=1)
            if self.is_working(day):
                yield day

    def period(self, begins_after: date, count: int) -> Period:
        """Return the `count` (≥ 1) working days after `begins_after`; provisional when any day passed is."""
        if count < 1:
            raise ValueError(f"a period of {count} working days")
        counting = self.after(begins_after)
        days = tuple(next(counting) for _ in range(count))
        span = (days[-1] - begins_after).days
        passed = (begins_after + timedelta(days=n) for n in range(1, span + 1))
        return Period(begins_after, days, any(self.is_provisional(day) for day in passed))

    def last_working_day(self, day: date) -> date:
        """Return `day`, or the last working day before it when it is free."""
        while not self.is_working(day):
            day -= timedelta(days=1)
        return day

    def count(self, begins_after: date, until: date) -> int:
        """Count the working days after `begins_after` up to and including `until`; negative when it lies before."""
        if until < begins_after:
            return -self.count(until, begins_after)
        span = (until - begins_after).days
        return sum(self.is_working(begins_after + timedelta(days=n)) for n in range(1, span + 1))


PUBLISHED_YEARS = range(2004, 2027)  # what chinesecalendar knows; later years are entered by an administrator
_NOTICE_MONTH = 11  # the State Council's notice comes out in late autumn
_known: dict[tuple[str, int], Calendar] = {}


def seed_calendar(session: Session) -> None:
    """Enter the special days of 2004–2026; years already entered are left as they are."""
    entered = set(session.scalars(select(CalendarYear.year)))
    for year in PUBLISHED_YEARS:
        if year not in entered:
            session.add(CalendarYear(year=year, source="国务院办公厅历年放假安排"))
            session.add_all(SpecialDay(day=day, working=works, name=name) for day, works, name in _special_days(year))


def with_year(known: Calendar, year: int, special: Mapping[date, bool]) -> Calendar:
    """Return a calendar that knows a year: its special days in place of those known before."""
    kept = {day: working for day, working in known.special.items() if day.year != year}
    return Calendar({**kept, **special}, known.years | {year})


def enter_year(session: Session, year: int, special: Mapping[date, tuple[bool, str]], source: str) -> None:
    """Enter a year's special days (working, name of the holiday) in place of those known before; `source` names it."""
    session.execute(delete(SpecialDay).where(extract("year", SpecialDay.day) == year))
    session.execute(delete(SpecialDay).where(SpecialDay.day.in_(special)))
    session.add_all(SpecialDay(day=day, working=works, name=name) for day, (works, name) in special.items())
    row = session.get(CalendarYear, year)
    if row is None:
        session.add(CalendarYear(year=year, source=source))
    else:
        row.source, row.revision = source, row.revision + 1
    session.flush()


def special_days(session: Session, year: int) -> Sequence[SpecialDay]:
    """Return the days of a year that differ from their weekday, in order."""
    wanted = select(SpecialDay).where(extract("year", SpecialDay.day) == year)
    return session.scalars(wanted.order_by(SpecialDay.day)).all()


def calendar_years(session: Session) -> Sequence[CalendarYear]:
    """Return the years entered, newest first."""
    return session.scalars(select(CalendarYear).order_by(CalendarYear.year.desc())).all()


def missing_year(calendar: Calendar, today: date) -> int | None:
    """Return next year from 1 November on while its notice is not entered; this year when it is missing."""
    if today.year not in calendar.years:
        return today.year
    due = today.month >= _NOTICE_MONTH and today.year + 1 not in calendar.years
    return today.year + 1 if due else None


def _special_days(year: int) -> Iterator[tuple[date, bool, str]]:
    names = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}
    day = date(year, 1, 1)
    while day.year == year:
        works = chinese_calendar.is_workday(day)
        if works != (day.weekday() < 5):
            _free, holiday = chinese_calendar.get_holiday_detail(day)
            yield day, works, names.get(holiday or "", "")
        day += timedelta(days=1)


def calendar_revision() -> ScalarSelect[int]:
    """Return the calendar's revision as an expression, for a select that has other things to fetch."""
    return select(func.coalesce(func.sum(CalendarYear.revision), 0)).scalar_subquery()


def load_calendar(session: Session, revision: int | None = None) -> Calendar:
    """Return the calendar as entered; read anew only when a year or day was entered since.

    One statement, or none when the caller already read `calendar_revision`.
    """
    if revision is None:
        revision = session.scalars(select(calendar_revision())).one()
    key = (str(session.get_bind().engine.url), revision)
    if key not in _known:
        special = {row.day: row.working for row in session.scalars(select(SpecialDay))}
        years = frozenset(session.scalars(select(CalendarYear.year)))
        _known[key] = Calendar(special, years)
    return _known[key]
