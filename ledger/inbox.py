"""待办, 待签收, 已办, 在办: the work a person has, had, or may look after. A row goes to who holds its unit and role.

Whose inbox holds a million items waits no longer than who has thirty: each of a person's places is one range of an
index that holds waiting items only, in the order of their due moments; a page reads its first rows, a counter stops
at a thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal_column, or_, select, union_all
from sqlalchemy.orm import Session

from ledger.cases import Case, WorkItem
from ledger.listing import (
    LIMIT_LABELS,
    MOST_COUNTED,
    PAGE_SIZE,
    Bounds,
    Filters,
    InboxPage,
    InboxRow,
    Limit,
    Order,
    PlaceRefused,
    beyond,
    bounds,
    lines,
    of_project,
    place,
    read_lines,
    sorted_by,
)
from ledger.people import Unit
from ledger.projects import Project
from ledger.scope import BUSINESS, COUNTY_WIDE, Actor, visible_projects
from ledger.vocabulary import ItemStatus, Role

__all__ = [
    "LIMIT_LABELS",
    "MOST_COUNTED",
    "PAGE_SIZE",
    "Filters",
    "InboxPage",
    "InboxRow",
    "Limit",
    "Order",
    "PlaceRefused",
    "bounds",
]
RECEIPT = "receive"
"""The step by which a unit takes what was pushed to it (签收项目): what waits there is 待签收."""
_WAITS = WorkItem.completed_at.is_(None)  # as the index of waiting items says it
_WORKING = frozenset({Role.HANDLER, Role.SIGNER})
_FEW_PLACES = 3


def _mine(actor: Actor) -> list[ColumnElement[bool]]:
    """Return one condition for each place whose items are the person's: one range of the index."""
    places = sorted((unit_id, role) for unit_id, role in actor.places if role in _WORKING)
    return [and_(WorkItem.unit_id == unit_id, WorkItem.role == role, _WAITS) for unit_id, role in places]


def _overseen(actor: Actor) -> list[ColumnElement[bool]]:
    """Return the condition of what waits anywhere on projects the person may see.

    Who sees a whole county need not ask for each project: what waits there waits for a unit of that county.
    """
    whole = {post.county_id for post in actor.posts if post.role in BUSINESS and post.unit_kind in COUNTY_WIDE} - {None}
    rest = tuple(post for post in actor.posts if post.county_id not in whole)
    seen: list[ColumnElement[bool]] = []
    if whole:
        # the sum keeps SQLite from reading unit by unit and sorting all: the page comes in the order of due moments
        seen.append((WorkItem.unit_id + 0).in_(select(Unit.id).where(Unit.county_id.in_(whole))))
    if rest:
        cases = select(Case.id).join(Project, Project.id == Case.project_id)
        seen.append(WorkItem.case_id.in_(cases.where(visible_projects(replace(actor, posts=rest)))))
    return [and_(_WAITS, or_(*seen))] if seen else []


def inbox(session: Session, actor: Actor, now: datetime, filters: Filters, size: int = PAGE_SIZE) -> InboxPage:
    """Return a page of 待办: what is overdue first, then by due moment; a few more items never change earlier pages."""
    places = _mine(actor)
    return _waiting(session, places, now, filters, size, ranges=len(places) <= _FEW_PLACES)


def under_way(session: Session, actor: Actor, now: datetime, filters: Filters, size: int = PAGE_SIZE) -> InboxPage:
    """Return a page of 在办: what waits for anybody, on projects the person may see."""
    ranges = all(post.unit_kind in COUNTY_WIDE for post in actor.posts if post.role in BUSINESS)
    return _waiting(session, _overseen(actor), now, filters, size, ranges=ranges)


