"""What an item's page and its case's page show alike: 流转记录, the list beside the diagram, papers by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import orjson

from bpmn.previous import earlier_of, understood
from bpmn.versions import Lineage, lineage_of, version_of_case
from forms.changes import Change, changes
from forms.fields import Asked
from forms.rendering import shown
from ledger.archive import archive_rows
from ledger.case_views import case_entries, case_items, is_only_asked
from ledger.cases import WAITING, Case, WorkItem, timers_of
from ledger.comments import comments_for, field_of
from ledger.db import day_of
from ledger.former_answers import former_answers
from ledger.journal import Entry, history, rests_in
from ledger.paper_access import is_shown_to_asked, readable, readable_rows
from ledger.papers import Attachment, attachments_of_case, lay_at, papers_ever
from ledger.vocabulary import CaseStatus, ItemStatus, PaperKind, ReviewOpinion
from webapp.layout import calendar
from webapp.request import actor, ledger_session, moment

ACTS = {
    "start": "推送",
    "complete": "办结",
    "sign": "审核签字",
    "unsigned": "退回修改",
    "prepare": "提交审核",
    "entry": "登记",
    "timer": "到期",
    "objection": "登记异议",
    "overdue": "逾期未反馈",
    "send_back": "退回",
    "call_back": "撤回",
    "transfer": "转办",
    "urge": "催办",
    "claim": "领取",
    "release": "放回",
    "delegate": "委托办理",
    "hand_back": "交回",
    "add_reviewer": "加签",
    "drop_reviewer": "减签",
    "skip": "跳过",
    "suspend": "暂停",
    "resume": "恢复",
    "terminate": "终止",
    "move": "调整环节",
    "change_timer": "调整期限",
    "repost": "重新张贴",
    "recount": "重算期限",
    "replan": "调整批次日期",
    "retry": "重试",
    "copy": "抄送",
    "hand_over": "离岗移交",
    "migrate": "更换流程版本",
    "migrate_back": "换回流程版本",
    "waiver_requested": "申请不适用",
    "waiver_confirmed": "确认不适用",
    "ledger_edit": "修改台账",
    "fact_correction": "月度更正",
}
_REVIEW = "joint_review"
_OPINION_PILLS = {
    ReviewOpinion.AGREE: "p-green",
    ReviewOpinion.REMARKS: "p-orange",
    ReviewOpinion.DISAGREE: "p-red",
}
_ANSWERED = frozenset({"complete", "sign", "prepare"})
_FINISHED = _ANSWERED - {"prepare"}


@dataclass(frozen=True)
class Passage:
    """One line of 流转记录; `entry_id` is its row of the journal."""

    entry_id: int
    item_id: int | None
    at: datetime
    act: str
    step: str
    element: str
    who: str
    summary: str
    opinion: str
    sent_to: tuple[str, ...]
    received_at: datetime | None
    papers: Sequence[Attachment]
    answers: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    took: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Stop:
    """A step in the list beside the diagram."""

    element: str
    name: str
    unit: str
    state: str  # done, current, overdue
    words: str
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Step:
    """A step of the diagram with each part of it: one, or one for each body that is asked at once."""

    element: str
    name: str
    stops: tuple[Stop, ...]


@dataclass(frozen=True)
class Pause:
    """What a case waits for without anybody's doing: a period, a date of the campaign."""

    name: str
    began_at: datetime
    ends_at: datetime
    provisional: bool  # counted past the published calendar


def pauses(case: Case) -> list[Pause]:
    """Return the timers a case waits at, under the names they have on the diagram."""
    elements = version_of_case(case).diagram.elements
    return [
        Pause(elements[timer.element].name, timer.created_at, timer.due_at, timer.provisional)
        for timer in timers_of(ledger_session(), case.id)
    ]


