"""Two schedulers and 10,000 timers due at one moment: each fires once, whoever takes it (engine rule 3)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from time import monotonic

from sqlalchemy import func, select, update

from ledger.cases import Timer, WorkItem
from ledger.db import open_ledger, transaction
from ledger.demonstration import BEGINS_AT
from ledger.journal import Entry, Moment
from scheduler.sweep import Ground, sweep
from tests.benchmarks.figures import DATABASES, KEYS, Place, place
from tests.benchmarks.w3 import lay

TIMERS, SCHEDULERS = 10_000, 2
DUE_AT = BEGINS_AT + timedelta(days=2)  # past what the engine counted


def prove(_seed: int) -> Iterator[dict[str, object]]:
    """Let two processes sweep the same ledger at once, on each database."""
    for database in DATABASES:
        with place(database) as here:
            lay(here, TIMERS)
            yield {"database": database, **swept(here)}


def swept(here: Place) -> dict[str, object]:
    """Sweep with two processes and look at every case: one item opened, one entry written, one timer fired."""
    with transaction(here.sessions) as session:
        session.execute(update(Timer).values(due_at=DUE_AT))
        before = session.scalars(select(func.max(Entry.id))).one()
    here.sessions.kw["bind"].dispose()  # a connection is not shared with a fork
    began = monotonic()
    children = [start_scheduler(here) for _ in range(SCHEDULERS)]
    assert all(os.waitpid(child, 0)[1] == 0 for child in children), "a scheduler failed"
    took = monotonic() - began
    with transaction(here.sessions, writes=False) as session:
        fired = session.execute(select(func.count(), func.count(func.distinct(Timer.case_id))).where(Timer.fired)).one()
        opened = (WorkItem.element == "after", WorkItem.completed_at.is_(None))
        items = session.execute(select(func.count(), func.count(func.distinct(WorkItem.case_id))).where(*opened)).one()
        entries = session.execute(
            select(func.count(), func.count(func.distinct(Entry.case_id))).where(Entry.id > before)
        ).one()
    counts = {"fired": tuple(fired), "opened": tuple(items), "written": tuple(entries)}
    assert set(counts.values()) == {(TIMERS, TIMERS)}, counts
    return {"schedulers": SCHEDULERS, "timers": TIMERS, "twice": 0, "missed": 0, "seconds": round(took, 1)}


def start_scheduler(here: Place) -> int:
    """Let a process of its own sweep until nothing is due; returns the process."""
    child = os.fork()
    if child:
        return child
    with ExitStack() as stack:
        stack.callback(os._exit, 1)
        sessions = open_ledger(here.url, KEYS)
        while sweep(Ground(sessions, here.folder), Moment(DUE_AT, DUE_AT)).fired:
            pass
        stack.pop_all()
        os._exit(0)
    return 0
