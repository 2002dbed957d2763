"""Many cases like one: the database itself copies the rows of a case that ours drove to where a benchmark begins.

What a bulk act takes is told twice, by the clock on the wall and by the processor time of this process: on a machine
that does other work at the same time only the second says much about the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select, text, update

from bpmn.casefile import key_of
from bpmn.engine.run import MAC_SIZE, seal
from ledger.cases import Case
from ledger.db import transaction
from tests.benchmarks.figures import Figure, Place


def crowd(here: Place, count: int, *kinds: type[Any]) -> None:
    """Copy the rows of the one case there is until there are `count` such cases; the first of `kinds` is Project.

    Projects and cases are numbered in one row behind the original; rows of the others belong to their case.
    Each copy's state is sealed anew, for it alone.
    """
    with transaction(here.sessions) as session:
        for kind in kinds:
            _copy(session.connection(), kind.__table__, count - 1)
        rows = session.scalars(select(Case)).all()
        moved = update(Case.__table__).where(Case.__table__.c.id == bindparam("key")).values(state=bindparam("sealed"))
        sealed = [{"key": row.id, "sealed": resealed(row.state, key_of(session, row))} for row in rows]
        session.connection().execute(moved, sealed)
    counted(here)


def counted(here: Place) -> None:
    """Let the planner look at what the tables hold, as the server does by itself in time."""
    with here.sessions.kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def resealed(state: bytes, key: bytes) -> bytes:
    """Return a copied case's state under the copy's own seal."""
    body = state[1 + MAC_SIZE :]
    return state[:1] + seal(body, key) + body


def _copy(connection: Connection, table: Table, count: int) -> None:
    numbered = {"project": ("id",), "case": ("id", "project_id")}.get(table.name, ("case_id",))
    columns = [column.name for column in table.columns if column.name in numbered or column.name != "id"]
    texts = {"number": "number || '-' || i"} | {name: f"{name} + i" for name in numbered}
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    wanted = f'{numbers} SELECT {", ".join(texts.get(name, name) for name in columns)} FROM "{table.name}", n'
    own = " WHERE case_id IS NOT NULL" if numbered == ("case_id",) else ""
    connection.execute(text(f'INSERT INTO "{table.name}" ({", ".join(columns)}) {wanted}{own}'))


@dataclass
class Took:
    """What something took, in seconds."""

    wall: float = 0.0
    processor: float = 0.0


@contextmanager
def timed() -> Iterator[Took]:
    """Time what is done inside."""
    took, wall, processor = Took(), perf_counter(), process_time()
    yield took
    took.wall, took.processor = perf_counter() - wall, process_time() - processor


def figures(name: str, database: str, ours: Took, floor: Took) -> Iterator[Figure]:
    yield Figure(name, database, 1, ours.wall, "s", floor.wall)
    yield Figure(f"{name}, our process alone", database, 1, ours.processor, "processor s", floor.processor)
