"""A database that fails one time in twenty: before a statement or the commit, or when the commit was done but not told.

What a worker does then is what a person does: look again, and do what still waits.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError

from ledger.cases import WAITING, Timer, WorkItem
from ledger.db import transaction
from ledger.journal import Moment
from scheduler.sweep import Ground, sweep
from tests.doubled import DUE_AT, REFUSED, Doubled
from tests.points import COMMIT, listening
from tests.workers import check

SHARE = 0.05
PATIENCE = 100_000  # attempts: more than chance can need


@dataclass
class Faulty:
    """Fails a share of all commits before they are done, and as many after; some statements too."""

    random: Random
    share: float = SHARE
    told: Counter[str] = field(default_factory=Counter)

    def __call__(self, when: str, text: str) -> None:
        if text == COMMIT and self.random.random() < self.share:
            self._fail(f"{when} a commit")
        elif text != COMMIT and when == "before" and text[:6] in _WRITES and self.random.random() < self.share / 5:
            self._fail("before a statement")

    def _fail(self, where: str) -> None:
        self.told[where] += 1
        raise OperationalError(where, {}, Exception("the database went away"))


_WRITES = ("INSERT", "UPDATE", "WITH r")


def work_through(doubled: Doubled, seed: int) -> tuple[Counter[str], Counter[str]]:
    """Work all cases to their end while the database fails; returns the faults and the acts; AssertionError."""
    random, faulty = Random(seed), Faulty(Random(seed + 1))
    with listening(doubled.sessions, faulty):
        for _attempt in range(PATIENCE):
            try:
                if not step(doubled, random):
                    break
            except DBAPIError:
                continue  # a person is told that it did not work, and looks again
    return faulty.told, check(doubled)


def step(doubled: Doubled, random: Random) -> bool:
    """Do one thing that waits; False when nothing does."""
    with transaction(doubled.sessions, writes=False) as session:
        waiting = session.execute(select(WorkItem.case_id, WorkItem.element).where(WorkItem.status.in_(WAITING))).all()
        timers = session.scalars(select(Timer.id).where(Timer.ended_at.is_(None))).all()
    if waiting:
        with suppress(*REFUSED):  # the act whose commit was not told had been done
            doubled.complete(*random.choice(waiting))()
    elif timers:
        sweep(Ground(doubled.sessions, doubled.papers), Moment(DUE_AT, DUE_AT))
    return bool(waiting or timers)
