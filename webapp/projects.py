"""项目台账: the register as a list one can search and filter, and a page per project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from bpmn.tables import XLSX
from forms.sheets.workbook import write_table
from ledger.fact_checks import confirmed_days
from ledger.journal import Act
from ledger.ledger_edits import edits_of
from ledger.projects import funding_of
from ledger.register import (
    EXITED,
    NOT_PUSHED,
    ProjectFilter,
    cases_of_project,
    classifications_of,
    responsible_units,
    state_label,
    visible_project,
)
from ledger.register_sorting import Column, Part, RegisterRow, Sorting, read_sorting, sorted_page
from ledger.vocabulary import CaseStatus, Category, FundingSource, FundingTier, Level
from ledger.writing import record
from webapp.layout import label_of, stamp_text
from webapp.listing import drop_search, save_search, saved_searches
from webapp.permissions import STAFF, allows
from webapp.project_facts import facts_of, telephone_text
from webapp.request import actor, ledger_session, moment, row_number

bp = Blueprint("projects", __name__)
MOST_EXPORTED = 20_000
_PAGE = 20
_TITLE, _LISTING = "项目台账", "projects"
STATES = (*((str(s), s.label) for s in CaseStatus), (NOT_PUSHED, "未推送"), (EXITED, "已退出"))
ORDERS = (
    ("number", "按项目编号"),
    ("name", "按名称（拼音首字母）"),
    ("unit", "按承办单位"),
    ("-money", "投资从大到小"),
    ("money", "投资从小到大"),
    ("class", "按类别"),
    ("step", "按当前环节"),
    ("-changed", "最近变动在前"),
    ("changed", "最久没有变动在前"),
)
_COLUMNS = (
    ("项目", Column.NAME),
    ("承办单位", Column.UNIT),
    ("地点", None),
    ("类别", Column.CLASS),
    ("投资规模（元）", Column.MONEY),
    ("状态和环节", Column.STEP),
    ("最近变动", Column.CHANGED),
)
_EXPORTED = (
    *("序号", "项目名称", "项目编号", "实施年度", "主管层级", "承办单位", "镇（乡、街道）", "村（居）", "类别"),
    *("投资规模（元）", "状态", "退出", "当前环节", "最近变动"),
)


@bp.get("/projects")
@allows(STAFF)
def index() -> ResponseReturnValue:
    session, wanted, sorting = ledger_session(), _wanted(request.args), read_sorting(request.args.get("sort", ""))
    page = sorted_page(session, actor(), wanted, Part(_PAGE, sorting, request.args.get("after", "")[:120]))
    query = _query(wanted, sorting)
    following: dict[str, Any] = {**query, "after": page.next}
    asked = {name: value for name, value in query.items() if name != "sort"}
    return render_template(
        "projects/index.html",
        page=page,
        older_url=url_for("projects.index", **following) if page.next else None,
        wanted=wanted,
        heads=_heads(asked, sorting),
        orders=ORDERS,
        sorting=str(sorting),
        bar={"asked": bool(query), "saved": saved_searches(_LISTING, "projects.index", query)},
        units=responsible_units(session, actor()),
        statuses=CaseStatus,
        levels=[(str(one), one.label) for one in Level],
        categories=[(str(one), one.label) for one in Category],
        states=STATES,
    )


@bp.post("/projects")
@allows(STAFF)
def act() -> ResponseReturnValue:
    """Search the register; or save the search, forget one, or take the list away as a workbook."""
    wanted, sorting = _wanted(request.form), read_sorting(request.form.get("sort", ""))
    action, query = request.form.get("_action", ""), _query(wanted, sorting)
    if request.form.get("_drop"):
        drop_search()
    elif action == "export":
        return _workbook(wanted, sorting)
    elif action == "save":
        save_search(_LISTING, query)
    asked: dict[str, Any] = {} if action == "clear" else query
    return redirect(url_for("projects.index", **asked), 303)


def _heads(asked: Mapping[str, str], sorting: Sorting) -> list[dict[str, Any]]:
    """Return the columns' heads: each leads to the list sorted by it, the one that is on to the other direction."""
    return [
        {
            "label": label,
            "money": column is Column.MONEY,
            "on": column is sorting.column,
            "descending": sorting.descending,
            "url": column and url_for("projects.index", **{**asked, "sort": str(_turned(column, sorting))}),  # type: ignore[arg-type]
        }
        for label, column in _COLUMNS
    ]


