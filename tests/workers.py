"""Three processes that work on the same cases and are killed with SIGKILL at random, and the ledger afterwards.

A worker does whatever waits: completes a task, lets the clock fire what is due. Whoever is killed is replaced. In the
end every case is what its journal says, no act stands in it twice, and the cases go on to their end.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from threading import Event

from sqlalchemy import select

from ledger.cases import WAITING, Case, Timer, WorkItem
from ledger.db import open_ledger, transaction
from ledger.journal import Entry, Moment
from scheduler.sweep import Ground, sweep
from tests.conftest import KEYS
from tests.doubled import DUE_AT, REFUSED, Doubled
from tests.replay import assert_case

WORKERS = 3
_LONGEST = 0.12  # seconds between two kills
_CLOCK = 0.1  # how often a worker is the clock


@dataclass(frozen=True)
class Killed:
    """What a run did: how often a worker was killed, and which acts were done."""

    kills: int
    acts: Counter[str]


def survive(doubled: Doubled, kills: int, seed: int) -> Killed:
    """Kill workers until `kills` are dead or everything is done, then look at every case; AssertionError."""
    doubled.sessions.kw["bind"].dispose()  # a connection is not shared with a fork
    random, pause, killed = Random(seed), Event(), 0
    workers = [_fork(doubled, random.random()) for _ in range(WORKERS)]
    while killed < kills and workers:
        pause.wait(random.uniform(0, _LONGEST))
        victim = workers.pop(random.randrange(len(workers)))
        finished, status = os.waitpid(victim, os.WNOHANG)
        if finished:
            assert os.waitstatus_to_exitcode(status) == 0, "a worker failed"
            continue
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        killed += 1
        workers.append(_fork(doubled, random.random()))
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
    for case_id in doubled.cases:
        assert_case(doubled.sessions, case_id)
    _work(doubled, 0.5)
    acts = check(doubled)
    return Killed(killed, acts)


def check(doubled: Doubled) -> Counter[str]:
    """Compare every case with its journal, and each act with what it did; returns the acts."""
    for case_id in doubled.cases:
        assert_case(doubled.sessions, case_id)
    with transaction(doubled.sessions, writes=False) as session:
        rows = session.execute(select(Entry.act, Entry.case_id, Entry.item_id, Entry.element)).all()
        ended = session.scalars(select(Case.id).where(Case.ended_at.is_not(None))).all()
        items = session.scalars(select(WorkItem.id)).all()
        fired = session.scalars(select(Timer.case_id).where(Timer.fired)).all()
    completed = Counter(row.item_id for row in rows if row.act == "complete")
    assert sorted(ended) == sorted(doubled.cases), "a case was lost on its way"
    assert completed == Counter(items), "an item was done twice, or never"
    assert Counter(fired) == Counter(doubled.cases), "a timer fired twice, or never"
    return Counter(row.act for row in rows if row.case_id is not None)


def _fork(doubled: Doubled, seed: float) -> int:
    """Start a worker and return its process; it leaves with 0 when nothing waits any more."""
    child = os.fork()
    if child:
        return child
    with ExitStack() as stack:
        stack.callback(os._exit, 1)
        doubled.sessions = open_ledger(doubled.sessions.kw["bind"].url, KEYS)
        _work(doubled, seed)
        stack.pop_all()
        os._exit(0)
    return 0


def _work(doubled: Doubled, seed: float) -> None:
    """Do what waits, in an order of one's own, until everything is done."""
    random = Random(seed)
    ground, moment = Ground(doubled.sessions, doubled.papers), Moment(DUE_AT, DUE_AT)
    while True:
        with transaction(doubled.sessions, writes=False) as session:
            waiting = session.execute(
                select(WorkItem.case_id, WorkItem.element).where(WorkItem.status.in_(WAITING))
            ).all()
            timers = session.scalars(select(Timer.id).where(Timer.ended_at.is_(None))).all()
        if not waiting and not timers:
            return
        if timers and (not waiting or random.random() < _CLOCK):
            sweep(ground, moment)
            continue
        case_id, element = random.choice(waiting)
        try:
            doubled.complete(case_id, element)()
        except (*REFUSED, LookupError):
            continue  # another worker was quicker
