"""One engine, one declarative base, the column types, and the only commit of the product.

Personal data is sealed by column types, so no query can forget it; the key travels with the engine's dialect and
the session, never through a global, so two ledgers in one process keep their own keys.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from os import urandom
from select import POLLIN, poll
from threading import Lock
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Executable,
    Index,
    LargeBinary,
    MetaData,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import TypeDecorator

from ledger.audit_keys import AuditKey, Digest
from ledger.failing import undo
from ledger.seal_keys import NONCE_BYTES, SealCipher, SealKey, open_with_any

SessionFactory = sessionmaker[Session]
RowChanged = StaleDataError  # a row was changed by someone else since it was read
DatabaseBusy = OperationalError  # the database refused for now: a reading transaction that wants to write, on SQLite
SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)
_PATIENCE = 30  # seconds that a writer waits for another on SQLite
_CONNECTIONS = 20  # kept open: the threads of `serve` twice over; one opened anew plans every statement anew
TURN, _CONNECTION = "turn", "connection"  # kept in the `info` of a factory's sessions, and of one session
_WORTH_PACKING = 300  # bytes; below that packing saves nothing
_PACKED = b"x"  # how zlib's data begins, and no JSON text does


@dataclass(frozen=True, repr=False)
class Keys:
    """The secrets that live outside the database: 32 bytes each."""

    seal: bytes
    mac: bytes
    cookie: bytes
    cipher: SealCipher = SealCipher.AES  # what `seal` is for
    earlier: tuple[SealKey, ...] = ()  # opened with, never closed with: values not yet sealed again
    audit: tuple[AuditKey, ...] = ()  # what rotations added, the newest last; before the first of them it is `mac`
    digest: Digest = Digest.SHA256  # what the audit's rows are made with

    @cached_property
    def audit_keys(self) -> Mapping[int, AuditKey]:
        """Every key of the audit by its number: those no longer written with still verify what they wrote."""
        return {key.number: key for key in (AuditKey(0, self.mac), *self.audit)}

    @cached_property
    def audit_key(self) -> AuditKey:
        """The key that the audit is written with."""
        return self.audit_keys[max(self.audit_keys)]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored as UTC on SQLite and PostgreSQL alike."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None else None


class Yuan(TypeDecorator[Decimal]):
    """An exact amount in 元 with two decimals, stored as whole 分 (M1): SQLite has no exact decimals."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        fen = value * 100
        if fen != fen.to_integral_value():
            raise ValueError(f"{value} 元 has more than two decimals")
        return int(fen)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return Decimal(value) / 100 if value is not None else None


