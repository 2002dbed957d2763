"""看板: a county, a unit, a village at a glance, each figure with its projects; a large screen for the meeting room."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ledger.boards import Light, names_of
from ledger.listing import bounds
from ledger.oversight_lists import OverseenPage, Wanted, held_late, overseen_projects
from ledger.people import Unit
from ledger.tallies import SOURCES
from ledger.vocabulary import CaseStatus, Level, Linkage, Operation, RowStanding
from webapp.board_figures import ARCHIVE_ROWS, CLASSES, PROGRESS, RATES, board_of, day_url, projects_url, title_of
from webapp.overseeing import (
    MOST_EXPORTED,
    PAGE,
    area_choices,
    asked_for,
    chosen_area,
    list_page,
    table_workbook,
    workbook,
)
from webapp.permissions import STAFF, allows
from webapp.request import actor, ledger_session, moment, row_number

bp = Blueprint("boards", __name__, url_prefix="/board")
_HEADS = (
    *("范围", "项目数", *(label for _key, label in CLASSES), "已退出"),
    *(label for _name, label, _colour, _asked in RATES),
    *("投资规模（万元）", "红灯", "黄灯", "绿灯", "已暂停", "已归档"),
)


@bp.get("")
@allows(STAFF)
def show() -> ResponseReturnValue:
    return render_template("boards/show.html", **_shown(chosen_area()))


@bp.post("")
@allows(STAFF)
def show_workbook() -> ResponseReturnValue:
    """Answer the table of the area's parts as a workbook."""
    board = board_of(chosen_area())
    name = f"{board.area.short_name}看板"
    rows = [
        (
            *(row.name, row.figures.project_count, *row.figures.classes, row.figures.exited_count),
            *(row.rate(rate) for rate, *_rest in RATES),
            *(row.money, row.lights.red, row.lights.yellow, row.lights.green),
            *(row.lights.suspended, row.lights.archived),
        )
        for row in (*board.rows, board.whole)
    ]
    return table_workbook(name, _HEADS, rows)


@bp.get("/screen")
@allows(STAFF)
def screen() -> ResponseReturnValue:
    return render_template("boards/screen.html", **_shown(chosen_area()))


@bp.get("/screen/figures")
@allows(STAFF)
def screen_figures() -> ResponseReturnValue:
    """Answer what the large screen asks for once a minute."""
    return render_template("boards/screen_figures.html", **_shown(chosen_area()))


def _shown(area: Unit) -> dict[str, Any]:
    return {
        "board": board_of(area),
        "classes": CLASSES,
        "rates": RATES,
        "lights": Light,
        "projects_url": projects_url,
        "day_url": day_url,
        "asked_for": asked_for,
        **area_choices(area),
    }


@bp.get("/projects")
@allows(STAFF)
def projects() -> ResponseReturnValue:
    area = chosen_area()
    page = _projects(area, request.args.get("after", "")[:60], PAGE)
    return list_page("boards.projects", page, _title(area), area)


@bp.post("/projects")
@allows(STAFF)
def projects_workbook() -> ResponseReturnValue:
    area = chosen_area()
    return workbook(f"{area.short_name}{_title(area)}", _projects(area, "", MOST_EXPORTED))


def _projects(area: Unit, after: str, size: int) -> OverseenPage:
    limits = bounds(ledger_session(), moment().at)
    return overseen_projects(ledger_session(), actor(), area, Wanted(**_asked()), after, size, limits)


def _asked() -> dict[str, Any]:
    """Read what is asked for; what is no value of its list asks for nothing."""
    given = request.args
    light, spans = given.get("light", ""), {f"{first}_{last}": (first, last) for (first, last), _label in PROGRESS}
    known: dict[str, Any] = {
        "category": given["category"] if given.get("category") in dict(CLASSES) else "",
        "operation": given["operation"] if given.get("operation") in set(Operation) else "",
        "linkage": given["linkage"] if given.get("linkage") in set(Linkage) else "",
        "status": given["status"] if given.get("status") in set(CaseStatus) else "",
        "staying": given.get("staying") == "1",
        "exited": given.get("exited") == "1",
        "branch_id": given.get("branch", type=row_number),
        "progress": spans.get(given.get("progress", "")),
        "archive": _archive(given.get("archive", "")),
        "light": Light(light) if light in set(Light) else None,
        "source": given["source"] if given.get("source") in SOURCES else "",
    }
    return known


def _archive(text: str) -> tuple[str, int, RowStanding] | None:
    """Read a level and row of Annex 6 and how it stands, as village-5-l; anything else asks for nothing."""
    level, row, standing = (*text.split("-"), "", "", "")[:3]
    rows = {str(number) for number in range(1, ARCHIVE_ROWS + 1)}
    known = level in set(Level) and row in rows and standing in set(RowStanding)
    return (level, int(row), RowStanding(standing)) if known else None


def _title(area: Unit) -> str:
    asked = _asked()
    branch = asked.pop("branch_id")
    unit = names_of(ledger_session(), [branch]).get(branch) if branch else None
    inside = unit is not None and (unit.path.startswith(area.path) or unit.county_id == (area.county_id or area.id))
    return (f"{unit.short_name}" if unit is not None and inside else "") + title_of(asked)


@bp.get("/late")
@allows(STAFF)
def late() -> ResponseReturnValue:
    """List what the units of an area, or one of them, hold past its date."""
    area = chosen_area()
    page = _late(area, request.args.get("after", "")[:60], PAGE)
    return list_page("boards.late", page, "超期任务", area)


@bp.post("/late")
@allows(STAFF)
def late_workbook() -> ResponseReturnValue:
    area = chosen_area()
    return workbook(f"{area.short_name}超期任务", _late(area, "", MOST_EXPORTED))


def _late(area: Unit, after: str, size: int) -> OverseenPage:
    holder = request.args.get("holder", type=row_number)
    return held_late(ledger_session(), actor(), area, holder, after, size, moment().at)
