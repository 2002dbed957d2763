"""我发起的, 抄送我的 and 草稿; and 抄送 itself: a case brought to the notice of a unit's people."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.case_views import visible_case
from ledger.cases import Case
from ledger.copies import NOTE_LENGTH, CopyRefused, copy_units, mark_copies_read, send_copies
from ledger.vocabulary import CaseStatus
from webapp.listing import list_page
from webapp.permissions import ACTING, SIGNED_IN, STAFF, allows
from webapp.request import actor, ledger_session, moment, row_number

bp = Blueprint("own_lists", __name__)


@bp.get("/started")
@allows(SIGNED_IN)
def started() -> ResponseReturnValue:
    return list_page("started", "inbox/started.html", moment().at, statuses=CaseStatus)


@bp.get("/drafts")
@allows(SIGNED_IN)
def drafts() -> ResponseReturnValue:
    return list_page("drafts", "inbox/drafts.html", moment().at)


@bp.get("/copies")
@allows(SIGNED_IN)
def copies() -> ResponseReturnValue:
    return list_page("copies", "inbox/copies.html", moment().at)


@bp.post("/copies/read")
@allows(SIGNED_IN)
def read_all() -> ResponseReturnValue:
    mark_copies_read(ledger_session(), actor(), moment().at)
    return redirect(url_for("own_lists.copies"), 303)


@bp.post("/copies/<int:copy_id>/read")
@allows(SIGNED_IN)
def read(copy_id: int) -> ResponseReturnValue:
    """Mark one copy as read (已阅)."""
    mark_copies_read(ledger_session(), actor(), moment().at, copy_id)
    return redirect(url_for("own_lists.copies"), 303)


@bp.get("/cases/<int:case_id>/copies/new")
@allows(STAFF)
def new(case_id: int) -> ResponseReturnValue:
    return _page(_visible(case_id), "", "", [])


@bp.post("/cases/<int:case_id>/copies/new")
@allows(ACTING)
def send(case_id: int) -> ResponseReturnValue:
    """Copy the case to the people of the chosen units; what was chosen is never lost."""
    case, note = _visible(case_id), request.form.get("note", "")[: 2 * NOTE_LENGTH].replace("\0", "")
    try:
        chosen = [row_number(text) for text in request.form.getlist("unit")]
    except ValueError:
        chosen = []
    try:
        count = send_copies(ledger_session(), actor(), case, chosen, note, moment())
    except CopyRefused as refused:
        return _page(case, str(refused), note, chosen), 422
    flash(f"已抄送 {count} 人，他们会在“抄送我的”里看到该项目。")
    return redirect(url_for("cases.show", case_id=case_id), 303)


def _visible(case_id: int) -> Case:
    return visible_case(ledger_session(), actor(), case_id) or abort(404)


def _page(case: Case, error: str, note: str, chosen: list[int]) -> str:
    units = copy_units(ledger_session(), case)
    return render_template(
        "inbox/copy.html", case=case, units=units, error=error, note=note, chosen=chosen, most=NOTE_LENGTH
    )
