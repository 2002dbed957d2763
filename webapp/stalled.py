"""停滞项目: suspended cases, and cases that wait for somebody while nobody acts, within a person's area."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ledger.oversight_lists import OverseenPage, seen_in, silent_cases, silent_since, suspended_cases
from ledger.people import Unit
from webapp.layout import calendar
from webapp.overseeing import MOST_EXPORTED, PAGE, chosen_area, list_page, workbook
from webapp.permissions import STAFF, allows
from webapp.request import actor, ledger_session, moment, row_number

bp = Blueprint("stalled", __name__, url_prefix="/stalled")
DAYS, MOST_DAYS = 10, 250  # working days


def days_asked() -> int:
    """Return for how many working days nobody must have acted: asked for, or ten."""
    days = request.args.get("days", DAYS, row_number)
    return min(max(1, days), MOST_DAYS)


@bp.get("")
@allows(STAFF)
def index() -> ResponseReturnValue:
    area = chosen_area()
    return list_page("stalled.index", _page(area, request.args.get("after", "")[:60], PAGE), _title(), area)


@bp.post("")
@allows(STAFF)
def index_workbook() -> ResponseReturnValue:
    area = chosen_area()
    return workbook(f"{area.short_name}{_title()}", _page(area, "", MOST_EXPORTED))


def _suspended() -> bool:
    return request.args.get("kind") == "suspended"


def _title() -> str:
    return "已暂停的项目" if _suspended() else f"{days_asked()}个工作日以上无人办理的项目"


def _page(area: Unit, after: str, size: int) -> OverseenPage:
    seen = seen_in(actor(), area)
    if _suspended():
        return suspended_cases(ledger_session(), seen, after, size)
    cutoff = silent_since(calendar(), moment().at, days_asked())
    return silent_cases(ledger_session(), seen, cutoff, after, size)
