"""发文登记: which numbers a unit's papers have, as page and Excel; its 代字 and the number it goes on from."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from bpmn.tables import XLSX
from forms.sheets.workbook import write_table
from ledger.db import day_of
from ledger.journal import Act
from ledger.number_starts import REASON_LENGTH, NumberGap, Start, gaps_of, start_series
from ledger.numbers import (
    WORDS,
    Entered,
    IssuedNumber,
    NumberRefused,
    Sought,
    printed_number,
    register_of,
    series_of,
    units_with_numbers,
    usual_word,
)
from ledger.people import Unit
from ledger.vocabulary import PaperKind
from ledger.writing import record
from webapp.permissions import ACTING, STAFF, allows
from webapp.request import actor, ledger_session, moment, number_asked, row_number

bp = Blueprint("numbering", __name__)
_PAGE, _MOST = 50, 20_000
HEADS = ("文号", "标题", "成文日期", "发文单位", "文种", "登记人", "登记时间", "编号方式")


@bp.get("/numbers")
@allows(STAFF)
def index() -> ResponseReturnValue:
    return _page({})


@bp.get("/numbers.xlsx")
@allows(STAFF)
def workbook() -> ResponseReturnValue:
    """Answer 发文登记 of a year as Excel."""
    sought = _sought()
    lines = register_of(ledger_session(), actor(), sought, _MOST)
    rows = [_row(line) for line in reversed(lines)]
    rows += [_gap_row(gap) for gap in gaps_of(ledger_session(), actor(), sought)]
    content = write_table(f"{sought.year}年发文登记", HEADS, rows)
    detail = {"name": f"{sought.year}年发文登记", "rows": len(rows)}
    record(ledger_session(), moment(), actor(), Act("export", detail=detail))
    return send_file(BytesIO(content), XLSX, as_attachment=True, download_name=f"{sought.year}年发文登记.xlsx")


@bp.post("/numbers")
@allows(ACTING)
def start() -> ResponseReturnValue:
    """Set an own unit's 代字 and the next number of a kind and year; what is passed over is entered with its reason."""
    names = ("unit", "kind", "year", "word", "next", "reason")
    posted = {name: request.form.get(name, "")[:REASON_LENGTH].strip() for name in names}
    try:
        wanted = _start(posted)
        with ledger_session().begin_nested():
            done = start_series(ledger_session(), wanted, Entered(actor().name, moment().at))
    except NumberRefused as refused:
        return _page(posted, str(refused)), 422
    detail: dict[str, object] = {"kind": wanted.kind, "changed": {"next": [done.before, done.after]}}
    if done.gap is not None:
        detail |= {"skipped": done.gap.text, "reason": done.gap.reason}
    record(ledger_session(), moment(), actor(), Act("number_started", unit=wanted.unit.short_name, detail=detail))
    flash(f"已设置，下一个文号是 {done.after}。")
    return redirect(url_for(".index", year=wanted.year), 303)


def _start(posted: dict[str, str]) -> Start:
    """Read the form; NumberRefused for what it cannot mean."""
    units = {unit.id: unit for unit in _own_units()}
    unit = units.get(number_asked(posted["unit"]) or 0)
    if unit is None or posted["kind"] not in WORDS:
        raise NumberRefused("请选择本单位和文种")
    if not posted["year"].isdecimal() or not posted["next"].isdecimal():
        raise NumberRefused("请填写年份和下一个文号（1 以上的整数）")
    year, number = int(posted["year"]), int(posted["next"])
    return Start(unit, PaperKind(posted["kind"]), year, posted["word"], number, posted["reason"])


def _own_units() -> Sequence[Unit]:
    ids = {post.unit_id for post in actor().posts if ACTING.admits_post(post)}
    return [ledger_session().get_one(Unit, unit_id) for unit_id in sorted(ids)]


def _page(posted: dict[str, str], problem: str = "") -> str:
    sought = _sought()
    before = request.args.get("before", type=row_number)
    lines = register_of(ledger_session(), actor(), sought, _PAGE + 1, before)
    older = {**request.args.to_dict(), "before": str(lines[_PAGE - 1].id)} if len(lines) > _PAGE else {}
    return render_template(
        "numbering/index.html",
        rows=[(line, _row(line)) for line in lines[:_PAGE]],
        gaps=[_gap_row(gap) for gap in gaps_of(ledger_session(), actor(), sought)],
        heads=HEADS,
        sought=sought,
        units=units_with_numbers(ledger_session(), actor(), sought.year),
        kinds={str(kind): kind.label for kind in WORDS},
        own=_standing(sought.year),
        posted=posted or {"year": str(sought.year), "next": "1"},
        problem=problem,
        this_year=day_of(moment().at).year,
        older_url=f"{url_for('.index')}?{urlencode(older)}" if older else None,
    )


def _standing(year: int) -> list[tuple[Unit, str, str, bool]]:
    """Return the own units with each kind of paper, the next number, and whether the series is begun."""
    units = _own_units()
    begun = {(each.unit_id, each.kind): each for each in series_of(ledger_session(), [u.id for u in units], year)}
    lines = []
    for unit in units:
        for kind in WORDS:
            series = begun.get((unit.id, kind))
            word, number = (series.word, series.last + 1) if series else (usual_word(unit, kind), 1)
            lines.append((unit, kind.label, printed_number(word, year, number), series is not None))
    return lines


def _sought() -> Sought:
    year = request.args.get("year", type=row_number) or day_of(moment().at).year
    kind = request.args.get("kind", "")
    unit = request.args.get("unit", type=row_number)
    return Sought(year, PaperKind(kind) if kind in WORDS else None, unit)


def _gap_row(gap: NumberGap) -> tuple[str, ...]:
    return (
        gap.text,
        f"（空号）{gap.reason}",
        "",
        gap.unit.short_name,
        PaperKind(gap.kind).label,
        gap.entered_by,
        day_of(gap.entered_at).isoformat(),
        "跳号",
    )


def _row(line: IssuedNumber) -> tuple[str, ...]:
    return (
        line.text,
        line.title,
        line.issued_on.isoformat(),
        line.unit.short_name,
        PaperKind(line.kind).label,
        line.entered_by,
        day_of(line.entered_at).isoformat(),
        "手工" if line.by_hand else "系统",
    )
