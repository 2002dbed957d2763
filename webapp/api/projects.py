"""The interface: who asks, the register, and Annex 4 and 5 over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

from flask import Response, abort, request, send_file

from forms.rendering import table_name
from forms.sheets.annexes import Heading, annex4, annex5
from ledger.db import day_of
from ledger.journal import Act
from ledger.own_lists import menu_counts
from ledger.projects import Project
from ledger.register import ProjectFilter, cases_of_project, register_page, responsible_units, visible_project
from ledger.scope import visible_projects
from ledger.statistics import (
    ANNEX4_HEADS,
    ANNEX5_HEADS,
    Statistics,
    annex4_of,
    annex5_rows,
    county_of,
    of_unit,
    projects_where,
)
from ledger.vocabulary import Category, Level, PaperKind
from ledger.writing import record
from webapp.api import shapes
from webapp.api.operations import Asked, reads
from webapp.api.shapes import COUNTS, NUMBER, PERSON, PROJECT, PROJECT_BRIEF, TEXT, listed, named, paged
from webapp.permissions import SIGNED_IN, STAFF
from webapp.project_facts import telephone_text
from webapp.projects import STATES
from webapp.request import actor, ledger_session, moment, number_asked

PAGE = 50
AFTER = Asked("after", "上一页答复里的 next", TEXT)
_SEARCH = (
    Asked("q", "名称、编号、乡镇或拼音首字母", TEXT),
    Asked("unit", "承办单位的编号", NUMBER),
    Asked("township", "所在乡镇的编号", NUMBER),
    Asked("year", "实施年度", NUMBER),
    Asked("category", "四个一批类别", {"enum": [str(one) for one in Category]}),
    Asked("level", "主管层级", {"enum": [str(one) for one in Level]}),
    Asked("state", "办理状态", {"enum": [value for value, _label in STATES]}),
)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TABLE_ASKS = (
    Asked("unit", "承办单位的编号；不写为全部", NUMBER),
    Asked("format", "json（缺省）或 xlsx", {"enum": ["json", "xlsx"]}),
)


@reads("/me", "令牌所属人员、岗位和待办数", SIGNED_IN, named(person=PERSON, counts=COUNTS))
def me() -> dict[str, Any]:
    return {"person": shapes.person(actor()), "counts": menu_counts(ledger_session(), actor())}


@reads("/projects", "项目台账", STAFF, paged(PROJECT_BRIEF, total=NUMBER), (*_SEARCH, AFTER))
def projects() -> dict[str, Any]:
    after = request.args.get("after", "")[:60]
    found, total = register_page(ledger_session(), actor(), _wanted(), after, PAGE + 1)
    rows = found[:PAGE]
    following = rows[-1].number if len(found) > PAGE else ""
    return {"rows": [shapes.project_brief(project) for project in rows], "next": following, "total": total}


@reads("/projects/<int:project_id>", "一个项目的全部情况和办理流程", STAFF, PROJECT)
def project(project_id: int) -> dict[str, Any]:
    session = ledger_session()
    found = visible_project(session, actor(), project_id) or abort(404)
    return shapes.project(found, cases_of_project(session, project_id), actor())


@reads("/units", "能看到的项目的承办单位", STAFF, listed(named(id=NUMBER, name=TEXT)))
def units() -> list[dict[str, Any]]:
    return [{"id": unit.id, "name": unit.short_name} for unit in responsible_units(ledger_session(), actor())]


def _table(name: str) -> None:
    """Declare a table; how many of its rows left the house is written into the journal."""
    kind, heads, rows_of, workbook = _TABLES[name]
    title = table_name(kind)

    def view() -> dict[str, Any] | Response:
        found = projects_where(ledger_session(), _tabled())
        counted = rows_of(found)
        rows = counted.rows if isinstance(counted, Statistics) else counted
        record(ledger_session(), moment(), actor(), Act("export", detail={"name": title, "rows": len(rows)}))
        if request.args.get("format") == "xlsx":
            unit = actor().posts[0].unit_name
            heading = Heading(unit, "", actor().name, day_of(moment().at), county_of(found))
            data = workbook(counted, heading)
            return send_file(BytesIO(data), _XLSX, as_attachment=True, download_name=f"{title}.xlsx")
        return {"title": title, "heads": list(heads), "rows": rows}

    view.__name__ = name
    gives = named(title=TEXT, heads=listed(TEXT), rows=listed(listed({})))
    reads(f"/tables/{name}", f"{kind.label}：按能看到的项目现算", STAFF, gives, _TABLE_ASKS)(view)


def _tabled() -> Any:
    """Return the condition on the projects a table is about: those the person sees, of one unit when it is named."""
    unit_id, seen = _unit_id(), visible_projects(actor())
    return seen if unit_id is None else seen & of_unit(unit_id)


def _masked(found: Sequence[Project]) -> list[tuple[Any, ...]]:
    """Return Annex 5 with the telephone numbers masked for who does not handle the project (M2)."""
    rows = []
    for row, project in zip(annex5_rows(found), found, strict=True):
        number, told = project.telephone or "", telephone_text(project, actor())
        hidden = number and number != told
        rows.append(tuple(cell.replace(number, told) if hidden and isinstance(cell, str) else cell for cell in row))
    return rows


def _unit_id() -> int | None:
    return number_asked(request.args.get("unit"))


def _wanted() -> ProjectFilter:
    asked = request.args
    return ProjectFilter(
        text=asked.get("q", "")[:60].strip(),
        unit_id=_unit_id(),
        category=asked.get("category", ""),
        level=asked.get("level", ""),
        state=asked.get("state", ""),
        year=number_asked(asked.get("year")),
        township_id=number_asked(asked.get("township")),
    )


_TABLES: Mapping[str, tuple[PaperKind, Sequence[str], Callable[..., Any], Callable[..., bytes]]] = {
    "annex4": (PaperKind.ANNEX4, ANNEX4_HEADS, annex4_of, annex4),
    "annex5": (PaperKind.ANNEX5, ANNEX5_HEADS, _masked, annex5),
}
for _name in _TABLES:
    _table(_name)
