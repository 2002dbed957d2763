"""The floor of a rehearsal: every statement that wrote, sent again by bare sqlite3 in the transactions it was sent in.

So the floor writes the same rows as often as ours did, an update as an update, and nothing is read, decided or filed.
What the papers' bytes cost beside them is told apart: the same files, written whole and renamed, at the same places.
"""

from __future__ import annotations

import os
import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sqlalchemy import event

from ledger.migrations import upgrade
from tests.benchmarks.crowd import Took, timed
from tests.benchmarks.figures import KEYS, Place

WRITES = ("INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE", "ROLLBACK TO")
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
Sent = tuple[str, Any, bool]
"""A statement, its parameters as the driver took them, and whether they are many rows."""


@dataclass
class Recording:
    """What was written, by transaction, in a file: a year's would not fit the memory a rehearsal may use."""

    target: IO[bytes]
    count: int = 0  # transactions that wrote
    _open: list[Sent] = field(default_factory=list)

    def hear(self, _connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if statement.startswith(WRITES):
            rows = many and isinstance(given[0], list | tuple | dict)  # many in one statement have one flat row
            self._open.append((statement, _plain(given), rows))

    def commit(self, _connection: Any) -> None:
        if any(statement.startswith(WRITES[:3]) for statement, _given, _many in self._open):
            pickle.dump(self._open, self.target)
            self.count += 1
        self._open = []

    def rollback(self, _connection: Any) -> None:
        self._open = []

    def transactions(self) -> Iterator[list[Sent]]:
        with Path(self.target.name).open("rb") as kept:
            for _number in range(self.count):
                yield pickle.load(kept)  # our own file of a moment ago


def _plain(given: Any) -> Any:
    """Return parameters that a file can keep: the driver takes a view of bytes too."""
    match given:
        case memoryview():
            return bytes(given)
        case list() | tuple():
            return [_plain(each) for each in given]
        case dict():
            return {name: _plain(value) for name, value in given.items()}
    return given


@contextmanager
def recorded(at: Place) -> Iterator[Recording]:
    """Record what is written to a ledger while the block runs."""
    engine = at.sessions.kw["bind"]
    with (at.folder / "sent.pickle").open("w+b") as target:
        recording = Recording(target)
        heard = {
            "before_cursor_execute": recording.hear,
            "commit": recording.commit,
            "rollback": recording.rollback,
        }
        for name, listener in heard.items():
            event.listen(engine, name, listener)
        try:
            yield recording
        finally:
            for name, listener in heard.items():
                event.remove(engine, name, listener)


def sent_again(recording: Recording, at: Place) -> tuple[Took, Took]:
    """Send everything again to a database of its own; return what that took, and what the papers' bytes take."""
    path = at.folder / "bare.sqlite"
    upgrade(f"sqlite:///{path}", KEYS)
    rows = Took()
    with closing(sqlite3.connect(path, isolation_level=None)) as bare:
        for pragma in PRAGMAS:
            bare.execute(f"PRAGMA {pragma}")
        for transaction in recording.transactions():
            with timed() as took:
                _send(bare, transaction)
            rows.wall, rows.processor = rows.wall + took.wall, rows.processor + took.processor
    return rows, _files_again(at)


def _send(bare: sqlite3.Connection, transaction: list[Sent]) -> None:
    bare.execute("BEGIN IMMEDIATE")
    for statement, given, many in transaction:
        if many:
            bare.executemany(statement, given)
        else:
            bare.execute(statement, given).fetchall()
    bare.execute("COMMIT")


def _files_again(at: Place) -> Took:
    """Write the papers' bytes anew, each whole under its name as ours does."""
    source, target = at.folder / "papers", at.folder / "papers-again"
    contents = [(path.relative_to(source), path.read_bytes()) for path in source.rglob("*") if path.is_file()]
    with timed() as took:
        for name, content in contents:
            _write(target / name, content)
    return took


def _write(path: Path, content: bytes) -> None:
    part = f"{path}.part"
    try:
        file = open(part, "wb")  # noqa: SIM115  # closed below, as the folder may have to be made first
    except FileNotFoundError:
        path.parent.mkdir(parents=True)
        file = open(part, "wb")  # noqa: SIM115
    with file:
        file.write(content)
    os.replace(part, path)
