"""What a decision table's matched rows suggest, and why (C5).

The table collects every row that matches; only when they all speak for one class is that a suggestion. People decide:
the order of gravity is told, never applied.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass

from ledger.findings import DEFECTS, Finding
from ledger.vocabulary import Category

GRAVITY = (Category.REBUILD, Category.REVIVE, Category.UPGRADE, Category.CONSOLIDATE)
"""The classes from the gravest to the lightest."""


@dataclass(frozen=True)
class Reason:
    """One matched row: the class it speaks for, the article it stands on (empty: our own rule), words for a person."""

    category: str
    article: str
    text: str


@dataclass(frozen=True)
class Suggestion:
    """`category` is None when nothing or several classes match; `note` says so."""

    category: str | None
    reasons: tuple[Reason, ...]
    note: str


def suggest(rows: Sequence[Mapping[str, object]], findings: Collection[str]) -> Suggestion:
    """Make a suggestion of the table's matched rows (category, article, reason) and the findings behind them (C5).

    Raises ValueError for a class or finding that the closed lists do not know.
    """
    found = {Finding(finding) for finding in findings}
    reasons = tuple(reason_of(row, found) for row in rows)
    classes = {Category(reason.category) for reason in reasons}
    if len(classes) != 1:
        return Suggestion(None, reasons, undecided(classes))
    (category,) = classes
    return Suggestion(category.value, reasons, advice(category, found))


def reason_of(row: Mapping[str, object], found: Set[Finding]) -> Reason:
    """Return a row as a reason, naming the findings of its article; that it runs normally the row says itself."""
    article = str(row["article"])
    named = found - {Finding.RUNS_NORMALLY}
    grounds = [finding.label for finding in Finding if finding in named and finding.article == article]
    text = str(row["reason"])
    return Reason(str(row["category"]), article, f"{text}：{'；'.join(grounds)}" if grounds else text)


def undecided(classes: Collection[Category]) -> str:
    """Say why there is no suggestion, and the order of gravity."""
    if classes:
        several = "、".join(category.label for category in GRAVITY if category in classes)
        why = f"同时符合{several}，系统不作建议"
    else:
        why = "不符合任何一类的条件，系统不作建议"
    order = "、".join(category.label for category in GRAVITY)
    return f"{why}，请研究认定。由重到轻依次为{order}，仅供参考。"


def advice(category: Category, found: Collection[Finding]) -> str:
    """List the defects that a class lighter than 提升 leaves standing."""
    defects = [finding.label for finding in Finding if finding in found and finding in DEFECTS]
    return f"建议改进：{'；'.join(defects)}。" if category is Category.CONSOLIDATE and defects else ""
