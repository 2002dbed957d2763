"""台账和统计表 as they stood on a day (R3): kept for good, sealed, told apart by a hash that nobody can change after.

A snapshot of a day is the state at its end. Where nothing changed none is kept: the one before still holds, so the
state of any past day is that of the last snapshot up to it. Telephone numbers are masked in them (M2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, and_, case, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from ledger.db import ONE_DAY, Base, SealedJson, day_of
from ledger.journal import Act, Moment
from ledger.projects import Project
from ledger.round_dates import monthly_due_on
from ledger.scope import Actor
from ledger.statistics import ANNEX5_HEADS, Cell, annex4_of, annex5_rows, projects_where
from ledger.vocabulary import Category, Linkage, Operation, SnapshotKind
from ledger.working_days import Calendar
from ledger.writing import record

NUMBER, NAME, CATEGORY = 2, 1, 4  # columns of Annex 5, counted from 0


class Snapshot(Base):
    """One county's ledger at the end of a day. Rows are never updated or deleted: triggers refuse it."""

    __tablename__ = "snapshot"

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    taken_on: Mapped[date]  # the day whose state it is
    taken_at: Mapped[datetime]
    kind: Mapped[str]  # SnapshotKind
    key: Mapped[str]  # what there is one of: a day, a month, a person's wish
    note: Mapped[str]
    taken_by: Mapped[str]
    project_count: Mapped[int]
    counts: Mapped[dict[str, Any]]  # by class and state, for the course of time
    sha256: Mapped[str]  # of the content
    content: Mapped[Any] = mapped_column(SealedJson)

    __table_args__ = (UniqueConstraint("county_id", "key"),)


_STAYING = Project.exited_on.is_(None)
_COUNTED: Mapping[str, ColumnElement[bool]] = {
    "whole": Project.id.is_not(None),
    **{str(category): Project.category == category for category in Category},
    "open": Project.category.is_(None),
    "exited": Project.exited_on.is_not(None),
    "staying": _STAYING,
    "stopped": and_(_STAYING, Project.operation == Operation.STOPPED),
    "difficult": and_(_STAYING, Project.operation == Operation.DIFFICULT),
    "weak": and_(_STAYING, Project.linkage == Linkage.PARTIAL),
}
_NEWEST_FIRST = (Snapshot.taken_on.desc(), Snapshot.id.desc())


@dataclass(frozen=True)
class Wanted:
    """Which snapshot to take: its kind, the day it is of, what makes it unique, and a word about it."""

    kind: SnapshotKind
    on: date
    key: str
    note: str = ""


@dataclass(frozen=True)
class State:
    """The ledger as it stood: Annex 5's rows by unit, and Annex 4's."""

    on: date
    ledger: tuple[tuple[str, ...], ...]
    statistics: tuple[tuple[str, ...], ...]
    counts: Mapping[str, int]
    kept: Snapshot | None = None  # None: the present


@dataclass(frozen=True)
class Difference:
    """One project that is not the same in two states: what was, what is."""

    number: str
    name: str
    came: bool  # in the later state only
    went: bool  # in the earlier one only
    cells: tuple[tuple[str, str, str], ...]  # head, old, new


@dataclass(frozen=True)
class Prepared:
    """A county's state, read and ready to be kept."""

    content: Mapping[str, Any]
    counts: Mapping[str, int]


def prepare(session: Session, county_id: int) -> Prepared:
    """Read the present state."""
    return Prepared(*_content(session, county_id))


def take_snapshot(
    session: Session, county_id: int, wanted: Wanted, prepared: Prepared, actor: Actor, moment: Moment
) -> int | None:
    """Keep a state and return its id; None where the day's or month's is already kept, or a day changed nothing."""
    digest = _digest(prepared.content)
    if wanted.kind == SnapshotKind.DAILY:
        last = latest_snapshot(session, county_id)
        if not prepared.content["ledger"] or (last is not None and last.sha256 == digest):
            return None
    values = {
        "county_id": county_id,
        "taken_on": wanted.on,
        "taken_at": moment.at,
        "kind": str(wanted.kind),
        "key": wanted.key,
        "note": wanted.note,
        "taken_by": actor.name,
        "project_count": len(prepared.content["ledger"]),
        "counts": dict(prepared.counts),
        "sha256": digest,
        "content": prepared.content,
    }
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    once = dialect.insert(Snapshot).values(values).on_conflict_do_nothing(index_elements=["county_id", "key"])
    kept = session.scalars(once.returning(Snapshot.id)).one_or_none()
    if kept is not None:
        detail = {"county": county_id, "kind": str(wanted.kind), "on": wanted.on.isoformat(), "sha256": digest}
        record(session, moment, actor, Act("snapshot", detail={**detail, "projects": values["project_count"]}))
    return kept


