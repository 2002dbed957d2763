"""批量办理: one form for several items of one step, with a preview before and a result for each afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.agendas import begun, poses
from bpmn.bulk import Done, Filled, complete_items, submit_together
from bpmn.steps import Posing
from forms.fields import SILENT, Field, FieldType, Form, Posted
from forms.parsing import FormErrors
from ledger.inbox import inbox, next_item, own_rows
from ledger.listing import InboxRow
from ledger.taking import drop_drafts
from ledger.vocabulary import ItemStatus
from webapp.form_page import FormPage
from webapp.listing import read_filters
from webapp.permissions import ACTING, allows
from webapp.request import acting, actor, ledger_session, moment, row_number

bp = Blueprint("bulk", __name__)
STEMS = frozenset({"receive", "joint_review", "unit_opinion", "submission", "acceptance_check", "reply", "filing"})
"""Steps whose form can be the same for several projects; what it says of one project stays that project's own."""
MOST_ITEMS = 100
"""At once: a step that writes a paper for each takes a second for thirty, while others wait to write."""
OWN_NUMBER = "number"  # a 批复 answers one unit, so its number is not for projects of several


@bp.get("/inbox/bulk")
@allows(ACTING)
def preview() -> ResponseReturnValue:
    """Show what was chosen, or all that a search finds of one step, and the one form for it."""
    chosen = request.args.getlist("item")
    rows, problem = _chosen(chosen) if chosen or "stem" not in request.args else _whole_step()
    if not rows or problem:
        return _refused(rows, problem or "请先在列表里选择要批量办理的任务。")
    return _page(rows, most=len(rows) == MOST_ITEMS and not chosen)


@bp.post("/inbox/bulk")
@allows(ACTING)
def carry_out() -> ResponseReturnValue:
    """Complete every item with the form; one that is refused is told and left as it was."""
    rows, problem = _chosen(request.form.getlist("_item"))
    if not rows or problem:
        return _refused(rows, problem or "所选任务都已由他人办理。")
    typed = {name: values for name, values in request.form.to_dict(flat=False).items() if _is_typed(name, values)}
    # what an item starts with is read first: reading it changes nothing, completing the others might
    started = {posing.item.id: begun(posing) for posing in poses(acting(), [row.item_id for row in rows])}
    filled = [Filled(row.item_id, _shown_revision(row), {**started.get(row.item_id, {}), **typed}) for row in rows]
    together = submit_together if rows[0].stem == "submission" and typed.get("into") == ["new"] else complete_items
    report = together(acting(), filled)
    if all(isinstance(done.error, FormErrors) for done in report):
        return _page(rows, typed, _errors(report)), 422
    for done in report:
        if done.happened:
            drop_drafts(ledger_session(), done.subject_id)
    results = [(row, done) for row, done in zip(rows, report, strict=True)]
    following = next_item(ledger_session(), actor(), moment().at)
    return render_template("inbox/bulk_done.html", results=results, rows=rows, following=following)


def _errors(report: Sequence[Done]) -> dict[str, str]:
    """Return what is wrong with the form: what was said of the first item."""
    error = report[0].error
    return dict(error.errors) if isinstance(error, FormErrors) else {}


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


def _whole_step() -> tuple[list[InboxRow], str]:
    """Return what the search in the address finds of one step, the most pressing first, as far as it can be done."""
    filters = read_filters(request.args)
    if filters.stem not in STEMS:
        return [], "这个环节须逐件办理。"
    page = inbox(ledger_session(), actor(), moment().at, filters, MOST_ITEMS)
    free = [
        row
        for row in page.rows
        if row.status == ItemStatus.OPEN and row.held_by_id in (None, actor().user_id) and not row.suspended
    ]
    return free, "" if free else "没有可以批量办理的任务。"


def _is_typed(name: str, values: Sequence[str]) -> bool:
    return name != "csrf_token" and not name.startswith("_") and any(values)


def _shown_revision(row: InboxRow) -> int:
    return request.form.get(f"_revision-{row.item_id}", default=-1, type=int)


def _together(form: Form, *, of_one_unit: bool) -> Form:
    """Return a form without what belongs to one project alone: what is only displayed, files, a unit's own number."""
    alone = {*SILENT, FieldType.FILE}

    def fits(each: Field) -> bool:
        return each.type not in alone and (of_one_unit or each.name != OWN_NUMBER or form.stem != "reply")

    sections = [
        replace(section, fields=tuple(each for each in section.fields if fits(each))) for section in form.sections
    ]
    return replace(form, sections=tuple(section for section in sections if section.fields))


def _page(
    rows: list[InboxRow], typed: Posted | None = None, errors: Mapping[str, str] | None = None, *, most: bool = False
) -> str:
    posings = {posing.item.id: posing for posing in poses(acting(), [row.item_id for row in rows])}
    first = next(iter(posings.values()))
    units = {posing.item.case.project.responsible_unit_id for posing in posings.values()}
    posted = typed if typed is not None else _alike([begun(posing) for posing in posings.values()])
    page = FormPage(_together(first.form, of_one_unit=len(units) == 1), posted, first.asked, errors or {})
    told = {item_id: told_of(posing) for item_id, posing in posings.items()}
    return render_template("inbox/bulk.html", rows=rows, page=page, name=rows[0].name, told=told, most=most)


def _alike(starts: Sequence[Posted]) -> Posted:
    """Return the answers that all items start with."""
    first, *others = starts
    return {name: values for name, values in first.items() if all(other.get(name) == values for other in others)}


def told_of(posing: Posing) -> list[tuple[str, str]]:
    """Return what an item's form tells of its project, by label; its name and number stand beside it already."""
    project = posing.item.case.project
    shown = (
        each for _section, each in posing.form.fields() if each.type is FieldType.DISPLAY and each.name != "project"
    )
    told = ((each.label, posing.asked.display.get(each.name, "")) for each in shown)
    return [(label, text) for label, text in told if text not in ("", project.name, project.number)]


def _refused(rows: Sequence[InboxRow], problem: str) -> ResponseReturnValue:
    back: dict[str, Any] = {"stem": rows[0].stem} if rows else {}
    if not rows and not request.values.getlist("item") and "stem" not in request.args:
        return redirect(url_for("inbox.index"), 302)
    return render_template("inbox/bulk_refused.html", problem=problem, back=url_for("inbox.index", **back)), 422
