"""The lists behind every figure of the map and the boards: projects with where they stand, a page at a time.

Where cases stand is read from `Standing`, as the figures are: a figure and its list say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from ledger.boards import Light
from ledger.cases import WAITING, Case, WorkItem
from ledger.db import ONE_DAY, day_of, end_of_day
from ledger.journal import Entry
from ledger.listing import Bounds, beyond, place, read_place
from ledger.oversight import in_area, in_branch
from ledger.papers import ArchiveWaiver
from ledger.people import Unit
from ledger.projects import Project
from ledger.scope import Actor, visible_projects
from ledger.tallies import NEVER, NOT_BEGUN, ArchiveStanding, SourceShare, Standing
from ledger.vocabulary import CaseStatus, RowStanding
from ledger.working_days import Calendar

NONE = "none"  # asks for projects without a class


@dataclass(frozen=True)
class Wanted:
    """Which projects of an area: every value that is set narrows the list."""

    element: str = ""  # standing at this step or in this phase
    late: bool = False
    procedure_ids: tuple[int, ...] = ()
    campaign_id: int | None = None
    category: str = ""  # Category or NONE
    branch_id: int | None = None
    operation: str = ""
    linkage: str = ""
    staying: bool = False  # not exited: what the rates are counted over
    exited: bool = False
    progress: tuple[int, int] | None = None  # from, to: `Shares.progress`
    light: Light | None = None
    status: str = ""  # CaseStatus of a case
    archive: tuple[str, int, RowStanding] | None = None  # a level's row of Annex 6, and how it stands
    source: str = ""  # one of SOURCES it has money from


@dataclass(frozen=True)
class Holder:
    """What a case waits for at one place."""

    step: str
    unit: str
    due_at: datetime


@dataclass(frozen=True)
class OverseenRow:
    """One line: a project, its newest case that is meant, and what that case waits for."""

    project_id: int
    number: str
    name: str
    category: str | None
    unit: str
    township: str
    money_yuan: Decimal
    operation: str | None
    linkage: str | None
    percent: int | None
    case_id: int | None
    status: str | None
    late_at: datetime | None
    since_at: datetime | None
    holders: tuple[Holder, ...] = ()
    share_yuan: Decimal | None = None  # from the source that is asked for


@dataclass(frozen=True)
class OverseenPage:
    """`next` is "" on the last page."""

    rows: tuple[OverseenRow, ...]
    next: str


_unit = aliased(Unit)
_township = aliased(Unit)
_PROJECT: tuple[Any, ...] = (
    *(Project.id.label("project_id"), Project.number, Project.name, Project.category, Project.township_text),
    *(Project.funding_total_yuan, Project.operation, Project.linkage, Project.progress_percent),
    _unit.short_name.label("unit"),
    _township.short_name.label("township"),
)


def standing_at(
    session: Session, actor: Actor, area: Unit, wanted: Wanted, after: str, size: int, now: datetime
) -> OverseenPage:
    """Return a page of the cases at a step or in a phase, what is due first in front."""
    conditions = [Standing.element == wanted.element, *_case_conditions(wanted), *_project_conditions(area, wanted)]
    if wanted.late:
        conditions.append(Standing.late_at <= now)
    if after:
        conditions.append(beyond(after, Standing.late_at, Standing.case_id, newest_first=False))
    found = (
        select(*_PROJECT, Case.id.label("case_id"), Case.status, Standing.late_at, Standing.since_at)
        .select_from(Standing)
        .join(Case, Case.id == Standing.case_id)
        .join(Project, Project.id == Case.project_id)
        .outerjoin(_unit, _unit.id == Project.responsible_unit_id)
        .outerjoin(_township, _township.id == Project.township_id)
        .where(visible_projects(actor), *conditions)
        .order_by(Standing.late_at, Standing.case_id)
    )
    rows = session.execute(found.limit(size + 1)).all()
    shown = _with_holders(session, [_row(row) for row in rows[:size]])
    following = place(rows[size - 1].late_at, rows[size - 1].case_id) if len(rows) > size else ""
    return OverseenPage(tuple(shown), following)


def overseen_projects(
    session: Session, actor: Actor, area: Unit, wanted: Wanted, after: str, size: int, limits: Bounds
) -> OverseenPage:
    """Return a page of an area's projects with their newest case, in the order of 项目编号."""
    conditions = [visible_projects(actor), *_project_conditions(area, wanted)]
    meant = _case_conditions(wanted)
    if wanted.light is not None:
        meant += [Case.status == CaseStatus.RUNNING, _light(wanted.light, limits)]
    newest = select(func.max(Case.id)).where(Case.project_id == Project.id, *meant).correlate(Project).scalar_subquery()
    if meant:
        conditions.append(exists().where(Case.project_id == Project.id, *meant))
    if after:
        number, _, last = after.rpartition("~")
        row = int(last) if last.isdigit() else 0
        conditions.append(and_(Project.number >= number, or_(Project.number > number, Project.id > row)))
    found = (
        select(*_PROJECT, newest.label("case_id"))
        .outerjoin(_unit, _unit.id == Project.responsible_unit_id)
        .outerjoin(_township, _township.id == Project.township_id)
        .where(*conditions)
        .order_by(Project.number, Project.id)
    )
    rows = session.execute(found.limit(size + 1)).all()
    shown = _with_holders(session, _with_cases(session, rows[:size]))
    if wanted.source:
        shown = _with_shares(session, shown, wanted.source)
    following = f"{rows[size - 1].number}~{rows[size - 1].project_id}" if len(rows) > size else ""
    return OverseenPage(tuple(shown), following)


