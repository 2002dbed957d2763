"""What is asked about timers beyond one case's own: whether one fired since a moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.cases import Timer


def fired_since(session: Session, case_id: int, since: datetime) -> bool:
    """Say whether a timer of the case went off after `since`: a period that what follows rests on."""
    wanted = (Timer.case_id == case_id, Timer.fired.is_(True), Timer.ended_at > since)
    return session.scalars(select(Timer.id).where(*wanted).limit(1)).first() is not None
