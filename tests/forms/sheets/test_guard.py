"""What is no ordinary workbook is refused by name, fast, without harm (issue 4; cases/xlsx)."""

import contextlib
import io
import resource
import time
import zipfile

import pytest

from forms.sheets.grid import load_workbook
from forms.sheets.guard import WorkbookRefused
from forms.sheets.limited import ChildDied, Limits, OutOfLimits, run_limited
from tests.forms.sheets.made import CASES, case, part, with_parts

SHEET = "xl/worksheets/sheet1.xml"

REFUSED = {
    "zip_bomb_one_cell_1GiB.xlsx": "压缩炸弹",
    "merge_whole_sheet.xlsx": "A1:XFD1048576",
    "billion_laughs_sheet.xlsx": "DTD",
    "xxe_sheet.xlsx": "DTD",
    "quadratic_sharedstrings.xlsx": "DTD",
    "renamed_csv.xlsx": "CSV",
    "renamed_html.xlsx": "HTML",
    "renamed_zip.xlsx": "不是 Excel 工作簿",
    "empty.xlsx": "为空",
    "truncated.xlsx": "不完整",
    "garbage.xlsx": "不是 Excel 工作簿",
    "encrypted_like.xlsx": "密码",
    "zip_slip.xlsx": "非法路径",
    "macro.xlsm": "宏",
    "macro_renamed.xlsx": "宏",
    "missing_sheet_part.xlsx": "“台账”的内容缺失",
    "bad_number.xlsx": "C2",
    "bad_style_index.xlsx": "A2",
    "bad_shared_string_index.xlsx": "A1",
    "date_overflow.xlsx": "C2",
}
READ = {"bad_dimension_ref.xlsx", "cell_without_ref.xlsx", "ok_shared_strings.xlsx", "ok_control.xlsx"}


def refusal(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(WorkbookRefused) as caught:
        load_workbook(data, limits)
    return caught.value.message


def test_every_case_has_its_verdict():
    assert {path.name for path in CASES.iterdir()} == {*REFUSED, *READ, "dirty_values.xlsx"}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_the_case_by_name_within_limits(name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.monotonic()
    message = refusal(case(name))
    assert REFUSED[name] in message
    assert time.monotonic() - begun < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10


@pytest.mark.parametrize("name", sorted(READ))
def test_reads_all_three_rows(name):
    (sheet,) = load_workbook(case(name)).sheets
    assert [sheet.rows[row] for row in (2, 3, 4)] == [(f"P000{i}", f"项目{i}", 2021.0, 1000.5 + i) for i in range(3)]


def test_zip_slip_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refusal(case("zip_slip.xlsx"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") * 9, ".xls"),
        (b"\x09\x08\x10\x00" + bytes(100), ".xls"),
        (b"%PDF-1.7 x", "PDF"),
        ("编号,名称\n1,甲\n".encode("gb18030"), "CSV"),
        (b"PK\x03\x04" + bytes((20 << 20) + 1), "20 MB"),
    ],
)
def test_names_other_kinds(data, word):
    assert word in refusal(data)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("word/document.xml", "Word"),
        ("xl/workbook.bin", ".xlsb"),
        ("xl/macrosheets/sheet1.xml", "宏"),
        ("xl\\worksheets\\sheet1.xml", "非法路径"),
    ],
)
def test_names_other_packages(name, word):
    data = with_parts(case("ok_control.xlsx"), {name.replace("\\", "~"): b"<x/>"})
    assert word in refusal(data.replace(name.replace("\\", "~").encode(), name.encode()))


def test_refuses_a_dtd_in_utf16():
    text = part(case("xxe_sheet.xlsx"), SHEET).decode().replace('<?xml version="1.0"?>', "")
    data = with_parts(
        case("ok_control.xlsx"), {SHEET: ('<?xml version="1.0" encoding="utf-16"?>' + text).encode("utf-16")}
    )
    assert "DTD" in refusal(data)


