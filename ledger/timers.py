"""What is asked about timers beyond one case's own: whether one fired since a moment, which are due soon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ledger.cases import Case, Timer
from ledger.vocabulary import CaseStatus


def fired_since(session: Session, case_id: int, since: datetime) -> bool:
    """Say whether a timer of the case went off after `since`: a period that what follows rests on."""
    wanted = (Timer.case_id == case_id, Timer.fired.is_(True), Timer.ended_at > since)
    return session.scalars(select(Timer.id).where(*wanted).limit(1)).first() is not None


def timers_until(session: Session, until: datetime) -> Sequence[tuple[Timer, Case]]:
    """Return waiting timers of running cases due by `until` with their cases and projects, the earliest first."""
    waiting = (Timer.ended_at.is_(None), Timer.due_at <= until, Case.status == CaseStatus.RUNNING)
    wanted = select(Timer, Case).join(Case, Case.id == Timer.case_id).where(*waiting)
    loaded = (joinedload(Case.project), joinedload(Case.procedure))
    rows = session.execute(wanted.options(*loaded).order_by(Timer.due_at, Timer.id))
    return [(timer, case) for timer, case in rows]
