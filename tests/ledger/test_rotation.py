"""A new key for personal data: everything reads as before, and the old key opens nothing (safety rule 13)."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select, text

from ledger.db import Keys, SessionFactory, open_ledger, transaction
from ledger.demonstration import build_county, build_projects
from ledger.projects import Project
from ledger.rotation import change_seal_key, forget_earlier_keys, seal_again
from ledger.seal_keys import SealCipher, SealKey, open_with_any
from ledger.settings import load_keys
from tests.conftest import KEYS

NOW = datetime(2023, 11, 6, 1, tzinfo=UTC)
SEALED_HERE = (
    "SELECT (SELECT count(telephone) + count(responsible_person) FROM project)"
    ' + (SELECT count(telephone) + count(email) FROM "user")'
)


@pytest.fixture
def data(tmp_path: Path, sessions: SessionFactory) -> Path:
    """A key file with the tests' keys, beside a county of two projects."""
    stored = {name: b64encode(getattr(KEYS, name)).decode() for name in ("seal", "mac", "cookie")}
    (tmp_path / "keys.json").write_text(json.dumps(stored))
    with transaction(sessions) as session:
        build_projects(session, build_county(session, NOW, ("桑柘镇",)), 2, NOW)
    return tmp_path


def telephones(url: str, keys: Keys) -> list[str | None]:
    opened = open_ledger(url, keys)
    try:
        with transaction(opened, writes=False) as session:
            return list(session.scalars(select(Project.telephone).order_by(Project.id)))
    finally:
        opened.kw["bind"].dispose()


def rotated(url: str, keys: Keys) -> int:
    opened = open_ledger(url, keys)
    try:
        return seal_again(opened, lambda _table, _count: None).value_count
    finally:
        opened.kw["bind"].dispose()


@pytest.mark.parametrize("cipher", [*SealCipher])
def test_every_value_is_sealed_again(data: Path, sessions: SessionFactory, ledger_url: str, cipher: SealCipher) -> None:
    before = telephones(ledger_url, KEYS)
    with transaction(sessions, writes=False) as session:
        sealed_count = session.execute(text(SEALED_HERE)).scalar_one()
    keys = change_seal_key(data, cipher)
    assert load_keys(data) == keys
    assert telephones(ledger_url, keys) == before  # between the two halves everything reads on
    assert rotated(ledger_url, keys) == sealed_count
    assert rotated(ledger_url, keys) == 0
    alone = forget_earlier_keys(data)
    assert (alone.earlier, alone.seal, alone.cipher, load_keys(data)) == ((), keys.seal, cipher, alone)
    assert telephones(ledger_url, alone) == before
    with pytest.raises(InvalidTag):
        telephones(ledger_url, KEYS)


def test_a_stranger_s_key_file_changes_nothing(data: Path, ledger_url: str) -> None:
    before = telephones(ledger_url, KEYS)
    stranger = Keys(b"y" * 32, KEYS.mac, KEYS.cookie, SealCipher.SM4, (SealKey(b"x" * 32),))
    with pytest.raises(InvalidTag):
        rotated(ledger_url, stranger)
    assert telephones(ledger_url, KEYS) == before


@pytest.mark.parametrize("cipher", [*SealCipher])
def test_a_changed_or_cut_value_is_not_opened(cipher: SealCipher) -> None:
    key = SealKey(b"k" * 32, cipher)
    sealed = key.close(b"13800000001")
    assert open_with_any(sealed, (SealKey(b"o" * 32, cipher), key)) == b"13800000001"
    for broken in (sealed[:-1], sealed[:12], b"", bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises((InvalidTag, ValueError)):
            key.open(broken)
