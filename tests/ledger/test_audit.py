"""The audit's chain: ten kinds of tampering are found, and nothing else is called one (safety rule 14)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from ledger.audit import FaultKind, Verdict, verify
from ledger.audit_keys import AuditKey, Digest
from ledger.db import Keys, SessionFactory, open_ledger, transaction
from ledger.journal import Act, Entry, Moment
from ledger.scope import CLOCK
from ledger.seals import (
    FIRST_LINK,
    Anchor,
    Seal,
    anchor_of,
    digest_of,
    last_seal,
    link_of,
    numbers_in,
    ranges_text,
    seal_journal,
)
from ledger.writing import mac_of, record
from tests.conftest import KEYS

NOW = datetime(2023, 11, 6, 1, 0, tzinfo=UTC)
TRIGGERS = {
    "sqlite": ("journal_no_update", "journal_no_delete", "seal_no_update", "seal_no_delete"),
    "postgresql": (),
}


def write(session: Session, count: int, at: datetime = NOW) -> None:
    for number in range(count):
        record(session, Moment(at, at), CLOCK, Act("complete", case_id=number, detail={"n": number}))
    session.flush()


def sealed(
    sessions: SessionFactory, batches: int = 3, algorithm: Digest = Digest.SHA256, begins: datetime = NOW
) -> list[Anchor]:
    """Write and seal batches of four rows; returns the anchors."""
    anchors = []
    for number in range(batches):
        at = begins + timedelta(minutes=number)
        with transaction(sessions) as session:
            write(session, 4, at)
        with transaction(sessions) as session:
            seal = seal_journal(session, at + timedelta(seconds=30), algorithm)
            assert seal is not None
            anchors.append(anchor_of(seal, session.info["keys"]))
    return anchors


def disarm(session: Session) -> None:
    """Do what somebody with the database's own password can: take the triggers away."""
    if session.get_bind().dialect.name == "sqlite":
        for name in TRIGGERS["sqlite"]:
            session.execute(text(f"DROP TRIGGER {name}"))
    else:
        for table in ("journal", "seal"):
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))


def look(sessions: SessionFactory, anchors: list[Anchor]) -> Verdict:
    with transaction(sessions, writes=False) as session:
        return verify(session, anchors)


def swap(session: Session, first: int, second: int) -> None:
    """Exchange two rows' numbers: each keeps its own MAC."""
    for old, new in ((first, -1), (second, first), (-1, second)):
        session.execute(text("UPDATE journal SET id = :new WHERE id = :old"), {"old": old, "new": new})


def copy(session: Session, source: int, number: int) -> None:
    columns = ", ".join(column.name for column in Entry.__table__.columns if column.name != "id")
    session.execute(
        text(f"INSERT INTO journal (id, {columns}) SELECT :number, {columns} FROM journal WHERE id = :source"),
        {"number": number, "source": source},
    )


def run(*statements: str) -> Callable[[Session], None]:
    def apply(session: Session) -> None:
        for statement in statements:
            session.execute(text(statement))

    return apply


def forge(session: Session) -> None:
    """Rewrite a row with a MAC that fits, as somebody with the key could, and leave its seal."""
    entry = session.get_one(Entry, 6)
    other = Entry(**{c.name: getattr(entry, c.name) for c in Entry.__table__.columns if c.name != "mac"})
    other.who = "别人"

    other.mac = entry.mac  # which hash and which key
    fitting = mac_of(other, session.info["keys"])
    session.execute(text("UPDATE journal SET who = '别人', mac = :mac WHERE id = 6"), {"mac": fitting})