def _turned(column: Column, sorting: Sorting) -> Sorting:
    """Return what a press on a column's head sorts by: large amounts and late changes first, then the other way."""
    if column is sorting.column:
        return Sorting(column, not sorting.descending)
    return Sorting(column, column in (Column.MONEY, Column.CHANGED))


def _workbook(wanted: ProjectFilter, sorting: Sorting) -> ResponseReturnValue:
    """Answer the filtered list as a workbook; how many rows left the house is written into the journal."""
    page = sorted_page(ledger_session(), actor(), wanted, Part(MOST_EXPORTED, sorting))
    rows = list(_lines(page.rows))
    record(ledger_session(), moment(), actor(), Act("export", detail={"name": _TITLE, "rows": len(rows)}))
    cut = f"　只列出前 {MOST_EXPORTED} 行，共 {page.total} 个：请用条件筛选后分几次导出" if page.next else ""
    data = write_table(f"{_TITLE}（{stamp_text(moment().at)}）{cut}", _EXPORTED, rows)
    return send_file(BytesIO(data), XLSX, as_attachment=True, download_name=f"{_TITLE}.xlsx", max_age=0)


def _lines(rows: Sequence[RegisterRow]) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(rows, 1):
        one, changed = row.project, stamp_text(row.changed_at) if row.changed_at else None
        yield (
            *(number, one.name, one.number, one.implementation_year, label_of(Level, one.level)),
            one.responsible_unit.short_name if one.responsible_unit else "待分派",
            one.township.short_name if one.township else one.township_text,
            one.village.short_name if one.village else one.village_text,
            *(label_of(Category, one.category), one.funding_total_yuan, state_label(row.case)),
            *("退出" if one.exited_on else None, "、".join(row.steps), changed),
        )


@bp.get("/projects/<int:project_id>")
@allows(STAFF)
def show(project_id: int) -> ResponseReturnValue:
    session = ledger_session()
    project = visible_project(session, actor(), project_id) or abort(404)
    return render_template(
        "projects/show.html",
        project=project,
        facts=facts_of(project, actor()),
        masked=telephone_text(project, actor()) != (project.telephone or ""),
        funding=funding_of(project),
        sources=FundingSource,
        tiers=FundingTier,
        cases=cases_of_project(session, project.id),
        classifications=classifications_of(session, project.id),
        statuses=CaseStatus,
        edits=edits_of(session, project.id),
        confirmed_on=confirmed_days(session, [project.id]).get(project.id),
    )


def _query(wanted: ProjectFilter, sorting: Sorting) -> dict[str, str]:
    """Write a search as an address holds it, without what asks for nothing."""
    unit = "" if wanted.unit_id is None else str(wanted.unit_id)
    sort = "" if sorting == Sorting() else str(sorting)
    named = {"q": wanted.text, "unit": unit, "category": wanted.category, "level": wanted.level, "state": wanted.state}
    return {name: value for name, value in {**named, "sort": sort}.items() if value}


def _wanted(asked: MultiDict[str, str]) -> ProjectFilter:
    """Return the filter in an address or a form; what is no filter value is left aside."""
    return ProjectFilter(
        text=asked.get("q", "").replace("\0", "")[:60].strip(),
        unit_id=asked.get("unit", type=row_number),
        category=asked.get("category", "") if asked.get("category") in set(Category) else "",
        level=asked.get("level", "") if asked.get("level") in set(Level) else "",
        state=asked.get("state", "") if asked.get("state") in dict(STATES) else "",
    )
