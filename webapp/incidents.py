"""异常处理: what failed, with its cause, retried one by one or together; cases suspended and cases nobody acts on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.demands import reason_of
from bpmn.refusals import ActRefused
from bpmn.retries import Site, retry_incidents
from ledger.incident_lists import all_projects, mended_lines, open_lines
from ledger.oversight_lists import silent_cases, silent_since, suspended_cases
from ledger.vocabulary import IncidentKind
from webapp.background import after_the_answer
from webapp.layout import calendar
from webapp.permissions import SYSTEM, allows
from webapp.request import actor, ledger_session, moment, row_number, sessions, settings
from webapp.stalled import days_asked

bp = Blueprint("incidents", __name__, url_prefix="/incidents")
_MOST_STALLED = 100


@bp.get("")
@allows(SYSTEM)
def index() -> ResponseReturnValue:
    session, now = ledger_session(), moment().at
    kind = request.args.get("kind", "")
    kind = kind if kind in set(IncidentKind) else ""
    days = days_asked()
    cutoff = silent_since(calendar(), now, days)
    return render_template(
        "incidents/index.html",
        rows=open_lines(session, kind),
        mended=mended_lines(session, now),
        kinds=IncidentKind,
        kind=kind,
        days=days,
        suspended=suspended_cases(session, all_projects(), "", _MOST_STALLED).rows,
        silent=silent_cases(session, all_projects(), cutoff, "", _MOST_STALLED).rows,
    )


@bp.post("/retry")
@allows(SYSTEM)
def retry() -> ResponseReturnValue:
    """Try the chosen incidents again, each in a transaction of its own, once this request has ended."""
    try:
        chosen = sorted({row_number(each) for each in request.form.getlist("incident")})
    except ValueError:
        chosen = []
    if not chosen:
        flash("请先选择要重试的异常。", "wrong")
        return redirect(url_for("incidents.index"), 303)
    try:
        reason = reason_of(request.form.get("reason", ""), "重试")
    except ActRefused as refused:
        flash(str(refused), "wrong")
        return redirect(url_for("incidents.index"), 303)
    site, person, at = Site(sessions(), settings().papers, settings().round_limit), actor(), moment()

    def again() -> None:
        retry_incidents(site, person, at, chosen, reason)

    after_the_answer(again)
    flash(f"正在重试 {len(chosen)} 项异常，办成的移到“最近处理”，没有办成的仍列在这里并更新原因，请稍后刷新。")
    return redirect(url_for("incidents.index"), 303)
