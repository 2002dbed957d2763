"""Three workers on the same cases, a thousand times killed with SIGKILL at random, on both databases.

`KILLS=100` in the environment kills fewer. New cases are laid as long as kills are left.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from time import monotonic

from tests.benchmarks.figures import DATABASES, place
from tests.doubled import Doubled
from tests.workers import WORKERS, survive

KILLS, CASES = 1_000, 150


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Kill until there were enough kills; each time all cases are looked at, then worked to their end."""
    kills = int(os.environ.get("KILLS", KILLS))
    for database in DATABASES:
        began, killed, acts, laid = monotonic(), 0, Counter[str](), 0
        while killed < kills:
            with place(database) as here:
                doubled = Doubled(here.sessions, here.folder)
                doubled.lay(CASES)
                done = survive(doubled, kills - killed, seed + laid)
            laid, killed, acts = laid + 1, killed + done.kills, acts + done.acts
        figures = {"workers": WORKERS, "kills": killed, "cases": laid * CASES, "lost": 0, "doubled": 0}
        yield {"database": database, "seed": seed, **figures, **acts, "seconds": round(monotonic() - began, 1)}
