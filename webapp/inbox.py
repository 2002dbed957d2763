"""待办 and 已办: the lists a person works from, and the first page after signing in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.inbox import LIMIT_LABELS, Filters, InboxPage, Limit, done_items, inbox, stems_open
from webapp.auth import local_address
from webapp.permissions import SIGNED_IN, STAFF, allows
from webapp.request import actor, ledger_session, moment, settings

bp = Blueprint("inbox", __name__)
_PILLS = {Limit.OVERDUE: "p-red", Limit.TODAY: "p-orange", Limit.SOON: "p-yellow", Limit.LATER: "p-gray"}


@bp.get("/")
@allows(SIGNED_IN)
def home() -> ResponseReturnValue:
    """Send people to their work; administrators, who have none, to what they may see."""
    return redirect(url_for("inbox.index" if STAFF.admits(actor()) else "procedure.show"), 302)


@bp.get("/inbox")
@allows(SIGNED_IN)
def index() -> ResponseReturnValue:
    filters = _filters()
    page = inbox(ledger_session(), actor(), moment().at, filters)
    return render_template(
        "inbox/index.html",
        page=page,
        filters=filters,
        counters=[_counter(page, filters, limit) for limit in Limit],
        limits=LIMIT_LABELS,
        stems=stems_open(ledger_session(), actor()),
        next_url=_next_url("inbox.index", page),
    )


@bp.get("/inbox/done")
@allows(SIGNED_IN)
def done() -> ResponseReturnValue:
    filters = replace(_filters(), limit=None)
    page = done_items(ledger_session(), actor(), moment().at, filters)
    return render_template("inbox/done.html", page=page, filters=filters, next_url=_next_url("inbox.done", page))


@bp.post("/text-size")
@allows(SIGNED_IN)
def text_size() -> ResponseReturnValue:
    """Switch 大字版: a preference of this browser, kept in a cookie that says nothing about the person."""
    response = redirect(local_address(request.form.get("back")) or "/", 303)
    value = "1" if request.form.get("big") == "1" else "0"
    response.set_cookie("big", value, max_age=31536000, samesite="Lax", httponly=True, secure=settings().https)
    return response


def _filters() -> Filters:
    asked = request.args
    limit = asked.get("limit", "")
    return Filters(
        text=asked.get("q", "")[:60].strip(),
        stem=asked.get("stem", "")[:60],
        limit=Limit(limit) if limit in set(Limit) else None,
        after=asked.get("after", "")[:60],
    )


def _counter(page: InboxPage, filters: Filters, limit: Limit) -> dict[str, object]:
    """Return one of the four counters; the chosen one leads back to all."""
    chosen = filters.limit is limit
    kept: dict[str, Any] = {
        "q": filters.text or None,
        "stem": filters.stem or None,
        "limit": None if chosen else limit.value,
    }
    return {
        "label": LIMIT_LABELS[limit],
        "count": page.counts[limit],
        "pill": _PILLS[limit],
        "on": chosen,
        "url": url_for("inbox.index", **kept),
    }


def _next_url(endpoint: str, page: InboxPage) -> str | None:
    asked: dict[str, Any] = {**request.args.to_dict(), "after": page.next}
    return url_for(endpoint, **asked) if page.next else None
