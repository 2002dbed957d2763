"""The export of the national system becomes projects, to the fen, or errors by row (P1, issue 4)."""

import csv
import dataclasses
import functools
import time
from decimal import Decimal

import openpyxl
import pytest

from forms.sheets.guard import WorkbookRefused
from forms.sheets.national_export import ExportRead, read_export
from ledger.vocabulary import FundingSource, FundingTier, Industry, Level, OperatingMode, Use
from tests.forms.sheets.made import DATA, case, export, saved, workbook

D = Decimal


@functools.cache
def read(kind: str) -> ExportRead:
    return read_export(export(kind))


@functools.cache
def plain_sheet() -> list[dict[str, object]]:
    """The plain export by another reader: openpyxl, one dict per row by header."""
    rows = openpyxl.load_workbook(DATA / "export-plain-1086.xlsx").worksheets[0].iter_rows(values_only=True)
    heads = next(rows)
    return [dict(zip(map(str, heads), row, strict=True)) for row in rows]


def without_row(result: ExportRead) -> list[object]:
    return [dataclasses.replace(project, row=0) for project in result.rows]


def test_plain_reads_every_cell_it_holds():
    result = read("plain")
    assert (len(result.rows), result.errors, result.left_out_count) == (1086, (), 0)
    for position, (project, cells) in enumerate(zip(result.rows, plain_sheet(), strict=True), 2):
        assert project.row == position
        assert project.number == cells["项目编号"]
        assert project.name == cells["项目名称"]
        assert project.implementation_year == cells["实施年度"]
        assert project.level is Level.labelled(str(cells["项目层级"]))
        assert project.industry is Industry.labelled(str(cells["产业类型"]))
        assert project.operating_mode.label == str(cells["经营方式"]).replace("（", "(").replace("）", ")")
        assert project.use is Use.labelled(str(cells["使用现状"]))
        assert [project.unit_text, project.township_text, project.village_text] == [
            cells[head] for head in ("项目主管部门", "乡镇", "村")
        ]
        assert [project.responsible_person, project.telephone, project.construction] == [
            cells[head] for head in ("责任人", "联系电话", "建设内容")
        ]
        assert project.appraised_yuan == cells["资产现值"]
        assert project.funding_total_yuan == cells["项目总投资"] == sum(project.funding.values())
        assert project.unattributed_yuan == 0
        assert project.funding == {
            (FundingSource.EARMARKED, FundingTier.CENTRAL): cells["中央衔接资金"],
            (FundingSource.EARMARKED, FundingTier.CITY): cells["市级衔接资金"],
            (FundingSource.EARMARKED, FundingTier.COUNTY): cells["县级衔接资金"],
            (FundingSource.INTEGRATED, FundingTier.UNSPLIT): cells["整合涉农资金"],
            (FundingSource.SECTOR, FundingTier.UNSPLIT): cells["行业帮扶资金"],
            (FundingSource.SOCIAL, FundingTier.UNSPLIT): cells["社会帮扶资金"],
        }


def test_stacked_gives_the_same_projects_to_the_fen():
    assert without_row(read("stacked")) == without_row(read("plain"))
    assert (read("stacked").errors, read("stacked").header_row) == ((), 2)
    assert any("1095、1096" in note for note in read("stacked").notes)


def test_dirty_gives_exactly_the_verdicts_of_its_key():
    result, clean = read("dirty"), {project.row: project for project in read("plain").rows}
    with (DATA / "dirty-key.csv").open(encoding="utf-8-sig", newline="") as file:
        key = {int(line["row"]): line for line in csv.DictReader(file)}
    good = {project.row: project for project in result.rows}
    failed = {error.row for error in result.errors}
    wanted = {row for row, line in key.items() if line["verdict"].startswith("error")}
    left_out = {row for row, line in key.items() if line["verdict"] == "left out"}
    assert failed == wanted
    assert result.left_out_count == len(left_out) == 13
    assert good.keys() == clean.keys() - wanted - left_out
    for row, project in good.items():
        if key.get(row, {}).get("verdict") == "unassigned":
            assert (project.township_text, project.unit_text) == ("不存在镇", "不存在镇人民政府")
            assert dataclasses.replace(project, township_text="", unit_text="") == dataclasses.replace(
                clean[row], township_text="", unit_text=""
            )
        else:
            assert project == clean[row]


