"""Write the whole installation into one encrypted file while it runs, and read it back into an empty one.

The file holds every table row by row in one consistent view, every paper, and a manifest with counts and checksums. It
fits both databases: a backup of SQLite restored into PostgreSQL is how an installation outgrows one machine. Keys are
not in it; without `keys.json` its personal data cannot be read.
"""

from __future__ import annotations

import base64
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

import orjson
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    Column,
    Connection,
    Date,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    func,
    select,
    text,
)
from sqlalchemy.engine import URL, Engine
from sqlalchemy.pool import NullPool

from ledger.db import Keys, open_engine
from ledger.migrations import upgrade
from ledger.sealed_files import SealedReader, SealedWriter, Secret

_CHUNK = 1_000  # rows
_VERSION_TABLE = "alembic_version"
_FORMAT = 1


class BackupUnusable(ValueError):
    """备份不能使用."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says about itself; it stands at the end, when everything is counted."""

    made_at: str
    revision: str  # of the schema
    database: str
    tables: Mapping[str, int]  # rows
    sums: Mapping[str, str]  # SHA-256 of each table's part
    paper_count: int


def write_backup(url: str | URL, keys: Keys, papers: Path, target: Path, secret: Secret, now: datetime) -> Manifest:
    """Write the backup to `target`, which appears only when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    engine = open_engine(url, keys)
    try:
        with (
            partial.open("wb") as file,
            SealedWriter(file, secret) as sealed,
            tarfile.open(fileobj=sealed, mode="w|gz") as tape,
        ):
            manifest = _put_all(engine, papers, tape, now)
    finally:
        engine.dispose()
    partial.replace(target)
    return manifest


def _put_all(engine: Engine, papers: Path, tape: tarfile.TarFile, now: datetime) -> Manifest:
    options: dict[str, Any] = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    counts, sums = {}, {}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        revision = MigrationContext.configure(connection).get_current_revision() or ""
        for table in _tables(connection):
            name = str(table.name)
            counts[name], sums[name] = _put_table(connection, table, tape)
    paper_count = 0
    for path in sorted(path for path in papers.rglob("*") if path.is_file() and "." not in path.name):
        with suppress(FileNotFoundError):  # a transaction that failed took it back meanwhile: nobody names it
            tape.add(path, f"papers/{path.relative_to(papers)}", recursive=False)
            paper_count += 1
    made = Manifest(now.astimezone(UTC).isoformat(), revision, engine.dialect.name, counts, sums, paper_count)
    told = orjson.dumps({"format": _FORMAT, **made.__dict__})
    info = tarfile.TarInfo("manifest.json")
    info.size = len(told)
    with TemporaryFile() as part:
        part.write(told)
        part.seek(0)
        tape.addfile(info, part)
    return made


def _tables(connection: Connection) -> Sequence[Table]:
    """Return the tables there are, those others refer to first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != _VERSION_TABLE]


def _put_table(connection: Connection, table: Table, tape: tarfile.TarFile) -> tuple[int, str]:
    ordered = select(table).order_by(*table.primary_key.columns)
    writers = [_writer(column) for column in table.columns]
    count, hashing = 0, sha256()
    with TemporaryFile() as part:
        for row in connection.execute(ordered.execution_options(yield_per=_CHUNK)):
            line = orjson.dumps([write(value) for write, value in zip(writers, row, strict=True)]) + b"\n"
            part.write(line)
            hashing.update(line)
            count += 1
        info = tarfile.TarInfo(f"tables/{table.name}.jsonl")
        info.size = part.tell()
        info.pax_headers = {"columns": ",".join(column.name for column in table.columns)}
        part.seek(0)
        tape.addfile(info, part)
    return count, hashing.hexdigest()


def _writer(column: Column[Any]) -> Callable[[Any], Any]:
    return _encoded if isinstance(column.type, LargeBinary) else _as_it_is


