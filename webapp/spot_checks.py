"""督查抽查 and 考核 (R5): draw, check, mend, look again; a unit's appraisal sheet with its formula."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from bpmn.refusals import ActRefused
from bpmn.tables import XLSX
from forms.fields import Asked, Form, Option
from forms.parsing import FormErrors, parse
from forms.sheets.sheet import write_sheet
from forms.sheets.table import Group, Printing, Table
from ledger.appraisal import FORMULA, FULL_SCORE, POINTS, Appraisal, Span, appraisals
from ledger.db import day_of
from ledger.journal import Act
from ledger.papers import Place, attach
from ledger.people import counties
from ledger.round_lists import whole_counties
from ledger.spot_checking import (
    Checking,
    CheckRefused,
    Found,
    checker_of,
    draw_check,
    look_again,
    note_finding,
    report_mending,
)
from ledger.spot_checks import (
    METHOD,
    Drawing,
    Finding,
    Lot,
    SpotCheck,
    SpotCheckProject,
    Stratum,
    checks_page,
    drawn_again,
    drawn_project,
    drawn_projects,
    lots,
    papers_of_drawn,
    pool_of,
    rule_of,
    visible_check,
)
from ledger.vocabulary import Category, PaperKind, Role
from ledger.writing import record
from webapp.form_page import FormPage
from webapp.layout import stamp_text, strata_text
from webapp.overseeing import table_workbook
from webapp.own_forms import CHECK_AGAIN, CHECK_DRAW, CHECK_FINDING, CHECK_MENDING
from webapp.permissions import ACTING, CHECKING, STAFF, allows
from webapp.request import actor, ledger_session, moment, row_number, settings, typed
from webapp.uploads import FileRefused, sent_files, take

bp = Blueprint("spot_checks", __name__)
_SHOWN, _LOTS = 50, 200
_POOL_HEADS = (
    *("序号", "项目编号", "责任单位", "分类", "投资规模（元）", "层"),
    *("抽签值（SHA-256）", "层内次序", "层内个数", "应抽个数", "抽中"),
)
_HEADS = (
    *("项目名称", "项目编号", "责任单位", "抽取的层", "检查日期", "检查情况"),
    *("整改期限", "整改情况", "整改日期", "复核", "状态"),
)
PILLS: Mapping[Finding, str] = {
    Finding.OPEN: "p-gray",
    Finding.SOUND: "p-green",
    Finding.PROBLEM: "p-red",
    Finding.MENDED: "p-orange",
    Finding.SETTLED: "p-green",
}


@bp.get("/checks")
@allows(STAFF)
def index() -> ResponseReturnValue:
    session = ledger_session()
    return render_template(
        "spot_checks/index.html",
        checks=checks_page(session, actor(), _SHOWN),
        rows=[row for row in drawn_projects(session, actor()) if row.unit_id in {p.unit_id for p in actor().posts}],
        may_draw=checker_of(actor()) is not None,
        whole=bool(whole_counties(actor())),
        findings=Finding,
        pills=PILLS,
    )


@bp.get("/checks/new")
@allows(CHECKING)
def new() -> ResponseReturnValue:
    return _draw_page({"percent": ["10"], "strata": [Stratum.UNIT, Stratum.CATEGORY]}, {})


@bp.post("/checks/new")
@allows(CHECKING)
def create() -> ResponseReturnValue:
    posted = typed()
    try:
        answers = parse(CHECK_DRAW, posted, _asked_counties())
        strata = tuple(str(each) for each in Stratum if each in answers["strata"])
        drawing = Drawing(strata, int(answers["percent"]), answers.get("seed", ""))
        check = draw_check(_checking(), int(answers["county"]), answers["title"], drawing)
    except FormErrors as refused:
        return _draw_page(posted, refused.errors), 422
    except CheckRefused as refused:
        return _draw_page(posted, {"": str(refused)}), 422
    flash(f"已抽取{len(check.projects)}个项目，抽取规则和种子已留存。")
    return redirect(url_for("spot_checks.show", check_id=check.id), 303)


def _draw_page(posted: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    return render_template("spot_checks/new.html", page=FormPage(CHECK_DRAW, posted, _asked_counties(), errors))


def _asked_counties() -> Asked:
    seen = whole_counties(actor()) | {p.county_id for p in actor().posts}
    below = {p.unit_path for p in actor().posts}
    found = [c for c in counties(ledger_session()) if c.id in seen or any(c.path.startswith(path) for path in below)]
    return Asked(options={"counties": tuple(Option(str(each.id), each.short_name) for each in found)})


@bp.get("/checks/<int:check_id>")
@allows(STAFF)
def show(check_id: int) -> ResponseReturnValue:
    session = ledger_session()
    check = visible_check(session, actor(), check_id) or abort(404)
    rows = drawn_projects(session, actor(), check_id)
    again = drawn_again(check)
    return render_template(
        "spot_checks/show.html",
        check=check,
        rows=rows,
        strata=[Stratum(each).label for each in check.strata],
        same=sorted(again) == sorted(row.project.number for row in rows),
        again=again,
        findings=Finding,
        pills=PILLS,
    )


@bp.post("/checks/<int:check_id>")
@allows(STAFF)
def show_workbook(check_id: int) -> ResponseReturnValue:
    """Answer a draw's projects with what was found and mended as a workbook."""
    check = visible_check(ledger_session(), actor(), check_id) or abort(404)
    rows = [
        (
            *(row.project.name, row.project.number, row.unit.short_name, strata_text(row.stratum)),
            *(_iso(row.checked_on), row.text, _iso(row.mend_by_on), row.mending, _iso(row.mended_on), row.result),
            Finding(row.finding).label,
        )
        for row in drawn_projects(ledger_session(), actor(), check_id)
    ]
    return table_workbook(check.title, _HEADS, rows)


