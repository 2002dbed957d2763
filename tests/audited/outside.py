"""What stands outside the application and looks at its database: what is committed, and an act that is torn there.

On SQLite the power goes when the act's row is written and nothing is committed; on PostgreSQL the database itself takes
no row of the act (the trail cannot be written), and each row tells by its commit which others it came with.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from ledger.db import Base
from ledger.journal import Entry


class Torn(Exception):
    """The power went when the row had been written and nothing was committed."""


class Outside(Protocol):
    """A second look at the application's database."""

    def committed(self) -> object:
        """Return what changes whenever something is committed."""
        ...

    def torn(self, act: str) -> AbstractContextManager[list[str]]:
        """Let every transaction that writes a row of `act` fail; yields the acts it met."""
        ...

    def now(self) -> datetime:
        """Return the database's moment, for `strays`."""
        ...

    def strays(self, since: datetime) -> list[str]:
        """Return the tables with rows that were committed since then, and not together with a row of the journal."""
        ...


class OutsideSqlite:
    """Told by the file's own counter; the session fails the act."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path)

    def committed(self) -> object:
        return self.connection.execute("PRAGMA data_version").fetchone()[0]

    @contextmanager
    def torn(self, act: str) -> Iterator[list[str]]:
        met: list[str] = []
        before = self.connection.execute("SELECT coalesce(max(id), 0) FROM journal").fetchone()[0]

        def fail(session: Session) -> None:
            session.flush()
            if session.scalars(select(Entry.id).where(Entry.id > before, Entry.act == act).limit(1)).first():
                met.append(act)
                raise Torn

        event.listen(Session, "before_commit", fail)
        try:
            yield met
        finally:
            event.remove(Session, "before_commit", fail)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def strays(self, since: datetime) -> list[str]:
        return []  # a SQLite file does not tell which rows came together

    def close(self) -> None:
        self.connection.close()


_REFUSING = """
    CREATE SEQUENCE refused;
    CREATE TABLE refusing (act text);
    CREATE FUNCTION refuse_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM refusing WHERE act = NEW.act) THEN
            PERFORM nextval('refused');
            RAISE EXCEPTION 'the trail takes no row';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER refusing BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION refuse_entry();
"""


class OutsidePostgres:
    """Told by the transactions that rows came with; a trigger of the database refuses the act's row."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self.connection.execute(_REFUSING)
        names = sorted(Base.metadata.tables)
        one = sql.SQL("SELECT {}, coalesce(sum(hashtextextended(xmin::text || ctid::text, 0)), 0) FROM {}")
        self.sums = sql.SQL(" UNION ALL ").join(one.format(sql.Literal(name), sql.Identifier(name)) for name in names)
        late = sql.SQL(
            "SELECT {} FROM {} AS row WHERE pg_xact_commit_timestamp(row.xmin) > %(since)s"
            " AND pg_xact_commit_timestamp(row.xmin) NOT IN (SELECT at FROM kept)"
        )
        each = sql.SQL(" UNION ").join(late.format(sql.Literal(name), sql.Identifier(name)) for name in names)
        self.alone = sql.SQL("WITH kept AS (SELECT pg_xact_commit_timestamp(xmin) AS at FROM journal) ") + each

    def committed(self) -> object:
        return dict(self.connection.execute(self.sums).fetchall())  # parallel workers bring the tables in any order

    @contextmanager
    def torn(self, act: str) -> Iterator[list[str]]:
        met: list[str] = []
        before = self._refused()
        self.connection.execute("INSERT INTO refusing VALUES (%s)", (act,))
        try:
            yield met
        finally:
            self.connection.execute("DELETE FROM refusing")
            met += [act] * (self._refused() - before)

    def _refused(self) -> int:
        found = self.connection.execute("SELECT last_value - (NOT is_called)::int FROM refused").fetchone()
        assert found is not None
        return int(found[0])

    def now(self) -> datetime:
        found = self.connection.execute("SELECT clock_timestamp()").fetchone()
        assert found is not None
        moment: datetime = found[0]
        return moment

    def strays(self, since: datetime) -> list[str]:
        return [str(row[0]) for row in self.connection.execute(self.alone, {"since": since})]

    def close(self) -> None:
        self.connection.close()
