"""报送批次: a case joins a batch, and the batch's own papers (请示, Annex 4, Annex 5) are written anew with it (P5)."""

from __future__ import annotations

from collections.abc import Sequence

from bpmn.casefile import CaseFile, signed
from bpmn.prints import write_print
from bpmn.tables import file_tables
from handlers.outcome import BatchJoined, Print, StepRefused
from ledger.cases import WorkItem
from ledger.meetings import BatchCase, SubmissionBatch
from ledger.papers import Place, papers_of_batch, remove_attachment
from ledger.projects import Project
from ledger.statistics import of_batch, projects_where
from ledger.vocabulary import Category, PaperKind


def join_batch(file: CaseFile, item: WorkItem, joined: BatchJoined, *, brought: bool) -> None:
    """Send the case with an existing batch of the same unit and campaign, or with a new one.

    `brought` says that a signed 请示 was uploaded with the step.
    """
    attested_by = signed(item.unit.short_name, file.acting.actor.name)
    batch = _existing(file, item, joined.batch_id) if joined.batch_id is not None else _new(file, item, joined)
    file.session.add(
        BatchCase(batch_id=batch.id, case_id=file.case.id, item_id=item.id, attested_by=attested_by, sent_at=file.now)
    )
    file.session.flush()
    _write_package(file, item, batch, brought=brought)


def _new(file: CaseFile, item: WorkItem, joined: BatchJoined) -> SubmissionBatch:
    batch = SubmissionBatch(
        unit_id=item.unit_id,
        campaign_id=file.case.campaign_id,
        title=joined.title,
        number=joined.number,
        created_at=file.now,
        created_by=signed(item.unit.short_name, file.acting.actor.name),
        sent_at=file.now,
    )
    file.session.add(batch)
    file.session.flush()
    return batch


def _existing(file: CaseFile, item: WorkItem, batch_id: int) -> SubmissionBatch:
    batch = file.session.get(SubmissionBatch, batch_id, with_for_update={"key_share": True})
    if batch is None or (batch.unit_id, batch.campaign_id) != (item.unit_id, file.case.campaign_id):
        raise StepRefused({"batch": "这个报送批次不是本单位本批次的，请重新选择"})
    batch.sent_at = file.now
    return batch


def _write_package(file: CaseFile, item: WorkItem, batch: SubmissionBatch, *, brought: bool) -> None:
    """Replace what was written for the batch; a 请示 that somebody uploaded stands and none is written beside it."""
    lying = papers_of_batch(file.session, batch.id)
    for paper in lying:
        if paper.written:
            remove_attachment(paper, file.now)
    place = Place(PaperKind.REQUEST, batch_id=batch.id, written=True)
    projects = projects_where(file.session, of_batch(batch.id))
    file_tables(file, projects, place, item.unit)
    if not brought and not any(paper.kind == PaperKind.REQUEST and not paper.written for paper in lying):
        write_print(file, request(item.unit.name, batch, projects), place, item.unit)


def request(unit: str, batch: SubmissionBatch, projects: Sequence[Project]) -> Print:
    """Print the 请示 that carries a batch."""
    rows = [("文号", batch.number), ("报送单位", unit), ("项目数", f"{len(projects)}个")]
    rows += [(f"{n}. {p.name}", f"{p.number}，{_category(p)}：{p.measures}") for n, p in enumerate(projects, 1)]
    return Print(PaperKind.REQUEST, batch.title, tuple(rows))


def _category(project: Project) -> str:
    return Category(project.category).label if project.category else "未分类"
