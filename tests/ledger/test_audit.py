"""The audit's chain: ten kinds of tampering are found, and nothing else is called one (safety rule 14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from ledger.audit import FaultKind, Verdict, verify
from ledger.db import SessionFactory, open_ledger, transaction
from ledger.journal import Act, Entry, Moment
from ledger.scope import CLOCK
from ledger.seals import Anchor, Digest, Seal, anchor_of, last_seal, numbers_in, ranges_text, seal_journal
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
            anchors.append(anchor_of(seal, KEYS.mac))
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

    session.execute(text("UPDATE journal SET who = '别人', mac = :mac WHERE id = 6"), {"mac": mac_of(other, KEYS.mac)})


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
