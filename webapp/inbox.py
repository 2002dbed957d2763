"""待办, 待签收, 已办 and 在办: the lists a person works from, and the first page after signing in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.versions import version_of
from handlers.plain import stem_of
from ledger.case_views import visible_case
from ledger.inbox import RECEIPT, next_item, stems_open, units_waited_for
from ledger.listing import Limit
from ledger.procedures import current_procedure
from webapp.bulk import STEMS
from webapp.layout import capped_text
from webapp.listing import list_page, query_of, read_filters
from webapp.opening import first_page
from webapp.permissions import ACTING, SIGNED_IN, STAFF, allows
from webapp.procedure import MAIN
from webapp.request import actor, ledger_session, moment, number_asked

bp = Blueprint("inbox", __name__)
PILLS = {Limit.OVERDUE: "p-red", Limit.TODAY: "p-orange", Limit.SOON: "p-yellow", Limit.LATER: "p-gray"}


@bp.get("/")
@allows(SIGNED_IN)
def home() -> ResponseReturnValue:
    """Send people to where their work begins."""
    return redirect(first_page(actor()), 302)


@bp.get("/inbox")
@allows(SIGNED_IN)
def index() -> ResponseReturnValue:
    return _dated("inbox", stems=_stems())


@bp.get("/inbox/receipt")
@allows(SIGNED_IN)
def receipt() -> ResponseReturnValue:
    return _dated("receipt", stems=())


@bp.get("/under-way")
@allows(STAFF)
def under_way() -> ResponseReturnValue:
    units = [(unit.id, unit.short_name) for unit in units_waited_for(ledger_session(), actor())]
    return _dated("under_way", stems=_steps(), units=units)


@bp.get("/inbox/done")
@allows(SIGNED_IN)
def done() -> ResponseReturnValue:
    return list_page("done", "inbox/done.html", moment().at)


@bp.get("/inbox/next")
@allows(SIGNED_IN)
def following() -> ResponseReturnValue:
    """Offer the most pressing item, after one went elsewhere; `case` is where one comes from, while one may see it."""
    session, came_from = ledger_session(), number_asked(request.args.get("case"))
    return render_template(
        "inbox/next.html",
        case=visible_case(session, actor(), came_from) if came_from is not None else None,
        following=next_item(session, actor(), moment().at),
    )


def _dated(name: str, **more: Any) -> ResponseReturnValue:
    shared = {"pills": PILLS, "person_id": actor().user_id}
    bulk = STEMS if name != "under_way" and ACTING.admits(actor()) else frozenset[str]()
    return list_page(
        name, "inbox/index.html", moment().at, bulk_stems=bulk, whole_step_url=_whole_step(name, bulk), **shared, **more
    )


def _whole_step(name: str, bulk: Collection[str]) -> str:
    """Return where everything that the search finds of one step is done together; "" where it cannot be."""
    filters = read_filters(request.args)
    stem = RECEIPT if name == "receipt" else filters.stem
    if stem not in bulk:
        return ""
    asked: dict[str, Any] = {**query_of(filters), "stem": stem}
    return url_for("bulk.preview", **asked)


def _stems() -> list[tuple[str, str]]:
    """Return the steps a person has open items of, for the filter."""
    return [(stem, f"{name}（{capped_text(count)}）") for stem, name, count in stems_open(ledger_session(), actor())]


def _steps() -> list[tuple[str, str]]:
    """Return the steps of the procedure in force, in its order: what waits anywhere is at one of them."""
    procedure = current_procedure(ledger_session(), MAIN)
    elements = version_of(procedure, procedure.callees).diagram.elements.values()
    return [*{stem_of(each.attributes): each.name for each in elements if each.kind == "userTask"}.items()]