def silent_since(calendar: Calendar, now: datetime, days: int) -> datetime:
    """Return the moment since which nobody may have acted, for a case to be silent for `days` working days."""
    day = day_of(now)
    while calendar.count(day, day_of(now)) < days:
        day -= ONE_DAY
    return end_of_day(day)


def silent_cases(session: Session, seen: ColumnElement[bool], cutoff: datetime, after: str, size: int) -> OverseenPage:
    """Return running cases that wait for a person and on which nobody acted since `cutoff`, the longest first.

    `seen` says which projects the reader may see.
    """
    earlier = aliased(Standing)
    before = or_(
        earlier.since_at < Standing.since_at,
        and_(earlier.since_at == Standing.since_at, earlier.element < Standing.element),
    )
    wanted = (
        select(Standing.case_id)
        # the sum lets SQLite begin nowhere but with the index that has them in order: it ends when a page is full
        .join(Case, Case.id == Standing.case_id + 0)
        .join(Project, Project.id == Case.project_id)
        .where(seen, Standing.since_at <= cutoff, Standing.late_at < NEVER, Case.status == CaseStatus.RUNNING)
        .where(~exists().where(Entry.case_id == Standing.case_id, Entry.at > cutoff, Entry.user_id.is_not(None)))
        .where(~exists().where(earlier.case_id == Standing.case_id, earlier.late_at < NEVER, before))
        .order_by(Standing.since_at, Standing.case_id)
    )
    if after:
        wanted = wanted.where(beyond(after, Standing.since_at, Standing.case_id, newest_first=False))
    first = Standing.case_id.in_(session.scalars(wanted.limit(size + 1)).all())
    return _by_since(session, [first, Standing.late_at < NEVER], size)


def suspended_cases(session: Session, seen: ColumnElement[bool], after: str, size: int) -> OverseenPage:
    """Return suspended cases by how long they stand where they are."""
    resting = select(Case.id).where(Case.suspended_at.is_not(None), Case.status == CaseStatus.SUSPENDED)
    return _by_since(session, [seen, Standing.case_id.in_(resting)], size, after)  # few, at hand by an index


def seen_in(actor: Actor, area: Unit) -> ColumnElement[bool]:
    """Return the condition for the projects of an area that a person may see."""
    return and_(visible_projects(actor), in_area(area))


