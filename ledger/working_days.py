"""工作日: the State Council's working days, counted for publicity periods and due dates (T1).

A year whose notice is not entered yet counts weekends only and says so: its answers are provisional.

A due rule is what an administrator writes at a step of the diagram (T2):
`2wd`, `campaign:survey`, `3wd cap campaign:survey`, `campaign:decision else 1wd`, `variable:plan_due_on`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import chinese_calendar
from sqlalchemy import Engine, ScalarSelect, delete, extract, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base, day_of, end_of_day

if TYPE_CHECKING:  # a campaign's dates are named here
    from ledger.campaigns import Campaign


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


_MOST_COUNTED = 4096  # periods a calendar remembers: every item of a day begins one of a few


@dataclass(frozen=True)
class Calendar:
    """Which days are worked. `years` are those whose notice is known."""

    special: Mapping[date, bool]
    years: frozenset[int]
    _counted: dict[tuple[date, int], Period] = field(default_factory=dict, compare=False, repr=False)

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
        known = self._counted.get((begins_after, count))
        if known is None:
            if len(self._counted) >= _MOST_COUNTED:
                self._counted.clear()
            known = self._counted[begins_after, count] = self._count_period(begins_after, count)
        return known

    def _count_period(self, begins_after: date, count: int) -> Period:
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

    def spent(self, begins_after: date, until: date, rests: Iterable[tuple[date, date]]) -> int:
        """Count the working days as `count` does, without those of `rests`: the days of being suspended and resumed."""
        spans = ((max(begins_after, begun), min(until, ended)) for begun, ended in rests)
        return self.count(begins_after, until) - sum(self.count(*span) for span in spans if span[0] < span[1])


MOMENTS = ("plan", "mobilise", "survey", "decision", "disposal", "first_results", "report")
_TERM = r"(?:(?P<{0}days>\d{{1,3}})wd|campaign:(?P<{0}campaign>[a-z_]+)|variable:(?P<{0}variable>[a-z_]+))"
_RULE = re.compile(
    rf"^{_TERM.format('')}(?: cap {_TERM.format('cap_')})?(?: else (?P<else_days>\d{{1,3}})wd)?$",
)
_LATE_DAYS = 2  # spec: a date already past becomes 2 working days after creation


class UnknownDueRule(ValueError):
    """期限规则写法有误."""


@dataclass(frozen=True)
class Term:
    """One term of a due rule; exactly one of the three is set."""

    days: int | None
    campaign: str | None
    variable: str | None


@dataclass(frozen=True)
class DueRule:
    term: Term
    cap: Term | None
    late_days: int


@dataclass(frozen=True)
class Due:
    """When an item is due, and whether its date was already past when the item came (压缩)."""

    at: datetime
    compressed: bool


@lru_cache(maxsize=1024)
def read_due_rule(text: str) -> DueRule:
    """Parse a due rule; UnknownDueRule with a Chinese sentence when it is not one."""
    match = _RULE.match(text.strip())
    if match is None:
        raise UnknownDueRule(f"期限“{text}”写法有误，应如 2wd、campaign:survey、3wd cap campaign:survey")
    parts = match.groupdict()
    for name in (parts["campaign"], parts["cap_campaign"]):
        if name is not None and name not in MOMENTS:
            raise UnknownDueRule(f"期限“{text}”里的批次日期“{name}”不存在")
    cap = _term(parts, "cap_")
    return DueRule(
        _term(parts, "") or Term(None, None, None),
        cap,
        int(parts["else_days"]) if parts["else_days"] else _LATE_DAYS,
    )


def _term(parts: Mapping[str, str | None], prefix: str) -> Term | None:
    days, campaign, variable = (parts[prefix + name] for name in ("days", "campaign", "variable"))
    if days is None and campaign is None and variable is None:
        return None
    return Term(int(days) if days else None, campaign, variable)


def due_of(
    rule: DueRule, created_at: datetime, dates: Mapping[str, date], variables: Mapping[str, object], calendar: Calendar
) -> Due:
    """Return when an item created at `created_at` is due: 24:00 Asia/Shanghai of the last day, as UTC."""
    created_on = day_of(created_at)
    ends = [_day(term, created_on, dates, variables, calendar) for term in (rule.term, rule.cap) if term is not None]
    known = [day for day in ends if day is not None]
    day = min(known) if known else None
    if day is None or day < created_on:
        return Due(end_of_day(calendar.period(created_on, rule.late_days).end), compressed=day is not None)
    return Due(end_of_day(day), compressed=False)


def _day(
    term: Term, created_on: date, dates: Mapping[str, date], variables: Mapping[str, object], calendar: Calendar
) -> date | None:
    if term.days is not None:
        return calendar.period(created_on, term.days).end
    if term.campaign is not None:
        return calendar.last_working_day(dates[term.campaign])
    given = variables.get(term.variable or "")
    return calendar.last_working_day(date.fromisoformat(str(given))) if given else None


def dates_of(campaign: Campaign) -> dict[str, date]:
    """Return a campaign's dates by the names of MOMENTS."""
    return {name: getattr(campaign, f"{name}_on") for name in MOMENTS}


PUBLISHED_YEARS = range(2004, 2027)  # what chinesecalendar knows; later years are entered by an administrator
_NOTICE_MONTH = 11  # the State Council's notice comes out in late autumn
_known: WeakKeyDictionary[Engine, dict[int, Calendar]] = WeakKeyDictionary()  # by revision


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
    known = _known.setdefault(session.get_bind().engine, {})
    if revision not in known:
        special = {row.day: row.working for row in session.scalars(select(SpecialDay))}
        years = frozenset(session.scalars(select(CalendarYear.year)))
        known[revision] = Calendar(special, years)
    return known[revision]
