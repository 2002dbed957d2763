"""Backup and restore: everything comes back, on either database, and nothing broken is taken (safety rule 16)."""

from __future__ import annotations

import tarfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, select, text

from ledger import backup
from ledger.audit import verify
from ledger.backup import BackupUnusable, damaged_papers, read_backup, write_backup
from ledger.db import SessionFactory, open_ledger, transaction
from ledger.papers import Paper, read_paper
from ledger.people import Unit, User
from ledger.sealed_files import SealedReader, SealedWriter, Secret, Unsealable
from ledger.tables import METADATA
from tests.conftest import KEYS
from tests.replay import assert_case
from tests.walk import Ground, Walk

NOW = datetime(2023, 11, 6, 1, 0, tzinfo=UTC)
SECRET = Secret(key=KEYS.seal)
BY_WORD = Secret(passphrase="芦花白 芦花美")


def sealed(content: bytes, secret: Secret = SECRET, step: int = 1 << 16) -> bytes:
    target = BytesIO()
    with SealedWriter(target, secret) as writer:
        for start in range(0, len(content), step):
            writer.write(content[start : start + step])
    return target.getvalue()


@given(st.integers(min_value=0, max_value=5), st.sampled_from([-1, 0, 1, 17]))
def test_what_was_sealed_is_read_back(mebibytes: int, more: int) -> None:
    content = b"\x07" * max(0, (mebibytes << 20) + more)
    assert SealedReader(BytesIO(sealed(content)), SECRET).read() == content


@pytest.mark.parametrize("cut", [1, 16, (1 << 20) + 16, 1 << 20])
def test_a_file_cut_off_is_not_read(cut: int) -> None:
    content = sealed(b"x" * (3 << 20))
    with pytest.raises(Unsealable):
        SealedReader(BytesIO(content[:-cut]), SECRET).read()


def test_a_changed_byte_and_exchanged_chunks_are_noticed() -> None:
    content = bytearray(sealed(bytes(3 << 20)))
    size, head = (1 << 20) + 16, 29
    first, second = content[head : head + size], content[head + size : head + 2 * size]
    swapped = bytes(content[:head] + second + first + content[head + 2 * size :])
    content[100_000] ^= 1
    for broken in (bytes(content), swapped, b"", b"SGYB1k"):
        with pytest.raises(Unsealable):
            SealedReader(BytesIO(broken), SECRET).read()


def test_each_secret_opens_its_own() -> None:
    content = sealed(b"text", BY_WORD)
    assert SealedReader(BytesIO(content), BY_WORD).read() == b"text"
    for wrong in (SECRET, Secret(passphrase="falsch")):
        with pytest.raises(Unsealable):
            SealedReader(BytesIO(content), wrong).read()


def rows(sessions: SessionFactory) -> dict[str, int]:
    with transaction(sessions, writes=False) as session:
        return {
            table.name: session.execute(text(f'SELECT count(*) FROM "{table.name}"')).scalar_one()
            for table in METADATA.sorted_tables
        }


def walked(ground: Ground) -> None:
    """Let one case go some steps: items, drafts, papers, journal."""
    walk = Walk(ground, ground.projects[0])
    walk.to("joint_review")


def test_a_backup_comes_back_on_the_other_database(ground: Ground, postgres_url: str, tmp_path: Path) -> None:
    """From SQLite into PostgreSQL, as an installation outgrows one machine; and the other way round."""
    walked(ground)
    source = ground.sessions.kw["bind"].url
    target = f"sqlite:///{tmp_path}/again.sqlite" if source.get_backend_name() == "postgresql" else postgres_url
    made = write_backup(source, KEYS, ground.papers, tmp_path / "b.sgyb", SECRET, NOW)
    restored = open_ledger(target, KEYS)
    with transaction(restored) as session:
        if session.get_bind().dialect.name == "postgresql":  # the test's database comes with its schema
            session.execute(text("DROP SCHEMA public CASCADE"))
            session.execute(text("CREATE SCHEMA public"))
    with (tmp_path / "b.sgyb").open("rb") as file:
        told = read_backup(file, target, KEYS, tmp_path / "papers", SECRET)
    assert told == made
    assert rows(restored) == rows(ground.sessions)
    assert told.paper_count == sum(1 for path in ground.papers.rglob("*") if path.is_file())
    assert list(damaged_papers(tmp_path / "papers")) == []
    with transaction(restored) as session:
        person = session.scalars(select(User).where(User.login == "xitong")).one()
        assert person.telephone == "13800000002", "sealed values open with the same keys"
        session.add(Unit(code="500243999", name="新镇", short_name="新镇", kind="township", path="/x/"))
        session.flush()  # numbers go on after the highest
    restored.kw["bind"].dispose()


