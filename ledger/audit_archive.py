"""A month of the audit as a file: its rows, its seals, their checksums, and a signature that anybody can check.

The signature is Ed25519 by a key drawn from the installation's MAC key; the public half is shown to the audit
administrator and lies in every archive, so a copy kept elsewhere can be checked without the key.
"""

from __future__ import annotations

import base64
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ledger.db import Keys, end_of_day
from ledger.journal import Entry
from ledger.seals import Seal

_CHUNK = 2_000
_MOST_BYTES = 4 << 30  # of one part, unpacked
_PARTS = ("journal.jsonl", "seals.jsonl")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in Asia/Shanghai."""

    year: int
    month: int

    @property
    def label(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def begins_at(self) -> datetime:
        return end_of_day(date(self.year, self.month, 1)) - _ONE_DAY

    @property
    def ends_at(self) -> datetime:
        return end_of_day(date(self.year, self.month, monthrange(self.year, self.month)[1]))


def month_before(day: date) -> Month:
    """Return the last whole month before `day`."""
    last = day.replace(day=1) - _ONE_DAY
    return Month(last.year, last.month)


def write_archive(session: Session, month: Month, target: Path, real_now: datetime) -> int:
    """Write the month's archive to `target`, replaced only when whole; returns how many rows it holds."""
    keys: Keys = session.info["keys"]
    key = signing_key(keys)
    between = (Entry.recorded_at >= month.begins_at, Entry.recorded_at < month.ends_at)
    entries = select(*(getattr(Entry, column.name) for column in Entry.__table__.columns)).where(*between)
    sealed = (Seal.sealed_at >= month.begins_at, Seal.sealed_at < month.ends_at + _ONE_DAY)
    seals = select(*(getattr(Seal, column.name) for column in Seal.__table__.columns)).where(*sealed)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    with ZipFile(partial, "w", ZIP_DEFLATED) as package:
        parts = {
            _PARTS[0]: _put(package, _PARTS[0], _lines(session, entries.order_by(Entry.id))),
            _PARTS[1]: _put(package, _PARTS[1], _lines(session, seals.order_by(Seal.number))),
        }
        manifest = orjson.dumps({"month": month.label, "made_at": real_now.astimezone(UTC).isoformat(), "parts": parts})
        package.writestr("manifest.json", manifest)
        package.writestr("signature.txt", base64.b64encode(key.sign(manifest)))
        package.writestr("public-key.txt", public_key_text(keys))
    partial.replace(target)
    count: int = parts[_PARTS[0]]["lines"]
    return count


def archive_faults(file: BinaryIO, public_key: str = "") -> list[str]:
    """Say in Chinese what is wrong with an archive; nothing when it is as it was signed.

    `public_key` is the installation's, as text; without it the one in the archive is trusted, which shows only that
    the archive fits itself.
    """
    try:
        with ZipFile(file) as package:
            return list(_faults(package, public_key))
    except (BadZipFile, KeyError, ValueError) as broken:
        return [f"文件不是完整的审计归档：{broken}"]


def _faults(package: ZipFile, public_key: str) -> Iterator[str]:
    manifest, told = package.read("manifest.json"), package.read("public-key.txt").decode()
    if public_key and told != public_key:
        yield "归档里的公钥不是本系统的公钥"
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key or told))
    try:
        key.verify(base64.b64decode(package.read("signature.txt")), manifest)
    except InvalidSignature:
        yield "清单的签名不对"
    for name, facts in orjson.loads(manifest)["parts"].items():
        if package.getinfo(name).file_size > _MOST_BYTES:
            yield f"{name} 过大"
        elif sum_of(package, name) != facts["sha256"]:
            yield f"{name} 与清单里的校验值不符"


def signing_key(keys: Keys) -> Ed25519PrivateKey:
    """Draw the key that signs archives from the installation's MAC key."""
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"sigeyipi audit archive").derive(keys.mac)
    return Ed25519PrivateKey.from_private_bytes(derived)


def public_key_text(keys: Keys) -> str:
    public = signing_key(keys).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(public).decode()


def _lines(session: Session, rows: Select[Any]) -> Iterator[bytes]:
    for row in session.execute(rows.execution_options(yield_per=_CHUNK)):
        yield orjson.dumps(dict(row._mapping)) + b"\n"


def _put(package: ZipFile, name: str, lines: Iterator[bytes]) -> dict[str, Any]:
    hashing, count = sha256(), 0
    with package.open(name, "w", force_zip64=True) as part:
        for line in lines:
            part.write(line)
            hashing.update(line)
            count += 1
    return {"lines": count, "sha256": hashing.hexdigest()}


def sum_of(package: ZipFile, name: str) -> str:
    """Return the SHA-256 of a part, read piece by piece."""
    hashing = sha256()
    with package.open(name) as part:
        while block := part.read(1 << 20):
            hashing.update(block)
    return hashing.hexdigest()
