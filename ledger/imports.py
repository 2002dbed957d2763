"""Taking projects into the register from a workbook, and giving each its responsible unit (P1).

First everything is compared, then it is shown, and only what a person confirmed is written. The same workbook again
changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from ledger.cases import Case
from ledger.people import Unit
from ledger.projects import Project, set_funding
from ledger.units_text import unit_key
from ledger.vocabulary import Function, Industry, Level, OperatingMode, Term, UnitKind, Use

# fields that a workbook may change on a project already known, where it says anything at all
_TEXTS = ("name", "township_text", "village_text", "unit_text", "responsible_body", "responsible_person", "telephone")
_OTHERS = (
    "implementation_year",
    "level",
    "industry",
    "construction",
    "operating_mode",
    "use",
    "function",
    "balance_yuan",
    "receivable_yuan",
    "appraised_yuan",
    "other_value_yuan",
)
_TERMS: Mapping[str, type[Term]] = {
    "level": Level,
    "industry": Industry,
    "operating_mode": OperatingMode,
    "use": Use,
    "function": Function,
}
_AT_ONCE = 1_000  # values of one statement
_PERSONAL = frozenset({"responsible_person", "telephone"})


class Row(Protocol):
    """One project as read; `forms.sheets.national_export.ProjectRow` is one."""

    @property
    def row(self) -> int: ...
    @property
    def number(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def funding(self) -> Mapping[Any, Decimal]: ...
    @property
    def unattributed_yuan(self) -> Decimal: ...


@dataclass(frozen=True)
class Change:
    """A known project that the workbook would change: field → (old, new), personal data left out."""

    row: int
    number: str
    name: str
    fields: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Comparison:
    """What taking a workbook would do."""

    new: tuple[Row, ...]
    changed: tuple[Change, ...]
    unchanged_count: int
    unassigned: tuple[Row, ...]  # new ones that would wait for a unit
    rows: tuple[Row, ...] = field(repr=False, default=())


@dataclass(frozen=True)
class Places:
    """A county's units by the key of their names; a village by its township's and its own."""

    units: Mapping[str, Unit]
    villages: Mapping[tuple[int, str], Unit]

    def unit(self, text: str) -> Unit | None:
        return self.units.get(unit_key(text)) if text else None

    def village(self, township: Unit | None, text: str) -> Unit | None:
        return self.villages.get((township.id, unit_key(text))) if township and text else None


def places_of(session: Session, county_id: int) -> Places:
    """Return a county's open units for matching (one statement)."""
    open_units = select(Unit).where(Unit.county_id == county_id, Unit.closed_at.is_(None)).order_by(Unit.id)
    units: dict[str, Unit] = {}
    villages: dict[tuple[int, str], Unit] = {}
    for unit in session.scalars(open_units):
        if unit.kind == UnitKind.VILLAGE and unit.parent_id is not None:
            villages[unit.parent_id, unit_key(unit.short_name)] = unit
        else:
            units.setdefault(unit_key(unit.name), unit)
            units.setdefault(unit_key(unit.short_name), unit)
    return Places(units, villages)


def compare(session: Session, county_id: int, rows: Sequence[Row]) -> Comparison:
    """Say what taking `rows` would do; nothing is written."""
    places, known = places_of(session, county_id), _known(session, county_id, {row.number for row in rows})
    new = tuple(row for row in rows if row.number not in known)
    changes = [(row, _changes(known[row.number], row)) for row in rows if row.number in known]
    changed = tuple(Change(row.row, row.number, row.name, fields) for row, fields in changes if fields)
    unassigned = tuple(row for row in new if _responsible(places, row)[0] is None)
    return Comparison(new, changed, len(changes) - len(changed), unassigned, tuple(rows))


def take(session: Session, county_id: int, rows: Sequence[Row], now: datetime) -> list[Project]:
    """Write new projects and confirmed changes; return the projects that are new."""
    places, new = places_of(session, county_id), []
    known = _known(session, county_id, {row.number for row in rows})
    for row in rows:
        project = known.get(row.number)
        if project is None:
            project = Project(county_id=county_id, number=row.number, created_at=now)
            session.add(project)
            new.append(project)
            _fill(project, row)
            _assign(project, places, row)
        elif _changes(project, row):
            _fill(project, row)
    session.flush()
    return new


def _known(session: Session, county_id: int, numbers: Collection[str]) -> dict[str, Project]:
    """Return the county's projects among `numbers`, asked for in parts: a statement holds only so many values."""
    known: dict[str, Project] = {}
    wanted = sorted(numbers)
    for start in range(0, len(wanted), _AT_ONCE):
        part = (Project.county_id == county_id, Project.number.in_(wanted[start : start + _AT_ONCE]))
        known.update((project.number, project) for project in session.scalars(select(Project).where(*part)))
    return known


def _said(row: Row) -> dict[str, Any]:
    """What a row says, empty cells left out: an export that lacks a column must not wipe a survey's answer."""
    values = {name: getattr(row, name) for name in (*_TEXTS, *_OTHERS)}
    return {name: value for name, value in values.items() if value not in (None, "")}