class SealedText(TypeDecorator[str]):
    """Text that is personal data: AES-256-GCM under the key outside the database (safety rule 13)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _seal(value.encode(), dialect)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else _unseal(value, dialect).decode()


class SealedJson(TypeDecorator[Any]):
    """A JSON value that may hold personal data (a form's answers), packed and sealed like `SealedText`.

    Packed before it is sealed, for nothing shrinks afterwards: a filled form is stored in three fifths of its bytes.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        plain = orjson.dumps(value)
        return _seal(zlib.compress(plain, 1) if len(plain) > _WORTH_PACKING else plain, dialect)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        plain = _unseal(value, dialect)
        return orjson.loads(zlib.decompress(plain) if plain.startswith(_PACKED) else plain)


def _keys_of(dialect: Dialect) -> Keys:
    keys: Keys = dialect.sigeyipi_keys  # type: ignore[attr-defined]  # put there by open_ledger
    return keys


def _seal(plain: bytes, dialect: Dialect) -> bytes:
    keys = _keys_of(dialect)
    if keys.cipher is not SealCipher.AES:
        return SealKey(keys.seal, keys.cipher).close(plain)
    nonce = urandom(NONCE_BYTES)
    return nonce + AESGCM(keys.seal).encrypt(nonce, plain, None)


def _unseal(sealed: bytes, dialect: Dialect) -> bytes:
    keys = _keys_of(dialect)
    if keys.earlier or keys.cipher is not SealCipher.AES:
        return open_with_any(sealed, (SealKey(keys.seal, keys.cipher), *keys.earlier))
    return AESGCM(keys.seal).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        Decimal: Yuan(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[int]: JSON(),
    }


def partial_index(name: str, *columns: str, where: str) -> Index:
    """Declare an index of the rows that fulfil `where` alone."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def open_ledger(url: str | URL, keys: Keys) -> SessionFactory:
    """Return a session factory for `url`; the schema must be there (`ledger.migrations`)."""
    engine = open_engine(url, keys)
    turn = Lock() if engine.dialect.name == "sqlite" else None
    return sessionmaker(engine, expire_on_commit=False, info={"keys": keys, TURN: turn})


def open_engine(url: str | URL, keys: Keys) -> Engine:
    target = make_url(url)
    sqlite = target.get_backend_name() == "sqlite"
    # PostgreSQL would compile a page's statement for up to a second to save milliseconds of its run
    said = f"-c jit=off {target.query.get('options', '')}".strip()
    told: dict[str, Any] = {"timeout": _PATIENCE} if sqlite else {"options": said}
    options: dict[str, Any] = {"connect_args": told, "pool_pre_ping": not sqlite}
    if target.database not in (None, "", ":memory:"):
        options["pool_size"] = _CONNECTIONS
    engine = create_engine(target, json_serializer=_json_text, json_deserializer=orjson.loads, **options)
    engine.dialect.sigeyipi_keys = keys  # type: ignore[attr-defined]  # read by the sealed column types
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        ask = engine.dialect.do_ping
        setattr(engine.dialect, "do_ping", lambda lying: _is_quiet(lying) or ask(lying))  # noqa: B010  # of this one
    return engine


def _is_quiet(connection: Any) -> bool:
    """Say whether a connection that lay in the pool has nothing to read: a server that went away leaves its end.

    Asking the server costs as much as a statement, at each transaction.
    """
    listening = poll()
    listening.register(connection.fileno(), POLLIN)
    return not listening.poll(0)


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own: `_begin_sqlite` does
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_PATIENCE * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # a transaction that will write takes the write lock at once: a later upgrade could only fail
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction(sessions: SessionFactory, *, writes: bool = True) -> Iterator[Session]:
    """Commit everything or nothing. No other function in the product commits."""
    with _in_turn(sessions) if writes else nullcontext(), sessions() as session:
        session.info[_CONNECTION] = session.connection(execution_options={"writes": writes})
        committed = False
        try:
            yield session
            session.commit()
            committed = True
        finally:
            if not committed:
                del session.info[_CONNECTION]
                undo(session)


def connection_of(session: Session) -> Connection:
    """Return the connection of a running transaction; the session itself looks it up anew at each asking."""
    known: Connection | None = session.info.get(_CONNECTION)
    # a savepoint is set by the session when it is first asked for the connection within it
    return session.connection() if known is None or session.in_nested_transaction() else known


@contextmanager
def _in_turn(sessions: SessionFactory) -> Iterator[None]:
    """Let the writers of this process wait for each other, where a database has but one: SQLite.

    It would look again and again whether the other is done, asleep in between for longer than a transaction takes.
    Whoever waits longer than it would is left to be told so by the database.
    """
    turn = sessions.kw["info"][TURN]
    if turn is None:
        yield
        return
    mine = turn.acquire(timeout=_PATIENCE)
    try:
        yield
    finally:
        if mine:
            turn.release()


Turn = Callable[[Any], Any]


@dataclass(frozen=True)
class Prepared:
    """A statement as its driver takes it: what SQLAlchemy works out at each execution, worked out once.

    `takes` has each parameter in its order with what turns it into the driver's value, `gives` the columns that are
    read back differently from how the driver hands them out, by their place.
    """

    text: str
    takes: tuple[tuple[str, Turn | None], ...]
    fixed: Mapping[str, Any]  # parameters that never change
    gives: tuple[tuple[int, Turn], ...]
    counted: bool  # the driver knows parameters by their place, not by their name

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _turn in self.takes)

    def read(self, connection: Connection, given: Mapping[str, Any]) -> list[list[Any]]:
        """Send the statement and return its rows, each value as its column's type has it."""
        with closing(self._send(connection, given)) as cursor:
            rows = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for place, turn in self.gives:
                row[place] = turn(row[place])
        return rows

    def write(self, connection: Connection, given: Mapping[str, Any]) -> tuple[int, int | None]:
        """Send the statement; return how many rows it wrote and, on SQLite, the number of the last one added."""
        with closing(self._send(connection, given)) as cursor:
            return cursor.rowcount, getattr(cursor, "lastrowid", None)

    def write_many(self, connection: Connection, given: Sequence[Mapping[str, Any]]) -> int:
        """Send the statement once for each row given; return how many rows all of them wrote."""
        with closing(self._send(connection, *given)) as cursor:
            return int(cursor.rowcount)

    def _values(self, given: Mapping[str, Any]) -> Any:
        known = {**self.fixed, **given} if self.fixed else given
        taken = [known[name] if turn is None else turn(known[name]) for name, turn in self.takes]
        return taken if self.counted else dict(zip(self.names, taken, strict=True))

    def _send(self, connection: Connection, *given: Mapping[str, Any]) -> Any:
        """Send the statement past SQLAlchemy, whose results describe each of their columns anew."""
        many = len(given) > 1
        values = [self._values(each) for each in given] if many else self._values(given[0])
        cursor = connection.connection.cursor()
        heard = connection.engine.dispatch
        heard.before_cursor_execute(connection, cursor, self.text, values, None, many)
        try:
            (cursor.executemany if many else cursor.execute)(self.text, values)
        except connection.dialect.loaded_dbapi.Error as error:  # told as SQLAlchemy tells the driver's errors
            connection._handle_dbapi_exception(error, self.text, values, cursor, None)
        heard.after_cursor_execute(connection, cursor, self.text, values, None, many)
        return cursor


def prepared(statement: Executable, dialect: Dialect) -> Prepared:
    """Return a statement in the words of a database; `dialect` is the engine's own, whose key seals what is sealed."""
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # each of ours has words
    types = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
    takes = tuple((name, types[name].bind_processor(dialect)) for name in compiled.positiontup or types)
    fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
    columns: Sequence[Any] = getattr(statement, "selected_columns", ())
    turns = ((place, column.type.dialect_impl(dialect)) for place, column in enumerate(columns))
    gives = ((place, kind.result_processor(dialect, None)) for place, kind in turns)
    found = tuple((place, turn) for place, turn in gives if turn is not None)
    return Prepared(str(compiled), takes, fixed, found, bool(compiled.positiontup))


Rows = list[list[Any]]


@lru_cache(maxsize=512)
def ready(statement: Executable, dialect: Dialect) -> Prepared:
    """Return a statement that is built once, one object for the life of the process, in the words of a database."""
    return prepared(statement, dialect)


def rows_of(session: Session, statement: Executable, /, **given: Any) -> Rows:
    """Return the rows of a statement that is built once; what still waits to be written is not written before."""
    connection = connection_of(session)
    return ready(statement, connection.dialect).read(connection, given)


def send(session: Session, statement: Executable, /, **given: Any) -> int:
    """Send a statement that writes and is built once; return how many rows it wrote."""
    connection = connection_of(session)
    return ready(statement, connection.dialect).write(connection, given)[0]


def day_of(moment: datetime) -> date:
    """Return the day in Asia/Shanghai on which `moment` falls (T4)."""
    return moment.astimezone(SHANGHAI).date()


def end_of_day(day: date) -> datetime:
    """Return 24:00 of `day` in Asia/Shanghai, as UTC."""
    return datetime.combine(day, datetime.min.time(), SHANGHAI).astimezone(UTC) + ONE_DAY


def last_day(due_at: datetime) -> date:
    """Return the last day before a due moment: 24:00 still belongs to the day it ends."""
    return day_of(due_at - timedelta(microseconds=1))
