"""One pass over what is due: timers, each in its own transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from bpmn.casefile import Acting
from bpmn.incidents import note_failure
from bpmn.retries import Site, retry_due
from bpmn.runtime import fire_timer
from ledger.cases import due_timers, timer_case
from ledger.db import SessionFactory, transaction
from ledger.incidents import resolve_incidents
from ledger.journal import Moment
from ledger.people import CLOCK
from ledger.vocabulary import IncidentKind

BATCH = 200  # timers looked up at once; the next look-up leaves out those that failed
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Swept:
    """What one pass did."""

    fired: int
    failed: int
    retried: int = 0  # completions that had failed and are done now


@dataclass(frozen=True)
class Ground:
    """What a pass works on."""

    sessions: SessionFactory
    papers: Path


def sweep(ground: Ground, moment: Moment, going_on: Callable[[], bool] = lambda: True) -> Swept:
    """Fire every timer due and retry what failed, until nothing is left or `going_on` says to stop."""
    fired = failed = 0
    while going_on():
        with transaction(ground.sessions, writes=False) as session:
            due = due_timers(session, moment.at, BATCH)
        if not due:
            break
        for timer_id in due:
            if not going_on():
                break
            outcome = _fire(ground, timer_id, moment)
            fired, failed = fired + (outcome is True), failed + (outcome is None)
    retried = retry_due(Site(ground.sessions, ground.papers), moment) if going_on() else 0
    return Swept(fired, failed, retried)


def _fire(ground: Ground, timer_id: int, moment: Moment) -> bool | None:
    """Fire one timer: True when it fired, False when somebody else did, None when it failed and has an incident."""
    try:
        with transaction(ground.sessions) as session:
            fired = fire_timer(Acting(session, CLOCK, moment, ground.papers), timer_id)
            if fired:
                resolve_incidents(session, IncidentKind.TIMER, timer_id, moment.at)
            return fired
    except Exception as error:  # one broken case must not keep the others' timers from firing
        _log.exception("timer_failed", timer_id=timer_id)
        with transaction(ground.sessions, writes=False) as session:
            case_id = timer_case(session, timer_id)
        note_failure(ground.sessions, IncidentKind.TIMER, error, moment.at, case_id=case_id, subject_id=timer_id)
        return None
