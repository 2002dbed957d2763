"""The boards' figures for one area: classes, the three rates and their trend, money, progress, lights, who is late.

Lights (三色灯) of running cases: 红 when something in it is past its date, 黄 when something is due within three
working days, 绿 otherwise. A suspended case has none of them and a mark of its own (已暂停): nothing in it is overdue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select, type_coerce
from sqlalchemy.orm import Session

from ledger.cases import Case, WorkItem
from ledger.db import Yuan
from ledger.listing import Bounds
from ledger.people import Unit
from ledger.statistics import Rates
from ledger.tallies import SOURCES, ArchiveTally, CaseTally, ProjectTally, RateDay
from ledger.vocabulary import CaseStatus, Category, Linkage, Operation, RowStanding, Term

MOST_DAYS = 400  # of a trend


class Light(Term):
    """三色灯."""

    RED = "red", "红灯"
    YELLOW = "yellow", "黄灯"
    GREEN = "green", "绿灯"


@dataclass(frozen=True)
class Lights:
    """Running cases by light, and the others."""

    red: int = 0
    yellow: int = 0
    green: int = 0
    suspended: int = 0
    archived: int = 0
    all: int = 0

    @property
    def light(self) -> Light | None:
        """The light of the whole: the most urgent there is; None where no case runs."""
        shown = ((self.red, Light.RED), (self.yellow, Light.YELLOW), (self.green, Light.GREEN))
        return next((light for count, light in shown if count), None)


@dataclass(frozen=True)
class Branch:
    """A part of an area, or the whole: `classes` in the order of Category, those without one last."""

    branch_id: int
    project_count: int
    classes: tuple[int, ...]
    rates: Rates
    exited_count: int
    money_yuan: Decimal


def branches(session: Session, area_id: int) -> list[Branch]:
    """Return the figures of every part of an area in one statement."""
    tally = ProjectTally
    money = sum((getattr(tally, f"{source}_yuan") for source in SOURCES[1:]), getattr(tally, f"{SOURCES[0]}_yuan"))
    stays = tally.exited.is_(False)
    rated = (
        stays,
        and_(stays, tally.operation == Operation.STOPPED),
        and_(stays, tally.operation == Operation.DIFFICULT),
        and_(stays, tally.linkage == Linkage.PARTIAL),
    )
    classes = [tally.category == each for each in (*Category, "")]
    columns = (
        func.sum(tally.count),
        *map(_counted, classes),
        *map(_counted, rated),
        type_coerce(func.sum(money), Yuan()),
    )
    wanted = select(tally.branch_id, *columns).where(tally.area_id == area_id).group_by(tally.branch_id)
    return [_branch(*row) for row in session.execute(wanted.order_by(tally.branch_id))]


def _counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, ProjectTally.count), else_=0))


def _branch(branch_id: int, *figures: Any) -> Branch:
    count, *counts = map(int, figures[:-1])
    classes, rated = counts[: len(Category) + 1], counts[len(Category) + 1 :]
    return Branch(branch_id, count, tuple(classes), Rates(*rated), count - rated[0], figures[-1])


def together(parts: Sequence[Branch]) -> Branch:
    """Return the figures of a whole area."""
    rates = Rates(
        sum(part.rates.project_count for part in parts),
        sum(part.rates.stopped_count for part in parts),
        sum(part.rates.difficult_count for part in parts),
        sum(part.rates.weak_linkage_count for part in parts),
    )
    return Branch(
        branch_id=0,
        project_count=sum(part.project_count for part in parts),
        classes=tuple(sum(part.classes[n] for part in parts) for n in range(len(Category) + 1)),
        rates=rates,
        exited_count=sum(part.exited_count for part in parts),
        money_yuan=sum((part.money_yuan for part in parts), Decimal(0)),
    )


def money_by_source(session: Session, area_id: int) -> dict[str, Decimal]:
    """Return 元 by source, in the order the forms print them; what an export leaves open last."""
    columns = (func.sum(getattr(ProjectTally, f"{source}_yuan")) for source in SOURCES)
    row = session.execute(select(*columns).where(ProjectTally.area_id == area_id)).one()
    return {source: Decimal(amount or 0) for source, amount in zip(SOURCES, row, strict=True)}


def disposal_progress(session: Session, area_id: int) -> dict[int, int]:
    """Return how many projects not exited are how far, by `Shares.progress`."""
    wanted = (ProjectTally.area_id == area_id, ProjectTally.exited.is_(False))
    counted = select(ProjectTally.progress, func.sum(ProjectTally.count)).where(*wanted)
    return {progress: int(count) for progress, count in session.execute(counted.group_by(ProjectTally.progress))}


def lights(session: Session, area_id: int, limits: Bounds) -> dict[int, Lights]:
    """Return the lights of every part of an area."""
    tally = CaseTally
    running = tally.status == CaseStatus.RUNNING
    conditions = (
        and_(running, tally.late_at <= limits.now),
        and_(running, tally.late_at > limits.now, tally.late_at <= limits.soon_ends_at),
        and_(running, tally.late_at > limits.soon_ends_at),
        tally.status == CaseStatus.SUSPENDED,
        tally.status == CaseStatus.ARCHIVED,
    )
    sums = (func.sum(case((condition, tally.count), else_=0)) for condition in conditions)
    wanted = select(tally.branch_id, *sums, func.sum(tally.count)).where(tally.area_id == area_id)
    rows = session.execute(wanted.group_by(tally.branch_id))
    return {branch_id: Lights(*map(int, counts)) for branch_id, *counts in rows}


def all_lights(parts: dict[int, Lights]) -> Lights:
    """Return the lights of a whole area."""
    names = ("red", "yellow", "green", "suspended", "archived", "all")
    return Lights(*(sum(getattr(part, name) for part in parts.values()) for name in names))


@dataclass(frozen=True)
class ArchiveCell:
    """A row of a level's Annex 6 over the projects of an area."""

    there: int = 0
    waived: int = 0
    lacking: int = 0

    @property
    def all(self) -> int:
        return self.there + self.waived + self.lacking


