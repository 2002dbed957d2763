"""One pass over what is due: timers, each in its own transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from bpmn.casefile import Acting
from bpmn.incidents import note_failure
from bpmn.runtime import fire_timer
from ledger.cases import due_timers, resolve_incidents, timer_case
from ledger.db import SessionFactory, transaction
from ledger.journal import Moment
from ledger.people import CLOCK

BATCH = 200  # timers looked up at once; the next look-up leaves out those that failed
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Swept:
    """What one pass did."""

    fired: int
    failed: int


@dataclass(frozen=True)
class Ground:
    """What a pass works on."""

    sessions: SessionFactory
    papers: Path


def sweep(ground: Ground, moment: Moment, going_on: Callable[[], bool] = lambda: True) -> Swept:
    """Fire every timer due, until nothing is left or `going_on` says to stop."""
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
    return Swept(fired, failed)


def _fire(ground: Ground, timer_id: int, moment: Moment) -> bool | None:
    """Fire one timer: True when it fired, False when somebody else did, None when it failed and has an incident."""
    try:
        with transaction(ground.sessions) as session:
            fired = fire_timer(Acting(session, CLOCK, moment, ground.papers), timer_id)
            if fired:
                resolve_incidents(session, "timer", timer_id, moment.at)
            return fired
    except Exception as error:  # one broken case must not keep the others' timers from firing
        _log.exception("timer_failed", timer_id=timer_id)
        with transaction(ground.sessions, writes=False) as session:
            case_id = timer_case(session, timer_id)
        note_failure(ground.sessions, "timer", error, moment.at, case_id=case_id, subject_id=timer_id)
        return None
