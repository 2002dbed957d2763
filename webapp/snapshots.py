"""台账快照: the ledger and the statistics as they stood on a day, two days compared, the classes over time (R3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO
from secrets import token_hex
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from bpmn.tables import XLSX
from forms.sheets.annexes import Heading
from forms.sheets.kept_tables import kept_annex4, kept_annex5
from forms.sheets.sheet import write_sheet
from forms.sheets.table import Group, Printing, Table
from ledger.db import day_of
from ledger.journal import Act
from ledger.people import Unit, counties
from ledger.scope import reach_of
from ledger.snapshots import (
    Difference,
    Snapshot,
    State,
    Wanted,
    counts_of,
    differences,
    is_whole,
    prepare,
    present_state,
    snapshots_of,
    state_kept,
    state_on,
    take_snapshot,
)
from ledger.statistics import ANNEX4_HEADS, ANNEX5_HEADS, rate_text
from ledger.vocabulary import Category, SnapshotKind
from ledger.writing import record
from webapp.layout import stamp_text
from webapp.permissions import BUREAU, COUNTY_LEVEL, allows
from webapp.request import actor, ledger_session, moment, number_asked, row_number

bp = Blueprint("snapshots", __name__, url_prefix="/snapshots")
PAGE = 50
_NOTE_LENGTH = 60
_MOST_POINTS = 40
_RATES = {"stopped": "停产闲置率", "difficult": "经营困难率", "weak": "未按约定联农带农率"}
_WIDE = ("项目名称", "责任单位", "建设内容", "项目地点", "存在问题", "原因分析", "处置整改措施", "处置整改进展情况")
_CHANGES, _CHANGES_WIDTHS = ("项目编号", "项目名称", "列", "原来", "现在"), (24, 32, 18, 36, 36)
_BY_PEOPLE = (SnapshotKind.MONTHLY, SnapshotKind.ROUND, SnapshotKind.REQUEST)
_Asked = date | int | None  # a day, one snapshot by its number, the present
_COLOURS = ("green", "blue", "orange", "red", "gray")


@bp.get("")
@allows(COUNTY_LEVEL)
def index() -> ResponseReturnValue:
    """Show the course of the classes and rates, and every snapshot behind it."""
    county = _county()
    every = request.args.get("daily") == "1"
    kept = snapshots_of(ledger_session(), county.id, () if every else _BY_PEOPLE)
    now = counts_of(ledger_session(), county.id)
    return render_template(
        "snapshots/index.html",
        county=county,
        counties=_counties(),
        kept=kept,
        course=_course(kept, now),
        kinds=SnapshotKind,
        categories=Category,
        rates=_RATES,
        rate_of=_rate,
        every=every,
        present=now,
        may_take=BUREAU.admits(actor()),
    )


def _course(kept: Sequence[Snapshot], now: Mapping[str, int]) -> dict[str, Any]:
    """Draw how many projects each class had, oldest first, with the present as the last point."""
    points = [(each.taken_on.isoformat(), each.counts) for each in reversed(kept[:_MOST_POINTS])] + [("现在", now)]
    lines = [(str(each), each.label) for each in Category] + [("open", "待认定")]
    series = [
        {"name": label, "colour": colour, "values": [counts[name] for _on, counts in points]}
        for (name, label), colour in zip(lines, _COLOURS, strict=True)
    ]
    return {"kind": "lines", "unit": "个", "names": [on for on, _counts in points], "series": series}


@bp.post("")
@allows(BUREAU)
def take() -> ResponseReturnValue:
    """Keep the present state on request."""
    county = _county()
    note = " ".join(request.form.get("note", "").split())[:_NOTE_LENGTH]
    wanted = Wanted(SnapshotKind.REQUEST, day_of(moment().at), f"request {token_hex(8)}", note)
    session = ledger_session()
    take_snapshot(session, county.id, wanted, prepare(session, county.id), actor(), moment())
    flash("已留存现在的台账和统计表。")
    return redirect(url_for("snapshots.index", county=county.id), 303)


@bp.get("/state")
@allows(COUNTY_LEVEL)
def state() -> ResponseReturnValue:
    """Show the ledger as one snapshot holds it, or as it stood at the end of a day."""
    county, asked = _county(), _asked("on")
    found = _state(county, asked)
    page = max(request.args.get("page", 1, type=row_number) or 1, 1)
    rows = found.ledger[(page - 1) * PAGE : page * PAGE] if found else ()
    return render_template(
        "snapshots/state.html",
        county=county,
        asked=request.args.get("on", ""),
        on=_name(asked, found),
        chosen=isinstance(asked, int),
        state=found,
        whole=found is None or found.kept is None or is_whole(found.kept),
        heads=ANNEX5_HEADS,
        statistics_heads=ANNEX4_HEADS,
        kinds=SnapshotKind,
        wide=_WIDE,
        rows=rows,
        page=page,
        more=found is not None and len(found.ledger) > page * PAGE,
    )


@bp.post("/<table>.xlsx")
@allows(COUNTY_LEVEL)
def workbook(table: str) -> ResponseReturnValue:
    """Answer one of a past state's tables as printed: who filled it in is left to be written by hand."""
    county = _county()
    found = _state(county, _asked("on")) or abort(404)
    heading = Heading(county.name, "", "", found.on, county.short_name)
    tables = {
        "ledger": ("管理台账", kept_annex5, found.ledger),
        "statistics": ("分类统计表", kept_annex4, found.statistics),
    }
    name, written, rows = tables.get(table) or abort(404)
    return _sent(f"{name}（{_stem(found)}）", len(rows), written(rows, heading))


