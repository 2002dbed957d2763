"""流程管理: what the bureau does with a whole case: 暂停, 恢复, 终止, 调整环节, 调整期限."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.casefile import take_case
from bpmn.counting import ends_publicity
from bpmn.demands import is_bureau
from bpmn.runtime import ActRefused, change_timer, move_targets, move_token, resume, suspend, terminate
from ledger.case_views import visible_case
from ledger.cases import Case, timers_of
from ledger.db import last_day
from ledger.vocabulary import CaseStatus
from webapp.permissions import BUREAU, allows
from webapp.refusals import NOTHING, Refusal, told_on
from webapp.request import acting, actor, ledger_session

bp = Blueprint("case_acts", __name__, url_prefix="/cases/<int:case_id>")


@bp.get("/acts")
@allows(BUREAU)
def show(case_id: int) -> ResponseReturnValue:
    """Offer what the case's administrator may do with it now."""
    return _page(case_id)


def _page(case_id: int, refused: Refusal = NOTHING) -> str:
    case = _administered(case_id)
    file = take_case(acting(), case_id, lock=False)
    timers = timers_of(ledger_session(), case_id)
    running = case.status == CaseStatus.RUNNING
    standing = [(item.token, f"{item.name}（{item.unit.short_name}）") for item in file.waiting]
    standing += [(timer.token, file.element(timer.element).name) for timer in timers]
    return render_template(
        "acts/case.html",
        case=case,
        running=running,
        suspended=case.status == CaseStatus.SUSPENDED,
        publicity=any(ends_publicity(file.element(timer.element)) for timer in timers),
        tokens=[(token, name, move_targets(acting(), case_id, token)) for token, name in standing] if running else [],
        refused=refused,
        timers=[(timer.id, file.element(timer.element).name, last_day(timer.due_at)) for timer in timers],
    )


@bp.post("/suspend")
@allows(BUREAU)
@told_on(_page)
def pause(case_id: int) -> ResponseReturnValue:
    _administered(case_id)
    suspend(acting(), case_id, _reason(), interrupts_publicity=bool(request.form.get("interrupt")))
    flash("已暂停。恢复以前，任何人不能办理该项目。")
    return _to_case(case_id)


@bp.post("/resume")
@allows(BUREAU)
@told_on(_page)
def go_on(case_id: int) -> ResponseReturnValue:
    _administered(case_id)
    resume(acting(), case_id, _reason())
    flash("已恢复办理，期限按暂停的工作日顺延。")
    return _to_case(case_id)


@bp.post("/terminate")
@allows(BUREAU)
@told_on(_page)
def end(case_id: int) -> ResponseReturnValue:
    _administered(case_id)
    if request.form.get("sure") != "yes":
        raise ActRefused("终止后不能恢复，请勾选确认")
    terminate(acting(), case_id, _reason())
    flash("流程已终止。")
    return _to_case(case_id)


@bp.post("/move")
@allows(BUREAU)
@told_on(_page)
def move(case_id: int) -> ResponseReturnValue:
    _administered(case_id)
    token, target = request.form.get("token", ""), request.form.get("target", "")
    done = move_token(acting(), case_id, token, target, _reason())
    flash(f"已调整到{'、'.join(f'{name}（{unit}）' for name, unit, _due in done.next)}。")
    return _to_case(case_id)


@bp.post("/timers/<int:timer_id>")
@allows(BUREAU)
@told_on(_page)
def set_timer(case_id: int, timer_id: int) -> ResponseReturnValue:
    _administered(case_id)
    try:
        last = date.fromisoformat(request.form.get("last", ""))
    except ValueError as wrong:
        raise ActRefused("请填写新的期限") from wrong
    change_timer(acting(), case_id, timer_id, last, _reason())
    flash(f"期限已改为{last.isoformat()} 24:00。")
    return _to_case(case_id)


def _administered(case_id: int) -> Case:
    """Return a case of the person's own county."""
    case = visible_case(ledger_session(), actor(), case_id)
    if case is None or not is_bureau(actor(), case.project.county_id):
        abort(404)
    return case


def _reason() -> str:
    return request.form.get("reason", "")


def _to_case(case_id: int) -> ResponseReturnValue:
    return redirect(url_for("cases.show", case_id=case_id), 303)
