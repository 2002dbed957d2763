"""kill -9 at every named point, ten times each, on both databases: nothing lost, doubled or half-written."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from tests.benchmarks.figures import DATABASES, place
from tests.kill_acts import ACTS
from tests.kills import survive, walk_for
from tests.walk import lay_ground

TIMES = 10


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Kill every act at each of its points; the seed shifts which projects they are done to."""
    for database in DATABASES:
        with place(database) as laid:
            needed = TIMES * sum(act.project_count for act in ACTS) + seed % 7
            ground, began, kills = lay_ground(laid.sessions, laid.folder, projects=needed), monotonic(), 0
            untouched = iter(ground.projects[seed % 7 :])
            for act in ACTS:
                before = kills
                for _time in range(TIMES):
                    taken = [next(untouched) for _ in range(act.project_count)]
                    kills += survive(act, walk_for(act, ground, taken[0])).kills
                yield {"database": database, "act": act.name, "points": len(act.names), "kills": kills - before}
            points = sum(len(act.names) for act in ACTS)
            figures = {"points": points, "times": TIMES, "kills": kills, "lost": 0, "doubled": 0}
            yield {"database": database, **figures, "seconds": round(monotonic() - began, 1)}
