"""What a handler may look at and what its form is asked with, for one item of one case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from bpmn.assignment import stands_in
from bpmn.casefile import CaseFile
from forms.fields import Asked, Field, FieldType, Form, Option
from handlers import HANDLERS, plain
from handlers.outcome import Answers, Handler, MeetingFacts, OpenObjection, Shown, Step
from ledger.archive import missing_for_archive, missing_for_submission
from ledger.cases import WorkItem, entries_of, objections_of
from ledger.db import day_of
from ledger.meetings import Meeting, batches_of, meetings_of, reply_of
from ledger.papers import attachments_of_item, meeting_with_minutes, paper_counts
from ledger.people import Unit, units_of_kind
from ledger.projects import Project, funding_of
from ledger.vocabulary import MeetingKind, UnitKind

# steps that ask what papers the whole case holds; others are spared the statement
_ASK_PAPERS = frozenset({"preliminary_opinion", "party_meeting", "decision", "reclassification"})
_ASK_REVIEWS = frozenset({"preliminary_opinion", "disposal_plan"})
_ASK_SUBMISSION = frozenset({"submission", "acceptance_check"})
_ASK_ARCHIVE = frozenset({"archiving"})
OBJECTION = "objection"  # the message that opens 异议核查, and the stem that examines it
RESPONSIBLE = (UnitKind.DEPARTMENT, UnitKind.AGRICULTURE, UnitKind.TOWNSHIP)  # who may run a project's case
_MEETING_KINDS = {"decision": MeetingKind.GROUP}  # every other step's meetings are those of 党组（委）


@dataclass(frozen=True)
class Posing:
    """One item ready to be shown or completed."""

    item: WorkItem
    form: Form
    handler: Handler
    step: Step
    asked: Asked


def pose(file: CaseFile, item: WorkItem, *, page: bool = False) -> Posing:
    """Build the step and what its form is asked with; a step without a handler of its own only records its answers.

    What stands beside the questions is worked out for a `page`, and where the questions depend on it.
    """
    form, handler = file.form_of(item), HANDLERS.get(item.stem, plain.HANDLER)
    step = step_of(file, item)
    shown = handler.show(step) if page or form.asks_beside else Shown()
    asked = Asked(
        attached=attached_to(file, item, form),
        options=options_for(file, item, form),
        records=shown.records,
        display=shown.display,
        context={**context_of(file, item), **shown.context},
    )
    return Posing(item, form, handler, step, asked)


def step_of(file: CaseFile, item: WorkItem) -> Step:
    """Return everything a handler may look at for `item`; `meeting` is added once the answers name one.

    What most handlers never look at is read when one does: the project whole, and what was answered before.
    """
    variables = dict(file.run.variables)
    return Step(
        stem=item.stem,
        now=file.now,
        today=day_of(file.now),
        calendar=file.calendar,
        project=Later(lambda: project_columns(file)),
        dates=file.dates,
        variables=variables,
        answers=Later(lambda: {past.stem: past.answers or {} for past in file.done}),
        answered_on=Later(lambda: {past.stem: day_of(past.completed_at or file.now) for past in file.done}),
        reviews=_reviews(file, item) if item.stem in _ASK_REVIEWS else (),
        entries=_entries(file, item),
        papers=paper_counts(file.session, file.case.id) if item.stem in _ASK_PAPERS else {},
        missing_papers=_missing(file, item.stem),
        objections=_objections(file) if variables.get("objection_open") else (),
        reply_number=_reply_number(file, file.done) if item.stem == "reply" else "",
        instance=item.instance,
        actor_name=file.acting.actor.name,
        unit_name=item.unit.short_name,
        suggest=file.suggest,
    )


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


def project_columns(file: CaseFile) -> dict[str, Any]:
    """Return a project's columns by name, 投资规模 as exact amounts, with the names of its units beside the ids."""
    project = file.project
    columns = {column.key: getattr(project, column.key) for column in Project.__table__.columns}
    ids = {name: columns[f"{name}_id"] for name in ("responsible_unit", "township", "village")}
    names = {name: file.places.unit(unit_id).short_name if unit_id else "" for name, unit_id in ids.items()}
    return {**columns, **names, "funding": funding_of(project)}


def _reviews(file: CaseFile, item: WorkItem) -> tuple[Answers, ...]:
    return tuple(review_of(past) for past in present_round(_phase(file, item, file.done)))


def _phase(file: CaseFile, item: WorkItem, done: list[WorkItem]) -> list[WorkItem]:
    """Return what was done in the item's own phase: 会审 speaks to 初步意见, 征求意见 to 处置方案."""
    phase = file.element(item.element).parent
    return [past for past in done if file.element(past.element).parent == phase]


def present_round(done: list[WorkItem]) -> list[WorkItem]:
    """Return the newest joint activity's finished parts: those between which no other step was completed."""
    parts = [item for item in done if item.instance is not None]
    if not parts:
        return []
    last = max(parts, key=lambda item: item.id)
    others = [i.completed_at for i in done if i.element != last.element and i.completed_at is not None]
    began = max((at for at in others if at <= last.created_at), default=None)
    return [i for i in parts if i.element == last.element and (began is None or i.created_at >= began)]


