"""Whom a person oversees: a unit with all below it or on its ground, and nothing else (O1, issue 8).

An area is looked at as a whole. Which areas a person may look at follows from the posts; what lies in an area is
counted by `ledger.tallies` and listed by the condition here, and both mean the same projects.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from ledger.people import Unit
from ledger.projects import Project
from ledger.scope import BUSINESS, Actor, reach_of
from ledger.vocabulary import UnitKind

_WHOLE = frozenset({UnitKind.CITY, UnitKind.COUNTY})


def area_of(session: Session, actor: Actor, unit_id: int | None) -> Unit | None:
    """Return the area asked for, or the widest one of the person; None for one that is not theirs to look at."""
    reaches = sorted(
        {reach_of(post) for post in actor.posts if post.role in BUSINESS}, key=lambda path: (len(path), path)
    )
    if not reaches:
        return None
    if unit_id is None:
        return session.scalars(select(Unit).where(Unit.path == reaches[0])).one_or_none()
    area = session.get(Unit, unit_id)
    return area if area is not None and any(area.path.startswith(reach) for reach in reaches) else None


def way_to(session: Session, actor: Actor, area: Unit) -> Sequence[Unit]:
    """Return the areas from the widest the person may look at down to this one."""
    ids = [int(each) for each in area.path.strip("/").split("/")]
    units = session.scalars(select(Unit).where(Unit.id.in_(ids)).order_by(Unit.path)).all()
    reaches = {reach_of(post) for post in actor.posts if post.role in BUSINESS}
    return [unit for unit in units if any(unit.path.startswith(reach) for reach in reaches)]


def areas_below(session: Session, area: Unit) -> Sequence[Unit]:
    """Return the open areas one level below: a city's counties, a county's departments and towns, a town's villages."""
    kinds = {UnitKind.COUNTY, UnitKind.TOWNSHIP, UnitKind.DEPARTMENT, UnitKind.VILLAGE}
    below = (Unit.parent_id == area.id, Unit.kind.in_(kinds), Unit.closed_at.is_(None))
    return session.scalars(select(Unit).where(*below).order_by(Unit.kind, Unit.id)).all()


def in_area(area: Unit) -> ColumnElement[bool]:
    """Return the condition on `Project` that holds for what lies in an area."""
    below = select(Unit.id).where(Unit.path.startswith(area.path, autoescape=True))
    if area.kind == UnitKind.COUNTY:
        return Project.county_id == area.id
    if area.kind in _WHOLE:
        return Project.county_id.in_(below)
    if area.kind not in (UnitKind.TOWNSHIP, UnitKind.VILLAGE):
        return Project.responsible_unit_id.in_(below)
    return or_(Project.responsible_unit_id.in_(below), Project.township_id.in_(below), Project.village_id.in_(below))


def in_branch(area: Unit, branch_id: int) -> ColumnElement[bool]:
    """Return the condition for one part of an area, as the tallies part it; 0 is what belongs to none."""
    parts = {
        UnitKind.CITY: Project.county_id,
        UnitKind.COUNTY: Project.responsible_unit_id,
        UnitKind.TOWNSHIP: Project.village_id,
    }
    if area.kind == UnitKind.VILLAGE:
        return true()
    part = parts.get(UnitKind(area.kind), Project.township_id)
    return part == branch_id if branch_id else part.is_(None)