def _matrix(row: Row) -> dict[str, dict[str, Decimal]]:
    funding: dict[str, dict[str, Decimal]] = {}
    for (source, tier), amount in row.funding.items():
        funding.setdefault(str(source), {})[str(tier)] = amount
    return funding


def _changes(project: Project, row: Row) -> dict[str, tuple[str, str]]:
    changes = {}
    for name, value in _said(row).items():
        old = getattr(project, name)
        if old != value:
            changes[name] = ("***", "***") if name in _PERSONAL else (_text(old, name), _text(value, name))
    # once surveyed, the split checked on site is the truth and the export's coarser one no change
    if project.surveyed_on is None and _matrix_text(project.funding) != _matrix_text(_matrix(row)):
        new_total = sum(row.funding.values(), row.unattributed_yuan)
        changes["funding"] = (_text(project.funding_total_yuan), _text(new_total))
    return changes


def _matrix_text(funding: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], Decimal]:
    cells = {(s, t): Decimal(a) for s, tiers in funding.items() for t, a in tiers.items()}
    return {key: amount for key, amount in cells.items() if amount}


def _text(value: Any, name: str = "") -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return _TERMS[name](value).label if name in _TERMS else str(value)


def _fill(project: Project, row: Row) -> None:
    for name, value in _said(row).items():
        setattr(project, name, value)
    if project.surveyed_on is None:
        set_funding(project, _matrix(row), row.unattributed_yuan)


def _assign(project: Project, places: Places, row: Row) -> None:
    unit, level = _responsible(places, row)
    township = places.unit(getattr(row, "township_text", ""))
    village = places.village(township, getattr(row, "village_text", ""))
    project.responsible_unit_id = unit.id if unit else None
    project.township_id = township.id if township else None
    project.village_id = village.id if village else None
    project.level = project.level or level
    if unit is not None and not project.responsible_body:
        project.responsible_body = unit.name


def _responsible(places: Places, row: Row) -> tuple[Unit | None, str | None]:
    """Find who runs the case: the unit named, else by place; a village's project is run by its township (art. 12)."""
    township = places.unit(getattr(row, "township_text", ""))
    named = places.unit(getattr(row, "unit_text", ""))
    level = getattr(row, "level", None)
    if named is None and places.village(township, getattr(row, "unit_text", "")) is not None:
        return township, level or Level.VILLAGE
    unit = named or (None if getattr(row, "unit_text", "") and level == Level.DEPARTMENT else township)
    if unit is None:
        return None, level
    return unit, level or (Level.TOWNSHIP if unit.kind == UnitKind.TOWNSHIP else Level.DEPARTMENT)


def assign(project: Project, unit: Unit, level: Level) -> None:
    """Give a project its responsible unit and level; its place where the unit is that of its place."""
    project.responsible_unit_id, project.level = unit.id, level
    if unit.kind == UnitKind.TOWNSHIP and project.township_id is None:
        project.township_id = unit.id
    project.responsible_body = project.responsible_body or unit.name


def unassigned_projects(session: Session, county_id: int) -> Sequence[Project]:
    """Return the projects that wait for a responsible unit."""
    wanted = (Project.county_id == county_id, Project.responsible_unit_id.is_(None), Project.exited_on.is_(None))
    return session.scalars(select(Project).where(*wanted).order_by(Project.number)).all()


def projects_named(session: Session, county_id: int, project_ids: Collection[int]) -> Sequence[Project]:
    """Return the county's projects of these ids with their units, in the order of their numbers."""
    wanted = select(Project).where(Project.county_id == county_id, Project.id.in_(project_ids))
    units = (Project.responsible_unit, Project.township, Project.village)
    return session.scalars(wanted.options(*map(joinedload, units)).order_by(Project.number)).all()


def _ready(county_id: int, campaign_id: int, but_not: Collection[int] = ()) -> tuple[ColumnElement[bool], ...]:
    pushed = select(Case.project_id).where(Case.campaign_id == campaign_id)
    return (
        Project.county_id == county_id,
        Project.responsible_unit_id.is_not(None),
        Project.exited_on.is_(None),
        Project.id.not_in(pushed),
        Project.id.not_in(but_not),
    )


def projects_to_push(
    session: Session, county_id: int, campaign_id: int, limit: int | None = None, but_not: Collection[int] = ()
) -> Sequence[Project]:
    """Return assigned projects without a case in the campaign with their units, in the order of their numbers."""
    units = (Project.responsible_unit, Project.township, Project.village)
    wanted = select(Project).where(*_ready(county_id, campaign_id, but_not)).options(*map(joinedload, units))
    return session.scalars(wanted.order_by(Project.number).limit(limit)).all()


def to_push_count(session: Session, county_id: int, campaign_id: int) -> int:
    """Count what `projects_to_push` would return."""
    wanted = select(func.count()).select_from(Project).where(*_ready(county_id, campaign_id))
    return int(session.scalars(wanted).one())