TAMPERINGS: dict[str, tuple[Callable[[Session], None], FaultKind]] = {
    "a word edited": (run("UPDATE journal SET detail = '{}' WHERE id = 5"), FaultKind.EDITED),
    "a person exchanged": (run("UPDATE journal SET who = '别人' WHERE id = 1"), FaultKind.EDITED),
    "an edit with a fitting MAC": (forge, FaultKind.SWAPPED),
    "a row deleted": (run("DELETE FROM journal WHERE id = 7"), FaultKind.DELETED),
    "a row copied into the past": (lambda session: copy(session, 3, 0), FaultKind.INSERTED),
    "two rows exchanged": (lambda session: swap(session, 2, 3), FaultKind.SWAPPED),
    "a seal altered": (run("UPDATE seal SET row_count = 9 WHERE number = 2"), FaultKind.SEAL),
    "a seal removed from the middle": (run("DELETE FROM seal WHERE number = 2"), FaultKind.CUT),
    "the tail cut off": (
        run("DELETE FROM seal WHERE number = 3", "DELETE FROM journal WHERE id > 8"),
        FaultKind.CUT,
    ),
    "the clock turned back": (
        run("UPDATE seal SET sealed_at = '2020-01-01 00:00:00' WHERE number = 3"),
        FaultKind.CLOCK,
    ),
    "a row sealed twice": (run("UPDATE seal SET rows = '4-8' WHERE number = 2"), FaultKind.DOUBLED),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_is_found(sessions: SessionFactory, tampering: str) -> None:
    anchors = sealed(sessions)
    assert look(sessions, anchors).ok
    apply, kind = TAMPERINGS[tampering]
    with transaction(sessions) as session:
        disarm(session)
        apply(session)
    assert kind in {fault.kind for fault in look(sessions, anchors).faults}


NEXT = replace(KEYS, audit=(AuditKey(1, b"n" * 32),))
HISTORIES: dict[str, tuple[Keys, ...]] = {
    "SM3": (replace(KEYS, digest=Digest.SM3),) * 3,
    "SM3 from the second batch on": (KEYS, *(replace(KEYS, digest=Digest.SM3),) * 2),
    "a new key from the second batch on": (KEYS, NEXT, NEXT),
    "a new key and SM3 at last": (KEYS, NEXT, replace(NEXT, digest=Digest.SM3)),
}
"""Keys and hash of each batch; the last ones are what is verified with."""


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    shutil.copy(migrated_sqlite, tmp_path / "ledger.sqlite")
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


@contextmanager
def opened(url: str, keys: Keys) -> Iterator[SessionFactory]:
    sessions = open_ledger(url, keys)
    yield sessions
    sessions.kw["bind"].dispose()


def written(url: str, history: tuple[Keys, ...]) -> list[Anchor]:
    """Write and seal a batch with each of the keys, as an installation does whose settings change in between."""
    anchors = []
    for number, keys in enumerate(history):
        with opened(url, keys) as sessions:
            anchors += sealed(sessions, 1, keys.digest, NOW + timedelta(minutes=number))
    return anchors


@pytest.mark.parametrize("tampering", TAMPERINGS)
@pytest.mark.parametrize("history", HISTORIES)
def test_tampering_is_found_whatever_it_was_written_with(sqlite_url: str, history: str, tampering: str) -> None:
    anchors = written(sqlite_url, HISTORIES[history])
    with opened(sqlite_url, HISTORIES[history][-1]) as sessions:
        assert look(sessions, anchors).ok
        apply, kind = TAMPERINGS[tampering]
        with transaction(sessions) as session:
            disarm(session)
            apply(session)
        assert kind in {fault.kind for fault in look(sessions, anchors).faults}


def test_rows_and_seals_tell_what_they_were_made_with(sqlite_url: str) -> None:
    written(sqlite_url, HISTORIES["a new key and SM3 at last"])
    with opened(sqlite_url, NEXT) as sessions, transaction(sessions, writes=False) as session:
        macs = [entry.mac for entry in session.query(Entry).order_by(Entry.id)]
        links = [seal.link for seal in session.query(Seal).order_by(Seal.number)]
    assert [mac.rpartition("-")[0] for mac in macs] == [""] * 4 + ["sha256-1"] * 4 + ["sm3-1"] * 4
    assert [link.rpartition("-")[0] for link in links] == ["", "1", "1"]
    assert {len(each.rpartition("-")[2]) for each in (*macs, *links)} == {64}


def test_a_key_that_was_replaced_writes_no_more(sqlite_url: str) -> None:
    """Who took the old key cannot go on with it, nor write anew what lies before the change."""
    anchors = written(sqlite_url, (KEYS, NEXT))
    with opened(sqlite_url, KEYS) as sessions:
        sealed(sessions, 1, begins=NOW + timedelta(hours=1))
    with opened(sqlite_url, NEXT) as sessions:
        found = look(sessions, anchors).faults
    assert {fault.kind for fault in found} == {FaultKind.KEY}
    assert any("已停用的第 0 号密钥" in fault.sentence for fault in found)


def test_a_history_of_the_old_key_alone_is_found(sqlite_url: str) -> None:
    """Everything since the change cut off, anchors and all: the new key was used, and nothing shows it."""
    anchors = written(sqlite_url, (KEYS,))
    with opened(sqlite_url, NEXT) as sessions:
        assert {fault.kind for fault in look(sessions, anchors).faults} == {FaultKind.CUT}


def test_the_past_written_anew_with_the_old_key_is_found(sqlite_url: str) -> None:
    """A row and its seal that fit each other under the old key: the new key's first seal does not fit them."""
    written(sqlite_url, (KEYS, NEXT))
    with opened(sqlite_url, KEYS) as sessions, transaction(sessions) as session:
        disarm(session)
        entry = session.get_one(Entry, 2)
        entry.who = "别人"
        entry.mac = mac_of(entry, KEYS)
        session.flush()
        rows = [(row.id, row.mac) for row in session.query(Entry).filter(Entry.id <= 4).order_by(Entry.id)]
        seal = session.get_one(Seal, 1)
        seal.digest = digest_of(rows, Digest.SHA256)
        seal.link = link_of(seal, FIRST_LINK, KEYS.audit_key)
    with opened(sqlite_url, NEXT) as sessions:
        assert {fault.kind for fault in look(sessions, []).faults} == {FaultKind.SEAL}


def test_a_key_that_is_not_there_is_told(sqlite_url: str) -> None:
    written(sqlite_url, (KEYS, NEXT))
    with opened(sqlite_url, KEYS) as sessions:
        assert {fault.kind for fault in look(sessions, []).faults} == {FaultKind.KEY}


@pytest.mark.parametrize("mac", ["", "sm4-0-00", "sm3-x-00", "sha256-0-00", "sm3-0-" + "0" * 64])
def test_a_mac_of_another_form_is_an_edit(sqlite_url: str, mac: str) -> None:
    written(sqlite_url, (KEYS,))
    with opened(sqlite_url, KEYS) as sessions:
        with transaction(sessions) as session:
            disarm(session)
            session.execute(text("UPDATE journal SET mac = :mac WHERE id = 2"), {"mac": mac})
        assert FaultKind.EDITED in {fault.kind for fault in look(sessions, []).faults}


@pytest.mark.parametrize("statement", ["algorithm = 'md5'", "link = 'x-00'", "rows = 'x'", "algorithm = 'sm3'"])
def test_a_seal_of_another_form_is_altered(sqlite_url: str, statement: str) -> None:
    written(sqlite_url, (KEYS,))
    with opened(sqlite_url, KEYS) as sessions:
        with transaction(sessions) as session:
            disarm(session)
            session.execute(text(f"UPDATE seal SET {statement}"))
        assert FaultKind.SEAL in {fault.kind for fault in look(sessions, []).faults}


def test_a_table_replaced_by_another_is_found(sessions: SessionFactory) -> None:
    """A whole journal with a chain that holds in itself, made later with the same key, does not fit the anchors."""
    anchors = sealed(sessions)
    with transaction(sessions) as session:
        disarm(session)
        run("DELETE FROM seal", "DELETE FROM journal")(session)
    sealed(sessions, batches=4, begins=NOW + timedelta(days=1))
    verdict = look(sessions, anchors)
    assert {fault.kind for fault in verdict.faults} >= {FaultKind.REPLACED}


def test_altered_and_missing_anchors_are_found(sessions: SessionFactory) -> None:
    anchors = sealed(sessions)
    altered = [anchors[0], replace(anchors[1], link="f" * 64), anchors[2]]
    assert [fault.kind for fault in look(sessions, altered).faults] == [FaultKind.ANCHOR]
    assert [fault.kind for fault in look(sessions, [anchors[0], anchors[2]]).faults] == [FaultKind.ANCHOR]


def test_the_database_refuses_to_touch_journal_and_seals(sessions: SessionFactory) -> None:
    sealed(sessions, batches=1)
    for statement in (
        "UPDATE journal SET who = ''",
        "DELETE FROM journal",
        "UPDATE seal SET rows = ''",
        "DELETE FROM seal",
    ):
        with transaction(sessions) as session:
            with pytest.raises(DatabaseError, match="append-only"):
                session.execute(text(statement))
            session.rollback()


def test_the_chain_has_no_gap_and_takes_each_row_once(sessions: SessionFactory) -> None:
    sealed(sessions, batches=3, algorithm=Digest.SM3)
    with transaction(sessions) as session:
        assert seal_journal(session, NOW + timedelta(hours=1)) is None
        write(session, 1, NOW + timedelta(hours=1))
    verdict = look(sessions, [])
    assert (verdict.ok, verdict.row_count, verdict.seal_count, verdict.unsealed_count) == (True, 13, 3, 1)


def test_a_row_that_commits_late_is_sealed_late(postgres_url: str) -> None:
    """Numbers are given before the commit: on PostgreSQL a lower one can turn up later (SQLite has one writer)."""
    sessions = open_ledger(postgres_url, KEYS)
    slow = sessions()
    write(slow, 1)
    with transaction(sessions) as session:
        write(session, 2)
    with transaction(sessions) as session:
        assert seal_journal(session, NOW) is not None
        assert last_seal(session).rows == "2-3"  # type: ignore[union-attr]  # just sealed
    slow.commit()
    slow.close()
    assert look(sessions, []).ok
    with transaction(sessions) as session:
        seal = seal_journal(session, NOW + timedelta(seconds=30))
        assert seal is not None
        assert (seal.rows, seal.missing) == ("1", "{}")
    assert look(sessions, []).ok
    sessions.kw["bind"].dispose()


def test_two_sealers_make_one_chain(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        write(session, 3)
    with transaction(sessions) as session:
        first = seal_journal(session, NOW)
        assert first is not None
        session.expunge(first)
        number = first.number
    with transaction(sessions) as session:
        assert seal_journal(session, NOW) is None
        assert session.get_one(Seal, number).row_count == 3


@given(st.sets(st.integers(min_value=0, max_value=10_000), max_size=60))
def test_ranges_are_read_as_they_were_written(numbers: set[int]) -> None:
    assert numbers_in(ranges_text(sorted(numbers))) == sorted(numbers)
