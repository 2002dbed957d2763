"""The tables of a past day are, byte for byte, those that were written on it (R3, F4, F5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from forms.sheets.annexes import TotalsDisagree, annex4, annex5
from forms.sheets.kept_tables import kept_annex4, kept_annex5
from ledger.statistics import UNASSIGNED, Section, Statistics
from tests.forms.sheets.test_annexes import HEADING, ledger_row, unit_row

TOWNS = (unit_row(1, "汉葭街道", "0.1", [1] * 29), unit_row(2, "桑柘镇", "0.2", [2] * 29))
NOBODY = unit_row(3, UNASSIGNED, "0.000001", [1] * 29)
TRADE = unit_row(3, "县商务委", "10", [5] * 29)
LAST = (4, *NOBODY[1:])
SHAPES = {
    "none": Statistics((), unit_row(None, "合计", "0", [0] * 29)),
    "one kind": Statistics(
        (Section("乡镇（街道）小计", TOWNS, unit_row(None, "乡镇（街道）小计", "0.3", [3] * 29)),),
        unit_row(None, "合计", "0.3", [3] * 29),
    ),
    "one kind and nobody": Statistics(
        (
            Section("乡镇（街道）小计", TOWNS, unit_row(None, "乡镇（街道）小计", "0.3", [3] * 29)),
            Section(UNASSIGNED, (NOBODY,), NOBODY),
        ),
        unit_row(None, "合计", "0.300001", [4] * 29),
    ),
    "all": Statistics(
        (
            Section("乡镇（街道）小计", TOWNS, unit_row(None, "乡镇（街道）小计", "0.3", [3] * 29)),
            Section("行业部门小计", (TRADE,), unit_row(None, "行业部门小计", "10", [5] * 29)),
            Section(UNASSIGNED, (LAST,), LAST),
        ),
        unit_row(None, "合计", "10.300001", [9] * 29),
    ),
}


def kept(row: tuple[Any, ...]) -> tuple[str, ...]:
    """Return a row's cells as a snapshot keeps them."""
    return tuple("" if cell is None else f"{cell:f}" if isinstance(cell, Decimal) else str(cell) for cell in row)


@pytest.mark.parametrize("shape", SHAPES)
def test_r3_the_statistics_of_a_past_day_are_those_written_on_it(shape: str) -> None:
    statistics = SHAPES[shape]
    assert kept_annex4([*map(kept, statistics.lines)], HEADING) == annex4(statistics, HEADING)


def test_r3_the_ledger_of_a_past_day_is_that_written_on_it() -> None:
    rows = [ledger_row(), ledger_row(C="P2", D=None, I=Decimal("0.000001"), J=None, K=Decimal("0.000001"), AB="=1+1")]
    assert kept_annex5([*map(kept, rows)], HEADING) == annex5(rows, HEADING, returning=False)


def test_r3_what_does_not_add_up_is_not_written() -> None:
    wrong = (*SHAPES["one kind"].lines[:-1], unit_row(None, "合计", "0.4", [3] * 29))
    with pytest.raises(TotalsDisagree, match="项目实际投入"):
        kept_annex4([*map(kept, wrong)], HEADING)
