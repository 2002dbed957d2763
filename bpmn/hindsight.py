"""A case as it was after one of its events: what it waited for, the picture, and its project's columns (时光回溯).

Everything is read off the journal and the rows' own moments. Due dates are those known today, personal data is masked
as the journal keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy.orm import Session

from bpmn.position import MOVED, Waits, picture
from bpmn.versions import lineage_of
from ledger.case_moves import moves_of, timers_ever
from ledger.case_views import acts_on_project
from ledger.cases import Case, WorkItem
from ledger.journal import Entry, history
from ledger.people import Unit
from ledger.projects import Project
from ledger.taking import items_of
from ledger.working_days import load_calendar

_FINISHING = frozenset({"complete", "sign", "overdue", "skip"})
_REOPENING = "call_back"
_UNITS = ("responsible_unit", "township", "village")


@dataclass(frozen=True)
class Then:
    """A case right after an event: `rows` are what had happened by then, `later` what came afterwards."""

    case: Case
    rows: tuple[Entry, ...]
    later: tuple[Entry, ...]
    waits: Waits

    @property
    def at(self) -> datetime:
        return self.rows[-1].at


def then(session: Session, case: Case, entry_id: int) -> Then | None:
    """Return a case as it was right after an event of its journal, None for no event of this case."""
    rows = history(session, case.id)
    place = next((n for n, row in enumerate(rows, 1) if row.id == entry_id), None)
    if place is None:
        return None
    before, later = tuple(rows[:place]), tuple(rows[place:])
    at = before[-1].at
    items = [item for item in items_of(session, case.id) if _waited(item, before, later, at)]
    timers = [
        timer
        for timer in timers_ever(session, case.id)
        if timer.created_at <= at and (timer.ended_at is None or timer.ended_at > at)
    ]
    return Then(case, before, later, Waits(items, timers))


def _waited(item: WorkItem, before: Sequence[Entry], later: Sequence[Entry], at: datetime) -> bool:
    """Say whether an item lay open: the journal tells of completions, the row of what was cancelled."""
    if item.created_at > at:
        return False
    acts = [row.act for row in before if row.item_id == item.id and row.act in (*_FINISHING, _REOPENING)]
    if acts:
        return acts[-1] == _REOPENING
    finished_later = any(row.item_id == item.id and row.act in _FINISHING for row in later)
    return finished_later or item.completed_at is None or item.completed_at > at


def picture_then(session: Session, seen: Then) -> dict[str, Any]:
    """Return the viewer's state of that time, under the names the elements had on the version of that time."""
    version = lineage_of(session, seen.case).at(seen.at)
    state = picture(version.diagram, seen.rows, seen.waits, load_calendar(session), seen.at)
    former = _former_names(seen.later)
    for key in ("current", "overdue"):
        state[key] = [former.get(each, each) for each in state[key]]
    state["notes"] = {former.get(each, each): note for each, note in state["notes"].items()}
    return state


def _former_names(later: Sequence[Entry]) -> Mapping[str, str]:
    """Return what the elements of today were called before the moves that came afterwards."""
    names: dict[str, str] = {}
    for row in later:
        if row.act == MOVED:
            renamed = {new: old for old, new in orjson.loads(row.detail).get("renamed", {}).items() if old != new}
            names = {**{new: names.get(old, old) for new, old in renamed.items()}, **names}
    return names


def diagram_then(session: Session, seen: Then) -> str:
    """Return the diagram the case ran on at that time, as XML."""
    following = (move.from_procedure for move in moves_of(session, seen.case.id) if seen.at < move.moved_at)
    diagram: str = next(following, seen.case.procedure).diagram
    return diagram


def units_then(seen: Then) -> Mapping[int, str]:
    """Return the units of items that were handed over (转办) afterwards, as they were called, by item."""
    return {
        row.item_id: orjson.loads(row.detail)["from"]
        for row in reversed(seen.later)
        if row.act == "transfer" and row.item_id is not None
    }


class ProjectThen:
    """A project's columns as they were; reads like a `Project`."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.__dict__.update(columns)


def project_then(session: Session, seen: Then) -> ProjectThen:
    """Return the project with all changes taken back that were made afterwards: by this case, another, a workbook."""
    project: Project = seen.case.project
    columns = {column.key: getattr(project, column.key) for column in Project.__table__.columns}
    for row in reversed(acts_on_project(session, project.id, seen.rows[-1].id)):
        for name, (old, _new) in orjson.loads(row.detail).get("project", {}).items():
            columns[name] = _typed(name, old)
    units = {name: session.get(Unit, columns[f"{name}_id"]) if columns[f"{name}_id"] else None for name in _UNITS}
    return ProjectThen({**columns, **units})


def _typed(name: str, value: Any) -> Any:
    """Return a value as its column holds it; the journal writes amounts and days as text."""
    if not isinstance(value, str) or not name.endswith(("_yuan", "_on")):
        return value
    return date.fromisoformat(value) if name.endswith("_on") else Decimal(value)
