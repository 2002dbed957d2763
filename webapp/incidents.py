"""异常处理: what failed, with its cause, retried one by one or together; cases suspended and cases nobody acts on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.demands import reason_of
from bpmn.refusals import ActRefused
from bpmn.retries import Site, retry_incidents
from bpmn.versions import version_of
from ledger.incident_lists import IncidentLine, all_projects, mended_lines, open_lines
from ledger.oversight_lists import OverseenRow, silent_cases, silent_since, suspended_cases
from ledger.vocabulary import IncidentKind
from webapp.background import after_the_answer
from webapp.layout import calendar, stamp_text
from webapp.overseeing import MOST_EXPORTED, table_workbook
from webapp.permissions import SYSTEM, allows
from webapp.request import actor, ledger_session, moment, row_number, sessions, settings
from webapp.stalled import days_asked

bp = Blueprint("incidents", __name__, url_prefix="/incidents")
_MOST_STALLED = 100
_HEADS = (
    *("情况", "异常编号", "异常", "项目编号", "责任单位", "环节", "原因"),
    *("已试次数", "发生、到达时间", "下次自动重试", "处理时间"),
)


@bp.get("")
@allows(SYSTEM)
def index() -> ResponseReturnValue:
    session, now, kind = ledger_session(), moment().at, _kind()
    days = days_asked()
    return render_template(
        "incidents/index.html",
        rows=_named(open_lines(session, kind)),
        mended=mended_lines(session, now),
        kinds=IncidentKind,
        kind=kind,
        days=days,
        suspended=suspended_cases(session, all_projects(), "", _MOST_STALLED).rows,
        silent=silent_cases(session, all_projects(), silent_since(calendar(), now, days), "", _MOST_STALLED).rows,
    )


@bp.post("")
@allows(SYSTEM)
def index_workbook() -> ResponseReturnValue:
    """Answer what failed and what stands still, in the order of the page, as a workbook."""
    session, now, kind = ledger_session(), moment().at, _kind()
    rows: list[tuple[object, ...]] = [
        (
            *("没有办成" if line.resolved_at is None else "已处理好", line.id, line.kind.label, line.project_number),
            *(line.unit, line.step, line.cause, line.attempts, stamp_text(line.created_at)),
            *(_stamp(line.retry_at), _stamp(line.resolved_at)),
        )
        for line in _named((*open_lines(session, kind), *mended_lines(session, now)))
    ]
    cutoff = silent_since(calendar(), now, days_asked())
    stalled = (
        ("长期无人办理", silent_cases(session, all_projects(), cutoff, "", MOST_EXPORTED)),
        ("已暂停", suspended_cases(session, all_projects(), "", MOST_EXPORTED)),
    )
    rows += [
        (name, None, "", row.number, row.unit, _held(row), "", None, _stamp(row.since_at), None, None)
        for name, found in stalled
        for row in found.rows
    ]
    return table_workbook("异常处理", _HEADS, rows, whole=not any(found.next for _name, found in stalled))


def _named(lines: Iterable[IncidentLine]) -> list[IncidentLine]:
    """Put the names of the diagram in place of the ids of timers' elements."""
    return [replace(line, step=_step_name(line)) for line in lines]


def _step_name(line: IncidentLine) -> str:
    if line.timer_procedure is None:
        return line.step
    known = version_of(line.timer_procedure, line.timer_procedure.callees).diagram.elements.get(line.step)
    return known.name if known is not None and known.name else "系统计时"


def _kind() -> str:
    kind = request.args.get("kind", "")
    return kind if kind in set(IncidentKind) else ""


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp_text(at)


def _held(row: OverseenRow) -> str:
    return "、".join(f"{held.step}（{held.unit}）" for held in row.holders)


@bp.post("/retry")
@allows(SYSTEM)
def retry() -> ResponseReturnValue:
    """Try the chosen incidents again, or the one whose own button was pressed, once this request has ended.

    Each is tried in a transaction of its own.
    """
    try:
        chosen = sorted({row_number(each) for each in request.form.getlist("only") or request.form.getlist("incident")})
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