def case_parts(case: Case) -> dict[str, Any]:
    """Return the template values that tabs of both pages need; whose unit was only asked sees its own part (P3)."""
    session = ledger_session()
    items = case_items(session, case.id)
    every = attachments_of_case(session, case.id)
    papers = readable(session, actor(), every)
    elements = version_of_case(case).diagram.elements
    told, asked = passages(case, items), is_only_asked(session, actor(), case.project_id)
    if asked:
        items = [item for item in items if actor().in_unit(item.unit_id)]
        own = {item.id for item in items}
        remarks = {field_of(one) for one in comments_for(session, actor(), case.id)}
        papers = [paper for paper in papers if is_shown_to_asked(paper, own, remarks)]
        told = [each for each in told if each.item_id in own]
    return {
        "case": case,
        "project": case.project,
        "asked": asked,
        "passages": told,
        "stops": stops(items, told),
        "calls": [(each.id, each.name or each.id) for each in elements.values() if each.called is not None],
        "papers_by_kind": by_kind(papers),
        "withheld": not asked and len(papers) < len(every),
        "items": items,
        "archive": () if asked else readable_rows(session, actor(), archive_rows(session, case)),
    }


def passages(case: Case, items: Sequence[WorkItem], until: Entry | None = None) -> list[Passage]:
    """Return what happened to a case, oldest first; with `until` as it stood right after that row of its journal."""
    session, lineage = ledger_session(), lineage_of(ledger_session(), case)
    rows = [row for row in history(session, case.id) if row.act in ACTS and (until is None or row.id <= until.id)]
    rests, known = rests_in(rows), {item.id: item for item in items}
    said = _said(rows, known, case)
    last = {row.item_id: row.id for row in rows if row.act in _ANSWERED}
    papers = readable(session, actor(), papers_ever(session, case.id))
    told = []
    for row in rows:
        item = known.get(row.item_id or 0)
        one = _passage(row, item, lineage, said.get(row.id))
        if item is not None and row.id in said:
            now = until.at if until is not None else moment().at
            at = now if last.get(item.id) == row.id else row.at
            one = replace(one, papers=[paper for paper in papers if paper.item_id == item.id and lay_at(paper, at)])
        if item is not None and last.get(item.id) == row.id:
            one = replace(one, took=_took(item, row, rests))
        if item is not None and one.answers and row.act in _ANSWERED:
            one = replace(one, changes=_since_last_time(items, item, lineage, said[row.id]))
        told.append(one)
    return told


def _said(rows: Sequence[Entry], known: Mapping[int, WorkItem], case: Case) -> dict[int, Mapping[str, Any]]:
    """Return what was said at which row: of completions that say the same (提交审核, its signature) at the last."""
    former, entered = former_answers(ledger_session(), case.id), case_entries(ledger_session(), case.id)
    nth = Counter[int]()
    alike: dict[tuple[int, int], tuple[int, Mapping[str, Any]]] = {}
    said: dict[int, Mapping[str, Any]] = {}
    for row in rows:
        item = known.get(row.item_id or 0)
        if item is None:
            continue
        if row.act == "entry" and nth[item.id] < len(entered.get(item.id, ())):
            said[row.id] = entered[item.id][nth[item.id]].answers or {}
            nth[item.id] += 1
        if row.act in _ANSWERED:
            kept = next((each for each in former.get(item.id, ()) if each.until_entry_id >= row.id), None)
            alike[item.id, kept.id if kept else 0] = row.id, (kept.answers if kept else item.answers) or {}
    return {**said, **dict(alike.values())}


def _since_last_time(
    items: Sequence[WorkItem], item: WorkItem, lineage: Lineage, answers: Mapping[str, Any]
) -> tuple[Change, ...]:
    """Return what a step says differently from when it was done before; nothing the first time."""
    before = earlier_of(items, item)
    if before is None:
        return ()
    form = lineage.at(item.completed_at or item.created_at).form_of(item.element, item.stem)
    return changes(form, understood(lineage, before, form), answers)


def _passage(entry: Entry, item: WorkItem | None, lineage: Lineage, said: Mapping[str, Any] | None) -> Passage:
    detail = orjson.loads(entry.detail)
    form = lineage.at(entry.at).form_of(item.element, item.stem) if item is not None and said is not None else None
    return Passage(
        entry_id=entry.id,
        item_id=entry.item_id,
        at=entry.at,
        act=ACTS[entry.act],
        step=detail.get("name") or "",
        element=entry.element,
        who=_who(entry, detail),
        summary=detail.get("summary") or detail.get("reason") or "",
        opinion=detail.get("opinion") or "",
        sent_to=tuple(f"{name}（{unit}）" for name, unit in detail.get("sent_to", ())),
        received_at=item.created_at if item else None,
        papers=(),
        answers=shown(form, said, Asked()) if form is not None and said is not None else (),
    )