@bp.get("/checks/<int:check_id>/pool")
@allows(STAFF)
def pool(check_id: int) -> ResponseReturnValue:
    """Show every project a draw was made from, with its lot, a page at a time."""
    check = visible_check(ledger_session(), actor(), check_id) or abort(404)
    found, page = lots(pool_of(check), rule_of(check)), max(1, request.args.get("page", 1, row_number))
    return render_template(
        "spot_checks/pool.html",
        check=check,
        rule=_rule_text(check),
        method=METHOD,
        rows=found[(page - 1) * _LOTS : page * _LOTS],
        layer_text=_layer_text,
        page=page,
        more=len(found) > page * _LOTS,
        count=len(found),
        drawn_count=sum(each.drawn for each in found),
    )


@bp.post("/checks/<int:check_id>/pool")
@allows(STAFF)
def pool_workbook(check_id: int) -> ResponseReturnValue:
    """Answer the pool as a workbook with seed, rule and method: all that is needed to draw again."""
    check = visible_check(ledger_session(), actor(), check_id) or abort(404)
    rows = [
        (
            *(number, each.candidate.number, each.candidate.unit, _category_text(each.candidate.category)),
            *(each.candidate.yuan, _layer_text(each), each.lot, each.place, each.layer_count, each.drawn_count),
            "抽中" if each.drawn else "",
        )
        for number, each in enumerate(lots(pool_of(check), rule_of(check)), 1)
    ]
    name = f"{check.title}抽取范围"
    record(ledger_session(), moment(), actor(), Act("export", detail={"name": name, "rows": len(rows)}))
    widths = (6, 24, 16, 8, 16, 30, 68, 8, 8, 8, 6)
    printing = Printing(widths, beside=2, note=METHOD)
    heads = [Group(head) for head in _POOL_HEADS]
    table = Table(name, heads, rows, line=_rule_text(check), landscape=True, printing=printing)
    return send_file(BytesIO(write_sheet(table)), XLSX, as_attachment=True, download_name=f"{name}.xlsx", max_age=0)


def _rule_text(check: SpotCheck) -> str:
    strata = "、".join(Stratum(each).label for each in check.strata)
    return f"种子：{check.seed}　分层：{strata}　比例：每层{check.percent}%　抽取时间：{stamp_text(check.drawn_at)}"


def _layer_text(lot: Lot) -> str:
    return strata_text(" · ".join(lot.layer))


def _category_text(category: str) -> str:
    return Category(category).label if category in set(Category) else "待认定"


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


@bp.get("/checks/projects/<int:row_id>")
@allows(STAFF)
def project(row_id: int) -> ResponseReturnValue:
    row = drawn_project(ledger_session(), actor(), row_id) or abort(404)
    return _project_page(row, {}, {})


