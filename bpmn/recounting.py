"""A year's calendar is entered: every open timer and due date that rests on it is counted again (T1, T4).

Only moments that the calendar gave are moved. One that a person set, or that a pause put off, stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bpmn.casefile import Acting, CaseFile, take_up
from bpmn.counting import Counting
from bpmn.engine import Element
from bpmn.engine.moments import due_moment, timer_expression
from bpmn.moving_on import DEFAULT_DUE, journal
from bpmn.supervision import set_timers
from ledger.cases import Timer, WorkItem, cases_resting_on, timers_of
from ledger.db import end_of_day
from ledger.taking import case_by_id
from ledger.working_days import Calendar, due_of, read_due_rule

RECOUNT = "recount"


@dataclass(frozen=True)
class Moved:
    """One moment that the new calendar moves."""

    case_id: int
    project_name: str
    name: str
    before: datetime
    after: datetime


def recount(acting: Acting, known: Calendar, entered: Calendar, *, write: bool) -> tuple[Moved, ...]:
    """Count again what rests on days that `entered` knows otherwise than `known`; `write` False only tells.

    Each case is locked and journalled; all in the caller's transaction, with the calendar itself.
    """
    since = _first_difference(known, entered)
    if since is None:
        return ()
    moved: list[Moved] = []
    for case_id in cases_resting_on(acting.session, end_of_day(since)):
        found = case_by_id(acting.session, case_id, lock=write)
        assert found is not None  # just listed in this transaction
        file = take_up(acting, found[0], entered)
        moved += _recount_case(file, known, write)
    return tuple(moved)


def _recount_case(file: CaseFile, known: Calendar, write: bool) -> list[Moved]:
    timers = {row: at for row in timers_of(file.session, file.case.id) if (at := _timer_at(file, row, known))}
    items = {item: at for item in file.waiting if (at := _item_at(file, item, known))}
    told = [_moved(file, file.element(row.element).name, row.due_at, at) for row, at in timers.items()]
    told += [_moved(file, item.name, item.due_at, at) for item, at in items.items()]
    if not write:
        return told
    for row in timers_of(file.session, file.case.id):
        # a moment that stays where it was rests on a known year now
        row.provisional = file.counting.is_provisional(file.element(row.element), row.due_at)
    if told:
        for item, at in items.items():
            item.due_at = at
        moments = set_timers(file, {row.token: at for row, at in timers.items()})
        changes = [[each.name, each.before.isoformat(), each.after.isoformat()] for each in told]
        summary = f"工作日历更新，{len(told)}个期限重新计算"
        journal(file, RECOUNT, {"timers": moments, "moved": changes, "summary": summary})
    return told


def _timer_at(file: CaseFile, row: Timer, known: Calendar) -> datetime | None:
    """Return when a timer is due by the new calendar, or None when it stays."""
    element = file.element(row.element)
    if element.timer is None or element.timer_is_duration:
        return None
    dates = file.dates
    if counted(file, element, row, known, dates) != row.due_at:
        return None  # a person set it, or a pause put it off
    after = counted(file, element, row, file.calendar, dates)
    return after if after != row.due_at else None


def counted(file: CaseFile, element: Element, row: Timer, calendar: Calendar, dates: Mapping[str, date]) -> datetime:
    """Return when a timer is due by a calendar and a campaign's dates."""
    counting = Counting(calendar, dates, row.created_at, file.run.variables)
    expression = timer_expression(element.timer or "")
    return due_moment(expression, file.run.variables, counting.functions, row.created_at)


def _item_at(file: CaseFile, item: WorkItem, known: Calendar) -> datetime | None:
    rule = read_due_rule(file.element(item.element).attributes.get("due", DEFAULT_DUE))
    dates, variables = file.dates, file.run.variables
    if due_of(rule, item.created_at, dates, variables, known).at != item.due_at:
        return None
    after = due_of(rule, item.created_at, dates, variables, file.calendar).at
    return after if after != item.due_at else None


def _moved(file: CaseFile, name: str, before: datetime, after: datetime) -> Moved:
    return Moved(file.case.id, file.project.name, name, before, after)


def _first_difference(known: Calendar, entered: Calendar) -> date | None:
    """Return the first day that the two calendars know otherwise, or the first of a year that only one knows."""
    days = {day for day in {*known.special, *entered.special} if known.is_working(day) != entered.is_working(day)}
    years = {date(year, 1, 1) for year in known.years ^ entered.years}
    return min(days | years, default=None)
