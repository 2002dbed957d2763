"""`sigeyipi rehearse` (issue 4): one JSON object, tables and archive in a folder of its own."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

from tests.forms.sheets.made import export
from webapp.cli import main

KEYS = [
    *("projects", "cases_finished", "transactions", "seconds", "timers_fired"),
    *("returns", "objections", "exits", "problems"),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first three projects of the plain export."""
    book = openpyxl.load_workbook(BytesIO(export("plain")))
    sheet = book.worksheets[0]
    sheet.delete_rows(5, sheet.max_row)
    path = tmp_path_factory.mktemp("small") / "small.xlsx"
    book.save(path)
    return path


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["rehearse", *map(str, arguments)])
    return int(ended.value.code or 0)


def test_a_small_year_from_the_command_line(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert command("--from", small, "--year", 2023, "--seed", 7, "--out", out) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == KEYS
    assert (told["projects"], told["cases_finished"], told["problems"]) == (3, 3, [])
    assert told["transactions"] > 3 * 20
    (annex4,), (annex5,) = out.glob("*统计表.xlsx"), out.glob("*管理台账.xlsx")
    total = list(openpyxl.load_workbook(annex4, data_only=True).worksheets[0].values)[-1]
    ledger = list(openpyxl.load_workbook(annex5, data_only=True).worksheets[0].values)[4:7]
    assert (total[1], total[3], sum(total[4:8])) == ("合计", 3, 3)
    assert total[2] == pytest.approx(sum(row[8] for row in ledger), abs=1e-9)
    with ZipFile(out / "归档材料.zip") as package:
        assert sum(name.endswith("归档目录.xlsx") for name in package.namelist()) == 3
    assert command("--from", small, "--out", out) == 2
    assert "已有文件" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"--year": "2022"}, "--year 应是 2023"),
        ({"--year": "一"}, "--year 应是"),
        ({"--seed": "-1"}, "--seed 应是"),
        ({"--from": "/nowhere.xlsx"}, "没有这个文件"),
    ],
)
def test_wrong_input_is_named_and_nothing_is_made(
    changed: dict[str, str], sentence: str, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    given = {"--from": str(small), "--year": "2023", "--seed": "7", "--out": str(out), **changed}
    assert command(*(word for pair in given.items() for word in pair)) == 2
    assert sentence in capsys.readouterr().err
    assert not out.exists()
