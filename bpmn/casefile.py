"""One case as one transaction holds it: its rows, its run through the diagram, who acts and when.

Everything a step needs is read once and kept here, because the number of statements decides what a step costs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from bpmn.counting import Counting
from bpmn.engine import Element, Run, case_key
from bpmn.refusals import ItemGone
from bpmn.surroundings import CLASSIFICATION, CaseSurroundings
from bpmn.versions import SHELF, Lineage, Version, lineage_of, version_of_case
from forms.fields import Form
from ledger.cases import WAITING, Case, WorkItem
from ledger.classification import Suggestion, suggest
from ledger.findings import inputs
from ledger.journal import Moment
from ledger.meetings import Meeting
from ledger.people import Unit, units_of_kind
from ledger.projects import Project
from ledger.scope import Actor, PostView, signature_of
from ledger.taking import case_by_id, case_of_item, drop_drafts, first_of_kind, items_of, laid, unit_by_id
from ledger.vocabulary import ItemStatus, Role, UnitKind
from ledger.working_days import Calendar, dates_of

if TYPE_CHECKING:
    from bpmn.shared_papers import Late

_STANDING = (UnitKind.BUREAU, UnitKind.OFFICE, UnitKind.AGRICULTURE, UnitKind.REVIEWER)
_READ_ALONG = (UnitKind.BUREAU, UnitKind.OFFICE)
CONSULTED = ("township", "village", "farmers")  # the parties of 征求意见 (art. 10)
ROUND_LIMIT = 50
"""How often a case may come to one step before a person looks at it (engine rule 9)."""


@dataclass(frozen=True)
class Acting:
    """Who acts, when, and where files lie; `session` is the caller's transaction, `round_limit` the county's own."""

    session: Session
    actor: Actor
    moment: Moment
    papers: Path
    round_limit: int = ROUND_LIMIT
    late: Late | None = None  # in a bulk act: the papers several cases share, written once at its end

    @property
    def now(self) -> datetime:
        return self.moment.at

    @property
    def signature(self) -> str:
        """Who sends something on, as lists show it: unit and person."""
        return signature_of(self.actor)


class Later(Mapping[str, Any]):
    """A mapping that is worked out when it is first looked at."""

    def __init__(self, work_out: Callable[[], Mapping[str, Any]]) -> None:
        self._work_out = work_out

    @cached_property
    def _known(self) -> Mapping[str, Any]:
        return self._work_out()

    def __getitem__(self, name: str) -> Any:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@dataclass(frozen=True)
class Stood:
    """The tokens that waited for people and for moments when the case was taken up."""

    tasks: frozenset[str] = frozenset()
    timers: frozenset[str] = frozenset()


@dataclass
class CaseFile:
    """The case under the hands of one act; `changed` gathers old → new for the journal."""

    acting: Acting
    case: Case
    calendar: Calendar
    version: Version
    surroundings: CaseSurroundings
    run: Run
    stood: Stood
    key: bytes = field(repr=False)  # under which the case's states are sealed
    changed: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    drafted: bool = False  # something typed and not submitted lies on the item at hand
    meeting: Meeting | None = None  # that the answers name
    lent: PostView | None = None  # the absent person's post by which this act is done
    straight_back: dict[str, str] = field(default_factory=dict)  # the token moved to who sent an item back, and where

    @property
    def in_place_of(self) -> int | None:
        """Return who is absent and stood in for in this act (代办)."""
        return self.lent.for_id if self.lent is not None else None

    @property
    def session(self) -> Session:
        return self.acting.session

    @property
    def project(self) -> Project:
        return self.case.project

    @property
    def now(self) -> datetime:
        return self.acting.now

    @property
    def counting(self) -> Counting:
        return self.surroundings.counting

    @property
    def dates(self) -> Mapping[str, date]:
        """The campaign's dates by name."""
        return self.counting.dates

    @cached_property
    def items(self) -> list[WorkItem]:
        """All items of the case in the order they came; read after the case is locked."""
        return items_of(self.session, self.case.id)

    @cached_property
    def places(self) -> Places:
        return Places(self.session, self.project)

    @property
    def done(self) -> list[WorkItem]:
        return [item for item in self.items if item.status == ItemStatus.DONE]

    @property
    def waiting(self) -> list[WorkItem]:
        return [item for item in self.items if item.status in WAITING]

    def forget_draft(self, item: WorkItem) -> None:
        """Forget what was typed on an item that is submitted: a draft holds personal data nobody needs any more."""
        if self.drafted:
            drop_drafts(self.session, item.id)

    @cached_property
    def lineage(self) -> Lineage:
        """The versions the case has been on; read only where something older than its last move is looked at."""
        return lineage_of(self.session, self.case)

    def element(self, element_id: str) -> Element:
        """Return an element of the case's version, or of one it was on before."""
        known = self.version.diagram.elements.get(element_id)
        return self.lineage.element(element_id) if known is None else known

    def form_of(self, item: WorkItem) -> Form:
        """Return the form an item is asked with, or was when it was done."""
        version = self.version if item.completed_at is None else self.lineage.at(item.completed_at)
        narrowed = version.narrowed.get((item.element, item.stem))
        return narrowed or version.calls.get(item.element.rpartition("/")[0], version).forms[item.stem]

    @property
    def known_tokens(self) -> Collection[str]:
        """The tokens that have a row: those of the items, or what waited when the case was taken up."""
        # an act that has read the items may have given one another token
        return {item.token for item in self.items} if "items" in self.__dict__ else self.stood.tasks

    def suggest(self, findings: Collection[str]) -> Suggestion:
        """Ask the case's own decision table what the findings speak for (C1–C5)."""
        rows = self.version.tables[CLASSIFICATION].decide(inputs(findings))
        return suggest([row.values for row in rows], findings)


