"""Annex 4 and 5 as .xlsx in the printed layout: merged heads, the line above, every column (F4, F5)."""

import io
from datetime import date
from decimal import Decimal

import openpyxl

from forms.sheets.annexes import Heading, annex4, annex5

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


def opened(content: bytes):
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def test_f4_annex_4_prints_32_columns_below_its_groups() -> None:
    row = [1, "桑柘镇", Decimal("12.345678"), 3, *range(28)]
    sheet = opened(annex4([row], HEADING))
    assert {cell.column_letter: cell.value for cell in sheet[3] if cell.value} == ANNEX4_UPPER
    assert [cell.value for cell in sheet[4]][4:8] == ["巩固项目", "提升项目", "盘活项目", "另起炉灶项目"]
    assert [sheet["I4"].value, sheet["R4"].value, sheet["T4"].value] == ["产业选择不准", "其他", "产业选择不准"]
    assert [cell.value for cell in sheet[5]] == [1, "桑柘镇", 12.345678, 3, *range(28)]
    merged = {str(each) for each in sheet.merged_cells.ranges}
    assert {"A1:AF1", "A2:AF2", "A3:A4", "E3:H3", "I3:R3", "S3:S4", "T3:AC3", "AD3:AF3"} <= merged


def test_f4_the_line_above_says_who_filled_it_in_and_when() -> None:
    line = opened(annex4([], HEADING))["A2"].value
    assert [part.strip("　") for part in line.split("　　") if part.strip("　")] == [
        "填报单位：彭水县桑柘镇人民政府",
        "审核人：",
        "填报人：经办甲",
        "更新时间：2023年12月5日",
    ]
    assert "填报人及联系电话：经办甲" in opened(annex5([], HEADING))["A2"].value


def test_f5_annex_5_prints_28_columns_below_its_groups() -> None:
    sheet = opened(annex5([list(range(28))], HEADING))
    merged = {str(each): sheet[str(each).split(":")[0]].value for each in sheet.merged_cells.ranges}
    assert ANNEX5_GROUPS.items() <= merged.items()
    leaves = [sheet.cell(4, n).value or sheet.cell(3, n).value for n in range(1, 29)]
    assert leaves[8:11] == ["小计", "专项资金", "其他资金"]
    assert leaves[14:18] == ["结余资金", "待收待返资金", "资产估值", "其他"]
    assert leaves[23:25] == ["发挥联农带农作用", "未充分发挥联农带农作用原因"]
    assert [cell.value for cell in sheet[5]] == list(range(28))
    assert (sheet.page_setup.orientation, sheet.freeze_panes, sheet.print_title_rows) == ("landscape", "A5", "$3:$4")


def test_the_same_table_has_the_same_bytes() -> None:
    rows = [[1, "=1+1", Decimal("0.10")]]
    assert annex4(rows, HEADING) == annex4(rows, HEADING)
    assert opened(annex4(rows, HEADING))["B5"].data_type == "s"
