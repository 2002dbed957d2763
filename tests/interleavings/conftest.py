"""A county per kind of database, shared by a module: every scene takes a project of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from ledger.db import open_ledger
from ledger.projects import Project
from tests.conftest import KEYS
from tests.postgres import PostgresServer
from tests.walk import Ground, lay_ground

PROJECTS = 90
_NUMBERS = count(1)


@dataclass
class Shared:
    """A county and the projects nobody has taken yet."""

    ground: Ground
    untouched: Iterator[Project]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    folder: Path = tmp_path_factory.mktemp("shared")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), folder / "ledger.sqlite")
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = f"shared_{next(_NUMBERS)}"
        server.execute(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('migrated_postgres')}")
        url = server.url(name)
    sessions = open_ledger(url, KEYS)
    ground = lay_ground(sessions, folder / "papers", projects=PROJECTS)
    yield Shared(ground, iter(ground.projects))
    sessions.kw["bind"].dispose()