def take_up(acting: Acting, case: Case, calendar: Calendar) -> CaseFile:
    """Load a case's run; raises StateRefused when the saved state is not what we wrote."""
    version = SHELF.get((case.procedure.sha256, *sorted((case.callees or {}).items()))) or version_of_case(case)
    around = surroundings_of(acting, case, calendar, version)
    key = key_of(acting.session, case)
    run = Run.load(version.diagram, case.state, key, around)
    around.counting.variables = run.variables
    stood = Stood(frozenset(task.token for task in run.ready), frozenset(timer.token for timer in run.timers))
    return CaseFile(acting, case, calendar, version, around, run, stood, key)


def key_of(session: Session, case: Case) -> bytes:
    """Return the key under which a case's states are sealed: a project is in a campaign once."""
    return case_key(session.info["keys"].mac, f"{case.project_id}/{case.campaign_id}")


def surroundings_of(acting: Acting, case: Case, calendar: Calendar, version: Version) -> CaseSurroundings:
    """Return what a case's run may look at in this transaction."""
    counting = Counting(calendar, dates_of(case.campaign), acting.now)
    return CaseSurroundings(acting.now, Later(lambda: counting.functions), counting, version, case.project)


def take_item(acting: Acting, item_id: int, *, lock: bool = True) -> tuple[CaseFile, WorkItem]:
    """Return the case of an item, locked when it is to be changed, and the item in it (ItemGone)."""
    found = case_of_item(acting.session, item_id, lock=lock)
    if found is None:
        raise ItemGone("该任务不存在")
    file = take_up(acting, found.case, found.calendar)
    file.places, file.drafted = Places(acting.session, file.project, found.units), found.drafted
    return file, found.item


def take_case(acting: Acting, case_id: int, *, lock: bool = True) -> CaseFile:
    """Return a case, locked when it is to be changed (ItemGone)."""
    found = case_by_id(acting.session, case_id, lock=lock)
    if found is None:
        raise ItemGone("该项目的流程不存在")
    return take_up(acting, *found)


# -- who does a task: from its lane (or `who`) to one unit of the case's county (O3)


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
        """Take what was read already of the project's units and of the county's first bureau and office."""
        self._read = {each["id"]: each for each in read}
        self._session = session
        self._project = project
        self._open: dict[str, list[Unit]] = {}
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
        return self.of_kinds((kind,))

    def of_kinds(self, kinds: Sequence[UnitKind]) -> list[Unit]:
        """Return the county's open units of some kinds, in the order they were entered; standing ones come along."""
        if not self._open.keys() >= set(kinds):
            asked = tuple(sorted({*kinds, *_STANDING, *self._open}))
            self._open = {kind: [] for kind in asked}
            with self._session.no_autoflush:  # no unit waits to be written
                for unit in units_of_kind(self._session, self._project.county_id, asked):
                    self._open[unit.kind].append(unit)
        return sorted((unit for kind in kinds for unit in self._open[kind]), key=lambda unit: unit.id)

    def only(self, kind: UnitKind) -> Unit:
        """Return the county's unit of a kind that there is one of; NobodyThere when there is none."""
        if kind not in self._first:
            read = (key for key, each in reversed(self._read.items()) if each["kind"] == kind in _READ_ALONG)
            known = next(read, None) or next((unit.id for unit in self._open.get(kind, ())), None)
            found = self.unit(known) if known else first_of_kind(self._session, self._project.county_id, kind)
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
