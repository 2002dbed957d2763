"""Which projects changed since the tallies were renewed, and everything that is counted of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, defer, joinedload

from ledger.archive import counts_for_archive, letters_of
from ledger.cases import WAITING, Case, Timer, WorkItem
from ledger.journal import Entry, rests_of
from ledger.people import Unit
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.tallies import Tallied
from ledger.vocabulary import ItemStatus, Level
from ledger.working_days import calendar_revision

OVERLAP = 50  # journal rows looked at again: a transaction may commit after one that began later
MOST_AT_ONCE = 5000


class Stay(NamedTuple):
    """A task or timer of a case: when it came, when it was done (None: it waits), when it is due (None: for nobody)."""

    element: str
    began_at: datetime
    done_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True)
class Source:
    """One project with its cases and what lay in them."""

    project: Project
    revisions: int
    cases: list[tuple[Case, list[Stay]]] = field(default_factory=list)
    archive: tuple[str, str] | None = None  # of the newest case whose papers are filed
    rests: Mapping[int, Sequence[tuple[date, date]]] = field(default_factory=dict)  # by case: suspended, resumed


class UnitPlace(NamedTuple):
    """A unit in the tree."""

    kind: str
    path: str


class State(NamedTuple):
    """How far the ledger itself is: its newest journal row, and how often its calendar was changed."""

    entry_id: int
    calendar_revision: int


def state_of(session: Session) -> State:
    """Return how far the ledger is."""
    newest = select(func.coalesce(func.max(Entry.id), 0)).scalar_subquery()
    return State(*session.execute(select(newest, calendar_revision())).one())


def changed_projects(session: Session, since_entry: int) -> Sequence[int]:
    """Return projects whose rows changed since they were counted, 5,000 of them at once, or of which something is told.

    A change of dates may leave a case's own row as it was; the journal tells of it. Where 5,000 or more are returned,
    `uncounted_projects` tells what is left.
    """
    told = select(Case.project_id).join(Entry, Entry.case_id == Case.id).where(Entry.id > since_entry - OVERLAP)
    return sorted({*uncounted_projects(session), *session.scalars(told.distinct())})


def uncounted_projects(session: Session) -> Sequence[int]:
    """Return projects, at most 5,000 at once, whose rows are not those that were counted."""
    sums = select(Case.project_id, func.sum(Case.revision).label("sum")).group_by(Case.project_id).subquery()
    now = Project.revision + func.coalesce(sums.c.sum, 0)
    wanted = select(Project.id).outerjoin(sums, sums.c.project_id == Project.id)
    changed = wanted.outerjoin(Tallied, Tallied.project_id == Project.id).where(
        or_(Tallied.project_id.is_(None), Tallied.revisions != now)
    )
    return session.scalars(changed.order_by(Project.id).limit(MOST_AT_ONCE)).all()


def unit_places(session: Session) -> Mapping[int, UnitPlace]:
    """Return kind and path of every unit."""
    return {row.id: UnitPlace(row.kind, row.path) for row in session.execute(select(Unit.id, Unit.kind, Unit.path))}


def sources_of(session: Session, project_ids: Collection[int]) -> list[Source]:
    """Return these projects with their cases and all that waits or was done in them."""
    projects = session.scalars(select(Project).where(Project.id.in_(project_ids)).order_by(Project.id)).all()
    slight = joinedload(Case.procedure).load_only(Procedure.process_id, Procedure.number, Procedure.sha256)
    wanted = select(Case).where(Case.project_id.in_(project_ids)).order_by(Case.id)
    cases = session.scalars(wanted.options(slight, defer(Case.state))).all()
    case_ids = [case.id for case in cases]
    stays, rests = _stays(session, case_ids), rests_of(session, case_ids)
    of_project: dict[int, list[Case]] = {}
    for case in cases:
        of_project.setdefault(case.project_id, []).append(case)
    levels = {project.id: project.level or Level.TOWNSHIP for project in projects}
    filed = {case.project_id: case for case in cases if counts_for_archive(case)}  # the newest is the last
    letters = letters_of(session, list(filed.values()), {case.id: levels[case.project_id] for case in filed.values()})
    return [
        Source(
            project,
            project.revision + sum(case.revision for case in of_project.get(project.id, ())),
            [(case, stays.get(case.id, [])) for case in of_project.get(project.id, ())],
            letters[filed[project.id].id] if project.id in filed else None,
            rests,
        )
        for project in projects
    ]


def _stays(session: Session, case_ids: Sequence[int]) -> dict[int, list[Stay]]:
    found: dict[int, list[Stay]] = {}
    columns = (WorkItem.case_id, WorkItem.element, WorkItem.created_at, WorkItem.completed_at, WorkItem.due_at)
    counted = WorkItem.status.in_((*WAITING, ItemStatus.DONE))
    for row in session.execute(select(*columns).where(WorkItem.case_id.in_(case_ids), counted).order_by(WorkItem.id)):
        found.setdefault(row.case_id, []).append(Stay(row.element, row.created_at, row.completed_at, row.due_at))
    timers = select(Timer.case_id, Timer.element, Timer.created_at).where(
        Timer.case_id.in_(case_ids), Timer.ended_at.is_(None)
    )
    for case_id, element, began_at in session.execute(timers.order_by(Timer.id)):
        found.setdefault(case_id, []).append(Stay(element, began_at, None, None))
    return found


def written_shares(session: Session, project_ids: Collection[int]) -> dict[int, Tallied]:
    """Return what these projects counted for until now."""
    return {row.project_id: row for row in session.scalars(select(Tallied).where(Tallied.project_id.in_(project_ids)))}
