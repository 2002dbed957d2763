"""Carry out what a handler decided: columns, classes, verdicts, replies, batches and papers, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bpmn.casefile import CaseFile, signed
from bpmn.minutes import write_minutes
from bpmn.packages import join_batch
from bpmn.prints import file_print
from bpmn.replying import answer_case
from bpmn.steps import Posing
from bpmn.tables import file_tables
from forms.fields import project_values, published_values
from handlers.outcome import Answers, Outcome, Verdict
from ledger.cases import WorkItem, objections_of
from ledger.db import SealedText, day_of
from ledger.meetings import Meeting, MeetingVerdict, drop_verdict, hold_meeting
from ledger.papers import Place
from ledger.projects import Classification, Project, set_funding
from ledger.statistics import of_project, projects_where
from ledger.vocabulary import PaperKind

RECLASSIFICATION = "reclassification"


def variables_of(posing: Posing, answers: Answers, outcome: Outcome) -> dict[str, Any]:
    """Return what the run learns: what the form publishes, over it what the handler decided."""
    return {**published_values(posing.form, answers), **outcome.variables}


def carry_out(file: CaseFile, posing: Posing, answers: Answers, outcome: Outcome) -> None:
    """Write everything the outcome names; raises StepRefused for a number or batch that cannot be taken."""
    item = posing.item
    change_project(file, {**project_values(posing.form, answers, posing.asked), **outcome.project})
    if outcome.responsible_unit_id is not None:
        change_project(file, {"responsible_unit_id": outcome.responsible_unit_id})
    if outcome.category is not None:
        _classify(file, item, outcome)
    if outcome.verdict is not None:
        _record_verdict(file, item, outcome.verdict)
    if outcome.findings:
        _settle_objections(file, outcome)
    if outcome.reply is not None:
        answer_case(file, item, outcome.reply)
    if outcome.batch is not None:
        join_batch(file, item, outcome.batch, brought=bool(posing.asked.attached.get("request")))
    for each in outcome.prints:
        file_print(file, each, item)
    if item.stem == RECLASSIFICATION:  # its Annex 4 and 5 go to be filed with it (art. 15)
        place = Place(PaperKind.ANNEX4, case_id=file.case.id, item_id=item.id)
        file_tables(file, projects_where(file.session, of_project(file.project.id)), place, item.unit)
    if outcome.next_round:
        file.case.round += 1


def change_project(file: CaseFile, columns: Mapping[str, Any]) -> None:
    """Set a project's columns and note old → new for the journal, personal data masked (M2)."""
    project = file.project
    for name, value in columns.items():
        old = getattr(project, name)
        if name == "funding":
            set_funding(project, value)
            value = project.funding
        elif old != value:
            setattr(project, name, value)
        if old != value:
            mask = _MASKS.get(name, _plain)
            before = file.changed.get(name, (mask(old), None))[0]
            file.changed[name] = (before, mask(value))


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str | list | dict) else str(value)


def masked(text: str | None) -> str | None:
    """Mask personal data: 138****0000 for a telephone number, 负*** for a name."""
    if not text:
        return text
    digits = len(text) >= 7
    return f"{text[:3]}****{text[-4:]}" if digits else text[0] + "*" * (len(text) - 1)


_MASKS: Mapping[str, Callable[[Any], Any]] = {
    column.key: masked for column in Project.__table__.columns if isinstance(column.type, SealedText)
}


def _classify(file: CaseFile, item: WorkItem, outcome: Outcome) -> None:
    change = outcome.category
    assert change is not None
    file.session.add(
        Classification(
            project_id=file.project.id,
            case_id=file.case.id,
            category=change.category,
            stem=item.stem,
            article=change.article,
            reason=change.reason,
            decided_on=day_of(file.now),
        )
    )
    change_project(file, {"category": change.category})


def _record_verdict(file: CaseFile, item: WorkItem, decided: Verdict) -> None:
    """Keep what the meeting decided on this case and write its minutes anew, once for a bulk act."""
    meeting = file.meeting
    assert meeting is not None  # a verdict names the meeting that the step was completed with
    if item.answers is not None:  # it was completed before, and called back
        _forget_verdict(file, item, meeting)
    file.session.add(
        MeetingVerdict(
            meeting_id=meeting.id,
            case_id=file.case.id,
            item_id=item.id,
            verdict=decided.verdict,
            category=decided.category,
            measures=decided.measures,
            reason=decided.reason,
        )
    )
    if file.acting.minutes_of is None:
        write_minutes(file, meeting)
    else:
        file.acting.minutes_of[meeting.id] = file


def _forget_verdict(file: CaseFile, item: WorkItem, meeting: Meeting) -> None:
    """Take out what was entered before the item was called back; another meeting's minutes lose it too."""
    former = drop_verdict(file.session, item.id)
    if former is not None and former is not meeting:
        hold_meeting(file.session, former.id)
        write_minutes(file, former)


def _settle_objections(file: CaseFile, outcome: Outcome) -> None:
    waiting = {o.id: o for o in objections_of(file.session, file.case.id, open_only=True)}
    for finding in outcome.findings:
        objection = waiting[finding.objection_id]
        objection.upheld, objection.finding, objection.settled_at = finding.upheld, finding.finding, file.now


def signature(file: CaseFile, item: WorkItem) -> str:
    """Return who acts on an item, as lists show it: 桑柘镇 经办甲."""
    name = file.acting.actor.name
    return signed(item.unit.short_name, f"{name}（代{file.lent.for_name}）" if file.lent is not None else name)