def test_a_backup_among_writers_is_of_one_moment(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each table is read a case takes one more step; the copy knows none of them, or each as a whole."""
    walk, put, taken = Walk(ground, ground.projects[0]), backup._put_table, list[str]()

    def step_and_put(connection: Connection, table: Table, tape: tarfile.TarFile) -> tuple[int, str]:
        if walk.waiting():
            walk.complete(walk.waiting()[0])
        taken.append(str(table.name))
        return put(connection, table, tape)

    walk.to("party_meeting")
    before, steps = rows(ground.sessions), len(walk.log)
    with monkeypatch.context() as writing:
        writing.setattr(backup, "_put_table", step_and_put)
        made = write_backup(ground.sessions.kw["bind"].url, KEYS, ground.papers, tmp_path / "b.sgyb", SECRET, NOW)
    assert len(walk.log) > steps + 5
    assert {"case", "journal", "paper", "work_item"} <= set(taken)
    assert made.tables == {name: count for name, count in before.items() if name in made.tables}
    sessions = restored(tmp_path)
    assert rows(sessions) == before
    assert_case(sessions, walk.case_id)
    with transaction(sessions, writes=False) as session:
        assert verify(session).faults == []
        named = session.scalars(select(Paper.sha256)).all()
    assert named
    assert [len(read_paper(tmp_path / "papers-again", each)) > 0 for each in named] == [True] * len(named)
    sessions.kw["bind"].dispose()


def restored(folder: Path) -> SessionFactory:
    """Restore the folder's backup beside it, as the nightly drill does."""
    url = f"sqlite:///{folder}/again.sqlite"
    with (folder / "b.sgyb").open("rb") as file:
        read_backup(file, url, KEYS, folder / "papers-again", SECRET)
    return open_ledger(url, KEYS)


def test_a_file_that_goes_meanwhile_was_nobodys(
    sqlite_ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that fails takes its files back, also between the list of them and the reading of one."""
    going = sqlite_ground.papers / "00" / ("f" * 62)
    going.parent.mkdir(parents=True)
    going.write_bytes(b"of a failed transaction")
    walked(sqlite_ground)
    source, add = sqlite_ground.sessions.kw["bind"].url, tarfile.TarFile.add

    def gone(tape: tarfile.TarFile, path: Path, *given: Any, **more: Any) -> None:
        going.unlink(missing_ok=True)
        add(tape, path, *given, **more)

    monkeypatch.setattr(tarfile.TarFile, "add", gone)
    made = write_backup(source, KEYS, sqlite_ground.papers, tmp_path / "b.sgyb", SECRET, NOW)
    assert made.paper_count == sum(1 for path in sqlite_ground.papers.rglob("*") if path.is_file())
    restored(tmp_path).kw["bind"].dispose()


def test_nothing_is_restored_over_something(ground: Ground, tmp_path: Path) -> None:
    source = ground.sessions.kw["bind"].url
    write_backup(source, KEYS, ground.papers, tmp_path / "b.sgyb", SECRET, NOW)
    before = rows(ground.sessions)
    with (tmp_path / "b.sgyb").open("rb") as file, pytest.raises(BackupUnusable, match="不是空的"):
        read_backup(file, source, KEYS, tmp_path / "papers", SECRET)
    assert rows(ground.sessions) == before


def test_half_a_backup_is_refused(sqlite_ground: Ground, tmp_path: Path) -> None:
    write_backup(sqlite_ground.sessions.kw["bind"].url, KEYS, sqlite_ground.papers, tmp_path / "b.sgyb", SECRET, NOW)
    content = (tmp_path / "b.sgyb").read_bytes()
    with pytest.raises((BackupUnusable, Unsealable)):
        read_backup(
            BytesIO(content[: len(content) // 2]), f"sqlite:///{tmp_path}/n.sqlite", KEYS, tmp_path / "p", SECRET
        )
    assert not (tmp_path / "half.sgyb.part").exists()
