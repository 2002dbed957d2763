"""W13: a case of ten parallel blocks in a row begins; the floors are the limits of issue 3, 5 ms and 5 KB of state.

No database takes part: what is timed is the engine alone, from the diagram read to the state that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter

from bpmn.engine import Run
from tests.benchmarks.figures import Figure
from tests.bpmn.engine.blocks import ten_blocks
from tests.bpmn.sketch import KEY, around

ROUNDS = 200
LIMIT_MS, LIMIT_BYTES = 5.0, 5120.0


def measure() -> Iterator[Figure]:
    diagram = ten_blocks()
    Run.start(diagram, {}, around()).dump(KEY)  # the first one looks through the diagram
    took = []
    for _round in range(ROUNDS):
        began = perf_counter()
        state = Run.start(diagram, {}, around()).dump(KEY)
        took.append((perf_counter() - began) * 1000)
    yield Figure("w13 ten parallel blocks begin", "none", 1, median(took), "ms", LIMIT_MS)
    yield Figure("w13 state of ten parallel blocks", "none", 1, len(state), "bytes", LIMIT_BYTES)
