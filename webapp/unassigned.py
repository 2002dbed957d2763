"""待分派项目: projects no unit could be found for; the bureau names one and pushes."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.import_runs import handed_back
from ledger.imports import assign as assign_to
from ledger.imports import to_push_count, unassigned_projects
from ledger.journal import Act
from ledger.people import Unit, units_of_kind
from ledger.projects import Project
from ledger.vocabulary import Level, UnitKind
from ledger.writing import record
from webapp.imports import county, open_campaign, open_campaigns, push_ready
from webapp.permissions import BUREAU, allows
from webapp.request import actor, ledger_session, moment

bp = Blueprint("unassigned", __name__)
RUNNING = (UnitKind.TOWNSHIP, UnitKind.DEPARTMENT, UnitKind.BUREAU, UnitKind.AGRICULTURE)


@bp.get("/unassigned")
@allows(BUREAU)
def index() -> ResponseReturnValue:
    return _page({})


@bp.post("/unassigned/push")
@allows(BUREAU)
def push_assigned() -> ResponseReturnValue:
    campaign = open_campaign(request.form.get("campaign", type=int))
    if campaign is None:
        return _page({"campaign": "请选择推送到哪个工作批次"}), 422
    return push_ready(campaign)


@bp.post("/unassigned/<int:project_id>")
@allows(BUREAU)
def assign(project_id: int) -> ResponseReturnValue:
    waiting = unassigned_projects(ledger_session(), county())
    project = next((p for p in waiting if p.id == project_id), None) or abort(404)
    unit = next((u for u in _units() if u.id == request.form.get("unit", type=int)), None)
    if unit is None or request.form.get("level") not in set(Level):
        return _page({str(project_id): "请选择承办单位和主管层级"}), 422
    _assign(project, unit, Level(request.form["level"]))
    flash(f"“{project.name}”已分派给 {unit.short_name}，推送后送达。")
    return redirect(url_for("unassigned.index"), 303)


def _assign(project: Project, unit: Unit, level: Level) -> None:
    assign_to(project, unit, level)
    detail = {"project": project.number, "unit": unit.short_name, "level": str(level)}
    record(ledger_session(), moment(), actor(), Act("assign", detail=detail))


def _units() -> list[Unit]:
    return list(units_of_kind(ledger_session(), county(), RUNNING))


def _page(errors: dict[str, str]) -> str:
    campaigns = open_campaigns()
    ready = {c.id: to_push_count(ledger_session(), county(), c.id) for c in campaigns}
    return render_template(
        "imports/unassigned.html",
        projects=unassigned_projects(ledger_session(), county()),
        units=_units(),
        levels=Level,
        campaigns=campaigns,
        ready=ready,
        returned=handed_back(ledger_session(), county()),
        errors=errors,
    )
