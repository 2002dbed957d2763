"""Annex 4 and 5 as .xlsx in the printed layout: merged heads, the line above, every column, sums as formulas."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from forms.sheets.annexes import Heading, TotalsDisagree, annex4, annex5
from ledger.statistics import UNASSIGNED, Section, Statistics

HEADING = Heading("彭水县桑柘镇人民政府", "", "经办甲", date(2023, 12, 5))
# read off the printed annex, not off the code
ANNEX4_UPPER = {
    "A": "序号", "B": "地区", "C": "项目实际投入（万元）", "D": "项目数", "E": "“四个一批”分类统计",
    "I": "停产闲置原因", "S": "生产经营遇到困难项目数", "T": "生产经营遇到困难原因", "AD": "发挥联农带农不充分的原因",
}  # fmt: skip
ANNEX5_GROUPS = {
    "I3:K3": "投资规模（万元）",
    "O3:R3": "项目现值（万元）",
    "S3:W3": "项目现状",
    "X3:Y3": "联农带农情况",
}
FORMULA = re.compile(r"ROUND\((.*),6\)|(.*)")


def opened(content: bytes) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def unit_row(number: int | None, name: str, wan: str, counts: Sequence[int]) -> tuple[Any, ...]:
    return (number, name, Decimal(wan), *counts)


def one_kind(*rows: tuple[Any, ...]) -> Statistics:
    total = (None, "合计", *(sum((row[n] for row in rows), start=Decimal(0) if n == 2 else 0) for n in range(2, 32)))
    return Statistics((Section("乡镇（街道）小计", rows, total),), total)


def ledger_row(**changed: Any) -> tuple[Any, ...]:
    cells: list[Any] = [1, "大棚", "P1", 2019, "提升", "某社", "冉某 13800000001", "种植业"]
    cells += [Decimal("3.5"), Decimal(3), Decimal("0.5"), "新建", "桑柘镇鹿青村", "租赁", Decimal(1), None, None, None]
    cells += ["正常", "在用", "经营正常", "", "", "充分", "", "措施", "进展", ""]
    for place, value in changed.items():
        cells[openpyxl.utils.column_index_from_string(place) - 1] = value
    return tuple(cells)


def computed(sheet: Worksheet, cell: str) -> Decimal:
    """Work out a formula of sums as a spreadsheet would: an evaluator of its own, for + and SUM alone."""
    value = sheet[cell].value
    if not isinstance(value, str) or not value.startswith("="):
        return Decimal(str(value or 0))
    inside = next(part for part in FORMULA.fullmatch(value[1:]).groups() if part)
    ranged = re.fullmatch(r"SUM\((\w+:\w+)\)", inside)
    names = [each.coordinate for (each,) in sheet[ranged[1]]] if ranged else inside.split("+")
    return sum((computed(sheet, name) for name in names), Decimal(0))


def test_f4_annex_4_prints_32_columns_below_its_groups() -> None:
    sheet = opened(annex4(one_kind(unit_row(1, "桑柘镇", "12.345678", [3, *range(28)])), HEADING))
    assert {cell.column_letter: cell.value for cell in sheet[3] if cell.value} == ANNEX4_UPPER
    assert [cell.value for cell in sheet[4]][4:8] == ["巩固项目", "提升项目", "盘活项目", "另起炉灶项目"]
    assert [sheet["I4"].value, sheet["R4"].value, sheet["T4"].value] == ["产业选择不准", "其他", "产业选择不准"]
    assert [cell.value for cell in sheet[5]] == [1, "桑柘镇", 12.345678, 3, *range(28)]
    merged = {str(each) for each in sheet.merged_cells.ranges}
    assert {"A1:AF1", "A2:AF2", "A3:A4", "E3:H3", "I3:R3", "S3:S4", "T3:AC3", "AD3:AF3"} <= merged
    assert (sheet.freeze_panes, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == ("C5", 8, 0)


def test_f4_sums_are_formulas_of_townships_departments_and_the_county() -> None:
    towns = [unit_row(1, "汉葭街道", "0.1", [1] * 29), unit_row(2, "桑柘镇", "0.2", [2] * 29)]
    trade, nobody = unit_row(3, "县商务委", "10", [5] * 29), unit_row(4, UNASSIGNED, "0.000001", [1] * 29)
    statistics = Statistics(
        (
            Section("乡镇（街道）小计", tuple(towns), unit_row(None, "乡镇（街道）小计", "0.3", [3] * 29)),
            Section("行业部门小计", (trade,), unit_row(None, "行业部门小计", "10", [5] * 29)),
            Section(UNASSIGNED, (nobody,), unit_row(None, UNASSIGNED, "0.000001", [1] * 29)),
        ),
        unit_row(None, "合计", "10.300001", [9] * 29),
    )
    content = annex4(statistics, HEADING)
    sheet = opened(content)
    names = ["汉葭街道", "桑柘镇", "乡镇（街道）小计", "县商务委", "行业部门小计", UNASSIGNED, "合计"]
    assert [sheet.cell(row, 2).value for row in range(5, 12)] == names
    assert [computed(sheet, f"C{row}") for row in (7, 9, 11)] == list(map(Decimal, ("0.3", "10", "10.300001")))
    assert [computed(sheet, f"AF{row}") for row in (7, 9, 11)] == [3, 5, 9]
    cached = openpyxl.load_workbook(io.BytesIO(content), data_only=True).worksheets[0]
    assert [cached[f"C{row}"].value for row in (7, 9, 11)] == [0.3, 10, 10.300001]


def test_f4_a_table_that_does_not_add_up_is_not_written() -> None:
    row = unit_row(1, "桑柘镇", "1", [1] * 29)
    total = unit_row(None, "合计", "1", [1, 2, *[1] * 27])
    with pytest.raises(TotalsDisagree, match="巩固项目"):
        annex4(Statistics((Section("乡镇（街道）小计", (row,), row),), total), HEADING)
    with pytest.raises(TotalsDisagree, match="P1"):
        annex5([ledger_row(I=Decimal("3.49"))], HEADING)


def test_f4_the_line_above_says_who_filled_it_in_and_when() -> None:
    sheet = opened(annex4(one_kind(), HEADING))
    assert [part.strip("　") for part in sheet["A2"].value.split("　　") if part.strip("　")] == [
        "填报单位：彭水县桑柘镇人民政府",
        "审核人：",
        "填报人：经办甲",
        "更新时间：2023年12月5日",
    ]
    named = Heading("县乡村振兴局", "", "经办甲", date(2023, 12, 5), "彭水自治县", "13800000000")
    assert "填报人及联系电话：经办甲 13800000000" in opened(annex5([], named))["A2"].value
    assert opened(annex5([], named))["A1"].value == "彭水自治县经营性帮扶产业项目“四个一批”管理台账"


def test_f5_annex_5_prints_28_columns_below_its_groups() -> None:
    sheet = opened(annex5([ledger_row()], HEADING))
    merged = {str(each): sheet[str(each).split(":")[0]].value for each in sheet.merged_cells.ranges}
    assert ANNEX5_GROUPS.items() <= merged.items()
    leaves = [sheet.cell(4, n).value or sheet.cell(3, n).value for n in range(1, 29)]
    assert leaves[8:11] == ["小计", "专项资金", "其他资金"]
    assert leaves[14:18] == ["结余资金", "待收待返资金", "资产估值", "其他"]
    assert leaves[23:25] == ["发挥联农带农作用", "未充分发挥联农带农作用原因"]
    assert (sheet.page_setup.orientation, sheet.freeze_panes, sheet.print_title_rows) == ("landscape", "D5", "$3:$4")
    assert (computed(sheet, "I5"), computed(sheet, "I6"), computed(sheet, "O6")) == (Decimal("3.5"), Decimal("3.5"), 1)
    assert sheet["B6"].value == "合计"
    assert sheet["A7"].value.startswith("填表说明：1.运营模式。填写自主经营/委托经营/租赁")


def test_f5_the_filling_notes_are_lists_to_choose_from() -> None:
    rules = {str(rule.sqref): rule for rule in opened(annex5([ledger_row()], HEADING)).data_validations.dataValidation}
    assert rules["U5:U6"].formula1 == '"经营正常,经营困难,终止经营"'
    assert rules["N5:N6"].formula1 == '"自主经营,委托经营,租赁,合作发展(入股),股权投资,其他"'
    assert rules["S5:S6"].formula1 == '"正常,损坏,灭失"'
    assert len(rules["Y5:Y6"].formula1.split(",")) == 3
    assert rules["V5:V6"].type is None  # several may stand there: a note says which
    assert "未落实联农带农" in rules["V5:V6"].prompt


def test_f5_a_row_is_as_high_as_its_longest_text_and_goes_on_where_none_can_be() -> None:
    rows = [ledger_row(L="短"), ledger_row(C="P2", L="长" * 100), ledger_row(C="P3", L="很长" * 1000)]
    sheet = opened(annex5(rows, HEADING))
    width = sheet.column_dimensions["L"].width
    for row, text in ((5, "短"), (6, "长" * 100)):  # 10 points a character, at least 12 points a line
        lines = -(-len(text) // int(width * 1.05 // 2))
        assert sheet.row_dimensions[row].height >= lines * 12
    (span,) = [each for each in sheet.merged_cells.ranges if str(each).startswith("L7:")]
    pieces = [sheet.row_dimensions[row].height for row in range(7, span.max_row + 1)]
    assert sum(pieces) >= 2000 / (width * 1.05 // 2) * 12
    assert max(pieces) <= 409.5
    assert sheet.cell(span.max_row + 1, 2).value == "合计"
    assert computed(sheet, f"J{span.max_row + 1}") == 9


def test_the_same_table_has_the_same_bytes() -> None:
    rows = [ledger_row(B="=1+1", AB="@x")]
    assert annex5(rows, HEADING) == annex5(rows, HEADING)
    sheet = opened(annex5(rows, HEADING))
    assert [(sheet[cell].data_type, sheet[cell].value) for cell in ("B5", "AB5")] == [("s", "=1+1"), ("s", "@x")]


@pytest.mark.parametrize("text", ["+1", "-1+1", "<b>&\"'", "a\x07b", "𠮷" * 40_000, "{{ 7*7 }}", "两\n行"])
def test_hostile_text_stays_text_in_every_cell(text: str) -> None:
    sheet = opened(annex5([ledger_row(**dict.fromkeys(("B", "F", "L", "Z", "AA", "AB"), text))], HEADING))
    kept = text.replace("\x07", "")[:32_767]
    assert [sheet[f"{column}5"].value for column in ("B", "F", "L", "Z", "AA", "AB")] == [kept] * 6
    assert {sheet[f"{column}5"].data_type for column in ("B", "L", "AB")} == {"s"}