def review_of(part: WorkItem) -> Answers:
    """Return one part of a joint activity: its answers, for whom (`body`) and what that is called (`body_name`)."""
    return {**(part.answers or {}), "body": part.instance, "body_name": part.unit.short_name}


def _entries(file: CaseFile, item: WorkItem) -> tuple[Answers, ...]:
    # an untouched row has no entries: an entry raises the revision
    return tuple(entry.answers for entry in entries_of(file.session, item.id)) if item.revision > 1 else ()


def _missing(file: CaseFile, stem: str) -> tuple[str, ...]:
    if stem in _ASK_SUBMISSION:
        return missing_for_submission(file.session, file.case)
    return missing_for_archive(file.session, file.case) if stem in _ASK_ARCHIVE else ()


def _reply_number(file: CaseFile, done: list[WorkItem]) -> str:
    meetings = [(past.answers or {}).get("meeting") for past in done if past.stem == "decision"]
    known = reply_of(file.session, int(meetings[-1]), file.places.responsible.id) if meetings and meetings[-1] else None
    return known.number if known is not None else ""


def _objections(file: CaseFile) -> tuple[OpenObjection, ...]:
    found = objections_of(file.session, file.case.id, open_only=True)
    return tuple(OpenObjection(o.id, o.raised_by, o.content, day_of(o.entered_at)) for o in found)


def attached_to(file: CaseFile, item: WorkItem, form: Form) -> dict[str, list[int]]:
    """Return the files on an item by the form's field; no statement for a form without files."""
    if not any(each.type is FieldType.FILE for _section, each in form.fields()):
        return {}
    attached: dict[str, list[int]] = {}
    for attachment in attachments_of_item(file.session, item.id):
        attached.setdefault(attachment.field, []).append(attachment.id)
    return attached


def context_of(file: CaseFile, item: WorkItem) -> dict[str, str]:
    """Return the values for a form's “$…” conditions."""
    variables = file.run.variables
    element = file.element(item.element)
    lane = element.attributes.get("who") or element.lane or ""
    truths = ("exit_decided", "exit_proposed", "write_off_proposed", "write_off_approved", "needs_assessment")
    return {
        "level": file.project.level or "",
        "category": str(variables.get("category") or ""),
        "party": item.instance or "",
        "round": str(file.case.round),
        "by_township": _word(stands_in(lane, item.instance, item.unit)),
        "exit": _word(bool(variables.get("exit_decided"))),
        **{name: _word(bool(variables.get(name))) for name in truths},
    }


def _word(truth: bool) -> str:
    return "yes" if truth else "no"


def options_for(file: CaseFile, item: WorkItem, form: Form) -> dict[str, tuple[Option, ...]]:
    """Return the choices of the sources the form names; a source it does not name costs nothing."""
    named = {each.source for each in _all_fields(form) if each.source}
    return {source: _SOURCES[source](file, item) for source in sorted(named)}


def _all_fields(form: Form) -> list[Field]:
    fields = [each for _section, each in form.fields()]
    return [*fields, *(column for each in fields for column in each.columns)]


def _units(file: CaseFile, kinds: tuple[UnitKind, ...]) -> tuple[Unit, ...]:
    return tuple(units_of_kind(file.session, file.project.county_id, kinds))


def _unit_options(file: CaseFile, kinds: tuple[UnitKind, ...]) -> tuple[Option, ...]:
    return tuple(Option(str(unit.id), unit.short_name) for unit in _units(file, kinds))


def _meeting_options(file: CaseFile, item: WorkItem) -> tuple[Option, ...]:
    kind = _MEETING_KINDS.get(item.stem, MeetingKind.PARTY)
    found = meetings_of(file.session, item.unit_id, kind, file.case.campaign_id)
    return tuple(Option(str(meeting.id), f"{meeting.title}（{meeting.held_on.isoformat()}）") for meeting in found)


def _batch_options(file: CaseFile, item: WorkItem) -> tuple[Option, ...]:
    found = batches_of(file.session, item.unit_id, file.case.campaign_id)
    return tuple(Option(str(batch.id), f"{batch.title}（{batch.number}）") for batch in found)


_SOURCES = {
    "units": lambda file, _item: _unit_options(file, RESPONSIBLE),
    "business_units": lambda file, _item: _unit_options(file, RESPONSIBLE),
    "reviewers": lambda file, _item: _unit_options(file, (UnitKind.DEPARTMENT, UnitKind.AGRICULTURE)),
    "meetings": _meeting_options,
    "batches": _batch_options,
}


def with_meeting(file: CaseFile, posing: Posing, answers: Mapping[str, Any]) -> Step:
    """Return the step with the meeting that the answers name; a 批复 answers for the meeting that decided."""
    named = [each.name for _section, each in posing.form.fields() if each.type is FieldType.MEETING]
    chosen = answers.get(named[0]) if named else None
    if posing.item.stem == "reply":
        chosen = posing.step.answers.get("decision", {}).get("meeting")
    found = meeting_with_minutes(file.session, int(chosen)) if chosen else None
    if found is None:
        return posing.step
    file.meeting = found[0]
    return replace(posing.step, meeting=facts_of(*found))


def facts_of(meeting: Meeting, scanned: bool) -> MeetingFacts:
    return MeetingFacts(meeting.id, meeting.title, meeting.held_on, bool(meeting.minutes.strip()) or scanned)
