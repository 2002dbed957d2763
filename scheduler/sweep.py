"""One pass over what is due: timers in groups, a group that fails one by one, then what failed before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from bpmn.bulk import fire_timers
from bpmn.casefile import Acting
from bpmn.incidents import note_failure
from bpmn.retries import Site, retry_due
from bpmn.runtime import fire_timer
from ledger.cases import due_timers, timer_case
from ledger.db import SessionFactory, transaction
from ledger.incidents import resolve_incidents, troubled
from ledger.journal import Moment
from ledger.scope import CLOCK
from ledger.vocabulary import IncidentKind

LOOKED_UP = 1000  # timers at a time; the next look-up leaves out those that failed
BATCH = 200  # timers fired in one transaction, whose cases wait for it
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
            due = due_timers(session, moment.at, LOOKED_UP)
        if not due:
            break
        for first in range(0, len(due), BATCH):
            if not going_on():
                break
            done, broken = _fire_together(ground, due[first : first + BATCH], moment)
            fired, failed = fired + done, failed + broken
    retried = retry_due(Site(ground.sessions, ground.papers), moment) if going_on() else 0
    return Swept(fired, failed, retried)


def _fire_together(ground: Ground, due: Sequence[int], moment: Moment) -> tuple[int, int]:
    """Fire a group of timers in one transaction; returns how many fired and how many failed and have an incident."""
    try:
        with transaction(ground.sessions) as session:
            report = fire_timers(Acting(session, CLOCK, moment, ground.papers), due)
            fired = [row.subject_id for row in report if row.happened]
            for timer_id in troubled(session, fired):
                resolve_incidents(session, IncidentKind.TIMER, timer_id, moment.at)
    except Exception:  # the whole group is undone; whichever of them can be done is done by itself
        _log.exception("timers_failed", count=len(due))
        outcomes = [_fire(ground, timer_id, moment) for timer_id in due]
        return outcomes.count(True), outcomes.count(None)
    broken = [(row.subject_id, row.error) for row in report if row.error is not None]
    for timer_id, error in broken:
        _note(ground, timer_id, error, moment)
    return len(fired), len(broken)


def _fire(ground: Ground, timer_id: int, moment: Moment) -> bool | None:
    """Fire one timer: True when it fired, False when somebody else did, None when it failed and has an incident."""
    try:
        with transaction(ground.sessions) as session:
            fired = fire_timer(Acting(session, CLOCK, moment, ground.papers), timer_id)
            if fired:
                resolve_incidents(session, IncidentKind.TIMER, timer_id, moment.at)
            return fired
    except Exception as error:  # one broken case must not keep the others' timers from firing
        _note(ground, timer_id, error, moment)
        return None


def _note(ground: Ground, timer_id: int, error: Exception, moment: Moment) -> None:
    _log.error("timer_failed", timer_id=timer_id, exc_info=error)
    with transaction(ground.sessions, writes=False) as session:
        case_id = timer_case(session, timer_id)
    note_failure(ground.sessions, IncidentKind.TIMER, error, moment.at, case_id=case_id, subject_id=timer_id)
