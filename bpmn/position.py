"""Where a case stands on its diagram: done, current and overdue elements, the flows taken, who and when.

Everything is read off the case's own journal and its open rows, so the picture cannot differ from 流转记录.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from bpmn.engine import Diagram
from bpmn.versions import version_of_case
from ledger.cases import WAITING, Case, Timer, WorkItem, timers_of
from ledger.db import SHANGHAI, day_of, last_day
from ledger.journal import Entry, history
from ledger.scope import signed
from ledger.taking import items_of
from ledger.working_days import Calendar, load_calendar

MOVED, MOVED_BACK = "migrate", "migrate_back"  # acts that bring a case to another version, and back
_LISTS = ("done", "current", "overdue", "flows")
_FINISHING = frozenset({"complete", "sign", "overdue"})


def position(session: Session, case: Case, now: datetime) -> dict[str, Any]:
    """Return where a case stands now; see `picture`."""
    waiting = [item for item in items_of(session, case.id) if item.status in WAITING]
    waits = Waits(waiting, timers_of(session, case.id))
    rows = history(session, case.id)
    return picture(version_of_case(case).diagram, rows, waits, load_calendar(session), now)


@dataclass(frozen=True)
class Waits:
    """What a case waits for at a moment."""

    items: Sequence[WorkItem]
    timers: Sequence[Timer]


def picture(diagram: Diagram, rows: Sequence[Entry], waits: Waits, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """Return the viewer's state: ids under `done`, `current`, `overdue`, `flows`, and `notes` by element.

    A sub-process is current while something in it waits, and done once everything in it is left.
    """
    taken = [orjson.loads(row.detail) for row in rows]
    here = {item.element for item in waits.items} | {timer.element for timer in waits.timers}
    current = here | _around(diagram, here)
    now_called = _now_called(rows, taken)
    passed = {
        names.get(each, each)
        for names, detail in zip(now_called, taken, strict=True)
        for each in detail.get("elements", ())
    }
    passed |= _around(diagram, passed)
    overdue = {item.element for item in waits.items if item.due_at <= now}
    places = [names.get(row.element, row.element) for names, row in zip(now_called, rows, strict=True)]
    notes = _done_notes(zip(places, rows, strict=True), passed - current) | _waiting_notes(
        waits.items, waits.timers, now, calendar
    )
    return {
        "done": sorted(passed - current),
        "current": sorted(current),
        "overdue": sorted(overdue),
        "flows": sorted({flow for detail in taken for flow in detail.get("flows", ())}),
        "notes": notes | _call_notes(diagram, notes, current),
    }


def inside(state: Mapping[str, Any], call: str) -> dict[str, Any]:
    """Return what `position` told of the process called at a call activity, under the ids its own diagram has."""
    prefix = f"{call}/"
    lists = {key: [each.removeprefix(prefix) for each in state[key] if each.startswith(prefix)] for key in _LISTS}
    notes = {each.removeprefix(prefix): note for each, note in state["notes"].items() if each.startswith(prefix)}
    return {**lists, "notes": notes}


def _now_called(rows: Sequence[Entry], taken: Sequence[Mapping[str, Any]]) -> list[Mapping[str, str]]:
    """Return for each row what the elements of its time are called now, after all the moves to other versions since."""
    found: list[Mapping[str, str]] = []
    names: Mapping[str, str] = {}
    undone = 0
    for row, detail in zip(reversed(rows), reversed(taken), strict=True):
        found.append(names)
        if row.act == MOVED_BACK:
            undone += 1
        elif row.act == MOVED and undone:
            undone -= 1
        elif row.act == MOVED:
            later, renamed = names, detail.get("renamed", {})
            names = {**later, **{old: later.get(new, new) for old, new in renamed.items()}}
    return found[::-1]


def _around(diagram: Diagram, elements: Iterable[str]) -> set[str]:
    """Return the sub-processes in which these elements stand."""
    around: set[str] = set()
    for element in elements:
        known = diagram.elements.get(element)
        while known is not None and known.parent is not None:
            around.add(known.parent)
            known = diagram.elements[known.parent]
    return around


def _done_notes(placed: Iterable[tuple[str, Entry]], done: set[str]) -> dict[str, dict[str, str]]:
    """Name who did each step last, and when: 11-06 桑柘镇 经办甲."""
    notes: dict[str, dict[str, str]] = {}
    for element, row in placed:
        if element in done and row.act in _FINISHING:
            notes[element] = {"text": f"{_day(row.at)} {signed(row.unit, row.who)}", "kind": "done"}
        elif element in done and row.act == "timer":
            notes[element] = {"text": _day(row.at), "kind": "done"}
    return notes


def _call_notes(
    diagram: Diagram, notes: Mapping[str, dict[str, str]], current: Collection[str]
) -> dict[str, dict[str, str]]:
    """Tell at a call activity what is told inside: its picture holds nothing of the process it calls."""
    told: dict[str, dict[str, str]] = {}
    for element, note in notes.items():
        for call in _around(diagram, [element]):
            if diagram.elements[call].called is not None and (call in current) is (element in current):
                told[call] = note
    return told


def _day(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%m-%d")


def _waiting_notes(
    waiting: Sequence[WorkItem], timers: Sequence[Timer], now: datetime, calendar: Calendar
) -> dict[str, dict[str, str]]:
    """Name whom a step waits for and how long it has; of several parts the most pressing is told."""
    notes: dict[str, dict[str, str]] = {}
    for item in sorted(waiting, key=lambda item: item.due_at, reverse=True):
        units = [part.unit.short_name for part in waiting if part.element == item.element]
        who = units[0] if len(units) == 1 else f"{len(units)}个单位"
        kind = "overdue" if item.due_at <= now else "current"
        notes[item.element] = {"text": f"{who} {left(calendar, item.due_at, now)}", "kind": kind}
    for timer in timers:
        notes[timer.element] = {"text": left(calendar, timer.due_at, now), "kind": "current"}
    return notes


def left(calendar: Calendar, due_at: datetime, now: datetime) -> str:
    """Say in working days how long it is to a due moment, or since: 剩 2 个工作日, 今日到期, 超期 1 个工作日."""
    today, last = day_of(now), last_day(due_at)
    if due_at <= now:
        return f"超期 {max(1, calendar.count(last, today))} 个工作日"
    count = calendar.count(today, last)
    return f"剩 {count} 个工作日" if count else "今日到期"
