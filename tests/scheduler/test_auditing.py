"""The watch over the audit: sealed and anchored, verified at night, archived by the month (safety rule 14)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import orjson
import pytest
from sqlalchemy import select, text

from ledger.anchors import read_anchors, send_anchors
from ledger.audit_archive import Month, archive_faults, month_before, public_key_text, write_archive
from ledger.db import SessionFactory, transaction
from ledger.journal import Act, Moment
from ledger.outbox import Message
from ledger.scope import CLOCK
from ledger.seals import Seal
from ledger.verifications import Verification
from ledger.writing import record
from scheduler.auditing import Watch, look_at_all
from tests.conftest import KEYS
from tests.walk import Ground

NIGHT = datetime(2023, 11, 6, 18, 30, tzinfo=UTC)  # 02:30 of the 7th in Asia/Shanghai


def write(sessions: SessionFactory, at: datetime, count: int = 3) -> None:
    with transaction(sessions) as session:
        for _ in range(count):
            record(session, Moment(at, at), CLOCK, Act("complete"))


def watch(sessions: SessionFactory, folder: Path) -> Watch:
    return Watch(sessions, folder / "anchors.jsonl", folder / "archives")


def test_rows_are_sealed_and_anchored_once(sessions: SessionFactory, tmp_path: Path) -> None:
    keeper = watch(sessions, tmp_path)
    write(sessions, NIGHT)
    assert keeper.seal(NIGHT) == 1
    assert keeper.seal(NIGHT + timedelta(seconds=30)) == 0
    write(sessions, NIGHT + timedelta(minutes=1))
    assert keeper.seal(NIGHT + timedelta(minutes=1)) == 1
    assert [anchor.number for anchor in read_anchors(keeper.anchors)] == [1, 2]
    with transaction(sessions, writes=False) as session:
        assert look_at_all(session, keeper.anchors).ok
        assert [seal.row_count for seal in session.scalars(select(Seal).order_by(Seal.number))] == [3, 3]


def test_anchors_a_crash_cut_off_are_written_again(sessions: SessionFactory, tmp_path: Path) -> None:
    keeper = watch(sessions, tmp_path)
    for minute in range(3):
        write(sessions, NIGHT + timedelta(minutes=minute))
        keeper.seal(NIGHT + timedelta(minutes=minute))
    whole = keeper.anchors.read_bytes()
    keeper.anchors.write_bytes(whole[: whole.index(b"\n") + 1])
    with transaction(sessions, writes=False) as session:
        assert send_anchors(session, keeper.anchors) == 2
    assert keeper.anchors.read_bytes() == whole


def test_the_night_looks_once_and_tells_of_a_fault(ground: Ground, tmp_path: Path) -> None:
    keeper = watch(ground.sessions, tmp_path)
    write(ground.sessions, NIGHT)
    keeper.seal(NIGHT)
    assert keeper.verify_nightly(NIGHT - timedelta(hours=1)) is None  # 01:30
    verdict = keeper.verify_nightly(NIGHT)
    assert verdict is not None
    assert verdict.ok
    assert keeper.verify_nightly(NIGHT + timedelta(hours=3)) is None
    with transaction(ground.sessions) as session:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("DROP TRIGGER journal_no_update"))
        else:
            session.execute(text("ALTER TABLE journal DISABLE TRIGGER ALL"))
        session.execute(text("UPDATE journal SET who = '别人' WHERE id = (SELECT max(id) FROM journal)"))
    found = keeper.verify_nightly(NIGHT + timedelta(days=1))
    assert found is not None
    assert not found.ok
    with transaction(ground.sessions, writes=False) as session:
        told = session.scalars(select(Message).where(Message.dedupe_key.like("audit:%"))).all()
        kept = session.scalars(select(Verification).order_by(Verification.id)).all()
    assert [bool(row.faults) for row in kept] == [False, True]
    assert ["记录被改动" in message.body for message in told] == [True]


def test_a_month_is_archived_once_with_its_own_rows(sessions: SessionFactory, tmp_path: Path) -> None:
    keeper = watch(sessions, tmp_path)
    october = datetime(2023, 10, 31, 15, 59, tzinfo=UTC)  # 23:59 in Asia/Shanghai
    write(sessions, october, 2)
    write(sessions, october + timedelta(minutes=2), 5)
    keeper.seal(NIGHT)
    target = keeper.archive_monthly(NIGHT)
    assert target == tmp_path / "archives" / "2023-10.zip"
    assert keeper.archive_monthly(NIGHT) is None
    with ZipFile(target) as package:
        rows = [orjson.loads(line) for line in package.read("journal.jsonl").splitlines()]
        assert [row["act"] for row in rows] == ["complete"] * 2
    assert archive_faults(BytesIO(target.read_bytes()), public_key_text(KEYS)) == []


@pytest.mark.parametrize(("day", "label"), [("2023-11-01", "2023-10"), ("2024-01-31", "2023-12")])
def test_the_month_before(day: str, label: str) -> None:
    assert month_before(datetime.fromisoformat(day).date()).label == label


def test_a_changed_archive_is_noticed(sessions: SessionFactory, tmp_path: Path) -> None:
    write(sessions, NIGHT)
    with transaction(sessions, writes=False) as session:
        assert write_archive(session, Month(2023, 11), tmp_path / "a.zip", NIGHT) == 3
    changed = BytesIO()
    with ZipFile(tmp_path / "a.zip") as old, ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"complete", b"withdraw") if name == "journal.jsonl" else content)
    assert archive_faults(changed) == ["journal.jsonl 与清单里的校验值不符"]
    assert archive_faults(BytesIO(b"no archive")) != []
    assert "公钥" in archive_faults(BytesIO((tmp_path / "a.zip").read_bytes()), "A" * 43 + "=")[0]
