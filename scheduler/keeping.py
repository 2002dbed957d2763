"""Keep the ledger as it stood: each day that changed it, each month once its date has passed (R3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.db import SessionFactory, day_of, transaction
from ledger.journal import Moment
from ledger.people import counties
from ledger.scope import CLOCK
from ledger.snapshots import due_snapshots, not_kept, prepare, take_snapshot
from ledger.working_days import load_calendar


@dataclass
class Keeper:
    """Looks once a day, and once more after every start; two processes keep one snapshot of a day between them."""

    sessions: SessionFactory
    _looked_on: date | None = None

    def keep(self, moment: Moment) -> int:
        """Take what is due; return how many snapshots were kept."""
        today = day_of(moment.at)
        if self._looked_on == today:
            return 0
        with transaction(self.sessions, writes=False) as session:
            due = due_snapshots(load_calendar(session), today)
            lacking = {county.id: not_kept(session, county.id, due) for county in counties(session)}
        kept = 0
        for county_id, wanted_ones in lacking.items():
            if not wanted_ones:
                continue
            with transaction(self.sessions, writes=False) as session:  # nobody waits while ten thousand rows are read
                prepared = prepare(session, county_id)
            for wanted in wanted_ones:
                with transaction(self.sessions) as session:
                    kept += take_snapshot(session, county_id, wanted, prepared, CLOCK, moment) is not None
        self._looked_on = today
        return kept
