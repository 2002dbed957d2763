"""W2: a page of 20 with its counters among 10 thousand, 100 thousand and 1 million open items.

For a clerk who has 30 of them, for the bureau with half of all waiting for itself, and for the bureau looking over all
that is under way. `sql` is the time in the database's driver of the statements that read the list and its counters,
`page` the whole answer on the server; the floor is a bare indexed SELECT of 20 rows by the driver.
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
from sqlalchemy import Connection, event, insert, text
from sqlalchemy.orm import Session

from ledger.cases import Case, WorkItem
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT, PASSWORD
from ledger.inbox import Filters, inbox, under_way
from ledger.installation import shift_clock
from ledger.people import Actor
from ledger.projects import Project
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
CHUNK = 10_000
TOWN = "桑柘镇"


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
    app = create_app(at.sessions, Settings(data=at.folder))
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
                ("page", lambda reader=reader: _page(clients[reader.login], reader.path)),
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


def _page(client: FlaskClient, path: str) -> float:
    started = time.perf_counter()
    answer = client.get(path)
    spent = time.perf_counter() - started
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
    """Add open items up to `size`, ten to a case, by bulk inserts; the first thirty are the clerk's."""
    with transaction(ground.sessions) as session:
        connection = session.connection()
        procedure_id = session.scalars(text("SELECT id FROM procedure")).one()  # type: ignore[call-overload]
        for first in range(filled, size, CHUNK):
            numbers = range(first, min(first + CHUNK, size))
            cases = range(numbers.start // ITEMS_OF_CASE + 2, numbers.stop // ITEMS_OF_CASE + 2)
            connection.execute(insert(Project), [_project(ground, number) for number in cases])
            connection.execute(insert(Case), [_case(ground, procedure_id, number) for number in cases])
            connection.execute(insert(WorkItem), [_item(ground, number) for number in numbers])
    if connection.dialect.name == "postgresql":  # what autovacuum does by itself; SQLite has nothing like it
        with ground.sessions.kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT") as bare:
            bare.exec_driver_sql("VACUUM ANALYZE")


def _project(ground: Ground, number: int) -> dict[str, Any]:
    town = list(ground.county.townships.values())[number % 3]
    return {
        "id": number,
        "county_id": ground.county.county.id,
        "number": f"50000202350024{number:06}",
        "name": f"2023年{town.short_name}高山蔬菜基地{number}",
        "pinyin_initials": f"2023nszzgsscjd{number}",
        "responsible_unit_id": town.id,
        "township_id": town.id,
        "created_at": BEGINS_AT,
        "revision": 1,
    }


def _case(ground: Ground, procedure_id: int, number: int) -> dict[str, Any]:
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


def _item(ground: Ground, number: int) -> dict[str, Any]:
    county = ground.county
    others = [*county.departments.values(), *county.reviewers, county.office, county.townships["保家镇"]]
    unit = county.bureau if number % 2 else others[number // 2 % len(others)]
    if number < CLERKS_ITEMS:
        unit = county.townships[TOWN]
    return {
        "id": number + 1,
        "case_id": number // ITEMS_OF_CASE + 2,
        "token": f"t{number}",
        "element": "field_survey",
        "name": "实地调研",
        "stem": "field_survey",
        "article": "12",
        "instance": None,
        "unit_id": unit.id,
        "role": Role.HANDLER,
        "status": ItemStatus.OPEN,
        "sent_by": "县乡村振兴局 经办甲",
        "created_at": BEGINS_AT,
        "due_at": BEGINS_AT + timedelta(minutes=number * 7919 % 129_600 - 20_000),  # two weeks ago to ten weeks ahead
        "revision": 1,
    }
