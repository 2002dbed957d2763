"""When a round opens and when it is due (R1–R4), from the calendar and a campaign's dates alone.

An occurrence has a name of its own within a county (`2023-W47`, `2023-12`, `campaign-3`), so that whoever opens it
twice finds that it is there. A weekly one is named after the first Thursday it covers: that name stays when a year's
calendar is entered later and moves the due moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from ledger.db import SHANGHAI, day_of, end_of_day
from ledger.vocabulary import RoundKind
from ledger.working_days import Calendar

WEEKLY_HOUR = time(16)  # art. 22
FIRST_WEEK = 7  # days of a month within which the monthly update is due
AHEAD_DAYS = 10  # working days before its due moment a campaign's own round opens
_THURSDAY = 3
_WEEK = timedelta(days=7)


OF_CAMPAIGN: Mapping[RoundKind, str] = {
    RoundKind.PLAN: "plan",
    RoundKind.MOBILISATION: "mobilise",
    RoundKind.YEARLY: "report",
}
"""Rounds that a campaign has once, and the campaign's date they are due by (R1, R4)."""
ARTICLES: Mapping[RoundKind, str] = {
    RoundKind.PLAN: "16",
    RoundKind.MOBILISATION: "17",
    RoundKind.WEEKLY: "22",
    RoundKind.MONTHLY: "22",
    RoundKind.YEARLY: "23",
}


@dataclass(frozen=True)
class Occurrence:
    """One time a round comes round in a county: from when it can be filled in, and until when it is due."""

    kind: RoundKind
    name: str
    title: str
    opens_at: datetime
    due_at: datetime
    provisional: bool  # the due moment rests on a year whose calendar is not entered
    campaign_id: int | None = None

    def is_open(self, now: datetime) -> bool:
        return self.opens_at <= now < self.due_at


Overrides = Mapping[str, datetime]
"""Due moments that the bureau set itself, by the name of the weekly occurrence (R2)."""


def weekly(calendar: Calendar, since: date, until: date, overrides: Overrides | None = None) -> Iterator[Occurrence]:
    """Yield the weekly occurrences due from `since` to `until`, those that fall together merged (R2, art. 22)."""
    known = overrides or {}
    thursday = _thursday_of(since) - 3 * _WEEK  # a due moment is moved by less than a holiday's length
    previous, covered = _weekly_due(calendar, thursday - _WEEK, known), [thursday]
    while True:
        due_at, following = _weekly_due(calendar, covered[0], known), covered[-1] + _WEEK
        if _weekly_due(calendar, following, known) == due_at:
            covered.append(following)
            continue
        if day_of(due_at) > until:
            return
        if day_of(due_at) >= since:
            yield _week(calendar, covered, previous, due_at)
        previous, covered = due_at, [following]


def _week(calendar: Calendar, covered: list[date], previous: datetime, due_at: datetime) -> Occurrence:
    due_on = day_of(due_at)
    merged = f"，{'、'.join(_short(day) for day in covered)}合并" if len(covered) > 1 else ""
    return Occurrence(
        RoundKind.WEEKLY,
        week_name(covered[0]),
        f"{due_on.year}年{_short(due_on)}周调度{merged}",
        start_of_day(next(calendar.after(day_of(previous)))),
        due_at,
        calendar.is_provisional(covered[0]) or calendar.is_provisional(due_on),
    )


def _weekly_due(calendar: Calendar, thursday: date, overrides: Overrides) -> datetime:
    given = overrides.get(week_name(thursday))
    return given or _at(calendar.last_working_day(thursday), WEEKLY_HOUR)


def week_name(thursday: date) -> str:
    """Return the name of the week of a Thursday: 2023-W47."""
    year, week, _day = thursday.isocalendar()
    return f"{year}-W{week:02}"


def monthly(calendar: Calendar, since: date, until: date) -> Iterator[Occurrence]:
    """Yield the monthly occurrences due from `since` to `until` (R3, art. 22)."""
    first = since.replace(day=1)
    while first <= until:
        due_on = monthly_due_on(calendar, first)
        if since <= due_on <= until:
            yield Occurrence(
                RoundKind.MONTHLY,
                f"{first:%Y-%m}",
                f"{first.year}年{first.month}月台账更新",
                start_of_day(first),
                end_of_day(due_on),
                calendar.is_provisional(due_on),
            )
        first = (first + timedelta(days=31)).replace(day=1)


def monthly_due_on(calendar: Calendar, first: date) -> date:
    """Return the last working day of a month's first week; where there is none, the first after it (R3)."""
    last = calendar.last_working_day(first.replace(day=FIRST_WEEK))
    return last if last >= first else next(calendar.after(first.replace(day=FIRST_WEEK)))


def of_campaign(calendar: Calendar, campaign_id: int, year: int, dates: Mapping[str, date]) -> Iterator[Occurrence]:
    """Yield a campaign's own occurrences: 制定方案, 动员部署, 年度报告 (R1, R4)."""
    for kind, moment in OF_CAMPAIGN.items():
        due_on = calendar.last_working_day(dates[moment])
        yield Occurrence(
            kind,
            f"campaign-{campaign_id}",
            f"{year}年{kind.label}",
            start_of_day(_days_before(calendar, due_on, AHEAD_DAYS)),
            end_of_day(due_on),
            calendar.is_provisional(due_on),
            campaign_id,
        )


def _days_before(calendar: Calendar, day: date, count: int) -> date:
    """Return the `count`-th working day before a day."""
    for _ in range(count):
        day = calendar.last_working_day(day - timedelta(days=1))
    return day


def start_of_day(day: date) -> datetime:
    """Return 00:00 of a day in Asia/Shanghai, as UTC."""
    return _at(day, time(0))


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, SHANGHAI).astimezone(UTC)


def _thursday_of(day: date) -> date:
    """Return the Thursday of a day's week, which begins on Monday."""
    return day + timedelta(days=_THURSDAY - day.weekday())


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"
