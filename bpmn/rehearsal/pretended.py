"""A pretended case: a project, its answers and papers in memory only, so that forms and handlers can be tried.

What a handler decides is carried out here on plain values, as `bpmn.steps` carries it out on rows; no session reaches
it, so nothing of it can be written anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from bpmn.engine import Element
from bpmn.lookups import RESPONSIBLE, list_options
from bpmn.round_checks import ROUND_PROCESSES
from bpmn.versions import Version
from forms.fields import Asked, FieldType, Form, Option, project_values
from forms.rendering import total_yuan
from handlers.consultation import PARTIES
from handlers.outcome import Answers, OpenObjection, Outcome, RoundFacts
from ledger.choice_lists import SOURCE
from ledger.people import counties, units_of_kind
from ledger.projects import Project
from ledger.round_figures import FIGURES, RATES
from ledger.vocabulary import FundingSource, FundingTier, Industry, Level, UnitKind

NAME, NUMBER = "预演项目", "YY-0001"
_MADE_UP_UNITS = {1: "甲镇", 2: "乙镇", 3: "丙局"}  # of an installation without units
_FUNDING: Mapping[str, Mapping[str, Decimal | str]] = {
    FundingSource.EARMARKED: {FundingTier.CENTRAL: Decimal("300000.00")}
}
_MADE_UP_REVIEWERS = {11: "甲单位", 12: "乙单位"}
_OFFICES = {UnitKind.BUREAU: "县乡村振兴局", UnitKind.OFFICE: "领导小组办公室"}


@dataclass(frozen=True)
class County:
    """Who and what the forms of a pretended case can name: read once, of real units and lists, of no project."""

    units: Mapping[int, str]  # those that may run a project's case, by id
    reviewers: Mapping[int, str]  # who is asked in 会审, two of them are enough to tell their parts apart
    offices: Mapping[str, str]  # lane → the unit that stands there
    options: Mapping[str, tuple[Option, ...]]  # choices by the source that forms name

    def name(self, instance: str) -> str:
        """Return what somebody's part of a joint step is called: a unit by its id, or one of the parties consulted."""
        known = {str(unit_id): name for unit_id, name in (*self.units.items(), *self.reviewers.items())}
        return PARTIES.get(instance) or known.get(instance, instance)

    @property
    def responsible(self) -> int:
        """Return the unit whose project the pretended one is."""
        return next(iter(self.units))


def county_of(session: Session, version: Version) -> County:
    """Read what the forms of a version can name, in the first county; without one the units are made up too."""
    kinds = (*RESPONSIBLE, *_OFFICES, UnitKind.REVIEWER)
    found = [unit for county in counties(session)[:1] for unit in units_of_kind(session, county.id, kinds)]
    units = {unit.id: unit.short_name for unit in found if unit.kind in RESPONSIBLE} or _MADE_UP_UNITS
    asked = [unit for unit in found if unit.kind == UnitKind.REVIEWER][: len(_MADE_UP_REVIEWERS)]
    reviewers = {unit.id: unit.short_name for unit in asked} or _MADE_UP_REVIEWERS
    offices = {_OFFICES[kind]: unit.short_name for unit in found for kind in _OFFICES if unit.kind == kind}
    forms = [form for each in (version, *version.called.values()) for form in each.forms.values()]
    lists = {source for form in forms for source in form.sources if source.startswith(SOURCE)}
    choices = tuple(Option(str(unit_id), name) for unit_id, name in units.items())
    options = {
        **dict.fromkeys(("units", "business_units", "reviewers"), choices),
        "meetings": (Option("1", "预演会议"),),
        "batches": (),
        **{source: list_options(session, source) for source in sorted(lists)},
    }
    return County(units, reviewers, offices, options)


@dataclass(frozen=True)
class Done:
    """A step that was completed: where, whose part, with what answers, on which day."""

    element: str
    phase: str | None  # the sub-process it stands in
    stem: str
    instance: str | None
    unit: str
    answers: Answers
    on: date


