"""What one case begins with, read in three statements: is it free to begin, on which version, among which units.

A push of many reads the same for all of them together (`bpmn.starting`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from ledger.campaigns import Campaign
from ledger.cases import Case
from ledger.db import Prepared, connection_of, prepared
from ledger.people import Unit
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.taking import Part, laid_parts, parts_of
from ledger.vocabulary import UnitKind
from ledger.working_days import Calendar, calendar_revision, load_calendar

_VERSION = (Part(Procedure, "process_id", "number", "name", "sha256", "callees", "markings"),)
_UNITS = (Part(Unit, "short_name", "kind", "county_id", "staffed"),)


@dataclass(frozen=True)
class Beginning:
    """The version and calendar a case begins with; `units` has, as read, its project's own and those that review."""

    procedure: Procedure
    calendar: Calendar
    under_way: bool  # the project has a case in this campaign already
    units: tuple[Mapping[str, Any], ...]
    reviewers: tuple[int, ...]


def beginning_of(session: Session, project: Project, campaign_id: int, process_id: str) -> Beginning:
    """Hold a campaign, as a push does, and return what a case of one project in it begins with."""
    session.flush()
    connection = connection_of(session)
    hold, free, around = _statements(connection.dialect)
    hold.read(connection, {"campaign": campaign_id})
    asked = {"process": process_id, "campaign": campaign_id, "project": project.id}
    (row,) = free.read(connection, asked)
    (procedure,) = laid_parts(session, _VERSION, row)
    places = (project.responsible_unit_id, project.township_id, project.village_id)
    names = ("responsible", "township", "village")
    rows = around.read(connection, {"county": project.county_id, **dict(zip(names, places, strict=True))})
    units = tuple(parts_of(_UNITS, each)[0] for each in rows)
    reviewing = tuple(each["id"] for each, row in zip(units, rows, strict=True) if _reviews(each, row[-1], project))
    return Beginning(procedure, load_calendar(session, row[-2]), bool(row[-1]), units, reviewing)


def _reviews(unit: Mapping[str, Any], closed_at: object, project: Project) -> bool:
    return bool(unit["kind"] == UnitKind.REVIEWER and unit["county_id"] == project.county_id and closed_at is None)


@lru_cache(maxsize=64)
def _statements(dialect: Dialect) -> Sequence[Prepared]:
    """Return the three: the campaign under lock, what the case begins with, the units it may go to."""
    held = select(Campaign.id).where(Campaign.id == bindparam("campaign")).with_for_update(key_share=True)
    return [prepared(each, dialect) for each in (held, _free(), _around())]


def _free() -> Select[Any]:
    begun = (Case.campaign_id == bindparam("campaign"), Case.project_id == bindparam("project"))
    columns = (*_VERSION[0].columns, calendar_revision(), exists().where(*begun))
    newest = select(*columns).where(Procedure.process_id == bindparam("process"))
    return newest.order_by(Procedure.number.desc()).limit(1)


def _around() -> Select[Any]:
    reviewers = and_(Unit.county_id == bindparam("county"), Unit.kind == str(UnitKind.REVIEWER))
    own = Unit.id.in_([bindparam(name) for name in ("responsible", "township", "village")])
    return select(*_UNITS[0].columns, Unit.closed_at).where(or_(reviewers, own)).order_by(Unit.id)
