"""Fixtures: a county with the procedure deployed, built once per kind of database and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from ledger.db import open_ledger
from tests.conftest import KEYS
from tests.postgres import PostgresServer
from tests.walk import Ground, lay_ground

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def built_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ground]:
    folder = tmp_path_factory.mktemp("county")
    path = folder / "ledger.sqlite"
    shutil.copy(migrated_sqlite, path)
    sessions = open_ledger(f"sqlite:///{path}", KEYS)
    ground = lay_ground(sessions, folder)
    with sessions.kw["bind"].connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    sessions.kw["bind"].dispose()
    return path, ground


@pytest.fixture(scope="session")
def built_postgres(
    postgres_server: PostgresServer, migrated_postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Ground]:
    postgres_server.execute(f"CREATE DATABASE county TEMPLATE {migrated_postgres}")
    sessions = open_ledger(postgres_server.url("county"), KEYS)
    ground = lay_ground(sessions, tmp_path_factory.mktemp("county"))
    sessions.kw["bind"].dispose()
    return "county", ground


@pytest.fixture(params=["sqlite", "postgresql"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """A county of this test alone; a test that asks for it runs on both kinds of database."""
    if request.param == "sqlite":
        path, built = request.getfixturevalue("built_sqlite")
        shutil.copy(path, tmp_path / "ledger.sqlite")
        url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    else:
        template, built = request.getfixturevalue("built_postgres")
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = f"case_{next(_NUMBERS)}"
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        url = server.url(name)
    sessions = open_ledger(url, KEYS)
    yield replace(built, sessions=sessions, papers=tmp_path / "papers")
    sessions.kw["bind"].dispose()
    if request.param == "postgresql":
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_ground(built_sqlite: tuple[Path, Ground], tmp_path: Path) -> Iterator[Ground]:
    """A county of this test alone on SQLite: for what does not depend on the database."""
    path, built = built_sqlite
    shutil.copy(path, tmp_path / "ledger.sqlite")
    sessions = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", KEYS)
    yield replace(built, sessions=sessions, papers=tmp_path / "papers")
    sessions.kw["bind"].dispose()


@pytest.fixture
def quick_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers as bytes in no time: an office file takes longer to write than all the rest of a step."""
    monkeypatch.setattr("bpmn.prints.print_paper", lambda title, rows, *_: f"{title}{rows}".encode())
