"""W2: a page of 20 with its counters among 10 thousand, 100 thousand and 1 million open items.

For a clerk who has 30 of them, for the bureau with half of all waiting for itself, and for the bureau looking over all
that is under way. `sql` is the time in the database's driver of the statements that read the list and its counters,
`page` the whole answer on the server, `page processor` what it takes of this process's processor time: where other
work goes on at the same time only that says much. The floor is a bare indexed SELECT of 20 rows by the driver.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    MetaData,
    String,
    Table,
    case,
    cast,
    event,
    insert,
    literal,
    select,
)
from sqlalchemy.orm import Session

from bpmn.starting import PROCESS
from ledger.cases import Case, WorkItem
from ledger.db import UtcDateTime, transaction
from ledger.demonstration import BEGINS_AT, PASSWORD
from ledger.inbox import Filters, inbox, under_way
from ledger.installation import shift_clock
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.scope import Actor
from ledger.settings import Settings
from ledger.vocabulary import CaseStatus, ItemStatus, Role
from tests.benchmarks.figures import DATABASES, Figure, Place, place
from tests.walk import Ground, lay_ground, person
from tests.webapp.conftest import Person
from webapp import create_app

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 300
WARM_ROUNDS = 30
ITEMS_OF_CASE = 10
CLERKS_ITEMS = 30
HOURS = 2_016  # twelve weeks
TOWN = "桑柘镇"
SLOTS = Table(
    "slot",
    MetaData(),
    Column("k", Integer, primary_key=True),
    Column("due_at", UtcDateTime()),
    Column("unit_id", Integer),
)


@dataclass(frozen=True)
class Reader:
    """Whose page it is, where it is, and the function that reads its list."""

    name: str
    login: str
    path: str
    read: Callable[[Session, Actor, datetime, Filters], object]
    unit_id: int


def measure() -> Iterator[Figure]:
    """Yield p50 and p99 in milliseconds of SQL and page, for each reader, size and database."""
    for database in DATABASES:
        with place(database) as at:
            yield from _measured(at)


def _measured(at: Place) -> Iterator[Figure]:
    ground = lay_ground(at.sessions, at.folder, projects=1)
    _set_clock(ground)
    town, bureau = ground.county.townships[TOWN].id, ground.county.bureau.id
    readers = (
        Reader("clerk", "sangzhezhen.jingban", "/inbox", inbox, town),
        Reader("bureau", "xiangcunzhenxingju.jingban", "/inbox", inbox, bureau),
        Reader("bureau sees all", "xiangcunzhenxingju.jingban", "/under-way", under_way, bureau),
    )
    app = create_app(at.sessions, Settings(data=at.folder, requests_per_minute=0))
    clients = {login: _signed_in(app.test_client(), login) for login in {reader.login for reader in readers}}
    filled = 0
    for size in SIZES:
        started = time.perf_counter()
        _fill(ground, filled, size)
        filled = size
        yield Figure(f"w2 fill to {size}", at.database, 1, time.perf_counter() - started, "s")
        floor = _floor(at, town)
        for reader in readers:
            with transaction(ground.sessions, writes=False) as session:
                actor = person(session, reader.unit_id, Role.HANDLER)
            for kind, timed in (
                ("sql", lambda reader=reader, actor=actor: _sql(at, reader, actor)),
                ("page", lambda reader=reader: _page(clients[reader.login], reader.path, time.perf_counter)),
                ("page processor", lambda reader=reader: _page(clients[reader.login], reader.path, time.process_time)),
            ):
                for percentile, ours in zip(("p50", "p99"), _percentiles(timed), strict=True):
                    name = f"w2 {reader.name} {kind} {percentile} at {size}"
                    yield Figure(name, at.database, 1, ours, "ms", floor[percentile])


def _signed_in(client: FlaskClient, login: str) -> FlaskClient:
    assert Person(client).sign_in(login, PASSWORD).status_code == 303
    return client


def _set_clock(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        shift_clock(session, int((BEGINS_AT - datetime.now().astimezone()).total_seconds()) + 60)


def _percentiles(timed: Callable[[], float]) -> tuple[float, float]:
    """Return p50 and p99 of `timed` in milliseconds, after some rounds that are not counted."""
    for _ in range(WARM_ROUNDS):
        timed()
    cuts = quantiles([timed() for _ in range(ROUNDS)], n=100)
    return cuts[49] * 1000, cuts[98] * 1000


def _sql(at: Place, reader: Reader, actor: Actor) -> float:
    """Return the seconds that the list's statements take in the driver."""
    with transaction(at.sessions, writes=False) as session, _timed(session.connection()) as times:
        reader.read(session, actor, BEGINS_AT, Filters())
        return sum(times)


@contextmanager
def _timed(connection: Connection) -> Iterator[list[float]]:
    times: list[float] = []
    began = [0.0]

    def before(*_: Any) -> None:
        began[0] = time.perf_counter()

    def after(*_: Any) -> None:
        times.append(time.perf_counter() - began[0])

    event.listen(connection, "before_cursor_execute", before)
    event.listen(connection, "after_cursor_execute", after)
    yield times
    event.remove(connection, "before_cursor_execute", before)
    event.remove(connection, "after_cursor_execute", after)


