"""Write down in a transaction of its own that something failed: the one that failed is rolled back (engine rule 2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bpmn.engine import Deadlocked, RunawayDiagram, StateRefused, StepFailed, VariableRefused
from ledger.db import SessionFactory, transaction
from ledger.incidents import Failure, write_incident

BROKEN_CASE = (StateRefused, StepFailed, RunawayDiagram, VariableRefused)
"""What a person cannot mend by answering differently: the case stays where it was and an incident is written."""
_LONGEST_CAUSE = 500


def cause_of(error: Exception) -> str:
    """Say in Chinese why something failed; what is not ours keeps its own words behind ours."""
    if isinstance(error, (*BROKEN_CASE, Deadlocked)):
        return str(error)[:_LONGEST_CAUSE]
    return f"程序出错，没有办成（{type(error).__name__}：{error}）"[:_LONGEST_CAUSE]


def note_failure(
    sessions: SessionFactory,
    kind: str,
    error: Exception,
    now: datetime,
    *,
    case_id: int | None,
    subject_id: int | None,
    attempt: Mapping[str, Any] | None = None,
) -> int:
    """Write or renew the incident of a timer, message, item or state that failed; returns its number."""
    with transaction(sessions) as session:
        return write_incident(session, Failure(kind, subject_id, case_id, cause_of(error), attempt), now).id