def due_snapshots(calendar: Calendar, today: date) -> list[Wanted]:
    """Return what is to be kept now: the day that has ended, and the month's state once its date has passed (R3)."""
    ended = today - ONE_DAY
    due = [Wanted(SnapshotKind.DAILY, ended, f"day {ended.isoformat()}")]
    if today > monthly_due_on(calendar, today.replace(day=1)):
        due.insert(0, Wanted(SnapshotKind.MONTHLY, ended, f"month {today:%Y-%m}", f"{today.year}年{today.month}月"))
    return due


def not_kept(session: Session, county_id: int, due: Collection[Wanted]) -> list[Wanted]:
    """Return what of the due ones a county does not have yet."""
    keys = [wanted.key for wanted in due]
    known = set(session.scalars(select(Snapshot.key).where(Snapshot.county_id == county_id, Snapshot.key.in_(keys))))
    return [wanted for wanted in due if wanted.key not in known]


def snapshots_of(session: Session, county_id: int, kinds: Collection[str] = ()) -> Sequence[Snapshot]:
    """Return a county's snapshots without their content, newest first."""
    wanted = select(Snapshot).where(Snapshot.county_id == county_id).options(defer(Snapshot.content))
    if kinds:
        wanted = wanted.where(Snapshot.kind.in_(kinds))
    return session.scalars(wanted.order_by(*_NEWEST_FIRST)).all()


def latest_snapshot(session: Session, county_id: int) -> Snapshot | None:
    """Return the county's newest snapshot without its content."""
    wanted = select(Snapshot).where(Snapshot.county_id == county_id).options(defer(Snapshot.content))
    return session.scalars(wanted.order_by(*_NEWEST_FIRST).limit(1)).one_or_none()


def state_on(session: Session, county_id: int, day: date) -> State | None:
    """Return the state at the end of `day`; None where nothing was kept so early."""
    wanted = select(Snapshot).where(Snapshot.county_id == county_id, Snapshot.taken_on <= day)
    found = session.scalars(wanted.order_by(*_NEWEST_FIRST).limit(1)).one_or_none()
    if found is None:
        return None
    return _state(found.content, found.counts, found.taken_on, found)


def state_kept(session: Session, county_id: int, snapshot_id: int) -> State | None:
    """Return what one snapshot holds: a day may have several, kept before and after its changes."""
    wanted = select(Snapshot).where(Snapshot.county_id == county_id, Snapshot.id == snapshot_id)
    found = session.scalars(wanted).one_or_none()
    return None if found is None else _state(found.content, found.counts, found.taken_on, found)


def present_state(session: Session, county_id: int, now: datetime) -> State:
    """Return the state at this moment, in the same shape."""
    content, counts = _content(session, county_id)
    return _state(content, counts, day_of(now), None)


def counts_of(session: Session, county_id: int) -> dict[str, int]:
    """Count a county's projects at present by class and, for the rates, by state, in one statement.

    An exited project is in no rate (R6).
    """
    sums = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in _COUNTED.values()]
    row = session.execute(select(*sums).where(Project.county_id == county_id)).one()
    return dict(zip(_COUNTED, map(int, row), strict=True))


def is_whole(snapshot: Snapshot) -> bool:
    """Say whether a snapshot's content is what was kept."""
    return _digest(snapshot.content) == snapshot.sha256


def differences(before: State, after: State) -> list[Difference]:
    """Compare two states project by project; 序号 is no property of a project."""
    old = {row[NUMBER]: row for row in before.ledger}
    new = {row[NUMBER]: row for row in after.ledger}
    found = [Difference(number, row[NAME], False, True, ()) for number, row in old.items() if number not in new]
    for number, row in new.items():
        if number not in old:
            found.append(Difference(number, row[NAME], True, False, ()))
        elif row[1:] != old[number][1:]:
            pairs = zip(ANNEX5_HEADS[1:], old[number][1:], row[1:], strict=True)
            found.append(Difference(number, row[NAME], False, False, tuple(p for p in pairs if p[1] != p[2])))
    return found


def _content(session: Session, county_id: int) -> tuple[dict[str, Any], dict[str, int]]:
    projects = projects_where(session, Project.county_id == county_id)
    rows = [[_shown(cell) for cell in row] for row in annex5_rows(projects, _masked)]
    lines = [[_shown(cell) for cell in line] for line in annex4_of(projects).lines]
    return {"ledger": rows, "statistics": lines}, counts_of(session, county_id)


def _masked(project: Project) -> str:
    number = project.telephone or ""
    return f"{number[:3]}****{number[-4:]}" if number else ""


def _shown(cell: Cell) -> str:
    return "" if cell is None else f"{cell:f}" if not isinstance(cell, str | int) else str(cell)


def _digest(content: Mapping[str, Any]) -> str:
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _state(content: Mapping[str, Any], counts: Mapping[str, int], on: date, kept: Snapshot | None) -> State:
    ledger, statistics = (tuple(map(tuple, content[part])) for part in ("ledger", "statistics"))
    return State(on, ledger, statistics, counts, kept)
