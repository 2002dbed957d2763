"""月度核对 (R3): a unit looks over its projects with the monthly update and corrects what is not so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.fact_checks import Correction, correct_facts, facts_item
from bpmn.refusals import ActRefused
from forms.fields import Asked
from forms.parsing import FormErrors, parse
from forms.rendering import posted_from, project_answers, project_text
from handlers.outcome import StepRefused
from ledger.fact_checks import confirmed_days, facts_page, project_to_check
from ledger.projects import Project, columns_of
from ledger.round_lists import round_of_visible_item
from ledger.rounds import RoundItem
from ledger.vocabulary import ItemStatus
from webapp.form_page import FormPage
from webapp.own_forms import FACTS
from webapp.permissions import ACTING, STAFF, allows
from webapp.request import acting, actor, ledger_session, row_number, typed

bp = Blueprint("fact_checks", __name__, url_prefix="/rounds/items/<int:item_id>/projects")
PAGE = 50


@bp.get("")
@allows(STAFF)
def index(item_id: int) -> ResponseReturnValue:
    """Show a unit's projects with the facts that change, a page at a time."""
    item = _item(item_id)
    page = facts_page(ledger_session(), item.round, request.args.get("after", "")[:60], PAGE)
    return render_template("rounds/projects.html", item=item, page=page, mine=_is_mine(item), told=_told)


def _told(column: str, value: Any) -> str:
    return project_text(column, value) or "—"


@bp.get("/<int:project_id>")
@allows(ACTING)
def show(item_id: int, project_id: int) -> ResponseReturnValue:
    item = _mine(item_id)
    project = project_to_check(ledger_session(), item.round, project_id, lock=False) or abort(404)
    return _page(item, project, posted_from(FACTS, project_answers(FACTS, columns_of(project))), {})


@bp.post("/<int:project_id>")
@allows(ACTING)
def correct(item_id: int, project_id: int) -> ResponseReturnValue:
    """Take one project's correction; what was typed is never lost."""
    item, posted, session = _mine(item_id), typed(), ledger_session()
    project = project_to_check(session, item.round, project_id, lock=False) or abort(404)
    revision = request.form.get("_revision", -1, row_number)
    try:
        with session.begin_nested():
            correction = Correction(project_id, revision, FACTS, parse(FACTS, posted, Asked()))
            done = correct_facts(acting(), item_id, correction)
    except (FormErrors, StepRefused) as refused:
        return _page(item, project, posted, refused.errors), 422
    except ActRefused as refused:
        return _page(item, project, posted, {"": str(refused)}), 422
    flash(f"已更正“{done.name}”，三率随即按更正后的情况计算。")
    return redirect(url_for("fact_checks.index", item_id=item_id), 303)


def _page(item: RoundItem, project: Project, posted: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    return render_template(
        "rounds/project.html",
        item=item,
        project=project,
        page=FormPage(FACTS, posted, errors=errors),
        confirmed_on=confirmed_days(ledger_session(), [project.id]).get(project.id),
    )


def _item(item_id: int) -> RoundItem:
    """Return a monthly update's step when its unit's rounds are the person's to see; unknown and foreign look alike."""
    if round_of_visible_item(ledger_session(), actor(), item_id) is None:
        abort(404)
    return facts_item(acting(), item_id)


def _mine(item_id: int) -> RoundItem:
    item = _item(item_id)
    return item if _is_mine(item) else abort(404)


def _is_mine(item: RoundItem) -> bool:
    return item.status == ItemStatus.OPEN and (item.unit_id, item.role) in actor().places