def _page(client: FlaskClient, path: str, clock: Callable[[], float]) -> float:
    started = clock()
    answer = client.get(path)
    spent = clock() - started
    assert answer.status_code == 200, answer.status_code
    return spent


def _floor(at: Place, unit_id: int) -> dict[str, float]:
    """Return p50 and p99 of twenty rows by the index and nothing else."""
    bare = at.sessions.kw["bind"].raw_connection()
    mark = "?" if at.database == "sqlite" else "%s"
    query = (
        f"SELECT id, case_id, name, due_at FROM work_item WHERE unit_id = {mark} AND role = 'handler' "
        "AND completed_at IS NULL ORDER BY due_at, id LIMIT 20"
    )

    def timed() -> float:
        started = time.perf_counter()
        cursor = bare.cursor()
        cursor.execute(query, (unit_id,))
        assert len(cursor.fetchall()) == 20
        return time.perf_counter() - started

    p50, p99 = _percentiles(timed)
    bare.close()
    return {"p50": p50, "p99": p99}


def _fill(ground: Ground, filled: int, size: int) -> None:
    """Add open items up to `size`, ten to a case; the database itself counts the rows, which is what makes it quick."""
    with transaction(ground.sessions) as session:
        connection = session.connection()
        _deal(connection, ground)
        procedure_id = connection.execute(select(Procedure.id).where(Procedure.process_id == PROCESS)).scalar_one()
        cases = _numbers(filled // ITEMS_OF_CASE + 2, size // ITEMS_OF_CASE + 1)
        _insert(connection, Project, _project(ground, cases.c.n), cases)
        _insert(connection, Case, _case(ground, procedure_id, cases.c.n), cases)
        items = _numbers(filled, size - 1)
        dealt = items.join(SLOTS, SLOTS.c.k == items.c.n % HOURS * 719 % HOURS)
        _insert(connection, WorkItem, _item(ground, items.c.n), dealt)
        SLOTS.drop(connection)
    if connection.dialect.name == "postgresql":  # what autovacuum does by itself; SQLite has nothing like it
        with ground.sessions.kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT") as bare:
            bare.exec_driver_sql("VACUUM ANALYZE")


def _deal(connection: Connection, ground: Ground) -> None:
    """Write the moments and units that items are dealt: two weeks ago to ten weeks ahead, the bureau every second."""
    county = ground.county
    others = [*county.departments.values(), *county.reviewers, county.office, county.townships["保家镇"]]
    units = [county.bureau if k % 2 else others[k // 2 % len(others)] for k in range(HOURS)]
    SLOTS.create(connection)
    rows = [{"k": k, "due_at": BEGINS_AT + timedelta(hours=k - 336), "unit_id": units[k].id} for k in range(HOURS)]
    connection.execute(insert(SLOTS), rows)


def _numbers(first: int, last: int) -> CTE:
    """Return a table of the numbers from `first` to `last`."""
    numbers = select(literal(first).label("n")).cte("numbers", recursive=True)
    return numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < last))


def _insert(connection: Connection, table: Any, columns: dict[str, Any], source: FromClause) -> None:
    """Insert one row for each of `source`; plain values are the same in every row."""
    types = table.__table__.c
    told = [
        value if isinstance(value, ColumnElement) else literal(value, types[name].type)
        for name, value in columns.items()
    ]
    connection.execute(insert(table).from_select(list(columns), select(*told).select_from(source)))


def _project(ground: Ground, number: Any) -> dict[str, Any]:
    town = ground.county.townships["保家镇"]
    return {
        "id": number,
        "county_id": ground.county.county.id,
        "number": literal("50000202350024") + cast(number + 1_000_000, String),
        "name": literal(f"2023年{town.short_name}高山蔬菜基地") + cast(number, String),
        "pinyin_initials": literal("2023nbjzgsscjd") + cast(number, String),
        "responsible_unit_id": town.id,
        "township_id": town.id,
        "funding": {},
        "causes": [],
        "problems": [],
        "linkage_gaps": [],
        "findings": [],
        "created_at": BEGINS_AT,
        "revision": 1,
    }


def _case(ground: Ground, procedure_id: int, number: Any) -> dict[str, Any]:
    return {
        "id": number,
        "project_id": number,
        "campaign_id": ground.county.campaign.id,
        "procedure_id": procedure_id,
        "state": b"",
        "status": CaseStatus.RUNNING,
        "started_at": BEGINS_AT,
        "revision": 1,
    }


def _item(ground: Ground, number: Any) -> dict[str, Any]:
    town = ground.county.townships[TOWN]
    return {
        "id": number + 1,
        "case_id": number // ITEMS_OF_CASE + 2,
        "token": literal("t") + cast(number, String),
        "element": "field_survey",
        "name": "实地调研",
        "stem": "field_survey",
        "article": "12",
        "unit_id": case((number < CLERKS_ITEMS, town.id), else_=SLOTS.c.unit_id),
        "role": Role.HANDLER,
        "status": ItemStatus.OPEN,
        "sent_by": "县乡村振兴局 经办甲",
        "created_at": BEGINS_AT,
        "due_at": SLOTS.c.due_at,
        "revision": 1,
    }
