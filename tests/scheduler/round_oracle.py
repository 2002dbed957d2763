"""An independent calendar program for the rounds: day by day over chinesecalendar, nothing of the product's own.

It walks forward through the days and asks of each: is it worked, is it a Thursday, is it in a month's first week?
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise

import chinese_calendar

DAY = timedelta(days=1)
Told = tuple[str, str, str]  # name, opening and due moment in China's time


def weeks(since: date, until: date) -> list[Told]:
    """Return the weekly rounds due between two days: walk the days, keep the last worked one, act on Thursdays."""
    dues: list[tuple[date, str]] = []  # due day and the first week that has it
    worked, day = since, since - 40 * DAY
    while day <= until + 20 * DAY:
        if chinese_calendar.is_workday(day):
            worked = day
        if day.isoweekday() == 4 and (not dues or dues[-1][0] != worked):
            dues.append((worked, f"{day.isocalendar().year}-W{day.isocalendar().week:02}"))
        if day == date(2026, 12, 31):  # the library knows no more
            break
        day += DAY
    told = []
    for (before, _), (due, name) in pairwise(dues):
        opens = before + DAY
        while not chinese_calendar.is_workday(opens):
            opens += DAY
        if since <= due <= until:
            told.append((name, f"{opens} 00:00", f"{due} 16:00"))
    return told


def months(since: date, until: date) -> list[Told]:
    """Return the monthly updates due between two days: look at the days 7, 6 … 1, then at 8, 9 …"""
    told = []
    year, month = since.year, since.month
    while (year, month) <= (until.year, until.month):
        last = monthrange(year, month)[1]
        order = [*range(7, 0, -1), *range(8, last + 1)]
        due = next(day for n in order if chinese_calendar.is_workday(day := date(year, month, n)))
        if since <= due <= until:
            told.append((f"{year}-{month:02}", f"{year}-{month:02}-01 00:00", f"{due + DAY} 00:00"))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return told
