"""The interface: a case, what it waits for, its trail, its place on the diagram, its papers, and acts on all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import orjson
from flask import Response, abort, request, send_file

from bpmn.completed import Completed
from bpmn.position import position
from bpmn.runtime import change_timer, move_targets, move_token, register_objection, resume, suspend, terminate
from bpmn.versions import version_of_case
from ledger.case_views import visible_case, waiting_items
from ledger.cases import Case, timers_of
from ledger.copies import send_copies
from ledger.journal import history
from ledger.paper_access import readable, visible_attachment
from ledger.papers import attachments_of_case, read_paper
from webapp.api import shapes
from webapp.api.operations import Asked, BodyRefused, Schema, acts, reads
from webapp.api.shapes import (
    CASE_BRIEF,
    COMPLETED,
    DAY,
    FLAG,
    NUMBER,
    PAPER,
    PROJECT_BRIEF,
    REASON,
    TEXT,
    TIMER,
    TRAIL,
    WAITING,
    listed,
    named,
)
from webapp.cases import may_object
from webapp.permissions import ACTING, BUREAU, OBJECTIONS, SIGNED_IN, STAFF
from webapp.request import acting, actor, ledger_session, moment, settings

Given = dict[str, Any]
_ELEMENTS = listed(TEXT)


@reads(
    "/cases/<int:case_id>",
    "一个流程：所办项目、等待办理的任务和系统计时",
    STAFF,
    named(project=PROJECT_BRIEF, case=CASE_BRIEF, waiting=listed(WAITING), timers=listed(TIMER)),
)
def case(case_id: int) -> dict[str, Any]:
    found = _visible(case_id)
    elements = version_of_case(found).diagram.elements
    timers = [
        {
            "id": timer.id,
            "element": timer.element,
            "name": elements[timer.element].name,
            "due_at": timer.due_at,
            "provisional": timer.provisional,
        }
        for timer in timers_of(ledger_session(), case_id)
    ]
    return {
        "project": shapes.project_brief(found.project),
        "case": shapes.case_brief(found),
        "waiting": [shapes.waiting(item) for item in waiting_items(ledger_session(), case_id)],
        "timers": timers,
    }


@reads("/cases/<int:case_id>/trail", "流转记录，从早到晚", STAFF, listed(TRAIL))
def trail(case_id: int) -> list[dict[str, Any]]:
    _visible(case_id)
    return [shapes.trail(entry, orjson.loads(entry.detail)) for entry in history(ledger_session(), case_id)]


@reads(
    "/cases/<int:case_id>/position",
    "在流程图上的位置：已办、在办、超期的环节和走过的连线",
    STAFF,
    named(
        done=_ELEMENTS,
        current=_ELEMENTS,
        overdue=_ELEMENTS,
        flows=_ELEMENTS,
        notes={"type": "object", "additionalProperties": named(text=TEXT, kind=TEXT)},
    ),
)
def case_position(case_id: int) -> dict[str, Any]:
    return position(ledger_session(), _visible(case_id), moment().at)


@reads("/cases/<int:case_id>/papers", "材料", STAFF, listed(PAPER))
def papers(case_id: int) -> list[dict[str, Any]]:
    _visible(case_id)
    found = readable(ledger_session(), actor(), attachments_of_case(ledger_session(), case_id))
    return [shapes.paper(attachment) for attachment in found]


@reads("/papers/<int:paper_id>", "一份材料的说明", SIGNED_IN, PAPER)
def paper(paper_id: int) -> dict[str, Any]:
    return shapes.paper(visible_attachment(ledger_session(), actor(), paper_id) or abort(404))


@reads("/papers/<int:paper_id>/content", "一份材料的内容", SIGNED_IN, None)
def paper_content(paper_id: int) -> Response:
    found = visible_attachment(ledger_session(), actor(), paper_id) or abort(404)
    content = BytesIO(read_paper(settings().papers, found.sha256))
    return send_file(content, found.paper.media_type, as_attachment=True, download_name=found.name, max_age=0)


def _on_case(path: str, words: str, more: Schema, act: Callable[[int, Given], Completed], *optional: str) -> None:
    """Declare an act of the bureau on a whole case; every one of them needs a reason."""

    def view(case_id: int, given: Given) -> dict[str, Any]:
        _visible(case_id)
        return shapes.completed(act(case_id, given))

    view.__name__ = f"case_{path.replace('-', '_')}"
    acts(f"/cases/<int:case_id>/{path}", words, BUREAU, named(*optional, **more, reason=REASON), COMPLETED)(view)


_on_case(
    "suspend",
    "暂停流程；interrupts_publicity 为公告被撤下、公告期须重新计算",
    {"interrupts_publicity": FLAG},
    lambda case_id, given: suspend(
        acting(), case_id, given["reason"], interrupts_publicity=given.get("interrupts_publicity", False)
    ),
    "interrupts_publicity",
)
_on_case("resume", "恢复流程", {}, lambda case_id, given: resume(acting(), case_id, given["reason"]))
_on_case("terminate", "终止流程", {}, lambda case_id, given: terminate(acting(), case_id, given["reason"]))
_on_case(
    "move",
    "调整环节：把一个等待中的任务移到另一环节",
    {"token": TEXT, "target": TEXT},
    lambda case_id, given: move_token(acting(), case_id, given["token"], given["target"], given["reason"]),
)
_on_case(
    "change-timer",
    "调整系统计时的最后一天",
    {"timer_id": NUMBER, "last_on": DAY},
    lambda case_id, given: change_timer(acting(), case_id, given["timer_id"], _day(given["last_on"]), given["reason"]),
)


@reads(
    "/cases/<int:case_id>/move-targets",
    "可以调整到的环节",
    BUREAU,
    listed(named(element=TEXT, name=TEXT)),
    (Asked("token", "等待中的任务的标记", TEXT),),
)
def case_move_targets(case_id: int) -> list[dict[str, Any]]:
    _visible(case_id)
    found = move_targets(acting(), case_id, request.args.get("token", "")[:200])
    return [{"element": element, "name": name} for element, name in found]


@acts(
    "/cases/<int:case_id>/objections",
    "登记公告期异议",
    OBJECTIONS,
    named(
        "contact",
        raised_by={**TEXT, "minLength": 1, "maxLength": 200},
        contact={**TEXT, "maxLength": 200},
        content={**TEXT, "minLength": 1, "maxLength": 2000},
    ),
    named(id=NUMBER),
)
def case_objection(case_id: int, given: Given) -> dict[str, Any]:
    found = _visible(case_id)
    if not may_object(found):
        abort(404)
    words = (given["raised_by"], given.get("contact", ""), given["content"])
    return {"id": register_objection(acting(), case_id, *words).id}


@acts(
    "/cases/<int:case_id>/copies",
    "抄送给能够查看该项目的单位",
    ACTING,
    named("note", units=listed(NUMBER), note={**TEXT, "maxLength": 200}),
    named(people=NUMBER),
)
def case_copies(case_id: int, given: Given) -> dict[str, Any]:
    found = _visible(case_id)
    count = send_copies(ledger_session(), actor(), found, given["units"], given.get("note", ""), moment())
    return {"people": count}


def _visible(case_id: int) -> Case:
    return visible_case(ledger_session(), actor(), case_id) or abort(404)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise BodyRefused({"last_on": "日期应为 2023-11-30 这样的写法"}) from wrong
