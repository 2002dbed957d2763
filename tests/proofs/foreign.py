"""39 townships, each asking for everything that each other one has: 0 leaks (safety 3, 4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ledger.demonstration import TOWNSHIPS
from tests.benchmarks.figures import DATABASES, place
from tests.foreign import leaks, owned, spread
from tests.walk import lay_ground
from tests.webapp.conftest import site_over


def prove(_seed: int) -> Iterator[dict[str, object]]:
    """Let every township ask every other one, on each database."""
    for database in DATABASES:
        with place(database) as here:
            ground = lay_ground(here.sessions, here.folder / "papers", projects=len(TOWNSHIPS), townships=TOWNSHIPS)
            site = site_over(ground, datetime.now().astimezone())
            things = owned(ground, spread(ground))
            asked, found = 0, list[str]()
            for mine in things:
                person = site.person(mine.town.id)
                for theirs in things:
                    if theirs is not mine:
                        count, told = leaks(site, person, theirs)
                        asked, found = asked + count, found + told
            assert not found, found
            yield {"database": database, "townships": len(things), "asked": asked, "leaks": 0}
