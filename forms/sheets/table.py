"""What a workbook shows: a titled table with heads on one or two levels, formulas, choices, and how it is printed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

CELL_LENGTH: Final = 32_767
SHEET_NAME_LENGTH: Final = 31
WIDTHS: Final = (6, 48)  # narrowest and widest column, in narrow characters
A4, A3 = 9, 8  # as the format counts paper sizes


@dataclass(frozen=True)
class Group:
    """One cell of the heads with the columns below it; a column of its own has no `columns`."""

    text: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spot:
    """Where a formula stands: its column's letters, its row, the table's first row below the heads."""

    column: str
    row: int
    first: int


@dataclass(frozen=True)
class Formula:
    """A cell that the workbook computes; `value` is what it comes to, for programs that do not compute."""

    text: Callable[[Spot], str]
    value: Decimal | int


@dataclass(frozen=True)
class Choice:
    """What may stand in a column: a list to choose from, or with `several` words that a note beside the cell names."""

    words: tuple[str, ...]
    several: bool = False


@dataclass(frozen=True)
class Aside:
    """A sheet nobody sees, for the program that reads the workbook again."""

    name: str
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Printing:
    """How a table stands on paper: its columns' widths, how many stay in sight, what may be filled in, the note below.

    Rows are made as high as their text needs, numbers never wider than their column.
    """

    widths: Sequence[float]
    beside: int = 0  # columns that stay in sight
    choices: Mapping[int, Choice] = field(default_factory=dict)  # by column, counted from 0
    centred: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A titled table: a line above, heads on one or two levels, then the rows."""

    title: str
    heads: Sequence[Group]
    rows: Iterable[Sequence[object]]
    line: str = ""  # under the title: who filled it in, of what day
    paper: int = A4
    landscape: bool = False
    printing: Printing | None = None  # without it, plain and as wide as the content
    aside: Aside | None = None
    name: str = ""  # of the sheet, where it is not the title's

    @property
    def heads_at(self) -> int:
        """The row of the first heads."""
        return 3 if self.line else 2

    @property
    def depth(self) -> int:
        """How many rows the heads take."""
        return 2 if any(group.columns for group in self.heads) else 1

    @property
    def leaves(self) -> list[str]:
        """The words right above each column."""
        return [leaf for group in self.heads for leaf in (group.columns or (group.text,))]


def clean(text: str) -> str:
    """Leave out what no workbook may hold and what is longer than a cell."""
    if not text.isprintable():
        text = "".join(
            mark
            for mark in text
            if mark in "\n\t" or (unicodedata.category(mark) not in ("Cc", "Cs") and mark not in "\ufffe\uffff")
        )
    return text[:CELL_LENGTH]


def sheet_name(title: str) -> str:
    """Return a title as a sheet may be called."""
    name = "".join(" " if mark in "[]:*?/\\" else mark for mark in clean(title).replace("\n", " "))
    return name[:SHEET_NAME_LENGTH].strip(" '") or "Sheet"


def shown_width(text: str) -> int:
    """Return how wide a text stands, in narrow characters; Chinese counts double."""
    if text.isascii() and "\n" not in text:
        return min(len(text), WIDTHS[1])
    return max(
        sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in line[: WIDTHS[1]])
        for line in text.split("\n")
    )
