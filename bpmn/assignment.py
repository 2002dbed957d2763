"""Who does a task: from the lane a task is drawn in (or its `who`) to one unit of the case's county (O3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from bpmn.engine import Element
from ledger.people import Unit, units_of_kind
from ledger.projects import Project
from ledger.vocabulary import Role, UnitKind

_STANDING = (UnitKind.BUREAU, UnitKind.OFFICE, UnitKind.AGRICULTURE, UnitKind.REVIEWER)
CONSULTED = ("township", "village", "farmers")  # the parties of 征求意见 (art. 10)


class NobodyThere(ValueError):
    """没有可以办理的单位."""


@dataclass(frozen=True)
class Assignee:
    """The unit and role a task goes to; `by_township` when it acts for a village without an account."""

    unit: Unit
    role: Role
    by_township: bool = False


class Places:
    """The units that one case's lanes can mean; the county's standing units are read when first needed."""

    def __init__(self, session: Session, project: Project) -> None:
        self._session = session
        self._project = project
        self._standing: dict[str, list[Unit]] | None = None

    def unit(self, unit_id: int) -> Unit:
        """Return a unit by id; NobodyThere when there is none."""
        for known in (self._project.responsible_unit, self._project.township, self._project.village):
            if known is not None and known.id == unit_id:
                return known
        self.standing(UnitKind.REVIEWER)  # brings the county's standing units into the session in one statement
        found = self._session.get(Unit, unit_id)
        if found is None:
            raise NobodyThere("流程指定的单位不存在")
        return found

    def standing(self, kind: UnitKind) -> list[Unit]:
        """Return the county's units of a standing kind, in the order they were entered."""
        if self._standing is None:
            self._standing = {}
            for unit in units_of_kind(self._session, self._project.county_id, _STANDING):
                self._standing.setdefault(unit.kind, []).append(unit)
        return self._standing.get(kind, [])

    def only(self, kind: UnitKind) -> Unit:
        found = self.standing(kind)
        if not found:
            raise NobodyThere(f"县里没有登记{kind.label}")
        return found[0]

    @property
    def responsible(self) -> Unit:
        # read by its id: after 重新分派 the relationship still holds the old unit until the next load
        if self._project.responsible_unit_id is None:
            raise NobodyThere("项目还没有责任单位")
        return self.unit(self._project.responsible_unit_id)

    @property
    def township(self) -> Unit:
        return self._project.township or self.responsible

    @property
    def ground(self) -> Unit:
        """The village where the project stands, or its township where the village has no account."""
        village = self._project.village
        return village if village is not None and village.staffed else self.township


def _business(places: Places, _instance: str | None, variables: Mapping[str, Any]) -> Unit:
    named = variables.get("business_unit")
    return places.unit(int(named)) if named else places.responsible


def _reviewer(places: Places, instance: str | None, _variables: Mapping[str, Any]) -> Unit:
    if instance is None:
        raise NobodyThere("会审没有指定单位")
    return places.unit(int(instance))


def _township(places: Places, instance: str | None, _variables: Mapping[str, Any]) -> Unit:
    if instance is not None and instance.isdecimal():  # a unit asked besides the three parties
        return places.unit(int(instance))
    return places.ground if instance in CONSULTED[1:] else places.township


LANES: Mapping[str, Callable[[Places, str | None, Mapping[str, Any]], Unit]] = {
    "县乡村振兴局": lambda places, _instance, _variables: places.only(UnitKind.BUREAU),
    "领导小组办公室": lambda places, _instance, _variables: places.only(UnitKind.OFFICE),
    "责任单位": lambda places, _instance, _variables: places.responsible,
    "村（居）": lambda places, _instance, _variables: places.ground,
    "项目所在乡镇": _township,
    "业务部门": _business,
    "会审单位": _reviewer,
}


def assignee_of(element: Element, instance: str | None, places: Places, variables: Mapping[str, Any]) -> Assignee:
    """Resolve a task's lane or `who` to a unit and role; a lane we do not know means the responsible unit."""
    lane = element.attributes.get("who") or element.lane or ""
    unit = LANES.get(lane, LANES["责任单位"])(places, instance, variables)
    role = Role(element.attributes.get("role", Role.HANDLER))
    return Assignee(unit, role, stands_in(lane, instance, unit))


def stands_in(lane: str, instance: str | None, unit: Unit) -> bool:
    """Say whether `unit` does what is the village's or its farmers' to do."""
    theirs = lane == "村（居）" or (lane == "项目所在乡镇" and instance in CONSULTED[1:])
    return theirs and unit.kind != UnitKind.VILLAGE
