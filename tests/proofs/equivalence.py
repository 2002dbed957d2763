"""≥ 20,000 random steps per database: a run saved into the case table after every step against one never saved."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from time import monotonic

from tests.benchmarks.figures import DATABASES, place
from tests.bpmn.random_runs import play_at_random, unsaved
from tests.bpmn.row_keeping import through_rows
from tests.walk import Walk, lay_ground

STEPS = 20_000


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Compare all that can be told after every step."""
    for database in DATABASES:
        with place(database) as laid:
            ground = lay_ground(laid.sessions, laid.folder)
            keep = through_rows(laid.sessions, Walk(ground, ground.projects[0]).case_id)
            began, steps, programs = monotonic(), 0, 0
            for number in count(seed * 100_000):
                plain, kept = play_at_random(number, unsaved), play_at_random(number, keep)
                assert plain == kept, f"seed {number}"
                steps, programs = steps + len(plain), programs + 1
                if steps >= STEPS:
                    break
            took = round(monotonic() - began, 1)
            yield {"database": database, "steps": steps, "programs": programs, "differences": 0, "seconds": took}
