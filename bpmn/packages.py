"""报送批次: a case joins a batch, and the batch's own papers (请示, Annex 4, Annex 5) are written anew with it (P5)."""

from __future__ import annotations

from collections.abc import Sequence

from bpmn.casefile import CaseFile, signed
from bpmn.prints import write_print
from bpmn.tables import file_tables
from handlers.outcome import BatchJoined, Print, StepRefused
from ledger.cases import WorkItem
from ledger.meetings import BatchCase, SubmissionBatch, projects_of_batch
from ledger.papers import Place, attachments_of_item, papers_of_batch, remove_attachment
from ledger.projects import Project
from ledger.statistics import of_batch
from ledger.vocabulary import Category, PaperKind


def join_batch(file: CaseFile, item: WorkItem, joined: BatchJoined) -> None:
    """Send the case with an existing batch of the same unit and campaign, or with a new one."""
    attested_by = signed(item.unit.short_name, file.acting.actor.name)
    batch = _existing(file, item, joined.batch_id) if joined.batch_id is not None else _new(file, item, joined)
    batch.sent_at = file.now
    file.session.add(
        BatchCase(batch_id=batch.id, case_id=file.case.id, item_id=item.id, attested_by=attested_by, sent_at=file.now)
    )
    file.session.flush()
    _write_package(file, item, batch)


def _new(file: CaseFile, item: WorkItem, joined: BatchJoined) -> SubmissionBatch:
    batch = SubmissionBatch(
        unit_id=item.unit_id,
        campaign_id=file.case.campaign_id,
        title=joined.title,
        number=joined.number,
        created_at=file.now,
        created_by=signed(item.unit.short_name, file.acting.actor.name),
    )
    file.session.add(batch)
    file.session.flush()
    return batch


def _existing(file: CaseFile, item: WorkItem, batch_id: int) -> SubmissionBatch:
    batch = file.session.get(SubmissionBatch, batch_id)
    if batch is None or (batch.unit_id, batch.campaign_id) != (item.unit_id, file.case.campaign_id):
        raise StepRefused({"batch": "这个报送批次不是本单位本批次的，请重新选择"})
    return batch


def _write_package(file: CaseFile, item: WorkItem, batch: SubmissionBatch) -> None:
    """Replace what was written for the batch; a 请示 that somebody uploaded stands and none is written beside it."""
    lying = papers_of_batch(file.session, batch.id)
    for paper in lying:
        if paper.written:
            remove_attachment(paper, file.now)
    place = Place(PaperKind.REQUEST, batch_id=batch.id, written=True)
    file_tables(file, of_batch(batch.id), place)
    brought = [*attachments_of_item(file.session, item.id), *(paper for paper in lying if not paper.written)]
    if not any(paper.kind == PaperKind.REQUEST for paper in brought):
        write_print(file, request(item.unit.name, batch, projects_of_batch(file.session, batch.id)), place, item.unit)


def request(unit: str, batch: SubmissionBatch, projects: Sequence[Project]) -> Print:
    """Print the 请示 that carries a batch."""
    rows = [("文号", batch.number), ("报送单位", unit), ("项目数", f"{len(projects)}个")]
    rows += [(f"{n}. {p.name}", f"{p.number}，{_category(p)}：{p.measures}") for n, p in enumerate(projects, 1)]
    return Print(PaperKind.REQUEST, batch.title, tuple(rows))


def _category(project: Project) -> str:
    return Category(project.category).label if project.category else "未分类"
