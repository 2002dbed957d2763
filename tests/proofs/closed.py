"""Every role asks for every act on cases that rest, are terminated, finished, and on steps that are done (safety 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from unittest.mock import patch

from tests.benchmarks.figures import DATABASES, place
from tests.closed import EVERYBODY, STATES, contents, faults, lay, leaks
from tests.closed_askings import ASKINGS, OPEN
from tests.walk import lay_ground
from tests.webapp.conftest import site_over


def prove(_seed: int) -> Iterator[dict[str, object]]:
    """Ask on each database; AssertionError names the first answers that are not as the rules say."""
    for database in DATABASES:
        # an office file takes longer to write than all the rest of a step
        with (
            place(database) as here,
            patch("bpmn.prints.print_paper", lambda title, rows, *_: f"{title}{rows}".encode()),
        ):
            site = site_over(
                lay_ground(here.sessions, here.folder / "papers", projects=20), datetime.now().astimezone()
            )
            world, asked = lay(site, EVERYBODY), 0
            for state in (OPEN, *STATES):
                world.bring_to(state)
                before = contents(site)
                rows = [asking for asking in ASKINGS if world.subject(asking, state)]
                found = [fault for asking in rows for fault in faults(world, asking, state, EVERYBODY)]
                found += [leak for asking in rows for leak in leaks(world, asking, state)]
                after = contents(site)
                found += [f"{name} changed" for name in after if after[name] != before[name]]
                assert not found, (state, found[:5])
                asked += len(rows) * (len(EVERYBODY) + 2)
            yield {"database": database, "acts": len(ASKINGS), "roles": len(EVERYBODY), "asked": asked, "faults": 0}
