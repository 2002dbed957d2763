"""W7, what a finished case leaves on PostgreSQL: bytes of WAL and at rest, with 32 KB of forms.

The journal (which is also the audit) and the outbox are counted apart: at rest by their tables, in the WAL by writing
their recorded rows again with nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain

from sqlalchemy import text

from tests.benchmarks.figures import Figure, Place, place
from tests.benchmarks.floor import CoreFloor, Deed
from tests.benchmarks.lifecycle import Bench, lay
from tests.benchmarks.w1 import acts_of

CASES = int(os.environ.get("CASES", "40"))
WARM = 5  # pages are written whole once after a checkpoint: not a case's own doing
OWN = ("case", "work_item", "timer")
TRAIL = ("journal", "message")
WAL_LIMIT, REST_LIMIT = 40 * 1024, 30 * 1024


def measure() -> Iterator[Figure]:
    """Yield the bytes of one finished case, its own rows and its trail apart."""
    with place("postgresql") as here:
        bench = lay(here, projects=2 * (WARM + CASES) + 1)
        floor = CoreFloor(here)
        floor.record(acts_of(bench, bench.projects[0].id))
        _finish(bench, range(1, 1 + WARM))
        before, began = _sizes(here), _written(here)
        _finish(bench, range(1 + WARM, 1 + WARM + CASES))
        wal = (_written(here) - began) / CASES
        after = _sizes(here)
        own, trail = (sum(after[name] - before[name] for name in names) / CASES for names in (OWN, TRAIL))
        trail_wal = _trail_wal(here, floor)
        yield Figure("w7 WAL", here.database, 1, wal - trail_wal, "bytes/case", WAL_LIMIT)
        yield Figure("w7 WAL of journal and outbox", here.database, 1, trail_wal, "bytes/case")
        yield Figure("w7 at rest", here.database, 1, own, "bytes/case", REST_LIMIT)
        yield Figure("w7 journal and outbox at rest", here.database, 1, trail, "bytes/case")


def _finish(bench: Bench, numbers: range) -> None:
    for number in numbers:
        for act in acts_of(bench, bench.projects[number].id):
            act()


def _written(here: Place) -> int:
    """Return how many bytes of WAL were written so far."""
    with here.sessions.kw["bind"].connect() as connection:
        return int(connection.execute(text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")).scalar_one())


def _sizes(here: Place) -> dict[str, int]:
    """Return what each table takes with its indexes and long values, once the dead rows are given back."""
    with here.sessions.kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in (*OWN, *TRAIL):
            connection.execute(text(f'VACUUM FULL "{name}"'))
        wanted = text("SELECT pg_total_relation_size(quote_ident(:name)::regclass)")
        return {name: connection.execute(wanted, {"name": name}).scalar_one() for name in (*OWN, *TRAIL)}


def _trail_wal(here: Place, floor: CoreFloor) -> float:
    """Write the recorded rows of journal and outbox again, alone; return the bytes of WAL a case."""
    deeds = [Deed(tuple(each for each in deed.added if each[0] in TRAIL), ()) for deed in floor.deeds]
    own = {(table, key): key for table, key, _row in chain(*(deed.added for deed in floor.deeds))}
    began = _written(here)
    for number in range(CASES):
        for deed in deeds:
            floor.replay(deed, dict(own), -1 - number)
    return (_written(here) - began) / CASES
