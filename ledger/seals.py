"""The audit's chain: committed journal rows linked, in batches without a gap, by one sealer (safety rule 14).

A row of the journal carries its own MAC, written in its transaction; no transaction waits for another's. The sealer
comes afterwards, within a minute: each seal names the rows it takes by number, digests their MACs, and is linked to the
seal before it. What is sealed cannot be changed, removed, added, swapped or renumbered without the verifier noticing.

On PostgreSQL a transaction that began earlier can commit later, with lower numbers: a seal therefore lists its rows,
and keeps the numbers that were missing below its highest until they turn up or a day has passed (rolled back).
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
from cryptography.hazmat.primitives import hashes
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.audit_keys import HASHES, AuditKey, Digest, key_of_link, keyed, link_text
from ledger.db import Base, Keys
from ledger.journal import Entry

BATCH = 5_000  # rows of one seal
GAP_LIVES = timedelta(days=1)  # no transaction stays open longer
FIRST_LINK = "0" * 64


class Seal(Base):
    """One link of the chain; never updated or deleted: triggers refuse it on both databases."""

    __tablename__ = "seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, 3 … without a gap
    sealed_at: Mapped[datetime]  # real time
    row_count: Mapped[int]
    through_id: Mapped[int]  # highest journal row sealed so far
    rows: Mapped[str]  # journal numbers, as ranges: 1-40,42
    missing: Mapped[str]  # numbers below `through_id` not seen yet, JSON {number: first missed}
    digest: Mapped[str]  # over the rows' numbers and MACs
    algorithm: Mapped[str]  # Digest
    link: Mapped[str]  # HMAC over the seal before and everything above


@dataclass(frozen=True)
class Anchor:
    """What is sent to a second place about a seal: enough to notice that the chain was cut or replaced."""

    number: int
    sealed_at: str
    through_id: int
    link: str
    mac: str


def seal_journal(session: Session, real_now: datetime, algorithm: Digest = Digest.SHA256) -> Seal | None:
    """Seal the next batch of committed rows; None when there is none, or when another sealer was quicker."""
    last = last_seal(session)
    through = last.through_id if last else 0
    missing: dict[str, str] = orjson.loads(last.missing) if last else {}
    rows = _rows_after(session, through, [int(number) for number in missing])
    if not rows:
        return None
    numbers = [number for number, _mac in rows]
    seal = Seal(
        number=(last.number if last else 0) + 1,
        sealed_at=real_now,
        row_count=len(rows),
        through_id=max(through, numbers[-1]),
        rows=ranges_text(numbers),
        missing=orjson.dumps(_still_missing(missing, through, numbers, real_now)).decode(),
        digest=digest_of(rows, algorithm),
        algorithm=algorithm,
    )
    keys: Keys = session.info["keys"]
    seal.link = link_of(seal, last.link if last else FIRST_LINK, keys.audit_key)
    try:
        with session.begin_nested():
            session.add(seal)
    except IntegrityError:
        return None  # the same number by another sealer: its rows are the same
    return seal


def last_seal(session: Session) -> Seal | None:
    """Return the newest link."""
    return session.scalars(select(Seal).order_by(Seal.number.desc()).limit(1)).one_or_none()


def unsealed_count(session: Session) -> int:
    """Return how many rows were written since the newest seal."""
    last = last_seal(session)
    after = Entry.id > (last.through_id if last else 0)
    return session.scalars(select(func.count(Entry.id)).where(after)).one()


def _rows_after(session: Session, through: int, missed: Collection[int]) -> Sequence[tuple[int, str]]:
    fresh = select(Entry.id, Entry.mac).where(Entry.id > through).order_by(Entry.id).limit(BATCH)
    found = [(number, mac) for number, mac in session.execute(fresh)]
    if missed:
        late = session.execute(select(Entry.id, Entry.mac).where(Entry.id.in_(missed)))
        found = sorted([*found, *((number, mac) for number, mac in late)])
    return found


def _still_missing(
    missing: Mapping[str, str], through: int, numbers: Sequence[int], real_now: datetime
) -> dict[str, str]:
    oldest = (real_now - GAP_LIVES).astimezone(UTC).isoformat()
    seen, now = set(numbers), real_now.astimezone(UTC).isoformat()
    kept = {number: since for number, since in missing.items() if int(number) not in seen and since > oldest}
    gaps = {str(number): now for number in range(through + 1, numbers[-1]) if number not in seen}
    return kept | gaps


def digest_of(rows: Iterable[tuple[int, str]], algorithm: Digest) -> str:
    """Return the hash over rows' numbers and MACs, in the order of their numbers."""
    hashing = hashes.Hash(HASHES[algorithm]())
    for number, mac in rows:
        hashing.update(f"{number}:{mac}\n".encode())
    return hashing.finalize().hex()


def link_of(seal: Seal, before: str, key: AuditKey) -> str:
    """Return the HMAC that ties a seal to the one before it."""
    stamp = seal.sealed_at.astimezone(UTC).isoformat()
    content = [before, seal.number, stamp, seal.row_count, seal.through_id, seal.rows, seal.missing, seal.digest]
    return link_text(orjson.dumps([*content, seal.algorithm]), key, Digest(seal.algorithm))


def anchor_of(seal: Seal, keys: Keys) -> Anchor:
    """Return the seal's anchor with a MAC of its own, by the key that made the seal."""
    told = (seal.number, seal.sealed_at.astimezone(UTC).isoformat(), seal.through_id, seal.link)
    key = keys.audit_keys[key_of_link(seal.link)]
    return Anchor(*told, keyed(orjson.dumps(["anchor", *told]), key, Digest(seal.algorithm)))


def is_genuine(anchor: Anchor, keys: Keys) -> bool:
    """Say whether an anchor is as it was sent."""
    told = orjson.dumps(["anchor", anchor.number, anchor.sealed_at, anchor.through_id, anchor.link])
    try:
        key = keys.audit_keys[key_of_link(anchor.link)]
    except (ValueError, KeyError):
        return False
    return any(hmac.compare_digest(anchor.mac, keyed(told, key, digest)) for digest in Digest)


def ranges_text(numbers: Sequence[int]) -> str:
    """Write ascending numbers as ranges: [1, 2, 3, 7] → 1-3,7."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)


def numbers_in(text: str) -> list[int]:
    """Read what `ranges_text` wrote; ValueError for anything else."""
    found: list[int] = []
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found
