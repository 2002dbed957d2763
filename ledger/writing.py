"""Write the rows of one act on a case in one statement: what the session's flush would write one by one.

How many statements an act needs decides what it costs. On PostgreSQL all changed and new rows of a case go in one
statement; SQLite, which cannot, gets them one by one, still without the ORM's bookkeeping. Rows are checked by their
revision as ever. Whatever is not plainly the rows of a case is left to the ORM.

The journal's row is made here too: no act is written without it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    CursorResult,
    Dialect,
    Executable,
    Insert,
    Table,
    Update,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict, instance_state

from ledger.asking import GROUPED
from ledger.cases import Case, Timer, WorkItem
from ledger.db import Base, Keys, RowChanged
from ledger.journal import Act, Entry, Moment
from ledger.scope import Actor
from ledger.taking import put_in

CHANGED: frozenset[type[Base]] = frozenset({Case, WorkItem, Timer})
ADDED: frozenset[type[Base]] = frozenset({Case, WorkItem, Timer, Entry})
NEEDED = {
    Case: frozenset({"project_id", "campaign_id", "procedure_id"}),
    WorkItem: frozenset({"case_id", "unit_id"}),
    Timer: frozenset({"case_id"}),
}
COLUMNS = {kind: frozenset(kind.__table__.columns.keys()) for kind in CHANGED | ADDED}
DEFAULTS: dict[type[Base], dict[str, Any]] = {
    kind: {c.key: c.default.arg for c in kind.__table__.columns if c.default is not None and c.default.is_scalar}
    for kind in ADDED
}
REVISION = "revision"

Shape = tuple[type[Base], bool, tuple[str, ...]]
"""A table, whether a row of it is new, and which columns are written."""


def record(session: Session, moment: Moment, actor: Actor, act: Act) -> Entry:
    """Write one journal row in the running transaction."""
    keys: Keys = session.info["keys"]
    entry = Entry(
        at=moment.at,
        recorded_at=moment.real_at,
        user_id=actor.user_id,
        who=actor.name,
        unit=act.unit or (actor.posts[0].unit_name if actor.posts else ""),
        act=act.name,
        case_id=act.case_id,
        item_id=act.item_id,
        element=act.element,
        detail=orjson.dumps(dict(act.detail)).decode(),
        address=actor.address,
    )
    entry.mac = mac_of(entry, keys.mac)
    session.add(entry)
    return entry


def mac_of(entry: Entry, key: bytes) -> str:
    """Return the HMAC-SHA256 over every column but the row number; moments as UTC, as they are read back."""
    content: list[Any] = [
        entry.at.astimezone(UTC).isoformat(),
        entry.recorded_at.astimezone(UTC).isoformat(),
        entry.user_id,
        entry.who,
        entry.unit,
        entry.act,
        entry.case_id,
        entry.item_id,
        entry.element,
        entry.detail,
        entry.address,
    ]
    return hmac.new(key, orjson.dumps(content), sha256).hexdigest()


@dataclass(frozen=True)
class Writing:
    """One row to be written: the object, what is written of it, and the revision it must still have."""

    row: Any
    shape: Shape
    values: dict[str, Any]


def write_rows(session: Session) -> None:
    """Write what an act changed and added; raises RowChanged where a row was changed by someone else meanwhile."""
    if GROUPED in session.info:
        return  # a bulk act writes the rows of all its cases together
    writings = _plain_writings(session)
    if writings is None:
        session.flush()
    elif writings:
        connection = session.connection()
        together = connection.dialect.name == "postgresql"
        ids = _in_one(connection, writings) if together else [_alone(connection, each) for each in writings]
        for each, row_id in zip(writings, ids, strict=True):
            _settle(session, each, row_id)


def write_many(session: Session) -> None:
    """Write what the acts on many cases changed and added, rows of one shape together; raises RowChanged.

    The rows of cases that were added leave the session: nobody who does hundreds at once goes on with one of them.
    What else there is follows by the ORM.
    """
    shapes: dict[Shape, list[Writing]] = {}
    for each in _case_rows(session):
        shapes.setdefault(each.shape, []).append(each)
    connection = session.connection()
    for shape, alike in shapes.items():
        kind, is_new, _names = shape
        result = connection.execute(_statement(shape, ""), [each.values for each in alike])
        if not is_new and result.rowcount != len(alike):
            raise RowChanged(f"{kind.__tablename__}: a row was changed by someone else since it was read")
        for each in alike:
            if is_new:
                session.expunge(each.row)
            else:
                _settle(session, each, each.row.id)
    session.flush()


def _case_rows(session: Session) -> list[Writing]:
    changed = [each for row in session.dirty if type(row) in CHANGED and (each := _change(row)) is not None]
    plain = [each for each in changed if all(name in COLUMNS[each.shape[0]] for name in each.shape[2])]
    return [*plain, *(_addition(row) for row in session.new if type(row) in ADDED and _is_complete(row))]


def _plain_writings(session: Session) -> list[Writing] | None:
    """Return the rows to be written; None when anything but plain rows of a case is among them."""
    changed, added = session.dirty, session.new
    if session.deleted or any(type(row) not in CHANGED for row in changed):
        return None
    if any(type(row) not in ADDED or not _is_complete(row) for row in added):
        return None
    writings = [each for row in changed if (each := _change(row)) is not None]
    if any(name not in COLUMNS[each.shape[0]] for each in writings for name in each.shape[2]):
        return None  # a relationship was set, which the ORM turns into columns
    return [*writings, *(_addition(row) for row in added)]


def _is_complete(row: Any) -> bool:
    return NEEDED.get(type(row), frozenset()) <= instance_dict(row).keys()


def _change(row: Any) -> Writing | None:
    """Return what changed of a row that is there; None when it is as it was read."""
    state, now = instance_state(row), instance_dict(row)
    names = tuple(sorted(name for name, before in state.committed_state.items() if now.get(name) != before))
    if not names:
        return None
    values = {f"to_{name}": now.get(name) for name in names}
    return Writing(row, (type(row), False, names), {"id_": row.id, **values, **_revision_of(row)})


def _revision_of(row: Any) -> dict[str, int]:
    return {"seen": row.revision, "next": row.revision + 1} if REVISION in COLUMNS[type(row)] else {}


def _addition(row: Any) -> Writing:
    kind = type(row)
    set_here = {name: value for name, value in instance_dict(row).items() if name in COLUMNS[kind]}
    given = {**DEFAULTS[kind], **set_here}
    if REVISION in COLUMNS[kind]:
        given[REVISION] = 1
    names = tuple(sorted(given))
    return Writing(row, (kind, True, names), {f"to_{name}": given[name] for name in names})


def _settle(session: Session, written: Writing, row_id: int | None) -> None:
    """Let the session know that a row is as its object says."""
    row, (kind, is_new, _names) = written.row, written.shape
    if row_id is None:
        raise RowChanged(f"{kind.__tablename__} {row.id} was changed by someone else since it was read")
    now = instance_dict(row)
    if is_new:
        session.expunge(row)
        now.update({"id": row_id}, **({REVISION: 1} if REVISION in COLUMNS[kind] else {}))
        put_in(session, row, COLUMNS[kind] - now.keys())
        return
    if REVISION in COLUMNS[kind]:
        now[REVISION] = row.revision + 1
    instance_state(row)._commit_all(now, session.identity_map)


@lru_cache(maxsize=256)
def _statement(shape: Shape, prefix: str) -> Insert | Update:
    """Return the statement for one row; its parameters begin with `prefix`."""
    kind, is_new, names = shape
    table: Table = kind.__table__  # type: ignore[assignment]  # a mapped class has a table
    values = {name: bindparam(f"{prefix}to_{name}", type_=table.c[name].type) for name in names}
    if is_new:
        return insert(table).values(values)
    wanted = [table.c.id == bindparam(f"{prefix}id_")]
    if REVISION in table.c:
        wanted.append(table.c.revision == bindparam(f"{prefix}seen"))
        values[REVISION] = bindparam(f"{prefix}next", type_=table.c.revision.type)
    return update(table).where(*wanted).values(values)


@dataclass(frozen=True)
class Prepared:
    """A statement as its driver takes it: the text, and what turns each parameter into a value, in their order."""

    text: str
    turns: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    counted: bool  # the driver knows parameters by their place, not by their name

    def send(self, connection: Connection, given: Mapping[str, Any]) -> CursorResult[Any]:
        values = {name: given[name] if turn is None else turn(given[name]) for name, turn in self.turns}
        return connection.exec_driver_sql(self.text, tuple(values.values()) if self.counted else values)


def _prepared(statement: Executable, dialect: Dialect) -> Prepared:
    """Return a statement in the words of a database: what SQLAlchemy works out at each execution, worked out once."""
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # each of ours has words
    types = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
    turns = tuple((name, types[name].bind_processor(dialect)) for name in compiled.positiontup or types)
    return Prepared(str(compiled), turns, bool(compiled.positiontup))


@lru_cache(maxsize=256)
def _one(shape: Shape, dialect: Dialect) -> Prepared:
    return _prepared(_statement(shape, ""), dialect)


def _alone(connection: Connection, writing: Writing) -> int | None:
    result = _one(writing.shape, connection.dialect).send(connection, writing.values)
    if writing.shape[1]:
        return result.lastrowid
    return writing.row.id if result.rowcount == 1 else None


@lru_cache(maxsize=256)
def _together(shapes: tuple[Shape, ...], dialect: Dialect) -> Prepared:
    """Return one statement that writes every row and answers with their ids, null where a revision did not match."""
    parts = [
        _statement(shape, f"r{number}_").returning(shape[0].__table__.c.id).cte(f"row_{number}")
        for number, shape in enumerate(shapes)
    ]
    return _prepared(select(*(select(part.c.id).scalar_subquery() for part in parts)), dialect)


def _in_one(connection: Connection, writings: Sequence[Writing]) -> list[int | None]:
    values = {f"r{number}_{name}": value for number, each in enumerate(writings) for name, value in each.values.items()}
    statement = _together(tuple(each.shape for each in writings), connection.dialect)
    return list(statement.send(connection, values).one())
