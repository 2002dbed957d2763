"""W8, what a step costs after 0, 100 and 1,000 returns: the same two steps of an old case and of a fresh one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from statistics import median

from tests.benchmarks.figures import DATABASES, Figure, place
from tests.benchmarks.lifecycle import Bench, complete, lay, start
from tests.benchmarks.w1 import waiting

RETURNS = tuple(int(each) for each in os.environ.get("RETURNS", "0 100 1000").split())
SAMPLES = 20


def measure() -> Iterator[Figure]:
    """Yield the milliseconds of two steps, the second of which sends back, beside those of a fresh case."""
    for database in DATABASES:
        with place(database) as here:
            bench = lay(here, projects=2 + SAMPLES * len(RETURNS))
            bench.answers = {**bench.answers, "verdict": ["back"]}
            old, warm, *fresh = (start(bench, project) for project in bench.projects)
            done = 0
            _round_trips(bench, warm, 5)
            for number, returns in enumerate(RETURNS):
                _round_trips(bench, old, max(0, returns - done))
                done = max(done, returns) + SAMPLES
                beside = fresh[number * SAMPLES : (number + 1) * SAMPLES]
                yield _compared(bench, f"w8 two steps after {returns} returns", old, beside)


def _compared(bench: Bench, name: str, old: int, fresh: Sequence[int]) -> Figure:
    took: dict[bool, list[float]] = {True: [], False: []}
    for case in fresh:
        for is_old in (True, False):
            took[is_old].append(_round_trip(bench, old if is_old else case))
    return Figure(name, bench.place.database, 1, median(took[True]) * 1000, "ms", median(took[False]) * 1000)


def _round_trips(bench: Bench, case: int, count: int) -> None:
    for _ in range(count):
        _round_trip(bench, case)


def _round_trip(bench: Bench, case: int) -> float:
    """Complete the first two steps, which sends the case back to the first; return the seconds of the completions."""
    took = 0.0
    for _step in range(2):
        ((item_id, unit_id),) = waiting(bench.place, [case])
        begun = time.perf_counter()
        complete(bench, item_id, unit_id)
        took += time.perf_counter() - begun
    return took
