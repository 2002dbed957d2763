"""待办 and 已办: the lists a person works from. A row is shown to those who hold its unit and role, to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import Session, aliased, defer

from ledger.cases import WAITING, Case, WorkItem
from ledger.db import day_of, end_of_day
from ledger.people import Actor, Unit
from ledger.projects import Project
from ledger.vocabulary import ItemStatus
from ledger.working_days import load_calendar

Columns = TypeVarTuple("Columns")
PAGE_SIZE = 20
SOON_DAYS = 3  # 3个工作日内
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS = 2**31  # the databases refuse to look for a larger number


class Limit(StrEnum):
    """The four counters above the list."""

    OVERDUE = "overdue"
    TODAY = "today"
    SOON = "soon"
    LATER = "later"


LIMIT_LABELS = {
    Limit.OVERDUE: "已超期",
    Limit.TODAY: "今日到期",
    Limit.SOON: "3个工作日内",
    Limit.LATER: "其他",
}


@dataclass(frozen=True)
class Filters:
    """What a person looks for; `after` is the `next` of the page before."""

    text: str = ""  # in name, number or township, or the pinyin initials of the name
    stem: str = ""
    limit: Limit | None = None
    after: str = ""


@dataclass(frozen=True)
class InboxRow:
    """One line: what to do on which project, who sent it, when it is due."""

    item_id: int
    revision: int
    case_id: int
    project_id: int
    name: str  # of the step
    stem: str
    instance: str | None
    status: ItemStatus
    project_name: str
    project_number: str
    township: str
    category: str | None
    unit_name: str
    sent_by: str
    returned_reason: str
    created_at: datetime
    due_at: datetime
    compressed: bool
    limit: Limit
    completed_at: datetime | None = None


@dataclass(frozen=True)
class InboxPage:
    """`counts` are over the search, whatever counter is chosen; `next` is "" on the last page."""

    rows: tuple[InboxRow, ...]
    counts: dict[Limit, int]
    next: str


@dataclass(frozen=True)
class Bounds:
    """The moments between the four counters: now, and 24:00 of today and of the third working day."""

    now: datetime
    today_ends_at: datetime
    soon_ends_at: datetime

    def limit_of(self, due_at: datetime) -> Limit:
        """Say under which counter a due moment falls; at its very moment (24:00) the day is over."""
        if due_at <= self.now:
            return Limit.OVERDUE
        if due_at <= self.today_ends_at:
            return Limit.TODAY
        return Limit.SOON if due_at <= self.soon_ends_at else Limit.LATER

    def condition(self, limit: Limit) -> ColumnElement[bool]:
        due = WorkItem.due_at
        return {
            Limit.OVERDUE: due <= self.now,
            Limit.TODAY: and_(due > self.now, due <= self.today_ends_at),
            Limit.SOON: and_(due > self.today_ends_at, due <= self.soon_ends_at),
            Limit.LATER: due > self.soon_ends_at,
        }[limit]


def bounds(session: Session, now: datetime) -> Bounds:
    """Count the counters' moments on the calendar of working days."""
    today = day_of(now)
    return Bounds(now, end_of_day(today), end_of_day(load_calendar(session).period(today, SOON_DAYS).end))


def _mine(actor: Actor) -> ColumnElement[bool]:
    roles: dict[str, list[int]] = {}
    for unit_id, role in actor.places:
        roles.setdefault(role, []).append(unit_id)
    held = [and_(WorkItem.role == role, WorkItem.unit_id.in_(sorted(units))) for role, units in roles.items()]
    return and_(or_(*held), WorkItem.completed_at.is_(None), WorkItem.status.in_(WAITING)) if held else false()


_township = aliased(Unit)
_unit = aliased(Unit)