COLUMN_OF_KIND = {
    "same 项目编号 twice": ("项目编号", "编号重复"),
    "no 项目编号": ("项目编号", "为空"),
    "negative amount": ("中央衔接资金", "负数"),
    "formula as project name": ("项目名称", "公式"),
    "year 2O23 with a letter": ("实施年度", "不是年份"),
    "phone with a letter": ("联系电话", "不是电话"),
    "total unlike its parts": ("项目总投资", "相差 1 元"),
    "very long name": ("项目名称", "超过 200 字"),
}


def test_dirty_errors_name_column_and_reason():
    errors = {error.row: error for error in read("dirty").errors}
    with (DATA / "dirty-key.csv").open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            if line["verdict"].startswith("error"):
                column, reason = COLUMN_OF_KIND[line["kind"]]
                error = errors[int(line["row"])]
                assert (error.column, reason in error.reason) == (column, True), error
                assert error.cell.endswith(line["row"])


def test_dirty_values_case_by_row():
    result = read_export(case("dirty_values.xlsx"))
    reasons = {error.row: error.reason for error in result.errors}
    assert [(project.row, project.number, project.name) for project in result.rows] == [(6, "P3", "换行")]
    assert "重复" in reasons[2]
    assert "重复" in reasons[3]
    assert "科学记数法" in reasons[4]
    assert "不可见字符" in reasons[5]
    assert "前导零" in reasons[7]
    assert "前导零" in reasons[8]


HEAD = ["项目编号", "项目名称", "实施年度", "项目总投资（元）", "联系电话", "乡镇"]


def one(**cells: object) -> ExportRead:
    row = dict.fromkeys(HEAD) | {"项目编号": "P1", "项目名称": "甲", "实施年度": 2021} | cells
    return read_export(workbook(row.keys(), row.values()))


@pytest.mark.parametrize(
    ("cell", "yuan"),
    [
        (460.47500000000002, "460.48"),
        (0.1 + 0.2, "0.30"),
        ("1,234,567.89", "1234567.89"),
        ("１２３４．５", "1234.50"),
        ("12.5万元", "125000.00"),
        ("12.345678万", "123456.78"),
        ("¥ 88 元", "88.00"),
        ("1.5e3", "1500.00"),
        (12345678.9, "12345678.90"),
    ],
)
def test_reads_amounts_exactly(cell, yuan):
    (project,) = one(**{"项目总投资（元）": cell}).rows
    assert str(project.funding_total_yuan) == yuan


@pytest.mark.parametrize("cell", ["-3", -0.01, "NaN", "Infinity", "1,23", "12..5", "abc", "1e999", 1e13, "12 元 5 角"])
def test_refuses_what_is_no_amount(cell):
    (error,) = one(**{"项目总投资（元）": cell}).errors
    assert (error.row, error.column, error.cell) == (2, "项目总投资（元）", "D2")


@pytest.mark.parametrize(
    ("cell", "year"), [(2021, 2021), ("２０２１年", 2021), ("2021年度", 2021), ("2021-05-01", 2021)]
)
def test_reads_years(cell, year):
    assert one(实施年度=cell).rows[0].implementation_year == year


@pytest.mark.parametrize("cell", ["2O23", 202, 20.5, "21年", None, "2021—2022"])
def test_refuses_what_is_no_year(cell):
    assert [error.column for error in one(实施年度=cell).errors] == ["实施年度"]


@pytest.mark.parametrize(
    ("cell", "telephone"),
    [
        (13800000001, "13800000001"),
        ("138 0000 0001", "13800000001"),
        ("023-78441234", "02378441234"),
        ("78441234、13800000001", "78441234、13800000001"),
        ("＋86 13800000001", "13800000001"),
        (None, ""),
    ],
)
def test_reads_telephones(cell, telephone):
    assert one(联系电话=cell).rows[0].telephone == telephone


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("  果\n园\r\n 项目 ", "果园项目"),
        ("果\u200b园\u202e项目\ufeff", "果园项目"),
        ("A\nB 公司", "A B 公司"),
        ("果园\u3000项目", "果园 项目"),
        ("e\u0301", "é"),
        ("=1+1", "=1+1"),
        ("全角１２３", "全角１２３"),
    ],
)
def test_cleans_names(name, clean):
    def as_text(sheet):
        sheet["B2"].data_type = "s"

    data = workbook(["项目编号", "项目名称"], ["P1", name], change=as_text)
    assert read_export(data).rows[0].name == clean


@pytest.mark.parametrize("name", ["x" * 201, None, " \u200b ", "NaN", "#N/A"])
def test_refuses_names(name):
    assert [error.column for error in one(项目名称=name, 乡镇="甲镇", 项目编号="P1").errors] == ["项目名称"]


