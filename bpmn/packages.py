"""报送批次: a case joins a batch, and the batch's own papers (请示, Annex 4, Annex 5) are written anew with it (P5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bpmn.casefile import CaseFile
from bpmn.prints import entered_by, write_print
from bpmn.shared_papers import write_shared
from bpmn.tables import tables_of_batch
from forms.rendering import chinese_date, class_counts, table_name
from handlers.outcome import BatchJoined, Print, StepRefused
from handlers.rules import label_of
from ledger.cases import WorkItem
from ledger.db import day_of
from ledger.meetings import BatchCase, SignedForm, SubmissionBatch, forms_signed_for
from ledger.numbers import Issue, NumberRefused, draw_number, enter_number
from ledger.papers import Place, withdraw_package
from ledger.people import Unit
from ledger.projects import Project
from ledger.scope import signed
from ledger.taking import add_row
from ledger.vocabulary import Category, PaperKind, UnitKind
from ledger.writing import write_rows


def join_batch(file: CaseFile, item: WorkItem, joined: BatchJoined) -> SubmissionBatch:
    """Send the case with an existing batch of the same unit and campaign, or with a new one."""
    attested_by = signed(item.unit.short_name, file.acting.actor.name)
    batch = _existing(file, item, joined.batch_id) if joined.batch_id is not None else _new(file, item, joined)
    sent = {"batch_id": batch.id, "case_id": file.case.id, "item_id": item.id, "sent_at": file.now}
    add_row(file.session, BatchCase, {**sent, "attested_by": attested_by})
    write_rows(file.session)  # its papers are written from what it holds
    return batch


def _new(file: CaseFile, item: WorkItem, joined: BatchJoined) -> SubmissionBatch:
    batch = SubmissionBatch(
        unit_id=item.unit_id,
        campaign_id=file.case.campaign_id,
        title=joined.title,
        number=_number(file, item, joined),
        created_at=file.now,
        created_by=signed(item.unit.short_name, file.acting.actor.name),
        sent_at=file.now,
    )
    file.session.add(batch)
    file.session.flush()
    return batch


def _number(file: CaseFile, item: WorkItem, joined: BatchJoined) -> str:
    """Draw the number of a 请示, or enter the one that was given."""
    issue, entered = Issue(item.unit, PaperKind.REQUEST, joined.title, day_of(file.now)), entered_by(file.acting)
    if not joined.number:
        return draw_number(file.session, issue, entered)
    try:
        return enter_number(file.session, issue, joined.number, entered)
    except NumberRefused as refused:
        raise StepRefused({"number": str(refused)}) from refused


def _existing(file: CaseFile, item: WorkItem, batch_id: int) -> SubmissionBatch:
    batch = file.session.get(SubmissionBatch, batch_id, with_for_update={"key_share": True})
    if batch is None or (batch.unit_id, batch.campaign_id) != (item.unit_id, file.case.campaign_id):
        raise StepRefused({"batch": "这个报送批次不是本单位本批次的，请重新选择"})
    batch.sent_at = file.now
    return batch


def write_package(file: CaseFile, item: WorkItem, batch: SubmissionBatch, *, brought: bool) -> None:
    """Replace what was written for the batch; a 请示 that somebody uploaded stands and none is written beside it.

    `brought` says that a signed 请示 was uploaded with the step.
    """
    write_shared(file, item, ("package", batch.id), lambda rows: _write(*rows[-1], batch, brought=brought))


def _write(file: CaseFile, item: WorkItem, batch: SubmissionBatch, *, brought: bool) -> None:
    brought |= withdraw_package(file.session, batch.id, file.now)
    place = Place(PaperKind.REQUEST, batch_id=batch.id, written=True)
    signed = [] if brought else forms_signed_for(file.session, batch.id)
    projects = tables_of_batch(file.acting, place, item.unit)
    if not brought:
        write_print(file, request(item.unit, batch, projects, signed), place, item.unit)


def request(unit: Unit, batch: SubmissionBatch, projects: Sequence[Project], signed: Sequence[SignedForm]) -> Print:
    """Print the 请示 that carries a batch; a department signs in it what Annex 3 has no box for."""
    listed = [
        {"名称": p.name, "编号": p.number, "分类": label_of(Category, p.category), "措施": p.measures} for p in projects
    ]
    annexed = [
        {"名称": f"经营性帮扶产业项目“四个一批”分类及处置措施申请表（{len(projects)}份）"},
        *({"名称": name} for name in _ANNEXED),
    ]
    rows = (
        ("文号", batch.number),
        ("项目数", str(len(projects))),
        ("分类情况", class_counts(project.category for project in projects)),
        ("签发人", "、".join(dict.fromkeys(each.by for each in signed))),
        ("单位意见", "" if unit.kind == UnitKind.TOWNSHIP else _opinions(signed)),
    )
    return Print(PaperKind.REQUEST, batch.title, rows, "request", {"项目": listed, "附件": annexed})


def _opinions(signed: Sequence[SignedForm]) -> str:
    """Return what a department's 审核人 said, once where all projects got the same words."""
    told: dict[tuple[str, str, date], list[str]] = {}
    for each in signed:
        told.setdefault((each.opinion, each.by, day_of(each.signed_at)), []).append(each.project)
    lines = [
        (f"{'、'.join(names)}：" if len(told) > 1 else "") + f"{words}（{by}，{chinese_date(day)}签署）"
        for (words, by, day), names in told.items()
    ]
    return "\n".join(lines)


_ANNEXED = (
    table_name(PaperKind.ANNEX4),
    table_name(PaperKind.ANNEX5),
    PaperKind.SURVEY_REPORT.label,
    PaperKind.PARTY_MINUTES.label,
)
