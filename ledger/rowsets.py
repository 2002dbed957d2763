"""Write hundreds of rows of one shape in one statement of PostgreSQL: they travel together as one JSON text.

The driver would send a message for each row, and the server plan, run and answer each by itself: three times the work
on both sides. What the columns' types make of a value (sealed, counted in 分, in UTC) is made before, row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import JSON, Column, Connection, Dialect, Table
from sqlalchemy.types import TypeEngine

from ledger.db import Prepared, Turn

ROWS = "rows"
REVISION = "revision"
NUMBER, SEEN, NEXT = "id_", "seen", "next"
"""In the rows of a change: which row it is, the revision it must still have, and the one it takes."""


@dataclass(frozen=True)
class Rowset:
    """One statement that writes any number of rows of one shape; `turns` has what turns a value, by its name."""

    statement: Prepared
    turns: tuple[tuple[str, Turn | None], ...]

    def write(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> int:
        """Write the rows in their order; return how many were written."""
        values = [{name: turn(row[name]) if turn else row[name] for name, turn in self.turns} for row in rows]
        return self.statement.write(connection, {ROWS: orjson.dumps(values, default=_in_hex).decode()})[0]


def adding(table: Table, names: Sequence[str], dialect: Dialect) -> Rowset:
    """Return what adds rows; each gives its columns as `to_` and their names."""
    taken = [(f"to_{name}", table.c[name]) for name in names]
    columns = ", ".join(_quoted(dialect, name) for name in names)
    values = ", ".join(_read(name, column.type, dialect) for name, column in taken)
    into = f"INSERT INTO {_quoted(dialect, table.name)} ({columns})"
    return _rowset(f"{into} SELECT {values} FROM {_recordset(taken, dialect)}", taken, dialect)  # noqa: S608  # our own names  # nosec B608


def changing(table: Table, names: Sequence[str], dialect: Dialect) -> Rowset:
    """Return what changes rows by their number and, where the table has one, the revision they were read with."""
    target = _quoted(dialect, table.name)
    taken = [(f"to_{name}", table.c[name]) for name in names]
    written = [f"{_quoted(dialect, column.name)} = {_read(name, column.type, dialect)}" for name, column in taken]
    taken.append((NUMBER, table.c.id))
    which = f"{target}.id = r.{NUMBER}"
    if REVISION in table.c:
        taken += [(SEEN, table.c[REVISION]), (NEXT, table.c[REVISION])]
        written.append(f"{REVISION} = r.{NEXT}")
        which += f" AND {target}.{REVISION} = r.{SEEN}"
    text = f"UPDATE {target} SET {', '.join(written)} FROM {_recordset(taken, dialect)} WHERE {which}"  # noqa: S608  # our own names  # nosec B608
    return _rowset(text, taken, dialect)


def _rowset(text: str, taken: Sequence[tuple[str, Column[Any]]], dialect: Dialect) -> Rowset:
    turns = tuple((name, _turn(column.type, dialect)) for name, column in taken)
    return Rowset(Prepared(text, ((ROWS, None),), {}, (), counted=False), turns)


def _recordset(taken: Sequence[tuple[str, Column[Any]]], dialect: Dialect) -> str:
    columns = ", ".join(f"{name} {_type(column.type, dialect)}" for name, column in taken)
    return f"json_to_recordset(%({ROWS})s::json) AS r({columns})"


def _type(kind: TypeEngine[Any], dialect: Dialect) -> str:
    # JSON within the JSON is a text of its own: there a null is a value, not a missing one
    return "text" if isinstance(kind, JSON) else kind.compile(dialect)


def _read(name: str, kind: TypeEngine[Any], dialect: Dialect) -> str:
    return f"r.{name}::{kind.compile(dialect)}" if isinstance(kind, JSON) else f"r.{name}"


def _turn(kind: TypeEngine[Any], dialect: Dialect) -> Turn | None:
    if isinstance(kind, JSON):
        absent = kind.none_as_null
        return lambda value: None if value is None and absent else orjson.dumps(value).decode()
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _in_hex(value: Any) -> str:
    """Return bytes, plain or as the driver marks them, as PostgreSQL reads them."""
    return rf"\x{bytes(getattr(value, 'obj', value)).hex()}"


def _quoted(dialect: Dialect, name: str) -> str:
    return dialect.identifier_preparer.quote(name)
