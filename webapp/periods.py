"""One period of the county's rounds as who collects it sees it: who is in, late, missing; chase, close, set a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.refusals import ActRefused
from bpmn.round_periods import Period, backfill, chase, close, may_collect, pause, set_due
from ledger.db import ONE_DAY, SHANGHAI, day_of
from ledger.round_dates import Occurrence
from ledger.round_figures import FIGURES, RATES, lines_of, rates_of, total_of
from ledger.round_lists import (
    earlier_summary,
    items_waiting,
    papers_of_summary,
    rounds_of,
    standing_of,
    summaries_of,
    whole_counties,
)
from ledger.rounds import occurrences
from ledger.statistics import rate_text
from ledger.vocabulary import RoundKind
from ledger.working_days import load_calendar
from webapp.layout import stamp_text
from webapp.overseeing import table_workbook
from webapp.permissions import COLLECTOR, STAFF, allows
from webapp.request import acting, actor, ledger_session, moment
from webapp.rounds import MISSED_WITHIN, PILLS

bp = Blueprint("periods", __name__)
_AHEAD = 56 * ONE_DAY
_HEADS = ("单位", "状态", "上报时间")
TOLD = ("project_count", "consolidate_count", "upgrade_count", "revive_count", "rebuild_count", "overdue_item_count")
"""Figures that stand beside each unit."""


@bp.get("/rounds/<int:county_id>/<kind>/<occurrence>")
@allows(STAFF)
def show(county_id: int, kind: str, occurrence: str) -> ResponseReturnValue:
    session, now, period = ledger_session(), moment().at, _seen(county_id, kind, occurrence)
    rows = rounds_of(session, county_id, period.kind, occurrence)
    if not rows:
        abort(404)
    closed = summaries_of(session, county_id, period.kind, occurrence)
    handed_in = [row for row in rows if row.submitted_at is not None]
    waiting = {item.round_id: item for item in items_waiting(session, [row.id for row in rows])}
    total = total_of(row.figures or {} for row in handed_in)
    return render_template(
        "rounds/period.html",
        period=period,
        title=rows[0].title,
        due_at=rows[0].due_at,
        provisional=rows[0].provisional,
        over=rows[0].due_at <= now,
        rows=[(row, standing_of(row, now), waiting.get(row.id), _cells(row.figures)) for row in rows],
        columns=[*(FIGURES[name] for name in TOLD), *RATES.values()],
        total=_cells(total),
        lines=lines_of(total, _last_total(period, rows[0].due_at)),
        with_figures=period.kind in (RoundKind.WEEKLY, RoundKind.MONTHLY, RoundKind.YEARLY),
        submitted_count=len(handed_in),
        missing_count=len(rows) - len(handed_in),
        closed=[(each, papers_of_summary(session, each.id)) for each in closed],
        collects=may_collect(acting(), period),
        pills=PILLS,
    )


@bp.post("/rounds/<int:county_id>/<kind>/<occurrence>")
@allows(STAFF)
def show_workbook(county_id: int, kind: str, occurrence: str) -> ResponseReturnValue:
    """Answer a period's units with every figure they confirmed as a workbook, the total last."""
    session, now, period = ledger_session(), moment().at, _seen(county_id, kind, occurrence)
    rows = rounds_of(session, county_id, period.kind, occurrence)
    if not rows:
        abort(404)
    handed_in = [row.figures or {} for row in rows if row.submitted_at is not None]
    table = [
        (
            *(row.unit.short_name, standing_of(row, now).label, _stamp(row.submitted_at)),
            *(_all_cells(row.figures) if row.submitted_at is not None else ()),
        )
        for row in rows
    ]
    total = (f"合计（已报{len(handed_in)}/{len(rows)}个单位）", "", None, *_all_cells(total_of(handed_in)))
    return table_workbook(
        rows[0].title, ("单位", "状态", "上报时间", *FIGURES.values(), *RATES.values()), [*table, total]
    )


def _stamp(moment_at: datetime | None) -> str | None:
    return None if moment_at is None else stamp_text(moment_at)


def _all_cells(figures: Mapping[str, int] | None) -> tuple[object, ...]:
    """Return every figure and rate; nothing for a report without figures."""
    if not figures:
        return ()
    rates = rates_of(figures)
    return (*(figures.get(name, 0) for name in FIGURES), *(rate_text(rates[name]) for name in RATES))


