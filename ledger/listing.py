"""What the lists of a person have in common: the counters, the filters, one line, and the place a page begins at.

A page is found by where the page before ended (keyset), never by counting rows off: it costs the same at a million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from ledger.cases import Case, WorkItem
from ledger.db import day_of, end_of_day
from ledger.people import Unit, User
from ledger.projects import Project
from ledger.urges import urge_count
from ledger.vocabulary import ItemStatus
from ledger.working_days import load_calendar

PAGE_SIZE = 20
MOST_COUNTED = 1000
"""Counting stops here, for each place a person holds: a larger number is shown as 999+ and costs no more."""
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


class Order(StrEnum):
    """How a list is sorted when not in its own order: what waits is by due moment, all else the newest first."""

    DUE = "due"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True)
class Filters:
    """What a person looks for; `after` is the `next` of the page before."""

    text: str = ""  # in name, number or township, or the pinyin initials of the name
    stem: str = ""
    category: str = ""
    limit: Limit | None = None
    unit_id: int | None = None  # for whom it waits
    order: Order | None = None  # the list's own
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
    held_by: str = ""  # who alone may act on it now
    held_by_id: int | None = None
    suspended: bool = False  # the whole case rests
    urged_count: int = 0


@dataclass(frozen=True)
class InboxPage:
    """`counts` are over the search, whatever counter is chosen, and stop at a thousand; `next` is "" at the end."""

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

    def condition(self, limit: Limit, due: Any = WorkItem.due_at) -> ColumnElement[bool]:
        """Return the condition on a due moment that a counter stands for."""
        conditions: dict[Limit, ColumnElement[bool]] = {
            Limit.OVERDUE: due <= self.now,
            Limit.TODAY: and_(due > self.now, due <= self.today_ends_at),
            Limit.SOON: and_(due > self.today_ends_at, due <= self.soon_ends_at),
            Limit.LATER: due > self.soon_ends_at,
        }
        return conditions[limit]


def bounds(session: Session, now: datetime) -> Bounds:
    """Count the counters' moments on the calendar of working days."""
    today = day_of(now)
    return Bounds(now, end_of_day(today), end_of_day(load_calendar(session).period(today, SOON_DAYS).end))


def of_project(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions on `Project` that a search asks for; empty when it asks for none."""
    wanted: list[ColumnElement[bool]] = []
    text = filters.text.strip()
    if text:
        towns = select(Unit.id).where(Unit.short_name.contains(text, autoescape=True))
        found = [column.contains(text, autoescape=True) for column in (Project.name, Project.number)]
        initials = Project.pinyin_initials.contains(text.lower(), autoescape=True)
        wanted.append(or_(*found, initials, Project.township_id.in_(towns)))
    if filters.category:
        wanted.append(Project.category == filters.category)
    return wanted


_township = aliased(Unit)
_unit = aliased(Unit)
_holder = aliased(User)
_COLUMNS: tuple[Any, ...] = (
    # a list needs no answers and no personal data: reading and unsealing them would cost more than the rows
    *(WorkItem.id, WorkItem.revision, WorkItem.case_id, WorkItem.name, WorkItem.stem, WorkItem.instance),
    *(WorkItem.status, WorkItem.sent_by, WorkItem.returned_reason, WorkItem.created_at, WorkItem.due_at),
    *(WorkItem.compressed, WorkItem.completed_at, WorkItem.claimed_by_id),
    Project.id.label("project_id"),
    Project.name.label("project_name"),
    Project.number.label("project_number"),
    Project.category,
    _township.short_name.label("township"),
    Project.township_text,
    _unit.short_name.label("unit_name"),
    _holder.name.label("held_by"),
    Case.suspended_at,
    urge_count(WorkItem.id).label("urged_count"),
)


def lines(ids: Any) -> Select[Any]:
    """Select the lines of the items that `ids` names: a derived table with a column `id`."""
    return (
        select(*_COLUMNS)
        .select_from(ids)
        .join(WorkItem, WorkItem.id == ids.c.id)
        .join(Case, Case.id == WorkItem.case_id)
        .join(Project, Project.id == Case.project_id)
        .join(_unit, _unit.id == WorkItem.unit_id)
        .outerjoin(_township, _township.id == Project.township_id)
        .outerjoin(_holder, _holder.id == WorkItem.claimed_by_id)
    )


def read_lines(rows: Sequence[Row[Any]], limits: Bounds) -> list[InboxRow]:
    """Return what `lines` found as the lists show it."""
    return [
        InboxRow(
            item_id=row.id,
            revision=row.revision,
            case_id=row.case_id,
            project_id=row.project_id,
            name=row.name,
            stem=row.stem,
            instance=row.instance,
            status=ItemStatus(row.status),
            project_name=row.project_name,
            project_number=row.project_number,
            township=row.township or row.township_text,
            category=row.category,
            unit_name=row.unit_name,
            sent_by=row.sent_by,
            returned_reason=row.returned_reason,
            created_at=row.created_at,
            due_at=row.due_at,
            compressed=row.compressed,
            limit=limits.limit_of(row.due_at),
            completed_at=row.completed_at,
            held_by=row.held_by or "",
            held_by_id=row.claimed_by_id,
            suspended=row.suspended_at is not None,
            urged_count=row.urged_count,
        )
        for row in rows
    ]


class PlaceRefused(ValueError):
    """翻页位置无效."""


Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


def beyond(
    after: str, moment: Moment, number: InstrumentedAttribute[int], *, newest_first: bool
) -> ColumnElement[bool]:
    """Return the condition for what follows the place `after` in the order (moment, number); PlaceRefused."""
    at, row = read_place(after)
    # the moment is said twice, because SQLite searches an index only by the first
    if newest_first:
        return and_(moment <= at, or_(moment < at, number < row))
    return and_(moment >= at, or_(moment > at, number > row))


def sorted_by(
    moment: Moment, number: InstrumentedAttribute[int], *, newest_first: bool
) -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
    """Return the order that `beyond` goes on in."""
    return (moment.desc(), number.desc()) if newest_first else (moment, number)


def read_place(after: str) -> tuple[datetime, int]:
    """Read what `place` wrote; PlaceRefused for anything else."""
    try:
        moment, number = after.rsplit("_", 1)
        if not 0 <= int(number) < _ROWS:
            raise ValueError(after)
        return _EPOCH + timedelta(microseconds=int(moment)), int(number)
    except (ValueError, OverflowError) as error:
        raise PlaceRefused("翻页位置无效，请从第一页重新查看") from error


def place(moment: datetime, number: int) -> str:
    """Write where a page ended, for the address of the next one."""
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}_{number}"
