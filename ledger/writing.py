"""Write the rows of one act on a case in one statement: what the session's flush would write one by one.

How many statements an act needs decides what it costs. On PostgreSQL all changed and new rows of a case go in one
statement; SQLite, which cannot, gets each changed row and each table's new rows in one of their own, still without the
ORM's bookkeeping. Rows are checked by their revision as ever. Whatever is not plainly rows of a case the ORM writes.

The journal's row is made here too: no act is written without it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    Dialect,
    Insert,
    Table,
    Update,
    bindparam,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict, instance_state

from ledger.asking import GROUPED
from ledger.audit_keys import AuditKey, Digest, mac_text, maker_of
from ledger.cases import Case, Timer, WorkItem
from ledger.db import Base, Keys, Prepared, RowChanged, connection_of, prepared
from ledger.journal import Act, Entry, Moment
from ledger.meetings import BatchCase, MeetingVerdict, ReplyCase, SubmissionBatch
from ledger.papers import Attachment
from ledger.projects import Classification, Project
from ledger.rowsets import REVISION, Rowset, adding, changing
from ledger.scope import Actor
from ledger.taking import add_row, put_away, put_in

CHANGED: frozenset[type[Base]] = frozenset({Case, WorkItem, Timer, Project, SubmissionBatch})
ADDED: frozenset[type[Base]] = frozenset(
    {Case, WorkItem, Timer, Entry, Attachment, Classification, MeetingVerdict, BatchCase, ReplyCase}
)
COLUMNS = {kind: frozenset(kind.__table__.columns.keys()) for kind in CHANGED | ADDED}
DEFAULTS: dict[type[Base], dict[str, Any]] = {
    kind: {c.key: c.default.arg for c in kind.__table__.columns if c.default is not None and c.default.is_scalar}
    for kind in ADDED
}
_PLACES = {kind: place for place, kind in enumerate((Case, Project, WorkItem, Timer, SubmissionBatch))}

Shape = tuple[type[Base], bool, tuple[str, ...]]
"""A table, whether a row of it is new, and which columns are written."""


def record(session: Session, moment: Moment, actor: Actor, act: Act) -> Entry:
    """Write one journal row in the running transaction."""
    keys: Keys = session.info["keys"]
    columns: dict[str, Any] = {
        "at": moment.at,
        "recorded_at": moment.real_at,
        "user_id": actor.user_id,
        "who": actor.name,
        "unit": act.unit or (actor.posts[0].unit_name if actor.posts else ""),
        "act": act.name,
        "case_id": act.case_id,
        "item_id": act.item_id,
        "element": act.element,
        "detail": orjson.dumps(dict(act.detail)).decode(),
        "address": actor.address,
    }
    columns["mac"] = _mac(columns, keys.audit_key, keys.digest)
    return add_row(session, Entry, columns)


_SEALED = tuple(column.key for column in Entry.__table__.columns if column.key not in ("id", "mac"))


def mac_of(entry: Entry, keys: Keys) -> str:
    """Return the HMAC over every column but the row number, by the hash and key that the row's own MAC names.

    Raises ValueError where it names none that is known.
    """
    digest, number = maker_of(entry.mac)
    if number not in keys.audit_keys:
        raise ValueError(number)
    return _mac({name: getattr(entry, name) for name in _SEALED}, keys.audit_keys[number], digest)


def _mac(columns: Mapping[str, Any], key: AuditKey, digest: Digest) -> str:
    content = [columns[name] for name in _SEALED]
    content[:2] = [moment.astimezone(UTC).isoformat() for moment in content[:2]]  # as they are read back
    text = orjson.dumps(content)
    if digest is Digest.SHA256 and not key.number:  # as `mac_text` writes the first ones, at each act
        return hmac.digest(key.secret, text, "sha256").hex()
    return mac_text(text, key, digest)


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
        connection = connection_of(session)
        ids = (_in_one if connection.dialect.name == "postgresql" else _by_table)(connection, writings)
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
    connection = connection_of(session)
    for shape, alike in shapes.items():
        kind, is_new, _names = shape
        written = _alike(shape, connection, [each.values for each in alike])
        if not is_new and written != len(alike):
            raise RowChanged(f"{kind.__tablename__}: a row was changed by someone else since it was read")
        for each in alike:
            if is_new:
                put_away(session, each.row)
            else:
                _settle(session, each, each.row.id)
    session.flush()


def _alike(shape: Shape, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write rows of one shape; return how many were written."""
    if connection.dialect.name == "postgresql":
        return _set(shape, connection.dialect).write(connection, rows)
    return _one(shape, connection.dialect).write_many(connection, rows)