def _by_since(session: Session, conditions: list[ColumnElement[bool]], size: int, after: str = "") -> OverseenPage:
    # what a line tells is read for one page only: sorted with all of it, a county's rows take three times as long
    since, late = func.min(Standing.since_at).label("since_at"), func.min(Standing.late_at).label("late_at")
    meant = (
        select(Standing.case_id, since, late)
        .join(Case, Case.id == Standing.case_id)
        .join(Project, Project.id == Case.project_id)
        .where(*conditions)
        .group_by(Standing.case_id)
        .order_by(since, Standing.case_id)
    )
    if after:
        at, row = read_place(after)
        meant = meant.having(or_(since > at, and_(since == at, Standing.case_id > row)))
    first = meant.limit(size + 1).subquery()
    found = (
        select(*_PROJECT, Case.id.label("case_id"), Case.status, first.c.late_at, first.c.since_at)
        .select_from(first)
        .join(Case, Case.id == first.c.case_id)
        .join(Project, Project.id == Case.project_id)
        .outerjoin(_unit, _unit.id == Project.responsible_unit_id)
        .outerjoin(_township, _township.id == Project.township_id)
        .order_by(first.c.since_at, first.c.case_id)
    )
    rows = session.execute(found).all()
    following = place(rows[size - 1].since_at, rows[size - 1].case_id) if len(rows) > size else ""
    return OverseenPage(tuple(_with_holders(session, [_row(row) for row in rows[:size]])), following)


