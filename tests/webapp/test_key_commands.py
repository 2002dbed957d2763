"""`sigeyipi keys`: a new key while the service stands still, and never while it runs."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ledger.db import open_ledger, transaction
from ledger.installation import beat
from ledger.journal import Entry
from ledger.settings import load_keys
from tests.webapp.test_cli import run
from webapp.request import real_now


def test_a_rotation_is_told_and_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ("--data", str(tmp_path))
    assert run(capsys, "init", *data)[0] == 0
    before = load_keys(tmp_path)
    code, out, _err = run(capsys, "keys", "rotate", "--cipher", "sm4", "--json", *data)
    after = load_keys(tmp_path)
    assert (code, json.loads(out)["cipher"], json.loads(out)["kept"]) == (0, "sm4", 0)
    assert (after.mac, after.cookie, after.earlier) == (before.mac, before.cookie, ())
    assert after.seal != before.seal
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    sessions = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", after)
    with transaction(sessions) as session:
        assert len(session.scalars(select(Entry).where(Entry.act == "rotate_keys")).all()) == 1
        beat(session, real_now() - timedelta(seconds=30))
    sessions.kw["bind"].dispose()
    code, out, err = run(capsys, "keys", "rotate", *data)
    assert (code, out) == (2, "")
    assert "服务还在运行" in err
    assert load_keys(tmp_path) == after


def test_the_audit_goes_on_under_a_new_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ("--data", str(tmp_path))
    assert run(capsys, "init", *data)[0] == 0
    before = load_keys(tmp_path)
    code, out, _err = run(capsys, "keys", "rotate-audit", "--json", *data)
    after = load_keys(tmp_path)
    assert (code, json.loads(out)) == (0, {"ok": True, "number": 1, "digest": "sha256"})
    assert (after.seal, after.mac, after.cookie) == (before.seal, before.mac, before.cookie)
    assert [key.number for key in after.audit] == [1]
    assert run(capsys, "keys", "rotate", *data)[0] == 0, "another rotation keeps them"
    assert load_keys(tmp_path).audit == after.audit
    assert run(capsys, "keys", "rotate-audit", *data)[0] == 0
    assert [key.number for key in load_keys(tmp_path).audit] == [1, 2]
    code, out, _err = run(capsys, "audit", "verify", "--json", *data)
    assert (code, json.loads(out)["faults"]) == (0, [])
    sessions = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", load_keys(tmp_path))
    with transaction(sessions, writes=False) as session:
        rows = session.scalars(select(Entry).where(Entry.act == "rotate_audit_key").order_by(Entry.id)).all()
        assert [row.mac.rpartition("-")[0] for row in rows] == ["sha256-1", "sha256-2"]
    sessions.kw["bind"].dispose()
