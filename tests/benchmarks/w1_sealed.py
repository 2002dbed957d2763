"""W1 once more with the audit's sealer at work beside the clients: what the chain and its anchors cost (safety 14).

The sealer seals each second what was committed, thirty times as often as the scheduler does, and sends the anchors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Thread

from scheduler.auditing import Watch
from tests.benchmarks.figures import DATABASES, Figure, Place, place
from tests.benchmarks.floor import BareFloor, CoreFloor, Floor
from tests.benchmarks.lifecycle import lay
from tests.benchmarks.w1 import CASES, ROUNDS, acts_of, throughput

EVERY_SECONDS = 1.0


def measure() -> Iterator[Figure]:
    """Yield completions a second with the sealer, and how many seals it made meanwhile."""
    for database in DATABASES:
        with place(database) as here:
            bench = lay(here, projects=2 + 2 * (ROUNDS + 1) * sum(CASES.values()))
            rest = iter(bench.projects)
            floor: Floor = BareFloor(here) if database == "sqlite" else CoreFloor(here)
            floor.record(acts_of(bench, next(rest).id))
            for clients, count in CASES.items():
                groups = [[next(rest).id for _ in range(count)] for _ in range(2 * ROUNDS + 2)]
                with sealing(here) as seals:
                    found = throughput(bench, floor, clients, groups)
                yield replace(found, name=f"{found.name}, sealer at work")
                yield Figure("seals made meanwhile", database, clients, float(sum(seals)), "seals")


@contextmanager
def sealing(here: Place) -> Iterator[list[int]]:
    """Seal what is committed while the block runs; yields how many seals each pass made, the last one after it."""
    watch = Watch(here.sessions, here.folder / "anchors.jsonl", here.folder / "archives")
    over, made = Event(), list[int]()

    def work() -> None:
        while not over.wait(EVERY_SECONDS):
            made.append(watch.seal(datetime.now(UTC)))

    sealer = Thread(target=work)
    sealer.start()
    try:
        yield made
    finally:
        over.set()
        sealer.join()
