"""A PostgreSQL server of one process alone: made in a temporary directory, reached through a socket there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

# a test's server may lose everything in a power cut, so it need not wait for the disk
_KEPT_NOWHERE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# and it tells which rows came together (tests/audited/outside.py)
QUICK = (*_KEPT_NOWHERE, "listen_addresses=", "max_connections=200", "track_commit_timestamp=on")
# what a county would run: every commit is on the disk before it is answered
DURABLE = ("listen_addresses=", "max_connections=200", "shared_buffers=512MB", "max_wal_size=4GB")


@dataclass(frozen=True)
class PostgresServer:
    """A server of this process alone, reached through a socket in a folder that only its owner may enter."""

    folder: Path
    options: str = ""

    def stop(self) -> None:
        """Let it go down as in a crash: whoever is connected is cut off."""
        _run(self.folder, str(_programs() / "pg_ctl"), "-D", self._data, "-m", "immediate", "-w", "stop")

    def start(self) -> None:
        """Start it on what it left, and wait until it answers."""
        log = str(self.folder / "log")
        command = (str(_programs() / "pg_ctl"), "-D", self._data, "-l", log, "-w", "-o", self.options, "start")
        _run(self.folder, *command)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


class NoPostgres(Exception):
    """PostgreSQL is not installed: `make test` installs it (Debian: postgresql)."""


@contextmanager
def running_postgres(settings: Sequence[str] = QUICK) -> Iterator[PostgresServer]:
    """Start a server with `settings` and stop it at the end; raises NoPostgres."""
    programs = _programs()
    # not pytest's own folder: a socket's path is at most 107 bytes long, and the server's user must get there
    folder = Path(tempfile.mkdtemp(prefix="sgyp-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    options = " ".join(f"-c {setting}" for setting in (*settings, f"unix_socket_directories={folder}"))
    try:
        _run(
            folder,
            str(programs / "initdb"),
            *("-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"),
        )
        server = PostgresServer(folder, options)
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise NoPostgres(NoPostgres.__doc__)
    return (found[-1] if found else Path(str(on_path))).parent


def _run(folder: Path, *command: str) -> None:
    # PostgreSQL refuses to run as root
    identity = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **identity,
    )
    assert done.returncode == 0, done.stderr
