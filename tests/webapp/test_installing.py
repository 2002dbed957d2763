"""A new installation: made in an empty folder, its audit in order from the first row."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from ledger.audit import verify
from ledger.db import transaction
from ledger.journal import Entry
from ledger.settings import Settings
from webapp.installing import set_up

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


def test_a_new_demonstrations_audit_finds_nothing_wrong(tmp_path: Path) -> None:
    """Its procedures are put in force on the directive's day, and written down on the real one (safety.md)."""
    sessions = set_up(Settings(data=tmp_path), NOW, demonstration=True)
    with transaction(sessions, writes=False) as session:
        verdict, written = verify(session), set(session.scalars(select(Entry.recorded_at)))
    sessions.kw["bind"].dispose()
    assert verdict.row_count > 0
    assert (verdict.ok, verdict.faults) == (True, [])
    assert {each.date() for each in written} == {NOW.date()}
