"""A new key for personal data: written into the key file first, then every sealed value is sealed again.

The audit's key is changed here too: nothing is written again, for rows and seals tell which key made them, and the
chain goes on under the new one, so that what the old key wrote cannot be forged with it any more.

The earlier key stays beside the new one until nothing is sealed with it any more, so that a rotation that was
interrupted is simply run again. What the database refuses to change (snapshots) keeps its key, and with it the file.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_bytes
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Column, LargeBinary, Table, bindparam, select, type_coerce, update
from sqlalchemy.orm import Session

from ledger.audit_keys import AuditKey
from ledger.db import Base, Keys, SealedJson, SealedText, SessionFactory, transaction
from ledger.seal_keys import SealCipher, SealKey, open_with_any
from ledger.settings import KEY_FILE, load_keys

WRITE_ONCE = frozenset({"snapshot"})
"""Tables whose rows a trigger keeps as they are."""
_BATCH = 500  # rows read at a time
_SENT = ("_row", "_before", "_after")


@dataclass(frozen=True)
class Resealed:
    """What one rotation did."""

    value_count: int  # sealed again
    kept_count: int  # still under an earlier key, in rows that cannot be changed


def change_seal_key(data: Path, cipher: SealCipher) -> Keys:
    """Put a new seal key into the key file, the present one behind it as an earlier one; return all of them."""
    before = load_keys(data)
    present = SealKey(before.seal, before.cipher)
    return _keep(data, replace(before, seal=token_bytes(32), cipher=cipher, earlier=(present, *before.earlier)))


def change_audit_key(data: Path) -> Keys:
    """Put a new key of the audit into the key file, behind those that stay to verify with; return all of them."""
    before = load_keys(data)
    fresh = AuditKey(before.audit_key.number + 1, token_bytes(32))
    return _keep(data, replace(before, audit=(*before.audit, fresh)))


def forget_earlier_keys(data: Path) -> Keys:
    """Drop the earlier seal keys from the key file: nothing is sealed with them any more."""
    return _keep(data, replace(load_keys(data), earlier=()))


def seal_again(sessions: SessionFactory, tell: Callable[[str, int], None]) -> Resealed:
    """Seal every value with the present key, a table in a transaction; `tell` hears of each table and its values.

    Raises InvalidTag for a value that none of the keys opens: it was changed, or the key file is another's.
    """
    changed_count = kept_count = 0
    for table, columns in _sealed_tables():
        if table.name in WRITE_ONCE:
            with transaction(sessions, writes=False) as session:
                kept_count += sum(len(found) for found in _outdated(session, table, columns))
            continue
        with transaction(sessions) as session:
            count = sum(_write(session, table, found) for found in _outdated(session, table, columns))
        tell(table.name, count)
        changed_count += count
    return Resealed(changed_count, kept_count)


def _sealed_tables() -> Iterator[tuple[Table, list[Column[Any]]]]:
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.columns if isinstance(column.type, SealedText | SealedJson)]
        if columns:
            yield table, columns


def _outdated(session: Session, table: Table, columns: list[Column[Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the values that the present key does not open, with their rows' keys, some rows at a time."""
    keys: Keys = session.info["keys"]
    present, key = SealKey(keys.seal, keys.cipher), table.primary_key.columns.values()[0]
    raw = [type_coerce(column, LargeBinary).label(column.name) for column in columns]
    last = None
    while True:
        wanted = select(key.label("_row"), *raw).order_by(key).limit(_BATCH)
        rows = session.execute(wanted if last is None else wanted.where(key > last)).mappings().all()
        if not rows:
            return
        last = rows[-1]["_row"]
        found = []
        for row in rows:
            for column in columns:
                sealed = row[column.name]
                if sealed is not None and not _opens(present, sealed):
                    fresh = present.close(open_with_any(sealed, keys.earlier))
                    found.append({"_row": row["_row"], "_column": column, "_before": sealed, "_after": fresh})
        yield found


def _opens(key: SealKey, sealed: bytes) -> bool:
    try:
        key.open(sealed)
    except InvalidTag:
        return False
    return True


def _write(session: Session, table: Table, found: list[dict[str, Any]]) -> int:
    key = table.primary_key.columns.values()[0]
    for column in {each["_column"] for each in found}:
        unchanged = type_coerce(column, LargeBinary) == bindparam("_before", type_=LargeBinary)
        fresh = {column: bindparam("_after", type_=LargeBinary)}
        statement = update(table).where(key == bindparam("_row"), unchanged).values(fresh)
        values = [{name: each[name] for name in _SENT} for each in found if each["_column"] is column]
        session.connection().execute(statement, values)
    return len(found)


def _keep(data: Path, keys: Keys) -> Keys:
    """Write the key file anew beside the old one, then in its place: a crash leaves one of the two whole."""
    written: dict[str, Any] = {name: _text(getattr(keys, name)) for name in ("seal", "mac", "cookie")}
    written["cipher"] = keys.cipher
    written["earlier"] = [{"seal": _text(key.secret), "cipher": key.cipher} for key in keys.earlier]
    written["audit"] = [{"number": key.number, "secret": _text(key.secret)} for key in keys.audit]
    fresh = data / f"{KEY_FILE}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(written, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(data / KEY_FILE)
    return keys


def _text(secret: bytes) -> str:
    return base64.b64encode(secret).decode()