def test_refuses_a_far_cell():
    far = part(case("ok_control.xlsx"), SHEET).replace(b'r="4"', b'r="1048576"').replace(b'"A4"', b'"A1048576"')
    assert "A1048576" in refusal(with_parts(case("ok_control.xlsx"), {SHEET: far}))


def test_takes_styled_empty_rows_to_the_end_of_the_sheet():
    empty = b'<row r="1048576"><c r="A1048576" s="0"/></row></sheetData>'
    sheet = part(case("ok_control.xlsx"), SHEET).replace(b"</sheetData>", empty)
    (read,) = load_workbook(with_parts(case("ok_control.xlsx"), {SHEET: sheet})).sheets
    assert sorted(read.rows) == [1, 2, 3, 4]


def one_string_in_many_cells() -> bytes:
    rows = "".join(f'<row r="{n}">' + f'<c r="A{n}" t="s"><v>0</v></c></row>' for n in range(5, 2000))
    data = case("ok_shared_strings.xlsx")
    strings = part(data, "xl/sharedStrings.xml").replace("项目编号".encode(), b"A" * 30_000)
    sheet = part(data, SHEET).replace(b"</sheetData>", rows.encode() + b"</sheetData>")
    return with_parts(data, {"xl/sharedStrings.xml": strings, SHEET: sheet})


def test_refuses_one_long_string_in_many_cells():
    assert "文字过多" in refusal(one_string_in_many_cells())


def test_refuses_a_workbook_without_a_visible_sheet():
    text = part(case("ok_control.xlsx"), "xl/workbook.xml").decode()
    hidden = text.replace('state="visible"', 'state="hidden"').encode()
    assert hidden != text.encode()
    assert "没有可见" in refusal(with_parts(case("ok_control.xlsx"), {"xl/workbook.xml": hidden}))


def test_refuses_when_memory_or_time_runs_out():
    assert "过大" in refusal(one_string_in_many_cells(), Limits(memory_bytes=90 << 20))
    assert "时间" in refusal(case("ok_control.xlsx"), Limits(wall_seconds=0.01))


def test_a_mutated_package_is_read_or_refused_never_worse():
    good = case("ok_shared_strings.xlsx")
    for at in range(40, len(good), 307):
        spoiled = good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :]
        with contextlib.suppress(WorkbookRefused):
            assert len(load_workbook(spoiled).sheets) == 1


def test_the_child_has_no_environment_of_ours(monkeypatch):
    monkeypatch.setenv("SIGEYIPI_SECRET_KEY", "not for children")
    assert b"SIGEYIPI" not in run_limited("tests.forms.sheets.tasks:show_environment", b"")


def test_the_child_is_ended_with_its_reason():
    with pytest.raises(OutOfLimits, match="时间"):
        run_limited("tests.forms.sheets.tasks:spin", b"", Limits(cpu_seconds=1))
    with pytest.raises(OutOfLimits, match="内存"):
        run_limited("tests.forms.sheets.tasks:swell", b"")
    with pytest.raises(ChildDied):
        run_limited("tests.forms.sheets.tasks:no_such_function", b"")


def test_the_child_gives_back_what_its_function_returns():
    assert run_limited("tests.forms.sheets.tasks:echo", b"x" * 1000) == b"x" * 1000


def test_refuses_an_entry_larger_than_its_directory_says():
    data = case("ok_control.xlsx")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        size = package.getinfo(SHEET).file_size
    at = data.rindex(SHEET.encode()) - 46 + 24  # uncompressed size within the central directory's record
    assert int.from_bytes(data[at : at + 4], "little") == size
    assert "损坏" in refusal(data[:at] + (size - 9).to_bytes(4, "little") + data[at + 4 :])


def test_refuses_a_doctype_without_entities():
    sheet = part(case("ok_control.xlsx"), SHEET)
    assert "DTD" in refusal(with_parts(case("ok_control.xlsx"), {SHEET: b"<!DOCTYPE worksheet>" + sheet}))


def test_names_the_part_that_unpacks_too_far():
    bomb = with_parts(case("ok_control.xlsx"), {"xl/media/image1.png": bytes(9 << 20)})
    assert "xl/media/image1.png" in refusal(bomb)