@bp.get("/compare")
@allows(COUNTY_LEVEL)
def compare() -> ResponseReturnValue:
    """Show what changed between two days, project by project; without a second day up to the present."""
    county = _county()
    before, after = _pair(county)
    found = differences(before, after) if before and after else []
    page = max(request.args.get("page", 1, type=row_number) or 1, 1)
    return render_template(
        "snapshots/compare.html",
        county=county,
        before=before,
        after=after,
        asked={"from": request.args.get("from", ""), "to": request.args.get("to", "")},
        names=(_name(_asked("from"), before), _name(_asked("to"), after)),
        found=found,
        rows=found[(page - 1) * PAGE : page * PAGE],
        page=page,
        more=len(found) > page * PAGE,
        categories=Category,
        rates=_RATES,
        rate_of=_rate,
    )


@bp.post("/compare")
@allows(COUNTY_LEVEL)
def compare_workbook() -> ResponseReturnValue:
    """Answer what changed between two days as a workbook."""
    before, after = _pair(_county())
    if before is None or after is None:
        abort(404)
    title = f"台账变化（{_stem(before)}至{_stem(after)}）"
    rows = _lines(differences(before, after))
    table = Table(
        title, [Group(head) for head in _CHANGES], rows, landscape=True, printing=Printing(_CHANGES_WIDTHS, 2)
    )
    return _sent(title, len(rows), write_sheet(table))


def _pair(county: Unit) -> tuple[State | None, State | None]:
    asked = _asked("from")
    if isinstance(asked, date):
        before = state_on(ledger_session(), county.id, asked)
    else:
        before = None if asked is None else _state(county, asked)
    return before, _state(county, _asked("to"))


def _state(county: Unit, on: _Asked) -> State | None:
    """Return what a snapshot holds, or the state of a day; without one, or of today, the present."""
    if isinstance(on, int):
        return state_kept(ledger_session(), county.id, on) or abort(404)
    if on is None or on >= day_of(moment().at):
        return present_state(ledger_session(), county.id, moment().at)
    return state_on(ledger_session(), county.id, on)


def _name(asked: _Asked, found: State | None) -> str:
    """Return what a page calls a state: the day asked for, the moment a chosen one was kept; "" for the present."""
    if isinstance(asked, date):
        return asked.isoformat()
    return f"{stamp_text(found.kept.taken_at)}留存" if asked is not None and found and found.kept else ""


def _stem(found: State) -> str:
    """Return what a file of a state is called by: a day may have several."""
    return found.on.isoformat() if found.kept is None else f"{found.on.isoformat()} 第{found.kept.id}份"


def _lines(found: list[Difference]) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for each in found:
        if each.came or each.went:
            lines.append((each.number, each.name, "", *(("", "新增") if each.came else ("有", "已移出"))))
        lines += [(each.number, each.name, *cells) for cells in each.cells]
    return lines


def _rate(counts: Mapping[str, int], name: str) -> str:
    whole = counts["staying"]
    return rate_text(Decimal(counts[name]) / whole if whole else None)


def _sent(title: str, count: int, content: bytes) -> ResponseReturnValue:
    record(ledger_session(), moment(), actor(), Act("export", detail={"name": title, "rows": count}))
    return send_file(BytesIO(content), XLSX, as_attachment=True, download_name=f"{title}.xlsx", max_age=0)


def _asked(name: str) -> _Asked:
    """Read a day, or the number of one snapshot (k17)."""
    text = request.values.get(name, "")
    if not text:
        return None
    if text.startswith("k"):
        return number_asked(text[1:]) or abort(404)
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(404)


def _counties() -> list[Unit]:
    """Return the counties whose whole ledger the person may see."""
    reaches = [reach_of(post) for post in actor().posts if COUNTY_LEVEL.admits_post(post)]
    return [unit for unit in counties(ledger_session()) if any(unit.path.startswith(reach) for reach in reaches)]


def _county() -> Unit:
    known, asked = _counties(), request.values.get("county", type=row_number)
    if asked is None:
        return known[0] if known else abort(404)
    return next((unit for unit in known if unit.id == asked), None) or abort(404)
