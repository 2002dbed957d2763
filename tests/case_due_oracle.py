"""When a step of a case is due, by a program of its own: chinesecalendar, day by day, over the rules as drawn.

Nothing of the product's calendar or of its reader of rules is used; the campaign's dates are the directive's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import chinese_calendar

from ledger.db import SHANGHAI

DAY = timedelta(days=1)
DRAWN = Path(__file__).parent.parent / "bpmn" / "four_batches.bpmn"
DIRECTIVE = {
    "survey": date(2023, 11, 21),
    "decision": date(2023, 11, 25),
    "first_results": date(2023, 12, 5),
    "report": date(2023, 12, 15),
}
_LATE = 2  # working days for a step whose day has passed when it comes


@cache
def rules() -> dict[str, str]:
    """Return the due rule of each element, as the diagram's file has it."""
    drawn = ElementTree.parse(DRAWN).iter()
    found = {each.get("id", ""): dict(each.items()) for each in drawn}
    return {name: rule for name, told in found.items() for key, rule in told.items() if key.endswith("}due")}


def due_at(element: str, created_at: datetime, told: Mapping[str, str]) -> datetime:
    """Return when a step is due that came at `created_at`; `told` are the days that earlier steps have set."""
    created = created_at.astimezone(SHANGHAI).date()
    rule = rules()[element]
    late = re.search(r"else (\d+)wd", rule)
    days = [found for part in re.sub(r" else .*", "", rule).split(" cap ") if (found := _day(part, created, told))]
    day = min(days) if days else None
    if day is None or day < created:
        day = _after(created, int(late[1]) if late else _LATE)
    return datetime.combine(day + DAY, datetime.min.time(), SHANGHAI)


def _day(part: str, created: date, told: Mapping[str, str]) -> date | None:
    if part.startswith("campaign:"):
        return _worked(DIRECTIVE[part.removeprefix("campaign:")])
    if part.startswith("variable:"):
        day = told.get(part.removeprefix("variable:"))
        return None if day is None else _worked(date.fromisoformat(day))
    return _after(created, int(part.removesuffix("wd")))


def _worked(day: date) -> date:
    while not chinese_calendar.is_workday(day):
        day -= DAY
    return day


def _after(day: date, count: int) -> date:
    while count:
        day += DAY
        count -= chinese_calendar.is_workday(day)
    return day
