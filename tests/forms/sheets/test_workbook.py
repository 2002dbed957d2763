"""Workbooks written hold text as text and money as numbers; no formula survives (F4, F5, cases/xlsx)."""

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from forms.sheets.grid import load_workbook
from forms.sheets.guard import WorkbookRefused
from forms.sheets.national_export import read_export
from forms.sheets.workbook import error_workbook, write_table
from tests.forms.sheets.made import case, export, part, workbook

SHEET = "xl/worksheets/sheet1.xml"


def opened(data: bytes):
    return openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]


def test_writes_text_as_text_and_money_as_numbers():
    values = [
        "=1+1",
        "@SUM(A1)",
        "果\x00园\x07",
        "\ud800x",
        Decimal("1234.50"),
        7,
        None,
        True,
        date(2023, 11, 6),
        "0012",
    ]
    data = write_table("台账", [f"列{n}" for n in range(10)], [values])
    sheet = opened(data)
    assert [cell.value for cell in sheet[3]] == [
        "=1+1",
        "@SUM(A1)",
        "果园",
        "x",
        1234.5,
        7,
        None,
        "是",
        "2023-11-06",
        "0012",
    ]
    assert sheet["A3"].data_type == "s"
    assert sheet["E3"].number_format == "0.00"
    assert b"<f>" not in part(data, SHEET)
    assert (sheet.freeze_panes, sheet["A1"].value, sheet["J2"].value) == ("A3", "台账", "列9")


def test_f5_a_number_shows_the_places_it_has():
    sheet = opened(write_table("台账", ["甲"], [[Decimal(text)] for text in ("12.3", "0.000123", "5", "12.30")]))
    assert [sheet.cell(row, 1).number_format for row in range(3, 7)] == ["0.0", "0.000000", "0", "0.00"]
    assert sheet["A4"].value == 0.000123


def test_widths_follow_the_content_within_bounds():
    sheet = opened(write_table("表", ["甲", "乙", "丙"], [["一", "中文内容十个字宽一些", "长" * 500]]))
    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [6, 22, 48]


@pytest.mark.parametrize("title", ["关于[2023]年:第*一?批/表\\单", "长" * 60, "", "'''", "a\nb\x00"])
def test_any_title_gives_a_sheet_that_opens(title):
    assert opened(write_table(title, ["甲"], [])).max_row == 2


def test_what_is_written_is_read_by_the_guarded_reader():
    data = write_table("表", ["项目编号", "项目名称"], [["P1", "=甲"]])
    assert [project.name for project in read_export(data).rows] == ["=甲"]


def test_error_workbook_names_every_reason_beside_its_row():
    result = read_export(export("dirty"))
    data = error_workbook(export("dirty"), result.errors)
    sheet = opened(data)
    told = {row: value for row in range(2, 1088) if (value := sheet.cell(row, 27).value)}
    assert sheet["AA1"].value == "导入问题"
    assert told == {error.row: f"{error.column}：{error.reason}" for error in result.errors}
    marked = {cell.coordinate for row in sheet.iter_rows(max_col=26) for cell in row if cell.fill.patternType}
    assert marked == {error.cell for error in result.errors}
    assert b"<f>" not in part(data, SHEET)
    assert sheet["G3"].value == "500002014500243000002"
    assert sheet["M3"].value == "4604750"


def test_error_workbook_corrected_can_be_read_again():
    head = ["项目编号", "项目名称", "项目总投资（万元）"]
    data = workbook(["清单"], head, ["P1", None, 1.5], ["P2", "乙", 460.475])
    book = openpyxl.load_workbook(io.BytesIO(error_workbook(data, read_export(data).errors)))
    book.worksheets[0]["B3"] = "甲"
    target = io.BytesIO()
    book.save(target)
    result = read_export(target.getvalue())
    assert [(project.row, project.name, project.funding_total_yuan) for project in result.rows] == [
        (3, "甲", 15000),
        (4, "乙", 4604750),
    ]


def test_error_workbook_refuses_what_reading_refuses():
    with pytest.raises(WorkbookRefused, match="宏"):
        error_workbook(case("macro.xlsm"), [])


def test_error_workbook_keeps_no_formula():
    data = workbook(["项目编号", "项目名称"], ["P1", '=HYPERLINK("http://127.0.0.1/","x")'])
    written = error_workbook(data, read_export(data).errors)
    (sheet,) = load_workbook(written).sheets
    assert sheet.formulas == frozenset()
    assert "公式" in str(sheet.rows[2][2])
