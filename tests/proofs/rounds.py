"""A year in 39 townships: 300 projects' cases from push to filing beside all rounds R1–R4, two schedulers passing by.

Each occurrence exactly once, each due moment the oracles', nothing stuck, memory as after the first quarter; on SQLite
and PostgreSQL. In the environment `DATABASE=sqlite` plays on one of them and `PROJECTS=60` pushes some.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from time import monotonic

from ledger.demonstration import BEGINS_AT, TOWNSHIPS
from tests.benchmarks.figures import DATABASES, place
from tests.walk import lay_ground
from tests.whole_year import whole_year

PROJECTS = 300
WARM_UP, MOST_GROWN = timedelta(days=90), 0.05  # of memory, as safety.md allows


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Play the year from the directive's day; every closing is compared too."""
    projects = int(os.environ.get("PROJECTS", PROJECTS))
    for database in (os.environ["DATABASE"],) if "DATABASE" in os.environ else DATABASES:
        began = monotonic()
        with place(database) as at:
            ground = lay_ground(at.sessions, at.folder / "papers", projects, townships=TOWNSHIPS)
            year = whole_year(ground, (BEGINS_AT + timedelta(days=366)).date(), seed)
            year.play()
            figures = year.check()
            grown = year.grown(WARM_UP)
            assert grown < MOST_GROWN, year.memory[-1]
        told = {"database": database, "townships": len(TOWNSHIPS), "projects": projects}
        memory = {"memory_mb": year.memory[-1][1], "grown": round(grown, 3)}
        yield {"seed": seed, **told, **figures, **memory, "seconds": round(monotonic() - began, 1)}
