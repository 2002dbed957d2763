"""时光回溯: a case, its forms and its diagram as they were after any of its events, each at an address of its own."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.hindsight import Then, diagram_then, picture_then, project_then, then, units_then
from ledger.case_views import case_items, visible_case
from ledger.journal import history
from ledger.paper_access import readable
from ledger.papers import Attachment, lay_at, papers_ever
from ledger.projects import Project
from webapp.case_parts import ACTS, by_kind, passages
from webapp.permissions import STAFF, allows
from webapp.procedure import diagram_answer
from webapp.project_facts import facts_of
from webapp.request import actor, ledger_session, row_number

bp = Blueprint("time_machine", __name__, url_prefix="/cases/<int:case_id>/then")


@bp.get("")
@allows(STAFF)
def latest(case_id: int) -> ResponseReturnValue:
    """Go to the event whose number in the list is asked for, else to the last one."""
    case = visible_case(ledger_session(), actor(), case_id) or abort(404)
    rows = [row for row in history(ledger_session(), case.id) if row.act in ACTS] or abort(404)
    number = request.args.get("event", len(rows), row_number)
    chosen = rows[min(max(1, number), len(rows)) - 1]
    return redirect(url_for("time_machine.show", case_id=case_id, entry_id=chosen.id), 302)


@bp.get("/<int:entry_id>")
@allows(STAFF)
def show(case_id: int, entry_id: int) -> ResponseReturnValue:
    seen = _seen(case_id, entry_id)
    session = ledger_session()
    items = case_items(session, case_id)
    events = passages(seen.case, items)
    number = next((n for n, each in enumerate(events, 1) if each.entry_id == entry_id), None) or abort(404)
    project: Any = project_then(session, seen)
    return render_template(
        "cases/then.html",
        case=seen.case,
        seen=seen,
        events=events,
        number=number,
        passed=passages(seen.case, items, seen.rows[-1]),
        units=units_then(seen),
        papers_by_kind=by_kind(readable(session, actor(), _papers_then(seen))),
        facts=facts_of(cast("Project", project), actor()),
        category=project.category,
    )


def _papers_then(seen: Then) -> list[Attachment]:
    return [paper for paper in papers_ever(ledger_session(), seen.case.id) if lay_at(paper, seen.at)]


@bp.get("/<int:entry_id>/position.json")
@allows(STAFF)
def state(case_id: int, entry_id: int) -> ResponseReturnValue:
    return picture_then(ledger_session(), _seen(case_id, entry_id))


@bp.get("/<int:entry_id>/diagram.bpmn")
@allows(STAFF)
def diagram(case_id: int, entry_id: int) -> ResponseReturnValue:
    return diagram_answer(diagram_then(ledger_session(), _seen(case_id, entry_id)))


def _seen(case_id: int, entry_id: int) -> Then:
    case = visible_case(ledger_session(), actor(), case_id) or abort(404)
    return then(ledger_session(), case, entry_id) or abort(404)
