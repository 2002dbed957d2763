"""工作日历: the years entered, what is missing, a new year's notice pasted as text, previewed and asked for (T1).

Every due moment of the county hangs on it, so that a second administrator approves it (`webapp.approvals`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.casefile import Acting
from bpmn.recounting import Moved, recount
from bpmn.round_periods import realign
from forms.holiday_notice import NoticeRefused, SpecialDayRead, read_notice
from ledger.approvals import ApprovalKind, ApprovalRefused, Wish, ask, waiting
from ledger.db import day_of
from ledger.journal import Act
from ledger.people import counties
from ledger.working_days import (
    calendar_years,
    enter_year,
    load_calendar,
    missing_year,
    special_days,
    with_year,
)
from ledger.writing import record
from webapp.permissions import SYSTEM, allows
from webapp.request import acting, actor, ledger_session, moment

bp = Blueprint("working_calendar", __name__)
_YEARS = range(2004, 2100)
_USUAL = "按星期"
_SHOWN = 200  # moved dates on the preview; the count is whole


@dataclass(frozen=True)
class Entered:
    """A notice as read: its days, which of them are new (day → old and new), and the open due dates it moves."""

    year: int
    days: tuple[SpecialDayRead, ...]
    changes: Mapping[str, list[str]]
    moved: tuple[Moved, ...]


@bp.get("/calendar")
@allows(SYSTEM)
def index() -> ResponseReturnValue:
    session, today = ledger_session(), day_of(moment().at)
    years = calendar_years(session)
    asked = [each for each in waiting(session, moment().real_at) if each.kind == ApprovalKind.CALENDAR]
    shown = request.args.get("year", type=int) or today.year
    return render_template(
        "working_calendar/index.html",
        years=years,
        asked=asked,
        shown=shown,
        days=special_days(session, shown),
        missing=missing_year(load_calendar(session), today),
        next_year=max((row.year for row in years), default=today.year) + 1,
    )


@bp.post("/calendar/check")
@allows(SYSTEM)
def check() -> ResponseReturnValue:
    """Show what a notice says and what it moves; nothing is written."""
    year, text = _asked()
    try:
        entered = enter_notice(acting(), year, text, write=False)
    except NoticeRefused as refused:
        return _refused(year, text, refused)
    return render_template(
        "working_calendar/check.html", entered=entered, text=text, source=_source(), moved=entered.moved[:_SHOWN]
    )


@bp.post("/calendar")
@allows(SYSTEM)
def hand_in() -> ResponseReturnValue:
    """Ask a second administrator to put a year's calendar in force."""
    (year, text), source = _asked(), _source()
    try:
        changes = enter_notice(acting(), year, text, write=False).changes
        sides = [[f"{day} {said[side]}" for day, said in changes.items()] for side in (0, 1)]
        wanted = {"name": f"{year}年", "login": source, "text": text, "before": sides[0], "after": sides[1]}
        ask(ledger_session(), Wish(ApprovalKind.CALENDAR, year, wanted, source), actor(), moment().real_at)
    except NoticeRefused as refused:
        return _refused(year, text, refused)
    except ApprovalRefused as refused:
        flash(str(refused), "wrong")
        return redirect(url_for("working_calendar.index", year=year), 303)
    record(
        ledger_session(),
        moment(),
        actor(),
        Act("calendar_asked", detail={"year": year, "source": source, "changes": changes}),
    )
    flash(f"{year}年的工作日历已提交，由另一名管理员在“双人复核”中通过后启用。")
    return redirect(url_for("working_calendar.index", year=year), 303)


def enter_notice(acting: Acting, year: int, text: str, *, write: bool, source: str = "") -> Entered:
    """Read a year's notice, count open dates again and, with `write`, enter both; raises NoticeRefused."""
    days = read_notice(text, year)
    before = {row.day: _said(row.working, row.name) for row in special_days(acting.session, year)}
    known = load_calendar(acting.session)
    # counted first: a calendar that is read from rows not yet committed would be kept by this process
    entered = with_year(known, year, {each.day: each.working for each in days})
    moved = recount(acting, known, entered, write=write)
    after = {each.day: _said(each.working, each.name) for each in days}
    changed = sorted(day for day in {*before, *after} if before.get(day) != after.get(day))
    changes = {day.isoformat(): [before.get(day, _USUAL), after.get(day, _USUAL)] for day in changed}
    if write:
        for county in counties(acting.session):
            realign(acting, county.id, entered)
        enter_year(acting.session, year, {each.day: (each.working, each.name) for each in days}, source)
    return Entered(year, days, changes, moved)


def _said(working: bool, name: str) -> str:
    return f"{'上班' if working else '放假'}（{name}）" if name else "上班" if working else "放假"


def _asked() -> tuple[int, str]:
    year = request.form.get("year", type=int)
    if year is None or year not in _YEARS:
        abort(400)
    return year, request.form.get("text", "")


def _source() -> str:
    return request.form.get("source", "").strip()[:100] or f"{actor().name}录入"


def _refused(year: int, text: str, refused: NoticeRefused) -> ResponseReturnValue:
    page = render_template(
        "working_calendar/refused.html", year=year, text=text, source=_source(), problems=refused.problems
    )
    return page, 422
