"""The functions a diagram may call about time, counted on this case's campaign and the calendar of working days."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from bpmn.engine import Element
from ledger.db import day_of, end_of_day, last_day
from ledger.working_days import Calendar, Period

LEAST_PUBLICITY_DAYS = 5  # T1: a diagram may ask for more, never for less
EXTENDED = "publicity_extended_to"  # the variable with the last day that people set, later than the days counted
_PUBLICITY = re.compile(r"publicity_end\(\s*(\d{1,3})\s*\)")


def ends_publicity(element: Element) -> bool:
    """Say whether an element is a timer that ends a publicity period, posted or not."""
    return _PUBLICITY.search(element.timer or "") is not None


class NotPosted(ValueError):
    """公告尚未张贴，公告期无从起算."""


@dataclass
class Counting:
    """One transaction's view of time; `variables` is set to those of the run as soon as there is one."""

    calendar: Calendar
    dates: Mapping[str, date]  # of the campaign
    now: datetime
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def functions(self) -> dict[str, Callable[..., object]]:
        return {
            "publicity_end": self.publicity_end,
            "campaign_end": self.campaign_end,
            "working_days_end": self.working_days_end,
            "today": self.today,
        }

    def publicity(self, days: int) -> Period:
        """Return the publicity period with what it was extended by; its end stays while objections are examined."""
        least = self.least_publicity(days)
        until = self.variables.get(EXTENDED)
        counted = self.calendar.count(least.begins_after, date.fromisoformat(str(until))) if until else 0
        return self.calendar.period(least.begins_after, counted) if counted > len(least.days) else least

    def least_publicity(self, days: int) -> Period:
        """Return the shortest period: at least 5 working days after the later of the two postings (T1, art. 14)."""
        posted = [self.variables.get(name) for name in ("unit_posted_on", "site_posted_on")]
        if not all(posted):
            raise NotPosted("公告尚未张贴，公告期无从起算")
        later = max(date.fromisoformat(str(day)) for day in posted)
        return self.calendar.period(later, max(days, LEAST_PUBLICITY_DAYS))

    def publicity_end(self, days: int = LEAST_PUBLICITY_DAYS) -> datetime:
        return end_of_day(self.publicity(days).end)

    def campaign_end(self, name: str) -> datetime:
        """Return 24:00 of a date of the campaign; free or not, it is the day the campaign names."""
        return end_of_day(self.dates[name])

    def working_days_end(self, days: int) -> datetime:
        """Return 24:00 of the `days`-th working day after today."""
        return end_of_day(self.calendar.period(day_of(self.now), days).end)

    def today(self) -> date:
        return day_of(self.now)

    def stands_still(self, timer: Element) -> bool:
        """Say whether a timer stands still while its case is suspended: one that counts days from its beginning.

        A date of the campaign is the whole county's, and a publicity period runs by law once it is posted (T1).
        """
        return timer.timer_is_duration or "working_days_end" in (timer.timer or "")

    def publicity_of(self, timer: Element) -> Period | None:
        """Return the publicity period a timer event ends, or None when it waits for something else."""
        asked = _PUBLICITY.search(timer.timer or "")
        return self.publicity(int(asked[1])) if asked else None

    def publicity_until(self, timer: Element, due_at: datetime) -> Period | None:
        """Return the publicity period a timer event ends when it was set to another last day; else `publicity_of`."""
        period = self.publicity_of(timer)
        if period is None or period.end == last_day(due_at):
            return period
        return self.calendar.period(period.begins_after, self.calendar.count(period.begins_after, last_day(due_at)))

    def is_provisional(self, timer: Element, due_at: datetime) -> bool:
        """Say whether a timer's moment rests on a year whose calendar is not entered yet (T1)."""
        period = self.publicity_of(timer)
        return self.calendar.is_provisional(day_of(due_at)) if period is None else period.provisional