def _reader(column: Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, LargeBinary):
        return _unless_none(base64.b64decode)
    if isinstance(column.type, DateTime):
        return _unless_none(datetime.fromisoformat)
    return _unless_none(date.fromisoformat) if isinstance(column.type, Date) else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _encoded(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _unless_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def read_backup(source: BinaryIO, url: str | URL, keys: Keys, papers: Path, secret: Secret) -> Manifest:
    """Restore a backup into an empty database and an empty papers folder; BackupUnusable says why not.

    The schema is made as it was when the backup was written, filled, checked, and then brought up to date.
    """
    engine = _bare_engine(url)
    try:
        with SealedReader(source, secret) as sealed, tarfile.open(fileobj=sealed, mode="r|gz") as tape:
            return _take_all(engine, url, keys, papers, tape)
    except (tarfile.TarError, EOFError, OSError, KeyError, orjson.JSONDecodeError) as broken:
        raise BackupUnusable(f"备份文件已损坏：{broken}") from broken
    finally:
        engine.dispose()


def _take_all(engine: Engine, url: str | URL, keys: Keys, papers: Path, tape: tarfile.TarFile) -> Manifest:
    """Spool the parts, for the manifest with the schema's revision is the last of them."""
    with ExitStack() as spools:
        parts: dict[str, tuple[IO[bytes], str]] = {}
        manifest: Manifest | None = None
        for member in tape:
            file = tape.extractfile(member)
            if file is None:
                continue
            if member.name == "manifest.json":
                manifest = _manifest(file.read())
            elif member.name.startswith("papers/"):
                _take_paper(papers, member.name.removeprefix("papers/"), file)
            else:
                spool = spools.enter_context(TemporaryFile())
                shutil.copyfileobj(file, spool)
                name = member.name.removeprefix("tables/").removesuffix(".jsonl")
                parts[name] = spool, member.pax_headers["columns"]
        if manifest is None:
            raise BackupUnusable("备份文件不完整：没有清单")
        upgrade(url, keys, manifest.revision)
        with engine.connect() as connection, connection.begin():
            _fill(connection, parts, manifest)
    upgrade(url, keys)
    return manifest


def _manifest(told: bytes) -> Manifest:
    read = orjson.loads(told)
    if read.pop("format") != _FORMAT:
        raise BackupUnusable("这是另一版本系统的备份，请用那一版本恢复")
    return Manifest(**read)


def _take_paper(papers: Path, name: str, file: IO[bytes]) -> None:
    target = (papers / name).resolve()
    if not target.is_relative_to(papers.resolve()):
        raise BackupUnusable(f"备份里的文件名越出文件夹：{name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as written:
        shutil.copyfileobj(file, written)


def _fill(connection: Connection, parts: Mapping[str, tuple[IO[bytes], str]], manifest: Manifest) -> None:
    for table in _tables(connection):
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise BackupUnusable("目标数据库不是空的；请恢复到一个空的数据文件夹或数据库")
        if table.name not in parts:
            raise BackupUnusable(f"备份里缺少 {table.name}")
        spool, columns = parts[table.name]
        spool.seek(0)
        names = columns.split(",")
        readers = [_reader(table.columns[name]) for name in names]
        count, hashing, rows = 0, sha256(), list[dict[str, Any]]()
        for line in spool:
            hashing.update(line)
            values = (read(value) for read, value in zip(readers, orjson.loads(line), strict=True))
            rows.append(dict(zip(names, values, strict=True)))
            count += 1
            if len(rows) == _CHUNK:
                connection.execute(table.insert(), rows)
                rows.clear()
        if rows:
            connection.execute(table.insert(), rows)
        if (count, hashing.hexdigest()) != (manifest.tables[table.name], manifest.sums[table.name]):
            raise BackupUnusable(f"备份里的 {table.name} 与清单不符")
        _set_sequence(connection, table)


def _set_sequence(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number on after the highest row; SQLite does so by itself."""
    numbered = [column for column in table.primary_key.columns if column.name == "id"]
    if connection.dialect.name != "postgresql" or not numbered:
        return
    highest = connection.execute(select(func.max(numbered[0]))).scalar_one()
    given = {"table": f'"{table.name}"', "highest": highest or 1, "used": highest is not None}
    connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :highest, :used)"), given)


def _bare_engine(url: str | URL) -> Engine:
    """Open the database without our column types: sealed values go through as they are."""
    return create_engine(url, poolclass=NullPool, json_serializer=lambda value: orjson.dumps(value).decode())


def damaged_papers(papers: Path) -> Iterator[str]:
    """Name every paper whose content is not what its name says (a paper is stored under its SHA-256).

    What has a point in its name is being written, or was made from a paper.
    """
    for path in sorted(papers.rglob("*")):
        name = path.parent.name + path.name
        if path.is_file() and "." not in path.name and sha256(path.read_bytes()).hexdigest() != name:
            yield name
