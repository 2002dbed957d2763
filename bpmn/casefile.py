"""One case as one transaction holds it: its rows, its run through the diagram, who acts and when.

Everything a step needs is read once and kept here, because the number of statements decides what a step costs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bpmn.assignment import Places
from bpmn.counting import Counting
from bpmn.engine import Element, Run
from bpmn.refusals import ItemGone
from bpmn.surroundings import CLASSIFICATION, CaseSurroundings
from bpmn.versions import Lineage, Version, lineage_of, version_of_case
from forms.fields import Form
from ledger.cases import WAITING, Case, WorkItem, items_of
from ledger.classification import Suggestion, suggest
from ledger.findings import inputs
from ledger.journal import Moment
from ledger.meetings import Meeting
from ledger.projects import Project
from ledger.scope import Actor, PostView
from ledger.taking import case_by_id, case_of_item, drop_drafts
from ledger.vocabulary import ItemStatus
from ledger.working_days import Calendar, dates_of

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
    minutes_of: dict[int, CaseFile] | None = None  # in a bulk act: meetings whose minutes are written at its end

    @property
    def now(self) -> datetime:
        return self.moment.at

    @property
    def signature(self) -> str:
        """Who sends something on, as lists show it: unit and person."""
        return signed(self.actor.posts[0].unit_name if self.actor.posts else "", self.actor.name)


def signed(unit: str, name: str) -> str:
    """Return unit and person as lists show them; a person named after the unit is not told twice."""
    return name if name.startswith(unit) else f"{unit} {name}"


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
        return version.form_of(item.element, item.stem)

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
    version = version_of_case(case)
    around = surroundings_of(acting, case, calendar, version)
    run = Run.load(version.diagram, case.state, acting.session.info["keys"].mac, around)
    around.counting.variables = run.variables
    stood = Stood(frozenset(task.token for task in run.ready), frozenset(timer.token for timer in run.timers))
    return CaseFile(acting, case, calendar, version, around, run, stood)


def surroundings_of(acting: Acting, case: Case, calendar: Calendar, version: Version) -> CaseSurroundings:
    """Return what a case's run may look at in this transaction."""
    counting = Counting(calendar, dates_of(case.campaign), acting.now)
    return CaseSurroundings(acting.now, counting.functions, counting, version, case.project)


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
