"""The floor under a lifecycle: the rows that ours wrote for one case, written again with nothing in between.

One case is driven by ours and looked at after every transaction; what each added and changed is then replayed for
other cases: by SQLAlchemy Core statement by statement, or by bare sqlite3 with the very values of the file.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from threading import local
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from ledger.cases import Case, Timer, WorkItem
from ledger.db import transaction
from ledger.journal import Entry
from ledger.outbox import Message
from tests.benchmarks.figures import Place

TABLES: Mapping[str, Table] = {
    each.__tablename__: each.__table__  # type: ignore[misc]  # a mapped class has a Table
    for each in (Case, WorkItem, Timer, Entry, Message)
}
REFERENCES = {"case_id": "case", "item_id": "work_item"}
Row = dict[str, Any]
Rows = dict[tuple[str, int], Row]


@dataclass(frozen=True)
class Deed:
    """What one transaction did: rows added and, by the key of the row, columns changed."""

    added: tuple[tuple[str, int, Row], ...]
    changed: tuple[tuple[str, int, Row], ...]


def between(before: Rows, after: Rows) -> Deed:
    """Return what turns one picture of the tables into the other."""
    added = [(table, key, row) for (table, key), row in after.items() if (table, key) not in before]
    changed = []
    for (table, key), row in before.items():
        now = after[table, key]
        columns = {name: value for name, value in now.items() if value != row[name]}
        if columns:
            changed.append((table, key, columns))
    return Deed(tuple(added), tuple(changed))


@dataclass
class Floor(ABC):
    """One recorded case, to be replayed for others: `projects` are free to be given a case each."""

    place: Place
    deeds: list[Deed] = field(default_factory=list)
    here: local = field(default_factory=local)

    def record(self, acts: Iterable[Callable[[], Any]]) -> None:
        """Do the acts of one case by ours and keep what each wrote."""
        before = self.picture()
        for act in acts:
            act()
            after = self.picture()
            self.deeds.append(between(before, after))
            before = after

    def replay(self, deed: Deed, names: dict[tuple[str, int], int], project_id: int) -> None:
        """Write one deed in a transaction of its own; `names` has the new case's row numbers by the recorded ones."""
        with self.begun() as write:
            if deed.changed:
                write.look(names["case", self.case_number])
            for table, key, columns in deed.changed:
                write.change(table, names[table, key], columns)
            for table, key, row in deed.added:
                given = {name: value for name, value in row.items() if name != "id"}
                for name, target in REFERENCES.items():
                    if given.get(name) is not None:
                        given[name] = names[target, given[name]]
                if table == "case":
                    given["project_id"] = project_id
                if table == "message":
                    given["dedupe_key"] += f":{project_id}"
                names[table, key] = write.add(table, given)

    @property
    def case_number(self) -> int:
        return next(key for table, key, _row in self.deeds[0].added if table == "case")

    @abstractmethod
    def picture(self) -> Rows:
        """Return every row of the tables."""

    @abstractmethod
    def begun(self) -> Any:
        """Begin a transaction and commit it."""


class CoreFloor(Floor):
    """SQLAlchemy Core, statement by statement."""

    def picture(self) -> Rows:
        with transaction(self.place.sessions, writes=False) as session:
            return {
                (name, row["id"]): dict(row)
                for name, table in TABLES.items()
                for row in session.execute(select(table)).mappings()
            }

    def begun(self) -> Any:
        return _CoreWriting(self.place.sessions.kw["bind"])


@cache
def _core_look() -> Any:
    case = TABLES["case"]
    return select(case.c.state, case.c.revision).where(case.c.id == bindparam("key")).with_for_update()


@cache
def _core_change(table: str, columns: tuple[str, ...]) -> Any:
    target = TABLES[table]
    values = {name: bindparam(f"new_{name}") for name in columns}
    return update(target).where(target.c.id == bindparam("key")).values(values)


@cache
def _core_add(table: str) -> Any:
    return insert(TABLES[table]).returning(TABLES[table].c.id)


class _CoreWriting:
    def __init__(self, engine: Any) -> None:
        self.connection: Connection = engine.connect().execution_options(writes=True)

    def __enter__(self) -> _CoreWriting:
        self.connection.begin()
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.commit()
        self.connection.close()

    def look(self, case_id: int) -> None:
        self.connection.execute(_core_look(), {"key": case_id}).one()

    def change(self, table: str, key: int, columns: Row) -> None:
        values = {f"new_{name}": value for name, value in columns.items()}
        self.connection.execute(_core_change(table, tuple(columns)), {"key": key, **values})

    def add(self, table: str, row: Row) -> int:
        added: int = self.connection.execute(_core_add(table), row).scalar_one()
        return added


class BareFloor(Floor):
    """The standard library's sqlite3 with the file's own values; a connection per thread, set as ours are."""

    def picture(self) -> Rows:
        with closing(self._connect()) as connection:
            connection.row_factory = sqlite3.Row
            found: Rows = {}
            for name in TABLES:
                for row in connection.execute(f'SELECT * FROM "{name}"'):  # our own names
                    found[name, row["id"]] = dict(row)
            return found

    def _connect(self) -> sqlite3.Connection:
        path = self.place.url.removeprefix("sqlite:///")
        connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def begun(self) -> Any:
        if not hasattr(self.here, "connection"):
            self.here.connection = self._connect()
        return _BareWriting(self.here.connection)


class _BareWriting:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __enter__(self) -> _BareWriting:
        self.connection.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.execute("COMMIT")

    def look(self, case_id: int) -> None:
        self.connection.execute('SELECT state, revision FROM "case" WHERE id = ?', (case_id,)).fetchone()

    def change(self, table: str, key: int, columns: Row) -> None:
        self.connection.execute(_bare_change(table, tuple(columns)), (*columns.values(), key))

    def add(self, table: str, row: Row) -> int:
        added = self.connection.execute(_bare_add(table, tuple(row)), tuple(row.values())).lastrowid
        assert added is not None
        return added


@cache
def _bare_change(table: str, columns: tuple[str, ...]) -> str:
    return f'UPDATE "{table}" SET {", ".join(f"{name} = ?" for name in columns)} WHERE id = ?'


@cache
def _bare_add(table: str, columns: tuple[str, ...]) -> str:
    return f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({", ".join("?" * len(columns))})'
