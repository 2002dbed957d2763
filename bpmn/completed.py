"""What an act did, as it is told to whoever did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Completed:
    """What became of an act: `next` names each new item, its unit and when it is due."""

    case_id: int
    item_id: int
    remains: bool
    finished: bool
    next: tuple[tuple[str, str, datetime], ...]
