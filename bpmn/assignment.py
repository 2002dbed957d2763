"""Who does a task: from the lane a task is drawn in (or its `who`) to one unit of the case's county (O3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from bpmn.engine import Element
from ledger.people import Unit, units_of_kind
from ledger.projects import Project
from ledger.taking import first_of_kind, laid, unit_by_id
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

    def __init__(self, session: Session, project: Project, read: Sequence[Mapping[str, Any]] = ()) -> None:
        """Take what was read already of the project's units and of the county's first bureau."""
        self._read = {each["id"]: each for each in read}
        self._session = session
        self._project = project
        self._standing: dict[str, list[Unit]] | None = None
        self._first: dict[UnitKind, Unit] = {}

    def unit(self, unit_id: int) -> Unit:
        """Return a unit by id; NobodyThere when there is none."""
        if unit_id in self._read:
            return laid(self._session, Unit, self._read[unit_id])
        found = unit_by_id(self._session, unit_id)
        if found is None:
            raise NobodyThere("流程指定的单位不存在")
        return found

    def reviewer(self, unit_id: int) -> Unit:
        """Return one of several units asked at once: all of them are read with the first."""
        self.standing(UnitKind.REVIEWER)
        return self.unit(unit_id)

    def standing(self, kind: UnitKind) -> list[Unit]:
        """Return the county's units of a standing kind, in the order they were entered."""
        if self._standing is None:
            self._standing = {}
            for unit in units_of_kind(self._session, self._project.county_id, _STANDING):
                self._standing.setdefault(unit.kind, []).append(unit)
        return self._standing.get(kind, [])

    def only(self, kind: UnitKind) -> Unit:
        if kind not in self._first:
            read = next((unit_id for unit_id, each in self._read.items() if each["kind"] == kind == UnitKind.BUREAU), 0)
            found = self.unit(read) if read else first_of_kind(self._session, self._project.county_id, kind)
            if found is None:
                raise NobodyThere(f"县里没有登记{kind.label}")
            self._first[kind] = found
        return self._first[kind]

    @property
    def responsible(self) -> Unit:
        # read by its id: after 重新分派 the relationship still holds the old unit until the next load
        if self._project.responsible_unit_id is None:
            raise NobodyThere("项目还没有责任单位")
        return self.unit(self._project.responsible_unit_id)

    @property
    def township(self) -> Unit:
        return self.unit(self._project.township_id) if self._project.township_id is not None else self.responsible

    @property
    def ground(self) -> Unit:
        """The village where the project stands, or its township where the village has no account."""
        village = self.unit(self._project.village_id) if self._project.village_id is not None else None
        return village if village is not None and village.staffed else self.township


def _business(places: Places, _instance: str | None, variables: Mapping[str, Any]) -> Unit:
    named = variables.get("business_unit")
    return places.unit(int(named)) if named else places.responsible


def _reviewer(places: Places, instance: str | None, _variables: Mapping[str, Any]) -> Unit:
    if instance is None:
        raise NobodyThere("会审没有指定单位")
    return places.reviewer(int(instance))


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