def _waiting(
    session: Session, places: list[ColumnElement[bool]], now: datetime, filters: Filters, size: int, *, ranges: bool
) -> InboxPage:
    limits = bounds(session, now)
    if not places:
        return InboxPage((), dict.fromkeys(Limit, 0), "")
    count = _counts_alone if ranges and not of_project(filters) else _counts_walked
    counts = count(session, places, filters, limits)
    newest = filters.order is Order.NEWEST
    moment = WorkItem.created_at if newest else WorkItem.due_at
    wanted = [limits.condition(filters.limit)] if filters.limit is not None else []
    if filters.after:
        wanted.append(beyond(filters.after, moment, WorkItem.id, newest_first=newest))
    order = sorted_by(moment, WorkItem.id, newest_first=newest)
    ids = [_searched(filters, place, *wanted).order_by(*order).limit(_literal(size + 1)) for place in places]
    rows = _lines(session, limits, ids, order)
    shown: Callable[[InboxRow], datetime] = (lambda row: row.created_at) if newest else (lambda row: row.due_at)
    return _page(rows, counts, shown, size)


def _counts_walked(
    session: Session, places: list[ColumnElement[bool]], filters: Filters, limits: Bounds
) -> dict[Limit, int]:
    """Count what falls under each counter in one walk over a list of ordinary length, else each by itself."""
    parts = [_searched(filters, place).with_only_columns(WorkItem.due_at) for place in places]
    walked = union_all(*[select(each.limit(_literal(MOST_COUNTED)).subquery()) for each in parts]).subquery()
    under = [func.count(case((limits.condition(limit, walked.c.due_at), 1))) for limit in Limit]
    total, *counts = session.execute(select(func.count(), *under).select_from(walked)).one()
    if total >= MOST_COUNTED:
        return _counts_alone(session, places, filters, limits)
    return dict(zip(Limit, counts, strict=True))


def _counts_alone(
    session: Session, places: list[ColumnElement[bool]], filters: Filters, limits: Bounds
) -> dict[Limit, int]:
    """Count what falls under each counter by itself: a part of an index in the order of due moments, nothing compared.

    A list that must be searched through is walked only once, before.
    """
    each_alone = [[_searched(filters, place, limits.condition(limit)) for place in places] for limit in Limit]
    counts = session.execute(select(*[_counted(found) for found in each_alone])).one()
    return dict(zip(Limit, counts, strict=True))


def _searched(filters: Filters, *wanted: ColumnElement[bool]) -> Select[int]:
    """Select the ids of items that are wanted and match the search; projects are read only when it asks for them."""
    found: Select[int] = select(WorkItem.id).where(*wanted)
    if filters.stem == RECEIPT:
        # written into the statement: only so does a database see that its index of these holds all that is asked for
        found = found.where(WorkItem.stem == literal_column(f"'{RECEIPT}'"))
    elif filters.stem:
        found = found.where(WorkItem.stem == filters.stem)
    if filters.unit_id is not None:
        found = found.where(WorkItem.unit_id == filters.unit_id)
    projects = of_project(filters)
    if projects:
        found = found.join(Case, Case.id == WorkItem.case_id).join(Project, Project.id == Case.project_id)
    return found.where(*projects) if projects else found


def _counted(found: Iterable[Select[int]], most: int = MOST_COUNTED) -> Any:
    """Count ids of all selects together, up to `most` of each."""
    parts = [select(each.limit(_literal(most)).subquery().c.id) for each in found]
    return select(func.count()).select_from(union_all(*parts).subquery()).scalar_subquery()


def _literal(number: int) -> Any:
    # written into the statement: a prepared statement with a parameter here is planned for a tenth of the table
    return literal_column(str(number))


def _lines(session: Session, limits: Bounds, ids: Sequence[Select[int]], order: Sequence[Any]) -> list[InboxRow]:
    """Read the lines of what the selects found, the first of each place merged."""
    first = union_all(*[select(each.subquery().c.id) for each in ids]).subquery("first")
    return read_lines(session.execute(lines(first).order_by(*order)).all(), limits)