def archive_meter(session: Session, area_id: int) -> dict[tuple[str, int], ArchiveCell]:
    """Return how Annex 6 stands in an area, by level and row; a level without projects is not in it (P13)."""
    counts: dict[tuple[str, int], dict[str, int]] = {}
    for tally in session.scalars(select(ArchiveTally).where(ArchiveTally.area_id == area_id)):
        counts.setdefault((tally.level, tally.row), {})[tally.standing] = tally.count
    return {
        key: ArchiveCell(*(known.get(standing, 0) for standing in RowStanding)) for key, known in sorted(counts.items())
    }


def trend(session: Session, area_id: int, today: date) -> list[tuple[date, Rates]]:
    """Return the rates by day, oldest first, as far back as they are kept and at most about a year."""
    kept = select(RateDay).where(RateDay.area_id == area_id, RateDay.on <= today).order_by(RateDay.on.desc())
    days = session.scalars(kept.limit(MOST_DAYS)).all()
    return [
        (day.on, Rates(day.project_count, day.stopped_count, day.difficult_count, day.weak_linkage_count))
        for day in reversed(days)
    ]


def late_holders(session: Session, area: Unit, now: datetime) -> list[tuple[Unit, int]]:
    """Return the units of an area that hold items past their date, with how many, the most first."""
    held = select(Unit.id).where(Unit.path.startswith(area.path, autoescape=True))
    # the sum keeps SQLite on the index by due moment, which holds all that is asked for
    late = (WorkItem.completed_at.is_(None), WorkItem.due_at <= now, (WorkItem.unit_id + 0).in_(held))
    counted = Counter(dict(_by_unit(session, select(WorkItem.unit_id, func.count()).where(*late))))
    # suspended cases are few: taken off again rather than asked for at every item, and their items found by them
    of_resting = WorkItem.case_id.in_(select(Case.id).where(Case.suspended_at.is_not(None)))
    counted.subtract(dict(_by_unit(session, select(WorkItem.unit_id, func.count()).where(of_resting, *late))))
    units = names_of(session, [unit_id for unit_id, count in counted.items() if count > 0])
    return sorted(((unit, counted[unit.id]) for unit in units.values()), key=lambda each: (-each[1], each[0].id))


def _by_unit(session: Session, counted: Select[int, int]) -> list[tuple[int, int]]:
    return [(unit_id, count) for unit_id, count in session.execute(counted.group_by(WorkItem.unit_id))]


def names_of(session: Session, unit_ids: Sequence[int]) -> dict[int, Unit]:
    """Return units by their ids."""
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(unit_ids)))}