@dataclass
class Pretended:
    """What a pretended case holds besides its run."""

    county: County
    project: dict[str, Any]
    done: list[Done] = field(default_factory=list)
    entries: dict[str, list[Answers]] = field(default_factory=dict)  # by token, of items that stay open
    papers: Counter[str] = field(default_factory=Counter)  # PaperKind → how many
    round: int = 1
    reply_number: str = ""
    objections: int = 0  # raised so far

    def copy(self) -> Pretended:
        """Return the case as it stands; what is carried out on the copy leaves this one alone."""
        return Pretended(
            county=self.county,
            project=dict(self.project),
            done=list(self.done),
            entries={token: list(each) for token, each in self.entries.items()},
            papers=Counter(self.papers),
            round=self.round,
            reply_number=self.reply_number,
            objections=self.objections,
        )

    @property
    def answers(self) -> dict[str, Answers]:
        """Return the latest answers of each stem."""
        return {each.stem: each.answers for each in self.done}

    @property
    def answered_on(self) -> dict[str, date]:
        return {each.stem: each.on for each in self.done}

    def last(self, element: str, instance: str | None) -> Answers:
        """Return how the same step was answered the last time; nothing the first time."""
        same = (each.answers for each in reversed(self.done) if (each.element, each.instance) == (element, instance))
        return next(same, {})

    def reviews(self, phase: str | None) -> tuple[Answers, ...]:
        """Return what the newest joint activity of a phase said, each part with its body."""
        said: list[Done] = []
        for each in reversed([one for one in self.done if one.phase == phase]):
            if said and each.element != said[-1].element:
                break
            if each.instance is not None:
                said.append(each)
        return tuple({**each.answers, "body": each.instance, "body_name": each.unit} for each in reversed(said))

    def open_objections(self, today: date) -> tuple[OpenObjection, ...]:
        """Return what waits to be examined while an objection is open."""
        return (OpenObjection(max(1, self.objections), "村民代表甲", "认为分类与实际情况不符，请核查。", today),)

    def learn(self, form: Form, asked: Asked, answers: Answers, outcome: Outcome) -> None:
        """Carry out what a form and its handler say of the project and its papers."""
        columns = {**project_values(form, answers, asked), **outcome.project}
        if outcome.responsible_unit_id is not None:
            columns["responsible_unit_id"] = outcome.responsible_unit_id
            columns["responsible_unit"] = self.county.units.get(outcome.responsible_unit_id, "责任单位")
        if outcome.category is not None:
            columns["category"] = outcome.category.category
        if "funding" in columns:
            columns["funding_total_yuan"] = total_yuan(columns["funding"])
        self.project.update(columns)
        self.papers.update(each.kind for each in outcome.prints)
        for _section, each in form.fields():
            if each.type is FieldType.FILE and answers.get(each.name):
                self.papers[each.kind] += len(answers[each.name])
        if outcome.reply is not None:
            self.reply_number = outcome.reply.number
        self.round += outcome.next_round


def pretended(county: County, began_on: date) -> Pretended:
    """Return a case at its start: a project as the export brings it, nothing surveyed and nothing decided."""
    responsible = county.units[county.responsible]
    project = {
        **dict.fromkeys(Project.__table__.columns.keys()),
        "name": NAME,
        "number": NUMBER,
        "implementation_year": began_on.year - 1,
        "level": str(Level.TOWNSHIP),
        "responsible_unit_id": county.responsible,
        "responsible_unit": responsible,
        "township": responsible,
        "village": "",
        "industry": str(next(iter(Industry))),
        "construction": "新建加工厂房一座",
        "responsible_body": "预演合作社",
        "responsible_person": "负责人甲",
        "telephone": "13800000000",
        "funding": _FUNDING,
        "funding_total_yuan": total_yuan(_FUNDING),
    }
    return Pretended(county, project)


def round_facts(version: Version, began_on: date) -> RoundFacts | None:
    """Return what a round's steps look at: a unit without projects; None for what is no round's procedure."""
    kinds = (kind for kind, process in ROUND_PROCESSES.items() if process == version.diagram.process_id)
    kind = next(kinds, None)
    if kind is None:
        return None
    rates = tuple((label, "0%") for label in RATES.values())
    return RoundFacts(kind, f"{began_on.year}年预演", dict.fromkeys(FIGURES, 0), rates, invested="0")


def lane_of(element: Element) -> str:
    """Return who does a step, as its diagram says it."""
    return element.attributes.get("who") or element.lane or "责任单位"