def done_items(session: Session, actor: Actor, now: datetime, filters: Filters, size: int = PAGE_SIZE) -> InboxPage:
    """Return a page of 已办: what the person completed, or prepared for a signature, newest first unless asked."""
    newest = filters.order is not Order.OLDEST
    wanted = [WorkItem.status == ItemStatus.DONE]
    if filters.after:
        wanted.append(beyond(filters.after, WorkItem.completed_at, WorkItem.id, newest_first=newest))
    order = sorted_by(WorkItem.completed_at, WorkItem.id, newest_first=newest)
    mine = (WorkItem.completed_by_id == actor.user_id, WorkItem.prepared_by_id == actor.user_id)
    other = or_(WorkItem.completed_by_id.is_(None), WorkItem.completed_by_id != actor.user_id)
    completed = _searched(filters, mine[0], *wanted)
    prepared = _searched(filters, mine[1], other, *wanted)
    ids = [each.order_by(*order).limit(_literal(size + 1)) for each in (completed, prepared)]
    rows = _lines(session, bounds(session, now), ids, order)
    return _page(rows, {}, lambda row: row.completed_at or row.created_at, size)


def waiting_counts(actor: Actor) -> dict[str, Any]:
    """Return the scalars that count a person's 待办 and 待签收, of each place at most MOST_COUNTED."""
    places = _mine(actor)
    if not places:
        return {"open": literal_column("0"), "receipt": literal_column("0")}
    return {
        "open": _counted([_searched(Filters(), place) for place in places]),
        "receipt": _counted([_searched(Filters(stem=RECEIPT), place) for place in places]),
    }


def open_count(session: Session, actor: Actor) -> int:
    """Count a person's 待办; of each place at most MOST_COUNTED."""
    count: int = session.scalars(select(waiting_counts(actor)["open"])).one()
    return count


def next_item(session: Session, actor: Actor, now: datetime) -> InboxRow | None:
    """Return what is most pressing, to offer after a submission."""
    order = (WorkItem.due_at, WorkItem.id)
    ids = [_searched(Filters(), place).order_by(*order).limit(_literal(1)) for place in _mine(actor)]
    rows = _lines(session, bounds(session, now), ids, order) if ids else []
    return rows[0] if rows else None


def own_rows(session: Session, actor: Actor, now: datetime, item_ids: Collection[int]) -> list[InboxRow]:
    """Return those of these items that wait for the person, the most pressing first; the others are left out."""
    ids = [_searched(Filters(), place, WorkItem.id.in_(item_ids)) for place in _mine(actor)]
    return _lines(session, bounds(session, now), ids, (WorkItem.due_at, WorkItem.id)) if ids and item_ids else []


def stems_open(session: Session, actor: Actor) -> list[tuple[str, str, int]]:
    """Return (stem, name, count) of the person's open items, for the filter by step; of the first thousand a place."""
    names = select(WorkItem.id, WorkItem.stem, WorkItem.name)
    found = [names.where(place).limit(_literal(MOST_COUNTED)).subquery() for place in _mine(actor)]
    if not found:
        return []
    every = union_all(*[select(each) for each in found]).subquery()
    counted = select(every.c.stem, every.c.name, func.count()).group_by(every.c.stem, every.c.name)
    return [(stem, name, count) for stem, name, count in session.execute(counted.order_by(every.c.stem))]


def units_waited_for(session: Session, actor: Actor) -> Sequence[Unit]:
    """Return the units for which anything waits on projects the person may see, for the filter of 在办."""
    if not _overseen(actor):
        return ()
    # one look into the index for each unit of a county, however much waits there
    waits = exists().where(WorkItem.unit_id == Unit.id, *_overseen(actor))
    return session.scalars(select(Unit).where(waits).order_by(Unit.id)).all()


def _page(
    rows: list[InboxRow], counts: dict[Limit, int], moment: Callable[[InboxRow], datetime], size: int
) -> InboxPage:
    shown = tuple(rows[:size])
    following = place(moment(shown[-1]), shown[-1].item_id) if len(rows) > size else ""
    return InboxPage(shown, counts, following)
