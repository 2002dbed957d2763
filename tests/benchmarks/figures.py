"""One measured figure beside its floor, and the databases a benchmark runs on."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from ledger.db import Keys, SessionFactory, open_ledger
from ledger.migrations import upgrade
from scheduler.lasting import spare_what_lasts
from tests.postgres import DURABLE, running_postgres

KEYS = Keys(b"s" * 32, b"m" * 32, b"c" * 32)
DATABASES = tuple(os.environ.get("DATABASES", "sqlite postgresql").split())


@dataclass(frozen=True)
class Figure:
    """`ours` and `floor` in `unit`, measured in one run; `ratio` is ours / floor, None where there is no floor."""

    name: str
    database: str
    clients: int
    ours: float
    unit: str
    floor: float | None = None

    def line(self) -> str:
        ratio = None if not self.floor else round(self.ours / self.floor, 3)
        rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(self).items()}
        return json.dumps({**rounded, "ratio": ratio}, ensure_ascii=False)


@dataclass(frozen=True)
class Place:
    """A migrated, empty database on disk; `folder` is for papers, `url` for a floor's own connection."""

    database: str
    url: str
    folder: Path
    sessions: SessionFactory


@contextmanager
def place(database: str) -> Iterator[Place]:
    """Lay a database of one kind, durable as a county would run it, and take it away at the end."""
    with tempfile.TemporaryDirectory(prefix="sgyp-bench-") as name:
        folder = Path(name)
        if database == "sqlite":
            with _opened(database, f"sqlite:///{folder / 'ledger.sqlite'}", folder) as made:
                yield made
        else:
            with running_postgres(DURABLE) as server:
                server.execute("CREATE DATABASE ledger TEMPLATE template0")
                with _opened(database, server.url("ledger"), folder) as made:
                    yield made


@contextmanager
def _opened(database: str, url: str, folder: Path) -> Iterator[Place]:
    upgrade(url, KEYS)
    sessions = open_ledger(url, KEYS)
    spare_what_lasts()  # as `serve` does
    try:
        yield Place(database, url, folder, sessions)
    finally:
        sessions.kw["bind"].dispose()