def _cells(figures: object) -> list[str]:
    known = figures if isinstance(figures, dict) else None
    if known is None:
        return ["—"] * (len(TOLD) + len(RATES))
    rates = rates_of(known)
    return [*(str(known.get(name, 0)) for name in TOLD), *(rate_text(rates[name]) for name in RATES)]


def _last_total(period: Period, due_at: datetime) -> dict[str, int] | None:
    """Return the total of the last period of this kind that was closed before one."""
    from_closed = earlier_summary(ledger_session(), period.county_id, period.kind, due_at)
    return None if from_closed is None else dict(from_closed.figures)


@bp.post("/rounds/<int:county_id>/<kind>/<occurrence>/chase")
@allows(COLLECTOR)
def urge(county_id: int, kind: str, occurrence: str) -> ResponseReturnValue:
    period = _seen(county_id, kind, occurrence)
    count = chase(acting(), period)
    flash(f"已催办{count}个未报单位。" if count else "各单位都已上报，不用催办。")
    return _back(period)


@bp.post("/rounds/<int:county_id>/<kind>/<occurrence>/close")
@allows(COLLECTOR)
def finish(county_id: int, kind: str, occurrence: str) -> ResponseReturnValue:
    period = _seen(county_id, kind, occurrence)
    summary = close(acting(), period, request.form.get("note", "").strip())
    flash(f"本期已关闭：迟报{len(summary.late)}个单位，未报{len(summary.missing)}个单位。汇总材料已生成。")
    return _back(period)


@bp.post("/rounds/<int:county_id>/<kind>/<occurrence>/backfill")
@allows(COLLECTOR)
def fill_in(county_id: int, kind: str, occurrence: str) -> ResponseReturnValue:
    period = _seen(county_id, kind, occurrence)
    count = backfill(acting(), period, moment().at - MISSED_WITHIN)
    flash(f"已为{count}个单位开启补报，上报后记为补报。")
    return _back(period)


@bp.post("/rounds/<int:county_id>/<kind>/pause")
@allows(COLLECTOR)
def hold(county_id: int, kind: str) -> ResponseReturnValue:
    """Stop holding a kind of round, or hold it again."""
    period, paused = _seen(county_id, kind, ""), request.form.get("paused") == "1"
    pause(acting(), county_id, period.kind, paused=paused)
    flash(f"“{period.kind.label}”已{'停止自动开启' if paused else '恢复自动开启'}。")
    return redirect(url_for("rounds.index"), 303)


@bp.get("/rounds/<int:county_id>/weekly/dates")
@allows(COLLECTOR)
def dates(county_id: int) -> ResponseReturnValue:
    """Show the weekly rounds ahead and let each be given another due moment."""
    _seen(county_id, RoundKind.WEEKLY, "")
    return render_template("rounds/dates.html", county_id=county_id, weeks=_weeks(county_id))


@bp.post("/rounds/<int:county_id>/weekly/<occurrence>/due")
@allows(COLLECTOR)
def another_day(county_id: int, occurrence: str) -> ResponseReturnValue:
    period = _seen(county_id, RoundKind.WEEKLY, occurrence)
    week = next((each for each in _weeks(county_id) if each.name == occurrence), None) or abort(404)
    try:
        due_at = datetime.fromisoformat(request.form.get("due_at", "")).replace(tzinfo=SHANGHAI).astimezone(UTC)
    except ValueError:
        raise ActRefused("请填写新的截止时间") from None
    set_due(acting(), week, county_id, due_at, request.form.get("reason", "").strip())
    flash("截止时间已调整，已开启的周调度一并调整。")
    return redirect(url_for("periods.dates", county_id=period.county_id), 303)


def _weeks(county_id: int) -> list[Occurrence]:
    session, today = ledger_session(), day_of(moment().at)
    found = occurrences(session, county_id, load_calendar(session), today, today + _AHEAD)
    return [each for each in found if each.kind is RoundKind.WEEKLY and each.due_at > moment().at]


def _seen(county_id: int, kind: str, occurrence: str) -> Period:
    """Return a period of a county the person sees whole; unknown and foreign look the same."""
    if county_id not in whole_counties(actor()) or kind not in set(RoundKind):
        abort(404)
    return Period(county_id, RoundKind(kind), occurrence)


def _back(period: Period) -> ResponseReturnValue:
    county_id, kind = period.county_id, str(period.kind)
    return redirect(url_for("periods.show", county_id=county_id, kind=kind, occurrence=period.occurrence), 303)
