"""A new installation: made in an empty folder, its audit in order from the first row."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ledger.audit import verify
from ledger.db import transaction
from ledger.settings import Settings
from webapp.installing import set_up


def test_a_new_demonstrations_audit_finds_nothing_wrong(tmp_path: Path) -> None:
    """Its procedures are put in force on the directive's day, and written down on the real one (safety.md)."""
    sessions = set_up(Settings(data=tmp_path), datetime(2026, 11, 24, 1, tzinfo=UTC), demonstration=True)
    with transaction(sessions, writes=False) as session:
        verdict = verify(session)
    sessions.kw["bind"].dispose()
    assert verdict.row_count > 0
    assert (verdict.ok, verdict.faults) == (True, [])
