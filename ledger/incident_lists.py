"""异常 as the system administrator reads them: what failed, on which project, why; no business data beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session, load_only

from ledger.cases import Case, Incident, Timer, WorkItem
from ledger.people import Unit
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.vocabulary import IncidentKind

MOST_SHOWN = 500
KEPT = timedelta(days=7)  # mended ones are shown so long


@dataclass(frozen=True)
class IncidentLine:
    """One thing that failed; `step` is the item or timer it failed at, "" for a message or a state.

    A timer is told by the id of its element; `timer_procedure` is the diagram that knows its name.
    """

    id: int
    kind: IncidentKind
    cause: str
    attempts: int
    created_at: datetime
    retry_at: datetime | None
    resolved_at: datetime | None
    project_number: str
    unit: str
    step: str
    timer_procedure: Procedure | None = None


def open_lines(session: Session, kind: str = "") -> Sequence[IncidentLine]:
    """Return what failed and is not mended, newest first, at most 500."""
    wanted: list[ColumnElement[bool]] = [Incident.resolved_at.is_(None)]
    if kind:
        wanted.append(Incident.kind == kind)
    return _lines(session, wanted)


def mended_lines(session: Session, now: datetime) -> Sequence[IncidentLine]:
    """Return what was mended within the last seven days."""
    return _lines(session, [Incident.resolved_at > now - KEPT])


def _lines(session: Session, conditions: list[ColumnElement[bool]]) -> Sequence[IncidentLine]:
    found = (
        select(Incident, Project.number, Unit.short_name, WorkItem.name, Timer.element, Procedure)
        .outerjoin(Case, Case.id == Incident.case_id)
        .outerjoin(Procedure, Procedure.id == Case.procedure_id)
        .outerjoin(Project, Project.id == Case.project_id)
        .outerjoin(Unit, Unit.id == Project.responsible_unit_id)
        .outerjoin(WorkItem, (Incident.kind == IncidentKind.ITEM) & (WorkItem.id == Incident.subject_id))
        .outerjoin(Timer, (Incident.kind == IncidentKind.TIMER) & (Timer.id == Incident.subject_id))
        .where(*conditions)
        .order_by(Incident.id.desc())
        .options(load_only(Procedure.process_id, Procedure.number, Procedure.sha256, Procedure.callees))
    )
    return [_line(*row) for row in session.execute(found.limit(MOST_SHOWN))]


def _line(incident: Incident, number: Any, unit: Any, item: Any, timer: Any, procedure: Any) -> IncidentLine:
    return IncidentLine(
        id=incident.id,
        kind=IncidentKind(incident.kind),
        cause=incident.cause,
        attempts=incident.attempts,
        created_at=incident.created_at,
        retry_at=incident.retry_at,
        resolved_at=incident.resolved_at,
        project_number=number or "",
        unit=unit or "",
        step=item or timer or "",
        timer_procedure=procedure if timer else None,
    )


def all_projects() -> ColumnElement[bool]:
    """Return the condition for every project: the system administrator is told numbers, steps and units alone."""
    return true()
