"""The interface: lists of items, one item with its form, and every act on it that the pages offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, request

from bpmn.bulk import Done, Filled, complete_items
from bpmn.completed import Completed
from bpmn.runtime import (
    ActRefused,
    add_reviewer,
    call_back,
    candidates,
    claim,
    colleagues,
    complete_item,
    delegate,
    drop_reviewer,
    hand_back,
    open_item,
    record_overdue,
    release,
    return_targets,
    send_back,
    sign_item,
    skip,
    transfer,
    urge,
)
from forms.fields import FieldType, Posted, options_of
from forms.schema import json_schema
from ledger.case_views import item_papers
from ledger.inbox import own_rows
from ledger.journal import Act
from ledger.listing import LIMIT_LABELS, Limit, Order
from ledger.papers import Place, attach, remove_attachment
from ledger.scope import case_id_of_visible_item, hold_visible_item
from ledger.taking import drop_drafts
from ledger.vocabulary import Category, ItemStatus, PaperKind
from ledger.writing import record
from webapp.api import shapes
from webapp.api.operations import Asked, BodyRefused, Schema, acts, reads, sends_file
from webapp.api.projects import AFTER, PAGE
from webapp.api.shapes import (
    COMPLETED,
    FLAG,
    ITEM_BRIEF,
    MOMENT,
    NUMBER,
    PAPER,
    REASON,
    REVISION,
    TEXT,
    listed,
    named,
    paged,
)
from webapp.listing import LISTS, read_filters
from webapp.permissions import ACTING, SIGNED_IN, STAFF
from webapp.request import acting, actor, ledger_session, moment, settings
from webapp.uploads import FileRefused, take

Given = dict[str, Any]
_ITEM_LISTS = ("inbox", "receipt", "done", "under_way")
_BOX: Schema = {
    "anyOf": [
        {"type": ["string", "integer", "boolean"]},
        {"type": "array", "items": {"type": "string"}, "maxItems": 500},
    ]
}
ANSWERS: Schema = {
    "type": "object",
    "additionalProperties": _BOX,
    "maxProperties": 4000,
    "description": "表单各框的值，名称同任务答复里的 answers；金额写文字，勾选写 true，多选写数组",
}
_CHOICE = listed(named(id=NUMBER, name=TEXT))


@reads(
    "/items",
    "任务：待办、待签收、已办或在办事项",
    SIGNED_IN,
    paged(ITEM_BRIEF, counts={"type": "object", "additionalProperties": NUMBER}),
    (
        Asked("list", "、".join(f"{name} {LISTS[name].label}" for name in _ITEM_LISTS), {"enum": list(_ITEM_LISTS)}),
        Asked("q", "名称、编号、乡镇或拼音首字母", TEXT),
        Asked("stem", "环节", TEXT),
        Asked("category", "四个一批类别", {"enum": [str(one) for one in Category]}),
        Asked("limit", "、".join(f"{limit} {LIMIT_LABELS[limit]}" for limit in Limit), {"enum": [*map(str, Limit)]}),
        Asked("order", "due 按办理时限，newest 最近送来在前", {"enum": [*map(str, Order)]}),
        AFTER,
    ),
)
def items() -> dict[str, Any]:
    name = request.args.get("list", "inbox")
    if name not in _ITEM_LISTS:
        raise BodyRefused({"list": f"只能是 {'、'.join(_ITEM_LISTS)}"})
    page = LISTS[name].read(ledger_session(), actor(), moment().at, read_filters(request.args), PAGE)
    counts = {str(limit): count for limit, count in page.counts.items()}
    return {"rows": [shapes.item_brief(row) for row in page.rows], "next": page.next, "counts": counts}


@reads(
    "/items/<int:item_id>",
    "一个任务：表单、预填的答案、已上传的材料",
    STAFF,
    named(
        id=NUMBER,
        case_id=NUMBER,
        project_id=NUMBER,
        name=TEXT,
        stem=TEXT,
        article=TEXT,
        status=TEXT,
        revision=NUMBER,
        due_at=MOMENT,
        mine=FLAG,
        fields=listed(
            named(name=TEXT, label=TEXT, type=TEXT, required=FLAG, options=listed(named(value=TEXT, label=TEXT)))
        ),
        answers={"type": "object", "additionalProperties": listed(TEXT)},
        form={"type": "object", "description": "整理后的答案须满足的 JSON Schema"},
        papers=listed(PAPER),
    ),
)
def item(item_id: int) -> dict[str, Any]:
    _visible(item_id)
    opened = open_item(acting(), item_id)
    fields = [
        {
            "name": each.name,
            "label": each.label,
            "type": str(each.type),
            "required": each.required,
            "options": [{"value": option.value, "label": option.label} for option in options_of(each, opened.asked)],
        }
        for _section, each in opened.form.fields()
        if not each.retired
    ]
    found = opened.item
    return {
        "id": found.id,
        "case_id": found.case_id,
        "project_id": opened.project.id,
        "name": found.name,
        "stem": found.stem,
        "article": found.article,
        "status": str(ItemStatus(found.status)),
        "revision": found.revision,
        "due_at": found.due_at,
        "mine": opened.mine,
        "fields": fields,
        "answers": opened.initial_posted,
        "form": json_schema(opened.form, opened.asked),
        "papers": [shapes.paper(attachment) for attachment in item_papers(ledger_session(), item_id)],
    }


@sends_file(
    "/items/<int:item_id>/papers",
    "给任务的一个上传项添加一份材料",
    ACTING,
    named(field=TEXT, file={"type": "string", "format": "binary"}),
    PAPER,
)
def item_paper(item_id: int) -> dict[str, Any]:
    case_id = _visible(item_id)
    opened = open_item(acting(), item_id)
    if opened.item.status != ItemStatus.OPEN:
        raise ActRefused("该任务已不在办理中，不能再添加材料")
    if not opened.mine:
        abort(403)
    files = {each.name: each for _section, each in opened.form.fields() if each.type == FieldType.FILE}
    field, sent = files.get(request.form.get("field", "")), request.files.get("file")
    if field is None or sent is None:
        raise FileRefused("请写明 field（表单里的上传项）和 file（文件）")
    place = Place(PaperKind(field.kind), case_id=case_id, item_id=item_id, field=field.name)
    attachment = attach(ledger_session(), settings().papers, take(sent), place, actor(), moment().at)
    ledger_session().flush()
    told = {"file": attachment.name}
    record(ledger_session(), moment(), actor(), Act("upload", case_id=case_id, item_id=item_id, detail=told))
    return shapes.paper(attachment)


@acts(
    "/items/<int:item_id>/papers/<int:paper_id>/remove",
    "移除自己任务里一份已上传的材料",
    ACTING,
    named(),
    listed(PAPER),
)
def item_paper_remove(item_id: int, paper_id: int, given: Given) -> list[dict[str, Any]]:
    del given  # an empty object
    case_id = _visible(item_id)
    opened, session = open_item(acting(), item_id), ledger_session()
    found = next((each for each in item_papers(session, item_id) if each.id == paper_id and each.field), None)
    if found is None or not opened.mine or opened.item.status != ItemStatus.OPEN:
        abort(404)
    remove_attachment(found, moment().at)
    record(
        session, moment(), actor(), Act("remove_paper", case_id=case_id, item_id=item_id, detail={"file": found.name})
    )
    session.flush()
    return [shapes.paper(each) for each in item_papers(session, item_id)]


def _choices(path: str, words: str, found: Callable[[int], tuple[tuple[int, str], ...]]) -> None:
    def view(item_id: int) -> list[dict[str, Any]]:
        _visible(item_id)
        return [{"id": number, "name": name} for number, name in found(item_id)]

    view.__name__ = f"item_{path}"
    reads(f"/items/<int:item_id>/{path}", words, STAFF, _CHOICE)(view)


_choices("colleagues", "可以委托填写的同事", lambda item_id: colleagues(acting(), item_id))
_choices("candidates", "还可以加签的单位", lambda item_id: candidates(acting(), item_id))


@reads("/items/<int:item_id>/return-targets", "可以退回到的环节", STAFF, listed(named(element=TEXT, name=TEXT)))
def item_return_targets(item_id: int) -> list[dict[str, Any]]:
    _visible(item_id)
    return [{"element": element, "name": name} for element, name in return_targets(acting(), item_id)]


def _on_item(
    path: str, words: str, takes: Mapping[str, Schema], act: Callable[[int, Given], Completed], *optional: str
) -> None:
    """Declare an act on an item: seen by who may see its case, refused by the runtime to whom it does not wait for."""

    def view(item_id: int, given: Given) -> dict[str, Any]:
        hold_visible_item(ledger_session(), actor(), item_id) or abort(404)
        return shapes.completed(act(item_id, given))

    view.__name__ = f"item_{path.replace('-', '_')}"
    acts(f"/items/<int:item_id>/{path}", words, ACTING, named(*optional, **takes), COMPLETED)(view)


def _complete(item_id: int, given: Given) -> Completed:
    return complete_item(acting(), item_id, given["revision"], posted_of(given["answers"]))


def _sign(item_id: int, given: Given) -> Completed:
    opinion = given.get("opinion", "").strip()
    if not given["approve"] and not opinion:
        raise BodyRefused({"opinion": "退回修改须写明理由"})
    return sign_item(acting(), item_id, given["revision"], given["approve"], opinion)


def _send_back(item_id: int, given: Given) -> Completed:
    words = (given["revision"], given["target"], given["reason"])
    return send_back(acting(), item_id, *words, straight_back=given.get("straight_back", False))


def _hand_back(item_id: int, given: Given) -> Completed:
    return hand_back(acting(), item_id, given["revision"], posted_of(given["answers"]))


_SHOWN = {"revision": REVISION}
_WHY = {"reason": REASON}
_OPINION: Schema = {"type": "string", "maxLength": 500}
_on_item("complete", "提交：填写完成，交审核人或送下一环节", {**_SHOWN, "answers": ANSWERS}, _complete)
_on_item("sign", "审核签字，或退回填写人修改", {**_SHOWN, "approve": FLAG, "opinion": _OPINION}, _sign, "opinion")
_on_item(
    "send-back",
    "退回到以前的环节；straight_back 为办完直接回到这里",
    {**_SHOWN, "target": TEXT, "straight_back": FLAG, **_WHY},
    _send_back,
    "straight_back",
)
_on_item(
    "call-back", "撤回自己刚办结的任务", _WHY, lambda item_id, given: call_back(acting(), item_id, given["reason"])
)
_on_item(
    "transfer",
    "转办给本县另一单位",
    {**_SHOWN, "unit_id": NUMBER, **_WHY},
    lambda item_id, given: transfer(acting(), item_id, given["revision"], given["unit_id"], given["reason"]),
)
_on_item("claim", "领取", _SHOWN, lambda item_id, given: claim(acting(), item_id, given["revision"]))
_on_item(
    "release",
    "放回",
    {**_SHOWN, **_WHY},
    lambda item_id, given: release(acting(), item_id, given["revision"], given.get("reason", "")),
    "reason",
)
_on_item(
    "delegate",
    "委托同事填写",
    {**_SHOWN, "user_id": NUMBER, **_WHY},
    lambda item_id, given: delegate(acting(), item_id, given["revision"], given["user_id"], given["reason"]),
)
_on_item("hand-back", "填好交回委托人", {**_SHOWN, "answers": ANSWERS}, _hand_back)
_on_item(
    "skip",
    "跳过流程图允许跳过的环节",
    {**_SHOWN, **_WHY},
    lambda item_id, given: skip(acting(), item_id, given["revision"], given["reason"]),
)
_on_item(
    "add-reviewer",
    "加签：再请一个单位提出意见",
    {"unit_id": NUMBER, **_WHY},
    lambda item_id, given: add_reviewer(acting(), item_id, given["unit_id"], given["reason"]),
)
_on_item(
    "drop-reviewer",
    "减签：不再请这个单位提出意见",
    _WHY,
    lambda item_id, given: drop_reviewer(acting(), item_id, given["reason"]),
)
_on_item("overdue", "会审到期没有意见，记为逾期未反馈", {}, lambda item_id, _given: record_overdue(acting(), item_id))


@acts(
    "/items/complete",
    "批量提交本人的待办，逐行答复；被拒绝的行不作任何改动",
    ACTING,
    named(rows={**listed(named(item_id=NUMBER, revision=REVISION, answers=ANSWERS)), "minItems": 1, "maxItems": 500}),
    listed(
        named("completed", item_id=NUMBER, happened=FLAG, sentence=TEXT, completed=COMPLETED),
    ),
)
def items_complete(given: Given) -> list[dict[str, Any]]:
    """Complete many items, each as if alone; what does not wait for the person is not there (ItemGone)."""
    rows = given["rows"]
    mine = {row.item_id for row in own_rows(ledger_session(), actor(), moment().at, {row["item_id"] for row in rows})}
    filled = [
        Filled(row["item_id"] if row["item_id"] in mine else 0, row["revision"], posted_of(row["answers"]))
        for row in rows
    ]
    report = complete_items(acting(), filled)
    for done in report:
        if done.happened:
            drop_drafts(ledger_session(), done.subject_id)
    return [_told(row["item_id"], done) for row, done in zip(rows, report, strict=True)]


def _filled(row: Given, mine: bool) -> Filled:
    return Filled(row["item_id"] if mine else 0, row["revision"], posted_of(row["answers"]))


def _told(item_id: int, done: Done) -> dict[str, Any]:
    told = {"item_id": item_id, "happened": done.happened, "sentence": done.sentence}
    return told if done.completed is None else {**told, "completed": shapes.completed(done.completed)}


@acts(
    "/items/<int:item_id>/urge",
    "催办：每个任务每天一次",
    ACTING,
    named("words", words={"type": "string", "maxLength": 200}),
    named(people=NUMBER),
)
def item_urge(item_id: int, given: Given) -> dict[str, Any]:
    _visible(item_id)
    return {"people": urge(acting(), item_id, given.get("words", ""))}


def posted_of(answers: Mapping[str, Any]) -> Posted:
    """Return answers as the boxes of the form post them; an unticked box posts nothing."""
    posted: dict[str, list[str]] = {}
    for name, value in answers.items():
        if isinstance(value, list):
            posted[name] = value
        elif value is True:
            posted[name] = ["true"]
        elif value is not False:
            posted[name] = [str(value)]
    return posted


def _visible(item_id: int) -> int:
    return case_id_of_visible_item(ledger_session(), actor(), item_id) or abort(404)