def _searched(filters: Filters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    text = filters.text.strip()
    if text:
        columns = (Project.name, Project.number, _township.short_name)
        found = [column.contains(text, autoescape=True) for column in columns]
        wanted.append(or_(*found, Project.pinyin_initials.contains(text.lower(), autoescape=True)))
    if filters.stem:
        wanted.append(WorkItem.stem == filters.stem)
    return wanted


def _rows(session: Session, limits: Bounds, wanted: list[ColumnElement[bool]], order: Sequence[Any]) -> list[InboxRow]:
    """Fetch one page and one row more, to know whether there is a next page."""
    found = session.execute(
        _joined(select(WorkItem, Project, _township.short_name, _unit.short_name))
        .where(*wanted)
        # a list needs no personal data, and unsealing it would cost more than the rows
        .options(defer(WorkItem.answers), defer(Project.responsible_person), defer(Project.telephone))
        .order_by(*order)
        .limit(PAGE_SIZE + 1)
    )
    return [
        InboxRow(
            item_id=item.id,
            revision=item.revision,
            case_id=item.case_id,
            project_id=project.id,
            name=item.name,
            stem=item.stem,
            instance=item.instance,
            status=ItemStatus(item.status),
            project_name=project.name,
            project_number=project.number,
            township=township or project.township_text,
            category=project.category,
            unit_name=unit,
            sent_by=item.sent_by,
            returned_reason=item.returned_reason,
            created_at=item.created_at,
            due_at=item.due_at,
            compressed=item.compressed,
            limit=limits.limit_of(item.due_at),
            completed_at=item.completed_at,
        )
        for item, project, township, unit in found
    ]


def _joined(what: Select[*Columns]) -> Select[*Columns]:
    return (
        what.select_from(WorkItem)
        .join(Case, Case.id == WorkItem.case_id)
        .join(Project, Project.id == Case.project_id)
        .join(_unit, _unit.id == WorkItem.unit_id)
        .outerjoin(_township, _township.id == Project.township_id)
    )


def inbox(session: Session, actor: Actor, now: datetime, filters: Filters) -> InboxPage:
    """Return a page of 待办: what is overdue first, then by due moment; a few more items never change earlier pages."""
    limits = bounds(session, now)
    searched = [_mine(actor), *_searched(filters)]
    counts = session.execute(
        _joined(select(*[func.count(case((limits.condition(limit), 1))) for limit in Limit])).where(*searched)
    ).one()
    wanted = list(searched)
    if filters.limit is not None:
        wanted.append(limits.condition(filters.limit))
    if filters.after:
        due_at, item_id = _place(filters.after)
        wanted.append(or_(WorkItem.due_at > due_at, and_(WorkItem.due_at == due_at, WorkItem.id > item_id)))
    rows = _rows(session, limits, wanted, (WorkItem.due_at, WorkItem.id))
    return _page(rows, dict(zip(Limit, counts, strict=True)), lambda row: row.due_at)


def done_items(session: Session, actor: Actor, now: datetime, filters: Filters) -> InboxPage:
    """Return a page of 已办: what the person completed, or prepared for a signature, newest first."""
    mine = or_(WorkItem.completed_by_id == actor.user_id, WorkItem.prepared_by_id == actor.user_id)
    wanted = [mine, WorkItem.status == ItemStatus.DONE, *_searched(filters)]
    if filters.after:
        completed_at, item_id = _place(filters.after)
        before = and_(WorkItem.completed_at == completed_at, WorkItem.id < item_id)
        wanted.append(or_(WorkItem.completed_at < completed_at, before))
    rows = _rows(session, bounds(session, now), wanted, (WorkItem.completed_at.desc(), WorkItem.id.desc()))
    return _page(rows, {}, lambda row: row.completed_at or row.created_at)


def open_count(session: Session, actor: Actor) -> int:
    """Count the person's 待办, for the number beside the menu."""
    return session.scalars(select(func.count()).select_from(WorkItem).where(_mine(actor))).one()


def next_item(session: Session, actor: Actor, now: datetime) -> InboxRow | None:
    """Return what is most pressing, to offer after a submission."""
    rows = _rows(session, bounds(session, now), [_mine(actor)], (WorkItem.due_at, WorkItem.id))
    return rows[0] if rows else None


def stems_open(session: Session, actor: Actor) -> list[tuple[str, str, int]]:
    """Return (stem, name, count) of the person's open items, for the filter by step."""
    counted = select(WorkItem.stem, WorkItem.name, func.count()).where(_mine(actor))
    rows = session.execute(counted.group_by(WorkItem.stem, WorkItem.name).order_by(WorkItem.stem)).all()
    return [(stem, name, count) for stem, name, count in rows]


class PlaceRefused(ValueError):
    """翻页位置无效."""


def _place(after: str) -> tuple[datetime, int]:
    try:
        moment, item_id = after.rsplit("_", 1)
        if not 0 <= int(item_id) < _ROWS:
            raise ValueError(after)
        return _EPOCH + timedelta(microseconds=int(moment)), int(item_id)
    except (ValueError, OverflowError) as error:
        raise PlaceRefused("翻页位置无效，请从第一页重新查看") from error


def _page(rows: list[InboxRow], counts: dict[Limit, int], moment: Callable[[InboxRow], datetime]) -> InboxPage:
    shown = tuple(rows[:PAGE_SIZE])
    if len(rows) <= PAGE_SIZE:
        return InboxPage(shown, counts, "")
    last = shown[-1]
    return InboxPage(shown, counts, f"{_micros(moment(last))}_{last.item_id}")


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
