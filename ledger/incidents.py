"""What failed and left a case where it was: retried three times, then left to a person (engine rule 2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.cases import Case, Incident, Timer
from ledger.projects import Project
from ledger.vocabulary import IncidentKind

FIRST_RETRY = timedelta(minutes=1)
MOST_RETRIES = 3
RETRIED = frozenset({IncidentKind.TIMER, IncidentKind.ITEM})
"""What can be done again without a person; the outbox tries a message eight times before it becomes an incident."""


@dataclass(frozen=True)
class Failure:
    """What went wrong and with what; `attempt` is what was posted on an item, to be tried again as it was."""

    kind: str  # IncidentKind
    subject_id: int | None
    case_id: int | None
    cause: str
    attempt: Mapping[str, Any] | None = None


def write_incident(session: Session, failure: Failure, now: datetime) -> Incident:
    """Write an incident, or count one more attempt on the open one; retries come after 1, 2 and 4 minutes."""
    if failure.case_id is not None:  # two clocks that fail at once count one incident
        session.execute(select(Case.id).where(Case.id == failure.case_id).with_for_update(key_share=True))
    known = _open(session, failure.kind, failure.subject_id, failure.case_id)
    incident = known[0] if known else None
    if incident is None:
        incident = Incident(
            case_id=failure.case_id, kind=failure.kind, subject_id=failure.subject_id, attempts=0, created_at=now
        )
        session.add(incident)
    incident.cause = failure.cause
    incident.attempt = failure.attempt
    again = failure.kind in RETRIED and (failure.kind != IncidentKind.ITEM or failure.attempt is not None)
    left = again and incident.attempts < MOST_RETRIES
    incident.retry_at = now + FIRST_RETRY * 2**incident.attempts if left else None
    incident.attempts += 1
    session.flush()
    return incident


def resolve_incidents(session: Session, kind: str, subject_id: int, now: datetime) -> None:
    """Close the incidents of what works again."""
    for incident in _open(session, kind, subject_id, None):
        incident.resolved_at, incident.attempt = now, None


def _open(session: Session, kind: str, subject_id: int | None, case_id: int | None) -> Sequence[Incident]:
    wanted = [Incident.kind == kind, Incident.resolved_at.is_(None)]
    wanted.append(Incident.case_id == case_id if subject_id is None else Incident.subject_id == subject_id)
    return session.scalars(select(Incident).where(*wanted).order_by(Incident.id)).all()


def open_incidents(session: Session) -> Sequence[Incident]:
    """Return everything that failed and is not mended, newest first."""
    return session.scalars(select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.id.desc())).all()


def troubled(session: Session, timer_ids: Collection[int]) -> set[int]:
    """Return those of the timers that failed before and are not mended."""
    wanted = (Incident.kind == IncidentKind.TIMER, Incident.resolved_at.is_(None), Incident.subject_id.in_(timer_ids))
    return {subject for subject in session.scalars(select(Incident.subject_id).where(*wanted)) if subject is not None}


def items_to_retry(session: Session, now: datetime) -> Sequence[int]:
    """Return the incidents of items whose next try is due, the oldest first."""
    due = (Incident.kind == IncidentKind.ITEM, Incident.resolved_at.is_(None), Incident.retry_at <= now)
    return session.scalars(select(Incident.id).where(*due).order_by(Incident.retry_at, Incident.id)).all()


def open_incident(session: Session, incident_id: int) -> Incident | None:
    """Return an incident that is not mended yet, under lock: of two who retry it one waits for the other."""
    wanted = select(Incident).where(Incident.id == incident_id, Incident.resolved_at.is_(None))
    return session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one_or_none()


def county_of_case(session: Session, case_id: int) -> int | None:
    """Return the county a case belongs to."""
    wanted = select(Project.county_id).join(Case, Case.project_id == Project.id).where(Case.id == case_id)
    return session.scalars(wanted).one_or_none()


def timer_waits(session: Session, timer_id: int) -> bool:
    """Say whether a timer still waits."""
    return session.scalars(select(Timer.id).where(Timer.id == timer_id, Timer.ended_at.is_(None))).first() is not None