def _project_conditions(area: Unit, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [in_area(area)]
    if wanted.category:
        conditions.append(
            Project.category.is_(None) if wanted.category == NONE else Project.category == wanted.category
        )
    if wanted.branch_id is not None:
        conditions.append(in_branch(area, wanted.branch_id))
    if wanted.operation:
        conditions.append(Project.operation == wanted.operation)
    if wanted.linkage:
        conditions.append(Project.linkage == wanted.linkage)
    if wanted.staying:
        conditions.append(Project.exited_on.is_(None))
    if wanted.exited:
        conditions.append(Project.exited_on.is_not(None))
    if wanted.progress is not None:
        conditions.append(_progress(*wanted.progress))
    if wanted.archive is not None:
        conditions.append(_archived(*wanted.archive))
    if wanted.source:
        has = select(SourceShare.project_id).where(SourceShare.source == wanted.source)
        conditions.append(Project.id.in_(has))  # looked up once: the few with money of a rare source are at hand
    return conditions


def _archived(level: str, row: int, standing: RowStanding) -> ColumnElement[bool]:
    so = exists().where(
        ArchiveStanding.project_id == Project.id,
        ArchiveStanding.level == level,
        func.substr(ArchiveStanding.letters, row, 1) == standing,
    )
    if standing != RowStanding.WAIVED:
        return so
    agreed = select(Case.project_id).join(ArchiveWaiver, ArchiveWaiver.case_id == Case.id)  # few: asked for first
    return and_(Project.id.in_(agreed.where(ArchiveWaiver.row == row, ArchiveWaiver.confirmed_at.is_not(None))), so)


def _progress(first: int, last: int) -> ColumnElement[bool]:
    begun = Project.progress_percent
    if first >= 0:
        return and_(begun >= first * 10, begun < last * 10 + 10)
    # one list, made once: looked up from each project, SQLite goes through all that stands at disposal each time
    standing = select(Case.project_id).join(Standing, Standing.case_id == Case.id)
    waits = Project.id.in_(standing.where(Standing.element == "disposal"))
    return and_(begun.is_(None), waits if first == NOT_BEGUN else ~waits)


def _case_conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.procedure_ids:
        conditions.append(Case.procedure_id.in_(wanted.procedure_ids))
    if wanted.campaign_id is not None:
        conditions.append(Case.campaign_id == wanted.campaign_id)
    if wanted.status:
        conditions.append(Case.status == wanted.status)
    return conditions


def _light(light: Light, limits: Bounds) -> ColumnElement[bool]:
    late = exists().where(Standing.case_id == Case.id, Standing.late_at <= limits.now)
    soon = exists().where(Standing.case_id == Case.id, Standing.late_at <= limits.soon_ends_at)
    return {Light.RED: late, Light.YELLOW: and_(soon, ~late), Light.GREEN: ~soon}[light]


def _row(row: Any) -> OverseenRow:
    return OverseenRow(
        project_id=row.project_id,
        number=row.number,
        name=row.name,
        category=row.category,
        unit=row.unit or "待分派",
        township=row.township or row.township_text,
        money_yuan=row.funding_total_yuan,
        operation=row.operation,
        linkage=row.linkage,
        percent=row.progress_percent,
        case_id=row.case_id,
        status=getattr(row, "status", None),
        late_at=getattr(row, "late_at", None),
        since_at=getattr(row, "since_at", None),
    )


def _with_cases(session: Session, rows: Sequence[Any]) -> list[OverseenRow]:
    """Say of each project's case how it stands."""
    ids = [row.case_id for row in rows if row.case_id is not None]
    late, since = func.min(Standing.late_at), func.min(Standing.since_at)
    stands = select(Case.id, Case.status, late, since).outerjoin(Standing, Standing.case_id == Case.id)
    found = {
        case_id: (status, late_at, since_at)
        for case_id, status, late_at, since_at in session.execute(
            stands.where(Case.id.in_(ids)).group_by(Case.id, Case.status)
        )
    }
    lines = []
    for row in rows:
        status, late_at, since_at = found.get(row.case_id, (None, None, None))
        lines.append(replace(_row(row), status=status, late_at=late_at, since_at=since_at))
    return lines


def _with_holders(session: Session, rows: Sequence[OverseenRow]) -> list[OverseenRow]:
    """Say of each line what its case waits for."""
    ids = [row.case_id for row in rows if row.case_id is not None]
    columns = (WorkItem.case_id, WorkItem.name, Unit.short_name, WorkItem.due_at)
    waiting = select(*columns).join(Unit, Unit.id == WorkItem.unit_id)
    held: dict[int, list[Holder]] = {}
    wanted = waiting.where(WorkItem.case_id.in_(ids), WorkItem.status.in_(WAITING)).order_by(WorkItem.id)
    for case_id, step, unit, due_at in session.execute(wanted):
        held.setdefault(case_id, []).append(Holder(step, unit, due_at))
    return [replace(row, holders=tuple(held.get(row.case_id or 0, ()))) for row in rows]


def _with_shares(session: Session, rows: Sequence[OverseenRow], source: str) -> list[OverseenRow]:
    """Say of each line what its project has from one source."""
    ids = [row.project_id for row in rows]
    asked = (SourceShare.source == source, SourceShare.project_id.in_(ids))
    amounts = {share.project_id: share.yuan for share in session.scalars(select(SourceShare).where(*asked))}
    return [replace(row, share_yuan=amounts.get(row.project_id)) for row in rows]


def held_late(
    session: Session, actor: Actor, area: Unit, holder_id: int | None, after: str, size: int, now: datetime
) -> OverseenPage:
    """Return items past their date that the units of an area, or one of them, hold: a line each, the latest first."""
    held = select(Unit.id).where(Unit.path.startswith(area.path, autoescape=True))
    # the sum keeps SQLite on the index by due moment, which holds all that is asked for
    late = [WorkItem.completed_at.is_(None), WorkItem.due_at <= now, (WorkItem.unit_id + 0).in_(held)]
    if holder_id is not None:
        late.append(WorkItem.unit_id == holder_id)
    late.append(Case.status == CaseStatus.RUNNING)
    if after:
        late.append(beyond(after, WorkItem.due_at, WorkItem.id, newest_first=False))
    holder = aliased(Unit)
    found = (
        select(*_PROJECT, *(WorkItem.case_id, Case.status, WorkItem.due_at.label("late_at")))
        .add_columns(WorkItem.created_at.label("since_at"), WorkItem.id, WorkItem.name.label("step"))
        .add_columns(holder.short_name.label("held_by"))
        .select_from(WorkItem)
        .join(Case, Case.id == WorkItem.case_id)
        .join(Project, Project.id == Case.project_id)
        .join(holder, holder.id == WorkItem.unit_id)
        .outerjoin(_unit, _unit.id == Project.responsible_unit_id)
        .outerjoin(_township, _township.id == Project.township_id)
        .where(visible_projects(actor), *late)
        .order_by(WorkItem.due_at, WorkItem.id)
    )
    rows = session.execute(found.limit(size + 1)).all()
    shown = tuple(replace(_row(row), holders=(Holder(row.step, row.held_by, row.late_at),)) for row in rows[:size])
    return OverseenPage(shown, place(rows[size - 1].late_at, rows[size - 1].id) if len(rows) > size else "")