def _who(entry: Entry, detail: Mapping[str, Any]) -> str:
    """Return unit and person as they were, and in whose place the person acted."""
    who = entry.who if entry.who.startswith(entry.unit) else f"{entry.unit} {entry.who}"
    return f"{who} 代 {detail['in_place_of']} 办理" if detail.get("in_place_of") else who


def _took(item: WorkItem, row: Entry, rests: Sequence[tuple[date, date]]) -> str:
    """Say in working days how long a step took, without the days the case was suspended."""
    if row.act not in _FINISHED:
        return ""
    days = calendar().spent(day_of(item.created_at), day_of(row.at), rests)
    return f"用时 {days} 个工作日" if days else "当日办结"


def stops(items: Sequence[WorkItem], told: Sequence[Passage] = ()) -> list[Step]:
    """Return the steps a case came through and those it waits at, with all that was done there, earlier rounds too."""
    latest: dict[tuple[str, str | None], WorkItem] = {
        (item.element, item.instance): item for item in items if item.status != ItemStatus.CANCELLED
    }
    place = {item.id: (item.element, item.instance) for item in items}
    done: dict[tuple[str, str | None], list[Passage]] = {}
    for passage in told:
        if passage.item_id in place:
            done.setdefault(place[passage.item_id], []).append(passage)
    by_step: dict[str, list[Stop]] = {}
    for key, item in latest.items():
        by_step.setdefault(item.element, []).append(replace(_stop(item), passages=tuple(done.get(key, ()))))
    return [Step(element, parts[0].name, tuple(parts)) for element, parts in by_step.items()]


def _stop(item: WorkItem) -> Stop:
    if item.status == ItemStatus.DONE:
        who = item.completed_by.name if item.completed_by else "系统"
        day = day_of(item.completed_at or item.created_at).isoformat()
        return Stop(item.element, item.name, item.unit.short_name, "done", f"{day} {who}")
    if item.status == ItemStatus.SKIPPED:
        return Stop(item.element, item.name, item.unit.short_name, "done", ItemStatus.SKIPPED.label)
    late = item.due_at <= moment().at and item.case.status != CaseStatus.SUSPENDED
    return Stop(item.element, item.name, item.unit.short_name, "overdue" if late else "current", "")


@dataclass(frozen=True)
class OpinionLine:
    """One body's part of the newest joint review: what it said, or that it is still missing."""

    item: WorkItem
    missing: bool
    label: str
    pill: str
    text: str


def opinions_of(items: Sequence[WorkItem]) -> list[OpinionLine]:
    """Return the newest joint review body by body, those still missing among them; none before the first (P3)."""
    parts = [item for item in items if item.stem == _REVIEW and item.status != ItemStatus.CANCELLED]
    begins = max((item.created_at for item in parts if _is_first_of_round(item, items)), default=None)
    return [_opinion(item) for item in parts if begins is not None and item.created_at >= begins]


def _is_first_of_round(item: WorkItem, items: Sequence[WorkItem]) -> bool:
    """Say whether a part came with its round and was not added to it: right before it stands another step."""
    before = [each for each in items if each.id < item.id and each.status != ItemStatus.CANCELLED]
    return not before or before[-1].stem != _REVIEW


def _opinion(item: WorkItem) -> OpinionLine:
    said = (item.answers or {}) if item.status == ItemStatus.DONE else {}
    opinion = ReviewOpinion(said["opinion"]) if said.get("opinion") else None
    return OpinionLine(
        item=item,
        missing=item.status in WAITING,
        label=opinion.label if opinion else ItemStatus(item.status).label,
        pill=_OPINION_PILLS.get(opinion, "p-gray") if opinion else "p-gray",
        text=str(said.get("text") or ""),
    )


def by_kind(papers: Sequence[Attachment]) -> list[tuple[str, list[Attachment]]]:
    """Return papers under their kinds, in the order of the closed list."""
    found: dict[str, list[Attachment]] = {}
    for paper in papers:
        found.setdefault(paper.kind, []).append(paper)
    return [(kind.label, found[kind]) for kind in PaperKind if kind in found]
