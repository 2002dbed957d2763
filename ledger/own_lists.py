"""我发起的 and 草稿, and the numbers beside the menu: what a person set going, began to write, or has not seen yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import Session, defer, joinedload

from ledger.cases import Case, Draft, WorkItem
from ledger.copies import unread_copies
from ledger.inbox import waiting_counts
from ledger.listing import PAGE_SIZE, Filters, Order, beyond, of_project, place, sorted_by
from ledger.notices import unread
from ledger.projects import Project
from ledger.round_lists import waiting_rounds
from ledger.scope import Actor


@dataclass(frozen=True)
class StartedPage:
    """Cases a person started; `waits` names the items each of them waits at. `next` is "" on the last page."""

    rows: Sequence[Case]
    waits: Mapping[int, Sequence[WorkItem]]
    next: str


@dataclass(frozen=True)
class DraftPage:
    """Drafts with the items they belong to; `next` is "" on the last page."""

    rows: Sequence[tuple[Draft, WorkItem]]
    next: str


def started_cases(session: Session, actor: Actor, filters: Filters, size: int = PAGE_SIZE) -> StartedPage:
    """Return a page of 我发起的: the cases a person pushed, newest first unless asked, and where each of them is."""
    newest = filters.order is not Order.OLDEST
    wanted = [Case.started_by_id == actor.user_id, *of_project(filters)]
    if filters.after:
        wanted.append(beyond(filters.after, Case.started_at, Case.id, newest_first=newest))
    found = select(Case).join(Project, Project.id == Case.project_id).where(*wanted)
    loaded = found.options(joinedload(Case.project), joinedload(Case.campaign), defer(Case.state))
    order = sorted_by(Case.started_at, Case.id, newest_first=newest)
    rows = session.scalars(loaded.order_by(*order).limit(size + 1)).all()
    shown = rows[:size]
    following = place(shown[-1].started_at, shown[-1].id) if len(rows) > size else ""
    return StartedPage(shown, _waits(session, [case.id for case in shown]), following)


def _waits(session: Session, case_ids: Sequence[int]) -> Mapping[int, Sequence[WorkItem]]:
    wanted = select(WorkItem).where(WorkItem.case_id.in_(case_ids), WorkItem.completed_at.is_(None))
    loaded = wanted.options(joinedload(WorkItem.unit), defer(WorkItem.answers)).order_by(WorkItem.id)
    waits: dict[int, list[WorkItem]] = {}
    for item in session.scalars(loaded):
        waits.setdefault(item.case_id, []).append(item)
    return waits


def drafts_of(session: Session, actor: Actor, filters: Filters, size: int = PAGE_SIZE) -> DraftPage:
    """Return a page of 草稿: what a person began to fill in and what still waits, the last saved first unless asked."""
    moment = WorkItem.due_at if filters.order is Order.DUE else Draft.saved_at
    newest = filters.order not in (Order.DUE, Order.OLDEST)
    wanted = [*_open_drafts(actor), *of_project(filters)]
    if filters.after:
        wanted.append(beyond(filters.after, moment, Draft.id, newest_first=newest))
    found = select(Draft, WorkItem).join(WorkItem, WorkItem.id == Draft.item_id)
    placed = found.join(Case, Case.id == WorkItem.case_id).join(Project, Project.id == Case.project_id).where(*wanted)
    whole = joinedload(WorkItem.case).joinedload(Case.project)
    loaded = placed.options(whole, defer(Draft.posted), defer(WorkItem.answers))
    rows = session.execute(loaded.order_by(*sorted_by(moment, Draft.id, newest_first=newest)).limit(size + 1)).all()
    shown = [(draft, item) for draft, item in rows[:size]]
    if len(rows) <= size:
        return DraftPage(shown, "")
    draft, item = shown[-1]
    return DraftPage(shown, place(item.due_at if filters.order is Order.DUE else draft.saved_at, draft.id))


def _open_drafts(actor: Actor) -> list[Any]:
    """Return the conditions of what a person can go on with: a draft on an item that went elsewhere rests."""
    places = [and_(WorkItem.unit_id == unit_id, WorkItem.role == role) for unit_id, role in sorted(actor.places)]
    return [Draft.user_id == actor.user_id, WorkItem.completed_at.is_(None), or_(false(), *places)]


def menu_counts(session: Session, actor: Actor) -> dict[str, int]:
    """Count what the menu shows, in one statement: 待办, 待签收, 抄送我的, 草稿, messages not read, rounds."""
    drafts = select(func.count()).select_from(Draft).join(WorkItem, WorkItem.id == Draft.item_id)
    scalars = {
        **waiting_counts(actor),
        "copies": unread_copies(actor),
        "drafts": drafts.where(*_open_drafts(actor)).scalar_subquery(),
        "notices": unread(actor.user_id),
        "rounds": waiting_rounds(actor),
    }
    row = session.execute(select(*scalars.values())).one()
    return dict(zip(scalars, row, strict=True))
