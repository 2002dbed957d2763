"""What a decision table's matched rows suggest, and why (C5)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One matched row: the class it speaks for, the article it stands on, the words for a person."""

    category: str
    article: str
    text: str


@dataclass(frozen=True)
class Suggestion:
    """`category` is None when nothing or several classes match; `note` says so."""

    category: str | None
    reasons: tuple[Reason, ...]
    note: str
