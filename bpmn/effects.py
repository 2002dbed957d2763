"""Carry out what only some steps decide: classes, verdicts, findings, replies, batches and papers."""

from __future__ import annotations

from collections.abc import Sequence

from bpmn.casefile import CaseFile
from bpmn.minutes import write_minutes
from bpmn.packages import join_batch, write_package
from bpmn.prints import file_print
from bpmn.replying import answer_case
from bpmn.shared_papers import write_shared
from bpmn.tables import tables_of_project
from handlers.outcome import CategoryChange, ObjectionFinding, Outcome, Print, Verdict
from ledger.cases import WorkItem, objections_of
from ledger.db import day_of
from ledger.meetings import (
    Meeting,
    MeetingVerdict,
    SubmissionBatch,
    drop_verdict,
    hold_meeting,
)
from ledger.papers import Place
from ledger.projects import Classification
from ledger.taking import add_row
from ledger.vocabulary import PaperKind
from ledger.writing import write_rows

RECLASSIFICATION = "reclassification"


def numbered(file: CaseFile, item: WorkItem, outcome: Outcome) -> SubmissionBatch | None:
    """Take what carries a number of its own, the 批复 or the 报送批次; StepRefused where it cannot be had."""
    if outcome.reply is not None:
        answer_case(file, item, outcome.reply)
    return join_batch(file, item, outcome.batch) if outcome.batch is not None else None


def judge(file: CaseFile, item: WorkItem, outcome: Outcome) -> None:
    """Keep a class in the dated history of 四个一批认定, a meeting's verdict, the findings on objections."""
    if outcome.category is not None:
        _classify(file, item, outcome.category)
    if outcome.verdict is not None:
        _record_verdict(file, item, outcome.verdict)
    if outcome.findings:
        _settle_objections(file, outcome.findings)


def file_papers(
    file: CaseFile, item: WorkItem, prints: Sequence[Print], batch: SubmissionBatch | None, *, brought: bool
) -> None:
    """Write what a step calls for: papers, a batch's package, the annexes of a project classified anew."""
    if batch is not None:
        write_package(file, item, batch, brought=brought)
    for each in prints:
        file_print(file, each, item)
    if item.stem == RECLASSIFICATION:  # its Annex 4 and 5 go to be filed with it (art. 15)
        place = Place(PaperKind.ANNEX4, case_id=file.case.id, item_id=item.id)
        tables_of_project(file, place, item.unit)


def _classify(file: CaseFile, item: WorkItem, change: CategoryChange) -> None:
    columns = {
        "project_id": file.project.id,
        "case_id": file.case.id,
        "category": change.category,
        "stem": item.stem,
        "article": change.article,
        "reason": change.reason,
        "decided_on": day_of(file.now),
    }
    add_row(file.session, Classification, columns)


def _record_verdict(file: CaseFile, item: WorkItem, decided: Verdict) -> None:
    """Keep what the meeting decided on this case and write its minutes anew, once for a bulk act."""
    meeting = file.meeting
    assert meeting is not None  # a verdict names the meeting that the step was completed with
    if item.answers is not None:  # it was completed before, and called back
        _forget_verdict(file, item, meeting)
    columns = {
        "meeting_id": meeting.id,
        "case_id": file.case.id,
        "item_id": item.id,
        "verdict": decided.verdict,
        "category": decided.category,
        "measures": decided.measures,
        "reason": decided.reason,
    }
    add_row(file.session, MeetingVerdict, columns)
    write_rows(file.session)  # the minutes are written from what is decided
    write_shared(file, item, ("minutes", meeting.id), lambda _rows: write_minutes(file.acting, meeting))


def _forget_verdict(file: CaseFile, item: WorkItem, meeting: Meeting) -> None:
    """Take out what was entered before the item was called back; another meeting's minutes lose it too."""
    former = drop_verdict(file.session, item.id)
    if former is not None and former is not meeting:
        hold_meeting(file.session, former.id)
        write_minutes(file.acting, former)


def _settle_objections(file: CaseFile, findings: Sequence[ObjectionFinding]) -> None:
    waiting = {o.id: o for o in objections_of(file.session, file.case.id, open_only=True)}
    for finding in findings:
        objection = waiting[finding.objection_id]
        objection.upheld, objection.finding, objection.settled_at = finding.upheld, finding.finding, file.now
