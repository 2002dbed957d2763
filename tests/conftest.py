"""The tests' ground: an empty database on SQLite and on PostgreSQL, a browser, a folder for pictures."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from playwright.sync_api import Browser, expect, sync_playwright

from bpmn.engine import limits
from ledger import sign_ins
from ledger.db import Keys, SessionFactory, open_ledger
from ledger.migrations import upgrade
from tests.postgres import PostgresServer, running_postgres

pytest_plugins = ["tests.grounds"]

REPOSITORY = Path(__file__).parent.parent
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
OWN_ADDRESSES = ("127.0.0.1", "::1", "localhost", None)


def _refuse_the_network(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in OWN_ADDRESSES:
        raise OSError(f"a test wants to reach {host}: tests know no network but this machine's own")


def pytest_configure() -> None:
    """Close the network: what a test needs from outside, it has not understood."""
    sys.addaudithook(_refuse_the_network)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def patient_children() -> None:
    """Leave the checks' child its time by the processor alone: how long that takes is for the machine to say."""
    limits.WALL_LIMIT_SECONDS = 60


SHIPPED_HASHER = sign_ins.HASHER


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Hash the tests' passwords with little work; what a release does, `tests/ledger/test_sign_ins.py` looks at."""
    sign_ins.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    sign_ins.NOBODY = sign_ins.HASHER.hash("nobody has this password")


@pytest.fixture(scope="session", autouse=True)
def plain_traces() -> None:
    """Print what is logged without colours and variables: drawing those of one exception takes seconds."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[plain])


@pytest.fixture(scope="session", autouse=True)
def no_pace() -> None:
    """Let tests ask as fast as they can; `tests/webapp/test_pace.py` sets a limit of its own."""
    os.environ["SIGEYIPI_REQUESTS_PER_MINUTE"] = "0"


class KeptTemplates(BytecodeCache):
    """The pages' templates, compiled once for all the applications that tests build."""

    compiled: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def kept_templates() -> None:
    """Compile a template once per run instead of once per application."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": KeptTemplates()}


_NUMBERS = count(1)

KEYS = Keys(b"s" * 32, b"m" * 32, b"c" * 32)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema as its migrations give it, to be copied: replaying them per test would cost."""
    path = tmp_path_factory.mktemp("migrated") / "ledger.sqlite"
    upgrade(f"sqlite:///{path}", KEYS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    """The name of a PostgreSQL database with the schema, to be used as a template."""
    postgres_server.execute("CREATE DATABASE migrated TEMPLATE template0")
    upgrade(postgres_server.url("migrated"), KEYS)
    return "migrated"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, migrated_postgres: str) -> Iterator[str]:
    """A PostgreSQL database of this test alone, with the schema and without rows."""
    name = f"ledger_{next(_NUMBERS)}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_postgres}")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of this test alone, with the schema; a test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "ledger.sqlite")
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def sessions(ledger_url: str) -> Iterator[SessionFactory]:
    """A session factory over `ledger_url`."""
    opened = open_ledger(ledger_url, KEYS)
    yield opened
    opened.kw["bind"].dispose()


WAITED_MS = 30_000  # what a page shows is waited for so long: the machine may be busy with something else


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a screen; tests open a context of their own in it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("Chromium is not installed: `make test` installs it (Debian: chromium)")
    with sync_playwright() as playwright:
        expect.set_options(timeout=WAITED_MS)
        opened = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder in which tests leave pictures of pages to be looked at."""
    folder = REPOSITORY / "build" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
