"""演示时钟: moves the demonstration's clock forwards and lets everything that became due happen."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import Blueprint, Response, abort, after_this_request, flash, redirect, request
from flask.typing import ResponseReturnValue

from ledger.db import day_of
from ledger.installation import shift_clock
from ledger.journal import Act
from ledger.writing import record
from scheduler.clock import clock_of
from webapp.layout import calendar, stamp_text
from webapp.opening import local_address
from webapp.permissions import SIGNED_IN, allows
from webapp.request import actor, here, ledger_session, moment, sessions, settings

bp = Blueprint("demonstration", __name__)
_ONE_DAY = timedelta(days=1)
_LONGEST = timedelta(days=400)


@bp.post("/demonstration/clock")
@allows(SIGNED_IN)
def move() -> ResponseReturnValue:
    if not here().demonstration:
        abort(404)
    back = local_address(request.form.get("back")) or "/"
    ahead = _distance(request.form.get("by", ""), request.form.get("on", ""), moment().at)
    if ahead is None:
        flash("请选一个今天以后、一年以内的日期；演示时钟只能向前拨。")
        return redirect(back, 303)
    shift_clock(ledger_session(), int(ahead.total_seconds()))
    real_at = moment().real_at

    @after_this_request
    def sweep(response: Response) -> Response:
        # after the commit: the pass has transactions of its own, and reads the moved clock
        clock_of(sessions(), settings()).pass_once(real_at)
        return response

    clock = [stamp_text(moment().at), stamp_text(moment().at + ahead)]
    detail = {"seconds": int(ahead.total_seconds()), "changes": {"clock": clock}}
    record(ledger_session(), moment(), actor(), Act("clock_moved", detail=detail))
    flash(f"演示时钟已拨到 {stamp_text(moment().at + ahead)}。")
    return redirect(back, 303)


def _distance(by: str, on: str, now: datetime) -> timedelta | None:
    """Return how far to move, keeping the time of day; None when it is no way forwards."""
    if by == "day":
        return _ONE_DAY
    today = day_of(now)
    if by == "working_day":
        return calendar().period(today, 1).end - today
    try:
        wanted = date.fromisoformat(on)
    except ValueError:
        return None
    distance = wanted - today
    return distance if timedelta(0) < distance <= _LONGEST else None
