"""统计表 and 管理台账 of a past day as printed: a snapshot keeps every cell as text, the annexes want numbers (R3)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from forms.sheets.annexes import MONEY, Heading, annex4, annex5
from ledger.statistics import TOTAL, UNASSIGNED, Cell, Section, Statistics

_WHOLE: Final = (0, 3)  # columns of Annex 5: 序号, 实施年度
_NAME, _INVESTED = 1, 2  # of Annex 4; all behind are counts


def kept_annex4(lines: Sequence[Sequence[str]], heading: Heading) -> bytes:
    """Return 分类统计表 as .xlsx; `lines` are those of `Statistics.lines` as text, with the sums of the kinds.

    Raises TotalsDisagree when the rows do not add up to the total that was kept.
    """
    *above, total = map(_line, lines)
    sections: list[Section] = []
    rows: list[tuple[Cell, ...]] = []
    for line in above:
        if line[0] is None:  # the sum of a kind has no 序号
            sections.append(Section(str(line[_NAME]), tuple(rows), line))
            rows = []
        else:
            rows.append(line)
    if rows:  # of one kind alone, or what nobody ran
        sections.append(Section(UNASSIGNED if sections else TOTAL, tuple(rows), rows[0] if sections else total))
    return annex4(Statistics(tuple(sections), total), heading)


def kept_annex5(rows: Sequence[Sequence[str]], heading: Heading) -> bytes:
    """Return 管理台账 as .xlsx; it is not for returning: what a past day said cannot be changed.

    Raises TotalsDisagree when a 小计 is not its parts' sum.
    """
    return annex5(map(_project, rows), heading, returning=False)


def _line(cells: Sequence[str]) -> tuple[Cell, ...]:
    number, name, invested, *counts = cells
    return (int(number) if number else None, name, Decimal(invested or 0), *map(int, counts))


def _project(cells: Sequence[str]) -> tuple[Cell, ...]:
    return tuple(_typed(column, cell) for column, cell in enumerate(cells))


def _typed(column: int, cell: str) -> Cell:
    if column in _WHOLE:
        return int(cell) if cell else None
    if column in MONEY:
        return Decimal(cell) if cell else None
    return cell
