"""Write down in a transaction of its own that something failed: the one that failed is rolled back (engine rule 2)."""

from __future__ import annotations

from datetime import datetime

from bpmn.engine import RunawayDiagram, StateRefused, StepFailed, VariableRefused
from ledger.cases import Failure, write_incident
from ledger.db import SessionFactory, transaction

BROKEN_CASE = (StateRefused, StepFailed, RunawayDiagram, VariableRefused)
"""What a person cannot mend by answering differently: the case stays where it was and an incident is written."""
_LONGEST_CAUSE = 500


def note_failure(
    sessions: SessionFactory, kind: str, error: Exception, now: datetime, *, case_id: int | None, subject_id: int | None
) -> None:
    """Write or renew the incident of a timer, message or state that failed."""
    cause = f"{type(error).__name__}: {error}"[:_LONGEST_CAUSE]
    with transaction(sessions) as session:
        write_incident(session, Failure(kind, subject_id, case_id, cause), now)
