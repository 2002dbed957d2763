"""Many cases like one: the database itself copies the rows of a case that ours drove to where a benchmark begins.

What a bulk act takes is told twice, by the clock on the wall and by the processor time of this process: on a machine
that does other work at the same time only the second says much about the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select, text, update
from sqlalchemy.orm import Session

from bpmn.casefile import key_of
from bpmn.engine.run import MAC_SIZE, seal
from ledger.cases import Case
from ledger.db import transaction
from ledger.projects import Project
from tests.benchmarks.figures import Figure, Place

_NUMBERED: Mapping[str, type[Any]] = {"project": Project, "case": Case}


def crowd(here: Place, count: int, *kinds: type[Any]) -> None:
    """Copy the rows of the one case there is until there are `count` such cases; the first of `kinds` is Project.

    Each copy's state is sealed anew, for it alone.
    """
    with transaction(here.sessions) as session:
        copy_case(session, session.scalars(select(Case)).one(), count - 1, *kinds)
    counted(here)


def counted(here: Place) -> None:
    """Let the planner look at what the tables hold, as the server does by itself in time."""
    with here.sessions.kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def copy_case(session: Session, case: Case, count: int, *kinds: type[Any]) -> list[int]:
    """Copy one case's rows of `kinds` `count` times behind all projects and cases there are; return the new cases.

    Projects and cases are numbered in one row; rows of the others belong to their case.
    """
    last = {name: session.scalars(select(func.max(kind.id))).one() for name, kind in _NUMBERED.items()}
    for kind in kinds:
        _copy(session.connection(), kind.__table__, case, last, count)
    new = list(session.scalars(select(Case).where(Case.id > last["case"]).order_by(Case.id)))
    moved = update(Case.__table__).where(Case.__table__.c.id == bindparam("key")).values(state=bindparam("sealed"))
    sealed = [{"key": row.id, "sealed": resealed(row.state, key_of(session, row))} for row in new]
    session.connection().execute(moved, sealed)
    return [row.id for row in new]


def resealed(state: bytes, key: bytes) -> bytes:
    """Return a copied case's state under the copy's own seal."""
    body = state[1 + MAC_SIZE :]
    return state[:1] + seal(body, key) + body


def _copy(connection: Connection, table: Table, case: Case, last: Mapping[str, int], count: int) -> None:
    """Copy a table's rows of one case; `last` holds the highest number of projects and of cases before."""
    numbers = {"id": last.get(table.name), "project_id": last["project"], "case_id": last["case"]}
    numbered = {"project": ("id",), "case": ("id", "project_id")}.get(table.name, ("case_id",))
    columns = [column.name for column in table.columns if column.name in numbered or column.name != "id"]
    texts = {"number": "number || '-' || i"} if table.name == "project" else {}
    texts |= {name: f"{numbers[name]} + i" for name in numbered}
    rows = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    wanted = f'{rows} SELECT {", ".join(texts.get(name, name) for name in columns)} FROM "{table.name}", n'
    own = {"project": f"id = {case.project_id}", "case": f"id = {case.id}"}.get(table.name, f"case_id = {case.id}")
    connection.execute(text(f'INSERT INTO "{table.name}" ({", ".join(columns)}) {wanted} WHERE {own}'))


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
