"""工作日历: the years entered, what is missing, and a new year's notice pasted as text, previewed and entered (T1)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.casefile import Acting
from bpmn.recounting import Moved, recount
from bpmn.round_periods import realign
from forms.holiday_notice import NoticeRefused, SpecialDayRead, read_notice
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
    """A notice as read: its days, and the open due dates it moves."""

    year: int
    days: tuple[SpecialDayRead, ...]
    moved: tuple[Moved, ...]


@bp.get("/calendar")
@allows(SYSTEM)
def index() -> ResponseReturnValue:
    session, today = ledger_session(), day_of(moment().at)
    years = calendar_years(session)
    shown = request.args.get("year", type=int) or today.year
    return render_template(
        "working_calendar/index.html",
        years=years,
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
def enter() -> ResponseReturnValue:
    year, text = _asked()
    try:
        entered = enter_notice(acting(), year, text, write=True, source=_source())
    except NoticeRefused as refused:
        return _refused(year, text, refused)
    flash(f"{year}年的工作日历已启用，{len(entered.moved)}个期限已重新计算。")
    return redirect(url_for("working_calendar.index", year=year), 303)


def enter_notice(acting: Acting, year: int, text: str, *, write: bool, source: str = "") -> Entered:
    """Read a year's notice, count open dates again and, with `write`, enter both in one audited act (NoticeRefused)."""
    days = read_notice(text, year)
    before = {row.day: _said(row.working, row.name) for row in special_days(acting.session, year)}
    known = load_calendar(acting.session)
    # counted first: a calendar that is read from rows not yet committed would be kept by this process
    entered = with_year(known, year, {each.day: each.working for each in days})
    moved = recount(acting, known, entered, write=write)
    if write:
        for county in counties(acting.session):
            realign(acting, county.id, entered)
        enter_year(acting.session, year, {each.day: (each.working, each.name) for each in days}, source)
        after = {each.day: _said(each.working, each.name) for each in days}
        changed = sorted(day for day in {*before, *after} if before.get(day) != after.get(day))
        changes = {day.isoformat(): [before.get(day, _USUAL), after.get(day, _USUAL)] for day in changed}
        detail = {"year": year, "source": source, "days": len(days), "moved": len(moved), "changes": changes}
        record(acting.session, acting.moment, acting.actor, Act("calendar_entered", detail=detail))
    return Entered(year, days, moved)


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
