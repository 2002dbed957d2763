"""The nightly backup: once, tried out, reported, thinned out (safety rule 16)."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ledger.db import transaction
from ledger.outbox import Message
from ledger.settings import BackingUp, Settings
from scheduler.backups import back_up, drills_in, keep_backups, outdated
from tests.conftest import KEYS
from tests.walk import Ground
from webapp.cli import main

NIGHT = datetime(2023, 11, 6, 18, 0, tzinfo=UTC)  # 02:00 of the 7th in Asia/Shanghai


@pytest.fixture
def installation(sqlite_ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("scheduler.backups.load_keys", lambda _data: KEYS)
    url = sqlite_ground.sessions.kw["bind"].url.render_as_string()
    return Settings(data=sqlite_ground.papers.parent, database=url, backup=BackingUp(folder=tmp_path / "backups"))


def test_the_night_makes_one_backup_and_tries_it_out(installation: Settings) -> None:
    assert keep_backups(installation, NIGHT - timedelta(hours=1, minutes=30)) is None  # 00:30
    drill = keep_backups(installation, NIGHT)
    assert drill is not None
    assert drill.ok
    assert drill.rows > 0
    assert keep_backups(installation, NIGHT + timedelta(hours=2)) is None
    folder = installation.backup.folder
    assert folder is not None
    assert drills_in(folder) == [drill]


def test_a_failed_backup_is_told_to_the_system_administrators(
    installation: Settings, sqlite_ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.backups.try_out", lambda *_: ["材料 abc 内容与校验值不符"])
    drill = keep_backups(installation, NIGHT)
    assert drill is not None
    assert not drill.ok
    with transaction(sqlite_ground.sessions, writes=False) as session:
        told = session.scalars(select(Message).where(Message.dedupe_key.like("backup:%"))).all()
    assert ["材料 abc" in message.body for message in told] == [True]


def test_a_damaged_paper_is_found(installation: Settings, tmp_path: Path) -> None:
    stored = installation.papers / "ab"
    stored.mkdir(parents=True)
    (stored / ("c" * 62)).write_bytes(b"not what the name says")
    drill = back_up(installation, tmp_path / "one", NIGHT)
    assert [fault for fault in drill.faults if "校验值" in fault] != []
    shutil.rmtree(stored)


def test_a_month_of_days_and_a_year_of_months_stay(tmp_path: Path) -> None:
    today = date(2024, 3, 1)
    for back in range(200):
        day = today - timedelta(days=back)
        (tmp_path / f"sigeyipi-{day:%Y%m%d}-010000.sgyb").touch()
    gone = {path.name[9:17] for path in outdated(tmp_path, BackingUp(keep_days=30, keep_months=3), today)}
    kept = {path.name[9:17] for path in tmp_path.glob("*.sgyb")} - gone
    days = {f"{today - timedelta(days=back):%Y%m%d}" for back in range(31)}
    assert kept == days | {"20240131"}


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(words))
    assert isinstance(left.value.code, int)
    return left.value.code


def test_the_commands_back_up_and_restore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, kept = tmp_path / "old", tmp_path / "new", tmp_path / "kept"
    assert run("init", "--data", str(old)) == 0
    capsys.readouterr()
    assert run("backup", "--data", str(old), "--to", str(kept), "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["ok"] is True
    assert run("restore", made["file"], "--data", str(new)) == 2
    assert "keys.json" in capsys.readouterr().err
    assert run("restore", made["file"], "--data", str(new), "--keys", str(old / "keys.json"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == made["rows"]
    assert run("restore", made["file"], "--data", str(new)) == 2
    assert "不是空的" in capsys.readouterr().err
    assert run("restore", made["file"], "--data", str(old), "--check") == 0
    assert run("audit", "verify", "--data", str(new)) == 0
