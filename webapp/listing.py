"""What the pages of lists share: which lists there are, the search in an address, and the bar above a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from ledger.copies import copies_to
from ledger.inbox import RECEIPT, done_items, inbox, under_way
from ledger.listing import LIMIT_LABELS, PAGE_SIZE, Filters, Limit, Order
from ledger.own_lists import drafts_of, started_cases
from ledger.saved_filters import FilterRefused, Search, drop_filter, remembered, save_filter, saved_filters
from ledger.scope import Actor
from ledger.vocabulary import Category
from webapp.request import actor, ledger_session, moment, number_asked, row_number

_TEXT_LENGTH = 60
_BY_LIMIT = {"": "按办理时限", Order.NEWEST: "最近送来在前"}
_BY_TIME = {"": "最近的在前", Order.OLDEST: "最早的在前"}
_BY_SAVING = {"": "最近暂存在前", Order.OLDEST: "最早暂存在前", Order.DUE: "按办理时限"}


@dataclass(frozen=True)
class List:
    """One list: its fixed name, its page, and what reads a page of it."""

    label: str
    endpoint: str
    read: Callable[[Session, Actor, datetime, Filters, int], Any]
    dated: bool = False  # its lines have limits, so it is counted and filtered by them
    orders: Mapping[str, str] = field(default_factory=lambda: _BY_TIME)  # "" is the list's own


def _receipt(session: Session, person: Actor, now: datetime, filters: Filters, size: int) -> Any:
    return inbox(session, person, now, replaced(filters, stem=RECEIPT), size)


def _drafts(session: Session, person: Actor, _now: datetime, filters: Filters, size: int) -> Any:
    return drafts_of(session, person, filters, size)


LISTS: Mapping[str, List] = {
    "inbox": List("待办", "inbox.index", inbox, True, _BY_LIMIT),
    "receipt": List("待签收", "inbox.receipt", _receipt, True, _BY_LIMIT),
    "under_way": List("在办事项", "inbox.under_way", under_way, True, _BY_LIMIT),
    "done": List("已办", "inbox.done", done_items),
    "started": List("我发起的", "own_lists.started", lambda s, who, _now, f, size: started_cases(s, who, f, size)),
    "copies": List("抄送我的", "own_lists.copies", lambda s, who, _now, f, size: copies_to(s, who, f, size)),
    "drafts": List("草稿", "own_lists.drafts", _drafts, orders=_BY_SAVING),
}


def replaced(filters: Filters, **changed: Any) -> Filters:
    """Return `filters` with some values changed."""
    return Filters(**{**{name: getattr(filters, name) for name in Filters.__dataclass_fields__}, **changed})


def read_filters(asked: Mapping[str, str]) -> Filters:
    """Read a search from an address or a form; what is no filter value is left aside."""
    limit, order, category = asked.get("limit", ""), asked.get("order", ""), asked.get("category", "")
    return Filters(
        text=asked.get("q", "").replace("\0", "")[:_TEXT_LENGTH].strip(),
        stem=asked.get("stem", "").replace("\0", "")[:_TEXT_LENGTH],
        category=category if category in set(Category) else "",
        limit=Limit(limit) if limit in set(Limit) else None,
        unit_id=number_asked(asked.get("unit")),
        order=Order(order) if order in set(Order) else None,
        after=asked.get("after", "")[:_TEXT_LENGTH],
    )


def query_of(filters: Filters) -> dict[str, str]:
    """Write a search as an address holds it, without what asks for nothing and without a place."""
    named = {
        "q": filters.text,
        "stem": filters.stem,
        "unit": str(filters.unit_id or ""),
        "category": filters.category,
        "limit": str(filters.limit or ""),
        "order": str(filters.order or ""),
    }
    return {name: value for name, value in named.items() if value}


def list_page(name: str, template: str, now: datetime, **more: Any) -> ResponseReturnValue:
    """Draw a page of a list; without a search in the address the last one is taken up again."""
    known, filters = LISTS[name], read_filters(request.args)
    if not request.args:
        last: dict[str, Any] = remembered(ledger_session(), actor(), name)
        if last:
            return redirect(url_for(known.endpoint, **last), 302)
    page = known.read(ledger_session(), actor(), now, filters, PAGE_SIZE)
    asked: dict[str, Any] = {**query_of(filters), "after": page.next}
    return render_template(
        template,
        page=page,
        next_url=url_for(known.endpoint, **asked) if page.next else None,
        bar=_bar(name, filters),
        filters=filters,
        **more,
    )


def _bar(name: str, filters: Filters) -> dict[str, Any]:
    """Return what the bar above a list shows: the choices, the saved searches, and whether anything is asked for."""
    known = LISTS[name]
    return {
        "name": name,
        "list": known,
        "asked": bool(query_of(filters)),
        "saved": saved_searches(name, known.endpoint, query_of(filters)),
        "limits": LIMIT_LABELS,
        "orders": known.orders,
        "categories": [(str(one), one.label) for one in Category],
    }


def saved_searches(listing: str, endpoint: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a list's saved searches as its page shows them; `query` is the one that is on."""
    return [
        {
            "id": each.id,
            "name": each.name,
            "own": each.user_id == actor().user_id,
            "by": each.user.name,
            "shared": each.unit_id is not None,
            "url": url_for(endpoint, **each.query),
            "on": dict(each.query) == query,
        }
        for each in saved_filters(ledger_session(), actor(), listing)
    ]


def save_search(listing: str, query: Mapping[str, str]) -> None:
    """Keep the search that is on under the name the form asks for, and say so, or why not."""
    shared = request.form.get("shared") == "1"
    words = request.form.get("save_as", "")[:100].replace("\0", "")
    try:
        kept = save_filter(ledger_session(), actor(), Search(listing, query), words, shared, moment().real_at)
    except FilterRefused as refused:
        flash(str(refused), "wrong")
    else:
        flash(f"已保存条件“{kept.name}”" + ("，本单位的同事也能使用。" if kept.unit_id else "。"))


def drop_search() -> None:
    """Forget the own saved search whose button was pressed; 404 for what is no number."""
    try:
        drop_filter(ledger_session(), actor(), row_number(request.form["_drop"]))
    except ValueError:
        abort(404)