@bp.post("/checks/projects/<int:row_id>")
@allows(ACTING)
def act(row_id: int) -> ResponseReturnValue:
    """Note a finding, report its mending or look again: what the project waits for, by whom it waits for."""
    row = drawn_project(ledger_session(), actor(), row_id, lock=True) or abort(404)
    form, posted = _form_for(row), typed()
    if form is None:
        raise ActRefused("该项目现在没有您要办的事项")
    try:
        with ledger_session().begin_nested():
            _carry_out(row, form, parse(form, posted, Asked()))
            _take_photos(row)
    except FormErrors as refused:
        return _project_page(row, posted, refused.errors), 422
    except (CheckRefused, FileRefused) as refused:
        return _project_page(row, posted, {"": str(refused)}), 422
    flash("已登记。")
    return redirect(url_for("spot_checks.project", row_id=row_id), 303)


def _carry_out(row: SpotCheckProject, form: Form, answers: Mapping[str, Any]) -> None:
    until = date.fromisoformat(answers["until"]) if answers.get("until") else None
    if form is CHECK_FINDING:
        note_finding(_checking(), row, Found(date.fromisoformat(answers["checked_on"]), answers["text"], until))
    elif form is CHECK_MENDING:
        report_mending(_checking(), row, answers["text"])
    else:
        look_again(_checking(), row, answers["text"], until)


def _form_for(row: SpotCheckProject) -> Form | None:
    """Return what a person is asked about a drawn project now: the checker finds and looks again, the unit mends."""
    if actor().holds(Role.HANDLER, row.check.unit_id):
        if row.finding in (Finding.OPEN, Finding.SOUND, Finding.PROBLEM):
            return CHECK_FINDING
        if row.finding == Finding.MENDED:
            return CHECK_AGAIN
    return CHECK_MENDING if row.finding == Finding.PROBLEM and actor().holds(Role.HANDLER, row.unit_id) else None


def _project_page(row: SpotCheckProject, posted: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    form = _form_for(row)
    return render_template(
        "spot_checks/project.html",
        row=row,
        page=None if form is None else FormPage(form, posted, errors=errors),
        papers=papers_of_drawn(ledger_session(), row.id),
        findings=Finding,
        pills=PILLS,
        whole=bool(whole_counties(actor())),
    )


def _take_photos(row: SpotCheckProject) -> None:
    for upload in sent_files(request.files.getlist("photos")):
        place = Place(PaperKind.SPOT_CHECK, spot_check_project_id=row.id)
        attach(ledger_session(), settings().papers, take(upload), place, actor(), moment().at)
    ledger_session().flush()


@bp.get("/appraisals")
@allows(STAFF)
def sheets() -> ResponseReturnValue:
    """Show every unit's sheet over some days; a unit that sees no whole county sees its own."""
    span, shown = _sheets()
    return render_template(
        "spot_checks/appraisals.html", sheets=shown, span=span, formula=FORMULA, points=POINTS, full=FULL_SCORE
    )


@bp.post("/appraisals")
@allows(STAFF)
def sheets_workbook() -> ResponseReturnValue:
    """Answer the same sheets as a workbook."""
    span, shown = _sheets()
    labels = (f"{label}（−{lost}）" for label, lost in POINTS.values())
    rows = [
        (each.unit.short_name, each.round_count, each.in_time, *(each.counts[name] for name in POINTS), each.score)
        for each in shown
    ]
    name = f"考核表（{span.since.isoformat()}至{span.until.isoformat()}）"
    return table_workbook(name, ("单位", "应报期数", "按时", *labels, "得分"), rows)


def _sheets() -> tuple[Span, list[Appraisal]]:
    """Return the days asked for, this year where none are, and the sheets a person sees of them."""
    today = day_of(moment().at)
    since = request.args.get("since", type=date.fromisoformat) or today.replace(month=1, day=1)
    span = Span(since, request.args.get("until", type=date.fromisoformat) or today)
    own, whole = {p.unit_id for p in actor().posts}, whole_counties(actor())
    seen = sorted(whole | {p.county_id for p in actor().posts if p.county_id is not None})
    found = [each for county_id in seen for each in appraisals(ledger_session(), county_id, span, moment().at)]
    return span, [each for each in found if each.unit.id in own or each.unit.county_id in whole]


def _checking() -> Checking:
    return Checking(ledger_session(), actor(), moment())