@pytest.mark.parametrize("number", [5.00002e20, "5.00002E+20", 1.5, "P\u200b1", "P 1", "x" * 65])
def test_refuses_damaged_numbers(number):
    assert [error.column for error in one(项目编号=number).errors] == ["项目编号"]


def test_a_formula_is_never_read_for_its_value():
    result = one(**{"项目总投资（元）": "=1+1"})
    assert [(error.cell, "公式" in error.reason) for error in result.errors] == [("D2", True)]
    aside = read_export(workbook([*HEAD, "旁注"], ["P1", "甲", 2021, 5, None, None, "=1+1"]))
    assert len(aside.rows) == 1
    assert "G 列含有公式，未读" in aside.notes
    assert aside.columns["旁注"] is None


def test_a_row_of_formulas_alone_is_not_lost():
    result = read_export(workbook(["项目编号", "项目名称"], ["P1", "甲"], ["=A2", "=B2"]))
    assert {error.cell for error in result.errors} == {"A3", "B3"}


FUNDING_HEAD = [
    ["项目编号", "项目名称", "投资规模（万元）", *[None] * 10],
    [
        None,
        None,
        "合计",
        "财政专项扶贫资金（衔接资金）",
        *[None] * 3,
        "整合其他涉农资金",
        "行业扶贫(帮扶)资金",
        *[None] * 3,
        "社会扶贫(帮扶)资金",
    ],
    [None, None, None, "小计", "中央", "市级", "区县", None, "小计", "其中：中央资金", "市级", "区县", None],
]


def funding(*amounts: object) -> ExportRead:
    def merge(sheet):
        for area in ("A1:A3", "B1:B3", "C1:M1", "C2:C3", "D2:G2", "H2:H3", "I2:L2", "M2:M3"):
            sheet.merge_cells(area)

    return read_export(workbook(*FUNDING_HEAD, ["P1", "甲", *amounts], change=merge))


def test_reads_three_header_rows_with_sources_and_tiers():
    (project,) = funding(20, 10, 5, 3, 2, 4, 5, 3, 2, 0, 1).rows
    assert {(source.value, tier.value): yuan for (source, tier), yuan in project.funding.items()} == {
        ("earmarked", "central"): D(50000),
        ("earmarked", "city"): D(30000),
        ("earmarked", "county"): D(20000),
        ("integrated", "unsplit"): D(40000),
        ("sector", "central"): D(30000),
        ("sector", "city"): D(20000),
        ("sector", "county"): D(0),
        ("social", "unsplit"): D(10000),
    }
    assert project.funding_total_yuan == D(200000)


def test_a_subtotal_without_its_tiers_is_kept_unsplit():
    (project,) = funding(20, 10, None, None, None, 4, 5, None, None, None, 1).rows
    assert project.funding[FundingSource.EARMARKED, FundingTier.UNSPLIT] == D(100000)
    assert (FundingSource.EARMARKED, FundingTier.CENTRAL) not in project.funding
    assert project.funding_total_yuan == D(200000)


@pytest.mark.parametrize(
    ("amounts", "column"),
    [
        ((20, 10, 5, 3, 1, 4, 5, 3, 2, 0, 1), "财政专项扶贫资金（衔接资金）"),
        ((20.000001, 10, 5, 3, 2, 4, 5, 3, 2, 0, 1), "合计"),
        ((19, 10, 5, 3, 2, 4, 5, 3, 2, 0, 1), "合计"),
    ],
)
def test_a_sum_unlike_its_parts_is_an_error(amounts, column):
    (error,) = funding(*amounts).errors
    assert column in error.column


def test_thirds_of_a_wan_still_add_up():
    (project,) = funding(1, 1, 0.33333333, 0.33333333, 0.33333334, 0, 0, 0, 0, 0, 0).rows
    assert abs(project.funding_total_yuan - 10000) <= D("0.02")


def test_a_total_the_workbook_does_not_split_is_kept_apart():
    (project,) = one(**{"项目总投资（元）": 1000.5}).rows
    assert (project.funding, project.unattributed_yuan) == ({}, D("1000.50"))


def test_two_merged_header_rows_are_one_header():
    def merge(sheet):
        for area in ("A1:A2", "B1:B2", "C1:C2", "D1:E1"):
            sheet.merge_cells(area)

    data = workbook(
        ["序号", "项目名称", "项目编号", "投资规模", None],
        [None, None, None, "合计", "其中：中央"],
        [1, "甲", "P1", 9, 5],
        change=merge,
    )
    result = read_export(data)
    assert list(result.columns) == ["序号", "项目名称", "项目编号", "合计", "其中：中央"]
    assert [(project.row, project.funding_total_yuan) for project in result.rows] == [(3, 9)]


