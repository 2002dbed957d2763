"""Anchors of the audit's chain in a file at a second place: one JSON line per seal, appended, never rewritten.

Who cuts the chain's tail or replaces the database by an older one has to change this file too, wherever it was put.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.db import Keys
from ledger.seals import Anchor, Seal, anchor_of


class AnchorsUnreadable(ValueError):
    """锚点文件读不懂."""


def send_anchors(session: Session, path: Path) -> int:
    """Append the anchors of all seals that the file does not have yet; returns how many."""
    keys: Keys = session.info["keys"]
    sent = _last_number(path)
    fresh = session.scalars(select(Seal).where(Seal.number > sent).order_by(Seal.number)).all()
    if fresh:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.writelines(orjson.dumps(asdict(anchor_of(seal, keys))) + b"\n" for seal in fresh)
    return len(fresh)


def read_anchors(path: Path) -> Iterator[Anchor]:
    """Read the anchors of a file, in its order; none when there is no file. AnchorsUnreadable names a broken line."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield Anchor(**orjson.loads(line))
            except (ValueError, TypeError) as broken:
                raise AnchorsUnreadable(f"锚点文件第 {number} 行读不懂") from broken


def _last_number(path: Path) -> int:
    """Return the number of the file's last whole line; 0 without one."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2_000))
        for line in reversed(file.read().splitlines()):
            try:
                return int(orjson.loads(line)["number"])
            except (ValueError, TypeError, KeyError):
                continue  # a line cut off by a crash: it is written again after it
    return 0
