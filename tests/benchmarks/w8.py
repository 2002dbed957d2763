"""W8, what a step costs after 0, 100 and 1,000 returns: the same two steps of an old case and of a fresh one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from statistics import median

from sqlalchemy import select

from ledger.cases import WorkItem
from ledger.db import transaction
from ledger.projects import Project
from tests.benchmarks.figures import DATABASES, Figure, place
from tests.benchmarks.lifecycle import Bench, complete, lay, start

RETURNS = tuple(int(each) for each in os.environ.get("RETURNS", "0 100 1000").split())
SAMPLES = 20


Item = tuple[int, int]
"""A waiting item and its unit. Looking it up among a thousand would warm or cool what the step then reads."""


def measure() -> Iterator[Figure]:
    """Yield the milliseconds of two steps, the second of which sends back, beside those of a fresh case."""
    for database in DATABASES:
        with place(database) as here:
            bench = lay(here, projects=2 + SAMPLES * len(RETURNS))
            bench.answers = {**bench.answers, "verdict": ["back"]}
            old, warm, *fresh = (_started(bench, project) for project in bench.projects)
            done = 0
            _round_trips(bench, warm, 5)
            for number, returns in enumerate(RETURNS):
                old = _round_trips(bench, old, max(0, returns - done))
                done = max(done, returns) + SAMPLES
                beside = fresh[number * SAMPLES : (number + 1) * SAMPLES]
                figure, old = _compared(bench, f"w8 two steps after {returns} returns", old, beside)
                yield figure


def _compared(bench: Bench, name: str, old: Item, fresh: Sequence[Item]) -> tuple[Figure, Item]:
    ours: list[float] = []
    floor: list[float] = []
    for case in fresh:
        took, old = _round_trip(bench, old)
        ours.append(took)
        floor.append(_round_trip(bench, case)[0])
    return Figure(name, bench.place.database, 1, median(ours) * 1000, "ms", median(floor) * 1000), old


def _started(bench: Bench, project: Project) -> Item:
    start(bench, project)
    return _newest(bench)


def _round_trips(bench: Bench, item: Item, count: int) -> Item:
    for _ in range(count):
        item = _round_trip(bench, item)[1]
    return item


def _round_trip(bench: Bench, item: Item) -> tuple[float, Item]:
    """Complete the first two steps, which sends the case back to the first; return the seconds and what waits now."""
    took = 0.0
    for _step in range(2):
        begun = time.perf_counter()
        complete(bench, *item)
        took += time.perf_counter() - begun
        item = _newest(bench)
    return took, item


def _newest(bench: Bench) -> Item:
    wanted = select(WorkItem.id, WorkItem.unit_id).order_by(WorkItem.id.desc()).limit(1)
    with transaction(bench.place.sessions, writes=False) as session:
        item_id, unit_id = session.execute(wanted).one()
        return item_id, unit_id
