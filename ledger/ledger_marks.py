"""A mark of each cell of 管理台账 as it left the house: what comes back unlike its mark, somebody changed.

Weeks may lie between a download and its return, and the ledger goes on meanwhile. Without the marks an untouched cell
of an old workbook would undo what others did since.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Final

MARKS: Final = "台账校验"  # the hidden sheet: 项目编号 and the marks of its row
_CELL_LENGTH: Final = 32_767  # what a workbook's cell holds
_DIGITS: Final = 6  # of each mark; two texts of one cell meet in the same one once in sixteen million


def mark_of(row: Sequence[object]) -> str:
    """Return the marks of a row's cells, one after the other."""
    return "".join(_mark(shown(cell)) for cell in row)


def untouched(marks: str, column: int, text: str) -> bool | None:
    """Say whether the cell still shows what it showed when it left; None where its mark is missing."""
    mark = marks[column * _DIGITS : (column + 1) * _DIGITS]
    return mark == _mark(text) if len(mark) == _DIGITS else None


def shown(cell: object) -> str:
    """Return a cell as one text, whichever program saved it: 12.50 and 12.5 are one number, spaces do not count.

    Characters that no workbook holds are left out as they are when the cell is written.
    """
    if cell is None:
        return ""
    if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
        return plain_number(Decimal(cell))
    text = str(cell)[:_CELL_LENGTH]
    return "".join(mark for mark in text if not mark.isspace() and unicodedata.category(mark) not in ("Cc", "Cs"))


def plain_number(number: Decimal) -> str:
    """Return a number's digits without trailing zeros."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def _mark(text: str) -> str:
    return blake2b(text.encode(), digest_size=_DIGITS // 2).hexdigest()