def test_a_mapping_teaches_unknown_headers():
    data = workbook(["项目码", "项目名称", "乡镇", "村", "出资甲"], ["P1", "甲", "桑柘镇", "鹿青村", 7])
    first = read_export(data)
    assert (first.rows, first.missing, first.columns["项目码"]) == ((), ("number",), None)
    (project,) = read_export(data, {"项目码": "number", "出资甲": "sector_unsplit"}).rows
    assert (project.number, project.funding) == ("P1", {(FundingSource.SECTOR, FundingTier.UNSPLIT): D(7)})
    with pytest.raises(ValueError, match="no_such"):
        read_export(data, {"项目码": "no_such"})


def test_reads_the_visible_sheet_and_says_what_it_left():
    book = openpyxl.Workbook()
    book.worksheets[0].append(["项目编号", "项目名称"])
    book.worksheets[0].append(["P0", "藏"])
    book.worksheets[0].sheet_state = "hidden"
    for title, number in (("清单", "P1"), ("另表", "P2")):
        sheet = book.create_sheet(title)
        sheet.append(["项目编号", "项目名称"])
        sheet.append([number, "甲"])
    book.active = 1
    result = read_export(saved(book))
    assert [project.number for project in result.rows] == ["P1"]
    assert "工作表“Sheet”是隐藏的，未读" in result.notes
    assert any("“另表”未读" in note for note in result.notes)


def test_totals_footers_and_repeated_headers_are_no_projects():
    rows = [["P1", "甲", 2021], ["小计", None, None], ["项目编号", "项目名称", "实施年度"], ["P2", "乙", 2021]]
    foot = [[None, "合　计", None], ["填表人：冉××", None, "审核人：××"]]
    result = read_export(workbook(["附表：清单"], [], HEAD[:3], *rows, *foot))
    assert [project.row for project in result.rows] == [4, 7]
    assert result.errors == ()
    assert any("第 5、6、8、9 行" in note for note in result.notes)


def test_places_merged_over_several_projects_are_filled_down():
    data = workbook(
        ["乡镇", "项目编号", "项目名称"],
        ["桑柘镇", "P1", "甲"],
        [None, "P2", "乙"],
        [None, "P3", "丙"],
        change=lambda sheet: sheet.merge_cells("A2:A3"),
    )
    assert [project.township_text for project in read_export(data).rows] == ["桑柘镇", "桑柘镇", ""]


def test_words_no_list_knows_stay_empty_with_a_note():
    result = read_export(workbook(["项目编号", "项目名称", "产业类型", "经营方式"], ["P1", "甲", "渔业", "委托经营"]))
    (project,) = result.rows
    assert (project.industry, project.operating_mode) == (None, OperatingMode.ENTRUSTED)
    assert any("渔业" in note and "第 2 行" in note for note in result.notes)


def test_not_operating_is_left_out_and_unknown_is_an_error():
    head = ["项目编号", "项目名称", "资产类型"]
    result = read_export(workbook(head, ["P1", "甲", "非经营性资产"], ["P2", "乙", None], ["P3", "丙", "经营性"]))
    assert (result.left_out_count, [project.number for project in result.rows]) == (1, ["P3"])
    assert [(error.row, error.column) for error in result.errors] == [(3, "资产类型")]


def test_reads_person_and_place_of_a_ledger_in_one_cell():
    head = ["项目编号", "项目名称", "责任人及联系电话", "项目地点"]
    (project,) = read_export(workbook(head, ["P1", "甲", "冉×× 13800000001", "彭水县桑柘镇鹿青村"])).rows
    assert (project.responsible_person, project.telephone) == ("冉××", "13800000001")
    assert (project.township_text, project.village_text) == ("桑柘镇", "鹿青村")


@pytest.mark.parametrize("rows", [[["姓名", "年龄"], ["甲", 3]], [], [["只有一句话"]]])
def test_refuses_a_workbook_of_another_kind(rows):
    with pytest.raises(WorkbookRefused, match="表头"):
        read_export(workbook(*rows))


def test_ten_thousand_repeated_numbers_are_told_at_once():
    data = workbook(HEAD[:3], *[["P1", "甲", 2021]] * 10_000)
    begun = time.monotonic()
    result = read_export(data)
    assert (len(result.rows), len(result.errors)) == (0, 10_000)
    assert time.monotonic() - begun < 20
