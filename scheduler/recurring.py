"""Rounds that come round (R1–R4): opened when the calendar says so, each exactly once however many schedulers run.

The key of a round in the database is why (engine rule 7); this module only asks often enough.
"""

from __future__ import annotations

import structlog

from bpmn.casefile import Acting
from bpmn.round_periods import due_now, open_due
from bpmn.rounds import RoundsNotDeployed
from ledger.db import transaction
from ledger.journal import Moment
from ledger.people import counties
from ledger.scope import CLOCK
from scheduler.sweep import Ground

_log = structlog.get_logger(__name__)


def open_recurring(ground: Ground, moment: Moment) -> int:
    """Open every county's rounds that are due to be open; returns how many are new."""
    with transaction(ground.sessions, writes=False) as session:
        acting = Acting(session, CLOCK, moment, ground.papers)
        waiting = [county.id for county in counties(session) if due_now(acting, county.id)]
    opened = 0
    for county_id in waiting:
        try:
            with transaction(ground.sessions) as session:
                opened += open_due(Acting(session, CLOCK, moment, ground.papers), county_id)
        except RoundsNotDeployed as lacking:  # set up by an older release: the next start deploys them
            _log.warning("rounds_not_deployed", kind=str(lacking))
    return opened
