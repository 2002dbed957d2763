"""A database that fails 5 % of the commits before and 5 % after they are done, and PostgreSQL started anew under load.

After the restart work goes on within 10 s, and no scheduler has died of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic

from sqlalchemy.exc import DBAPIError

from ledger.db import open_ledger, transaction
from ledger.installation import installation
from ledger.migrations import upgrade
from scheduler.clock import Clock
from scheduler.sweep import Ground
from tests.benchmarks.figures import DATABASES, KEYS, place
from tests.doubled import Doubled
from tests.faults import step, work_through
from tests.postgres import DURABLE, PostgresServer, running_postgres
from tests.workers import check

CASES, RESTARTS = 400, 5
WITHIN_SECONDS = 10


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Work through a failing database of each kind, then through restarts of PostgreSQL."""
    for database in DATABASES:
        began = monotonic()
        with place(database) as here:
            doubled = Doubled(here.sessions, here.folder)
            doubled.lay(CASES)
            faults, acts = work_through(doubled, seed)
        told = {"database": database, "seed": seed, "cases": CASES, "lost": 0, "doubled": 0}
        yield {**told, "faults": faults, "acts": acts, "seconds": round(monotonic() - began, 1)}
    with running_postgres(DURABLE) as server:
        yield {"database": "postgresql", "seed": seed, **restarted(server, Random(seed))}


def restarted(server: PostgresServer, random: Random) -> dict[str, object]:
    """Let the server crash and come back under two workers and a clock; AssertionError when it takes too long."""
    server.execute("CREATE DATABASE ledger TEMPLATE template0")
    upgrade(server.url("ledger"), KEYS)
    sessions = open_ledger(server.url("ledger"), KEYS)
    with TemporaryDirectory() as folder:
        doubled = Doubled(sessions, Path(folder))
        doubled.lay(CASES)
        clock, worked, over = Clock(Ground(sessions, Path(folder))), Counter[str](), Event()
        with ThreadPoolExecutor(3) as pool:
            running = [pool.submit(_work, doubled, Random(each), worked, over) for each in range(2)]
            running.append(pool.submit(_tick, clock, worked, over))
            longest = max(_crash(server, random, worked) for _ in range(RESTARTS))
            over.set()
            for each in running:
                each.result()
        while step(doubled, random):
            pass
        acts = check(doubled)
    sessions.kw["bind"].dispose()
    assert longest < WITHIN_SECONDS, longest
    return {"restarts": RESTARTS, "longest_seconds": round(longest, 2), "lost": 0, "doubled": 0, "acts": acts}


def _work(doubled: Doubled, random: Random, worked: Counter[str], over: Event) -> None:
    while not over.is_set():
        try:
            step(doubled, random)
            worked["worker"] += 1
        except DBAPIError:
            over.wait(0.05)  # as long as a person takes to press again, and less


def _tick(clock: Clock, worked: Counter[str], over: Event) -> None:
    """Be the clock, which survives whatever happens: each of its beats that is found in the ledger is counted."""
    last = None
    while not over.wait(0.2):
        clock.tick()
        try:
            with transaction(clock.ground.sessions, writes=False) as session:
                beat = installation(session).heartbeat_at
        except DBAPIError:
            continue
        worked["clock"] += beat != last
        last = beat


def _crash(server: PostgresServer, random: Random, worked: Counter[str]) -> float:
    """Return how long after the server answers again both a worker and the clock have done something."""
    Event().wait(random.uniform(0.3, 1))
    server.stop()
    Event().wait(0.3)
    server.start()
    began, before = monotonic(), Counter(worked)
    while any(worked[each] <= before[each] for each in ("worker", "clock")):
        assert monotonic() - began < WITHIN_SECONDS, f"still waiting after {WITHIN_SECONDS} s: {worked - before}"
        Event().wait(0.02)
    return monotonic() - began
