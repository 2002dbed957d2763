"""What only some steps look at: joint opinions, entries, papers, objections, choices that are rows, meetings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from bpmn.casefile import CaseFile
from forms.fields import Option
from handlers.outcome import Answers, MeetingFacts, OpenObjection, Step
from ledger.archive import missing_for_archive, missing_for_submission
from ledger.cases import WorkItem, entries_of, objections_of
from ledger.choice_lists import SOURCE, offered_entries
from ledger.db import day_of
from ledger.meetings import Meeting, batches_of, meetings_of, reply_of
from ledger.papers import files_of_item, meeting_with_minutes, paper_counts
from ledger.people import Unit
from ledger.vocabulary import MeetingKind, UnitKind

# steps that ask what papers the whole case holds; others are spared the statement
ASK_PAPERS = frozenset({"preliminary_opinion", "party_meeting", "decision", "reclassification"})
ASK_REVIEWS = frozenset({"preliminary_opinion", "disposal_plan"})
_ASK_SUBMISSION = frozenset({"submission", "acceptance_check"})
ASK_MISSING = _ASK_SUBMISSION | {"archiving"}
RESPONSIBLE = (UnitKind.DEPARTMENT, UnitKind.AGRICULTURE, UnitKind.TOWNSHIP)  # who may run a project's case
_MEETING_KINDS = {"decision": MeetingKind.GROUP}  # every other step's meetings are those of 党组（委）


def reviews(file: CaseFile, item: WorkItem) -> tuple[Answers, ...]:
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


def entries(file: CaseFile, item: WorkItem) -> tuple[Answers, ...]:
    """Return the entries made on an item that stays open, oldest first."""
    return tuple(entry.answers for entry in entries_of(file.session, item.id))


def papers(file: CaseFile) -> Mapping[str, int]:
    """Return how many papers of each kind the case holds."""
    return paper_counts(file.session, file.case.id)


def missing(file: CaseFile, stem: str) -> tuple[str, ...]:
    """Return what a step's completeness check finds missing."""
    if stem in _ASK_SUBMISSION:
        return missing_for_submission(file.session, file.case)
    return missing_for_archive(file.session, file.case)


def reply_number(file: CaseFile, done: list[WorkItem]) -> str:
    """Return the number of the 批复 that the deciding meeting already gave the unit; "" before it has one."""
    meetings = [(past.answers or {}).get("meeting") for past in done if past.stem == "decision"]
    known = reply_of(file.session, int(meetings[-1]), file.places.responsible.id) if meetings and meetings[-1] else None
    return known.number if known is not None else ""


def objections(file: CaseFile) -> tuple[OpenObjection, ...]:
    """Return the case's open objections."""
    found = objections_of(file.session, file.case.id, open_only=True)
    return tuple(OpenObjection(o.id, o.raised_by, o.content, day_of(o.entered_at)) for o in found)


def attached_to(file: CaseFile, item: WorkItem) -> dict[str, list[int]]:
    """Return the files on an item by the form's field."""
    attached: dict[str, list[int]] = {}
    for found in files_of_item(file.session, item.id):
        attached.setdefault(found.field, []).append(found.id)
    return attached


def options_for(file: CaseFile, item: WorkItem, sources: Collection[str]) -> dict[str, tuple[Option, ...]]:
    """Return the choices of the sources a form names."""
    return {source: _choices(file, item, source) for source in sorted(sources)}


def _choices(file: CaseFile, item: WorkItem, source: str) -> tuple[Option, ...]:
    if source.startswith(SOURCE):
        return list_options(file.session, source)
    return _SOURCES[source](file, item)


def list_options(session: Session, source: str) -> tuple[Option, ...]:
    """Return what can be chosen from a list of the installation's own; its words are kept with the answer."""
    return tuple(Option(str(each.id), each.label) for each in offered_entries(session, source))


def _units(file: CaseFile, kinds: tuple[UnitKind, ...]) -> tuple[Unit, ...]:
    return tuple(file.places.of_kinds(kinds))


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


def at_meeting(file: CaseFile, step: Step, meeting_id: int) -> Step:
    """Return the step with the meeting it is decided at."""
    found = meeting_with_minutes(file.session, meeting_id)
    if found is None:
        return step
    file.meeting = found[0]
    return replace(step, meeting=facts_of(*found))


def facts_of(meeting: Meeting, scanned: bool, signed: bool = False) -> MeetingFacts:
    return MeetingFacts(meeting.id, meeting.title, meeting.held_on, bool(meeting.minutes.strip()) or scanned, signed)
