"""Two schedulers on 10,000 due timers, one killed with SIGKILL at its work: the other does all of it within 90 s."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from random import Random
from threading import Event
from time import monotonic

from sqlalchemy import func, select, update

from ledger.cases import Timer
from ledger.db import transaction
from ledger.journal import Entry
from tests.benchmarks.figures import DATABASES, Place, place
from tests.benchmarks.w3 import lay
from tests.proofs.clocks import DUE_AT, TIMERS, start_scheduler

WITHIN_SECONDS = 90


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Kill one of two schedulers after a random while, on each database."""
    for database in DATABASES:
        with place(database) as here:
            lay(here, TIMERS)
            yield {"database": database, "seed": seed, **taken_over(here, Random(seed))}


def taken_over(here: Place, random: Random) -> dict[str, object]:
    """Return how many timers were left at the kill and how long the other took for them."""
    with transaction(here.sessions) as session:
        session.execute(update(Timer).values(due_at=DUE_AT))
        before = session.scalars(select(func.max(Entry.id))).one()
    here.sessions.kw["bind"].dispose()  # a connection is not shared with a fork
    victim, other = start_scheduler(here), start_scheduler(here)
    Event().wait(random.uniform(0.5, 3))
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)
    with transaction(here.sessions, writes=False) as session:
        left = session.scalars(select(func.count()).where(Timer.ended_at.is_(None))).one()
    began = monotonic()
    assert os.waitpid(other, 0)[1] == 0, "the other scheduler failed"
    took = monotonic() - began
    with transaction(here.sessions, writes=False) as session:
        fired = select(func.count(), func.count(func.distinct(Entry.case_id))).where(Entry.id > before)
        counts = tuple(session.execute(fired).one())
    assert counts == (TIMERS, TIMERS), counts
    assert took < WITHIN_SECONDS, took
    return {"timers": TIMERS, "left_at_the_kill": left, "twice": 0, "missed": 0, "seconds": round(took, 1)}