@lru_cache(maxsize=256)
def _set(shape: Shape, dialect: Dialect) -> Rowset:
    kind, is_new, names = shape
    table: Table = kind.__table__  # type: ignore[assignment]  # a mapped class has a table
    return adding(table, names, dialect) if is_new else changing(table, names, dialect)


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
    if len(writings) < len(changed):
        _let_be(session, changed)
    if any(name not in COLUMNS[each.shape[0]] for each in writings for name in each.shape[2]):
        return None  # a relationship was set, which the ORM turns into columns
    writings.sort(key=lambda each: _PLACES[each.shape[0]])  # one order, one statement: each is planned but once
    return [*writings, *(_addition(row) for row in added)]


def _let_be(session: Session, rows: Iterable[Any]) -> None:
    """Let the session forget rows that were set to what they are: at the commit it would look for changes again."""
    for row in rows:
        if _change(row) is None:
            instance_state(row)._commit_all(instance_dict(row), session.identity_map)


def _is_complete(row: Any) -> bool:
    """Say whether a new row has the numbers of all it points to, not only the objects."""
    given = instance_dict(row).keys()
    kind: type[Base] = type(row)
    needed, related = _references(kind)
    return needed <= given and all(columns <= given for name, columns in related if name in given)


@lru_cache(maxsize=32)
def _references(kind: type[Base]) -> tuple[frozenset[str], tuple[tuple[str, frozenset[str]], ...]]:
    """Return the columns that must point to a row, and those behind each related object."""
    needed = frozenset(c.key for c in kind.__table__.columns if c.foreign_keys and not c.nullable)
    related = inspect(kind).relationships
    return needed, tuple((each.key, frozenset(str(column.key) for column in each.local_columns)) for each in related)


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
        put_away(session, row)
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


def _by_table(connection: Connection, writings: Sequence[Writing]) -> list[int | None]:
    """Write changed rows one by one and new rows of one shape together; return the ids as `_in_one` does."""
    ids: list[int | None] = []
    alike: dict[Shape, list[int]] = {}
    for place, each in enumerate(writings):
        if each.shape[1]:
            alike.setdefault(each.shape, []).append(place)
        changed = not each.shape[1] and _one(each.shape, connection.dialect).write(connection, each.values)[0] == 1
        ids.append(each.row.id if changed else None)
    for shape, places in alike.items():
        if len(places) == 1:
            ids[places[0]] = _one(shape, connection.dialect).write(connection, writings[places[0]].values)[1]
            continue
        added = _several(shape, len(places), connection.dialect)
        # SQLite numbers the rows of one statement in the order they stand in
        for place, (row_id,) in zip(
            places, added.read(connection, _prefixed([writings[n] for n in places])), strict=True
        ):
            ids[place] = row_id
    return ids


@lru_cache(maxsize=256)
def _one(shape: Shape, dialect: Dialect) -> Prepared:
    return prepared(_statement(shape, ""), dialect)


@lru_cache(maxsize=256)
def _several(shape: Shape, count: int, dialect: Dialect) -> Prepared:
    """Return one statement that adds rows of one shape and answers with their ids."""
    kind, _is_new, names = shape
    table: Table = kind.__table__  # type: ignore[assignment]  # a mapped class has a table
    rows = [{name: bindparam(f"r{row}_to_{name}", type_=table.c[name].type) for name in names} for row in range(count)]
    return prepared(insert(table).values(rows).returning(table.c.id), dialect)


def _prefixed(writings: Sequence[Writing]) -> dict[str, Any]:
    return {f"r{number}_{name}": value for number, each in enumerate(writings) for name, value in each.values.items()}


@lru_cache(maxsize=256)
def _together(shapes: tuple[Shape, ...], dialect: Dialect) -> Prepared:
    """Return one statement that writes every row and answers with their ids, null where a revision did not match."""
    parts = [
        _statement(shape, f"r{number}_").returning(shape[0].__table__.c.id).cte(f"row_{number}")
        for number, shape in enumerate(shapes)
    ]
    return prepared(select(*(select(part.c.id).scalar_subquery() for part in parts)), dialect)


def _in_one(connection: Connection, writings: Sequence[Writing]) -> list[int | None]:
    statement = _together(tuple(each.shape for each in writings), connection.dialect)
    (ids,) = statement.read(connection, _prefixed(writings))
    return ids
