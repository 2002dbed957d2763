"""Turn an uploaded workbook into plain rows of text and numbers, read in a limited child process."""

import datetime
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import python_calamine

from forms.sheets.anatomy import SheetFacts, examine
from forms.sheets.guard import WorkbookRefused, open_package, refuse_by_first_bytes
from forms.sheets.limited import ChildDied, Limits, OutOfLimits, run_limited
from ledger.ledger_marks import MARKS

Cell = str | float | None
# One shared string may stand in every cell: what is read is counted, not what is stored.
TEXT_CHARACTERS: Final = 8_000_000
_UNREADABLE: Final = "文件结构有误或过大，无法读取；请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"


@dataclass(frozen=True)
class Sheet:
    """One visible sheet. `rows` holds the rows that are not empty, by sheet row number; cells count from 1."""

    name: str
    rows: dict[int, tuple[Cell, ...]]
    merges: tuple[tuple[int, int, int, int], ...]
    formulas: frozenset[tuple[int, int]]
    error_cells: frozenset[tuple[int, int]]
    hidden_rows: frozenset[int]


@dataclass(frozen=True)
class Workbook:
    """The visible sheets in order, the names of those left unread because they are hidden, and our own hidden one."""

    sheets: tuple[Sheet, ...]
    hidden: tuple[str, ...]
    aside: Sheet | None = None


def load_workbook(data: bytes, limits: Limits | None = None) -> Workbook:
    """Return the visible sheets of an .xlsx; raise WorkbookRefused saying in Chinese what is wrong with it."""
    refuse_by_first_bytes(data)
    try:
        answer = orjson.loads(run_limited("forms.sheets.grid:answer", data, limits))
    except OutOfLimits as error:
        raise WorkbookRefused(f"文件过大或结构异常，读取超出{error.what}上限") from error
    except ChildDied as error:
        raise WorkbookRefused(_UNREADABLE) from error
    if "refused" in answer:
        raise WorkbookRefused(answer["refused"])
    aside = _sheet(answer["aside"]) if answer["aside"] else None
    return Workbook(tuple(_sheet(each) for each in answer["sheets"]), tuple(answer["hidden"]), aside)


def _sheet(answer: dict[str, Any]) -> Sheet:
    return Sheet(
        name=answer["name"],
        rows={number: tuple(cells) for number, cells in answer["rows"]},
        merges=tuple((a, b, c, d) for a, b, c, d in answer["merges"]),
        formulas=frozenset((row, column) for row, column in answer["formulas"]),
        error_cells=frozenset((row, column) for row, column in answer["error_cells"]),
        hidden_rows=frozenset(answer["hidden_rows"]),
    )


def answer(data: bytes) -> bytes:
    """Read a workbook inside the child; return JSON, either the sheets or the refusal."""
    try:
        with open_package(data) as package:
            anatomy = examine(package, MARKS)
        budget = _Budget()
        sheets = [_read(data, facts, budget) for facts in anatomy.sheets]
        aside = _read(data, anatomy.aside, budget) if anatomy.aside is not None else None
    except WorkbookRefused as refusal:
        return orjson.dumps({"refused": refusal.message})
    except python_calamine.CalamineError:
        return orjson.dumps({"refused": _UNREADABLE})
    return orjson.dumps({"sheets": sheets, "hidden": anatomy.hidden, "aside": aside})


class _Budget:
    def __init__(self) -> None:
        self.left = TEXT_CHARACTERS

    def take(self, text: str) -> str:
        self.left -= len(text) + 1
        if self.left < 0:
            raise WorkbookRefused(f"工作簿文字过多（超过 {TEXT_CHARACTERS} 字）")
        return text


def _read(data: bytes, facts: SheetFacts, budget: _Budget) -> dict[str, object]:
    table = _by_openpyxl(data, facts.name) if facts.cells_without_reference else _by_calamine(data, facts.name)
    rows = []
    for number, values in enumerate(table, 1):
        cells = [_plain(value, budget) for value in values]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            rows.append((number, cells))
    return {
        "name": facts.name,
        "rows": rows,
        "merges": facts.merges,
        "formulas": facts.formulas,
        "error_cells": facts.error_cells,
        "hidden_rows": facts.hidden_rows,
    }


def _by_calamine(data: bytes, name: str) -> Iterable[Sequence[object]]:
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _by_openpyxl(data: bytes, name: str) -> Iterable[Sequence[object]]:
    """Read a sheet whose cells do not say where they stand, which calamine gives up on."""
    import openpyxl  # takes 0.2 s to import, and nearly no workbook needs it

    workbook = openpyxl.load_workbook(io.BytesIO(data), keep_links=False)
    return workbook[name].iter_rows(values_only=True)


def _plain(value: object, budget: _Budget) -> Cell:
    if isinstance(value, str):
        return budget.take(value) if value else None
    if value is None:
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        budget.left -= 1
        return float(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        value = value.date()
    return budget.take(str(value))
