"""批量办理: one form for several items of one step, with a preview before and a result for each afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.bulk import Filled, complete_items
from bpmn.runtime import open_item
from forms.fields import SILENT, FieldType, Form, Posted
from ledger.inbox import own_rows
from ledger.listing import InboxRow
from ledger.taking import drop_drafts
from ledger.vocabulary import ItemStatus
from webapp.form_page import FormPage
from webapp.permissions import ACTING, allows
from webapp.request import acting, actor, ledger_session, moment, row_number

bp = Blueprint("bulk", __name__)
STEMS = frozenset({"receive", "joint_review", "acceptance_check", "filing"})
"""Steps whose form can be the same for several projects; what it says of one project stays that project's own."""
MOST_ITEMS = 50


@bp.get("/inbox/bulk")
@allows(ACTING)
def preview() -> ResponseReturnValue:
    """Show what was chosen and the one form for all of it."""
    rows, problem = _chosen(request.args.getlist("item"))
    if not rows or problem:
        return _refused(rows, problem or "请先在列表里选择要批量办理的任务。")
    return _page(rows, {})


@bp.post("/inbox/bulk")
@allows(ACTING)
def carry_out() -> ResponseReturnValue:
    """Complete every item with the form; one that is refused is told and left as it was."""
    rows, problem = _chosen(request.form.getlist("_item"))
    if not rows or problem:
        return _refused(rows, problem or "所选任务都已由他人办理。")
    typed = {name: values for name, values in request.form.to_dict(flat=False).items() if _is_typed(name, values)}
    report = complete_items(acting(), [_filled(row, typed) for row in rows])
    for done in report:
        if done.happened:
            drop_drafts(ledger_session(), done.subject_id)
    return render_template("inbox/bulk_done.html", results=list(zip(rows, report, strict=True)), rows=rows)


def _chosen(sent: Sequence[str]) -> tuple[list[InboxRow], str]:
    """Return the chosen items that wait for the person, and why they cannot be done together."""
    try:
        numbers = {row_number(text) for text in sent[: MOST_ITEMS + 1]}
    except ValueError:
        return [], "所选任务有误，请从列表重新选择。"
    rows = own_rows(ledger_session(), actor(), moment().at, numbers)
    if len(sent) > MOST_ITEMS:
        return rows, f"一次最多批量办理 {MOST_ITEMS} 件，请分几次办理。"
    if len({row.stem for row in rows}) > 1:
        return rows, "批量办理须是同一环节的任务，请用“环节”筛选后再选。"
    if any(row.stem not in STEMS or row.status != ItemStatus.OPEN for row in rows):
        return rows, f"“{rows[0].name}”须逐件办理。"
    return rows, ""


def _is_typed(name: str, values: Sequence[str]) -> bool:
    return name != "csrf_token" and not name.startswith("_") and any(values)


def _filled(row: InboxRow, typed: Posted) -> Filled:
    """Return an item filled with the form, over what its own project says where the form was left empty."""
    own = open_item(acting(), row.item_id).initial_posted
    return Filled(row.item_id, _shown_revision(row), {**own, **typed})


def _shown_revision(row: InboxRow) -> int:
    return request.form.get(f"_revision-{row.item_id}", default=-1, type=int)


def _together(form: Form) -> Form:
    """Return a form without what belongs to one project alone: what is only displayed, and files."""
    alone = {*SILENT, FieldType.FILE}
    sections = [
        replace(section, fields=tuple(each for each in section.fields if each.type not in alone))
        for section in form.sections
    ]
    return replace(form, sections=tuple(section for section in sections if section.fields))


def _page(rows: list[InboxRow], posted: Posted) -> str:
    opened = open_item(acting(), rows[0].item_id)
    page = FormPage(_together(opened.form), posted, opened.asked)
    return render_template("inbox/bulk.html", rows=rows, page=page, name=rows[0].name)


def _refused(rows: Sequence[InboxRow], problem: str) -> ResponseReturnValue:
    back: dict[str, Any] = {"stem": rows[0].stem} if rows else {}
    if not rows and not request.values.getlist("item"):
        return redirect(url_for("inbox.index"), 302)
    return render_template("inbox/bulk_refused.html", problem=problem, back=url_for("inbox.index", **back)), 422
