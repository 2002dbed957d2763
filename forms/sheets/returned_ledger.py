"""Read 管理台账 (Annex 5) that comes back: every cell by the head above it, what it means, why it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from forms.sheets.anatomy import column_letters
from forms.sheets.annexes import ANNEX5_LEAVES
from forms.sheets.cells import (
    WAN,
    Unreadable,
    clean_text,
    exact,
    plain_text,
    read_amount,
    read_telephone,
    read_text,
    read_year,
)
from forms.sheets.grid import Cell, Sheet, load_workbook
from forms.sheets.guard import WorkbookRefused
from ledger.ledger_edits import LedgerCell, LedgerRow, ReturnedLedger
from ledger.ledger_marks import plain_number, shown
from ledger.statistics import ENTRUSTED_IN_LEDGER, TOTAL
from ledger.vocabulary import (
    Cause,
    Function,
    Industry,
    LedgerOperation,
    Linkage,
    LinkageGap,
    OperatingMode,
    ProjectProblem,
    Term,
    Use,
)

_HEAD_ROWS: Final = 40  # looked through for the heads
_NUMBER, _NAME, _SUBTOTAL = 2, 1, 8
_BETWEEN = re.compile(r"[、,，;；/\n]+")
_PLACE = re.compile(r"(?:.*[县市])?(.{1,8}?(?:街道|镇|乡))(.*)")
_PERSON_LENGTH: Final = 50
_NOTE = "填表说明"

Reader = Callable[[Cell], Any]


def read_ledger(data: bytes) -> ReturnedLedger:
    """Return the projects' rows of a returned 台账, and which left it; its total and filling notes are no projects.

    Raises WorkbookRefused for what is no readable workbook or has not all of Annex 5's columns.
    """
    workbook = load_workbook(data)
    for sheet in workbook.sheets:
        found = _heads(sheet)
        if found is not None:
            first, columns = found
            marks = {str(row[0]): str(row[1]) for row in _pairs(workbook.aside)}
            rows = tuple(_rows(sheet, first, columns, marks))
            there = {row.number for row in rows}
            return ReturnedLedger(rows, tuple(number for number in marks if number not in there))
    raise WorkbookRefused("没有找到管理台账的表头：表中要有“序号”“项目名称”“项目编号”等列（附件5）")


def _pairs(aside: Sheet | None) -> Iterable[tuple[Cell, ...]]:
    return (row for row in aside.rows.values() if len(row) == 2) if aside is not None else ()


def _heads(sheet: Sheet) -> tuple[int, Mapping[int, int]] | None:
    """Return the first row below the heads and where each of the 28 columns stands, wherever somebody moved it."""
    for top in sorted(sheet.rows):
        if top > _HEAD_ROWS:
            break
        upper = [_head(cell) for cell in sheet.rows[top]]
        if not {"项目名称", "项目编号"} <= set(upper):
            continue
        lower = [_head(cell) for cell in sheet.rows.get(top + 1, ())]
        width = max(len(upper), len(lower))
        upper, lower = (line + [""] * (width - len(line)) for line in (upper, lower))
        named = {low or up: n for n, (up, low) in enumerate(zip(upper, lower, strict=True))}
        missing = [leaf for leaf in ANNEX5_LEAVES if leaf not in named]
        if missing:
            raise WorkbookRefused(f"不是完整的管理台账，缺少列：{'、'.join(missing)}")
        return top + 2, {column: named[leaf] for column, leaf in enumerate(ANNEX5_LEAVES)}
    return None


def _head(cell: Cell) -> str:
    return "".join(clean_text(plain_text(cell)).split())


def _rows(sheet: Sheet, first: int, columns: Mapping[int, int], marks: Mapping[str, str]) -> Iterable[LedgerRow]:
    for number, values in sorted(sheet.rows.items()):
        if number < first:
            continue
        cells = {column: values[at] if at < len(values) else None for column, at in columns.items()}
        label, name = (clean_text(plain_text(cells[column])) for column in (0, _NAME))
        key = clean_text(plain_text(cells[_NUMBER]))
        if label.startswith(_NOTE) or (not key and name in ("", TOTAL) and not _says_more(cells)):
            continue
        summed = (number, columns[_SUBTOTAL] + 1) in sheet.formulas  # as it left: nobody typed there
        wanted = (column for column in range(1, len(cells)) if not (summed and column == _SUBTOTAL))
        read = tuple(_cell(sheet, number, column, columns[column] + 1, cells[column]) for column in wanted)
        yield LedgerRow(number, key, marks.get(key, ""), read)


def _says_more(cells: Mapping[int, Cell]) -> bool:
    """Tell a project without its number from the total, whose only other cells are sums."""
    return any(isinstance(cell, str) for column, cell in cells.items() if column > _NUMBER)


def _cell(sheet: Sheet, row: int, column: int, position: int, value: Cell) -> LedgerCell:
    where, head = f"{column_letters(position)}{row}", ANNEX5_LEAVES[column]
    problem, meaning = "", None
    key = (row, position)
    if key in sheet.formulas:
        problem = "单元格是公式，不读入；请粘贴为数值或文字"
    elif key in sheet.error_cells:
        problem = f"单元格是错误值 {plain_text(value)[:20]}"
    else:
        try:
            meaning = _READERS[column](value)
        except Unreadable as unreadable:
            problem = str(unreadable)
    plain = plain_number(exact(value)) if isinstance(value, float) else _lines(plain_text(value))
    text = "=" if key in sheet.formulas else _shown(value)  # no cell of ours shows a formula's sign alone
    return LedgerCell(row, where, head, column, text, plain, meaning, problem)


def _shown(value: Cell) -> str:
    return shown(exact(value) if isinstance(value, float) else value)


def _text(limit: int) -> Reader:
    return lambda cell: read_text(cell, limit)


def _paragraphs(limit: int) -> Reader:
    """Read a text whose line breaks stay."""

    def read(cell: Cell) -> str:
        text = _lines(plain_text(cell))
        if len(text) > limit:
            raise Unreadable(f"超过 {limit} 字（现有 {len(text)} 字）")
        return text

    return read


def _lines(text: str) -> str:
    return "\n".join(clean_text(line) for line in text.strip().splitlines())


def _required(limit: int) -> Reader:
    def read(cell: Cell) -> str:
        text = read_text(cell, limit)
        if not text:
            raise Unreadable("为空")
        return text

    return read


def _year(cell: Cell) -> int:
    year = read_year(cell)
    if year is None:
        raise Unreadable("为空")
    return year


def _money(cell: Cell) -> Decimal | None:
    """Return 元 from a cell in 万元."""
    amount = read_amount(cell, WAN)
    if amount is None:
        return None
    if amount.rounded:
        raise Unreadable("金额精确到分（以万元计，小数不超过六位）")
    return amount.yuan


def _one_of(terms: type[Term], also: Mapping[str, Term] | None = None) -> Reader:
    known = {_bare(term.label): term for term in terms} | {_bare(word): term for word, term in (also or {}).items()}

    def read(cell: Cell) -> Term | None:
        text = read_text(cell, 100)
        if not text:
            return None
        if _bare(text) not in known:
            raise Unreadable(f"“{text[:30]}”不在可选范围：{'、'.join(term.label for term in terms)}")
        return known[_bare(text)]

    return read


def _several_of(terms: type[Term]) -> Reader:
    one = _one_of(terms)

    def read(cell: Cell) -> list[str]:
        chosen = {one(part) for part in _BETWEEN.split(plain_text(cell)) if part.strip()}
        return [str(term) for term in terms if term in chosen]

    return read


def _bare(text: str) -> str:
    return re.sub(r"[\s()（）]", "", text)


def _person(cell: Cell) -> tuple[str, str]:
    """Return 责任人 and 联系电话 of one cell."""
    text = read_text(cell, 100)
    if "*" in text:
        raise Unreadable("号码是遮盖过的；要改请写完整的号码")
    start = re.search(r"\d", text)
    cut = start.start() if start else len(text)
    person = text[:cut].strip(" ,，、/:：（(")
    if len(person) > _PERSON_LENGTH:
        raise Unreadable(f"责任人超过 {_PERSON_LENGTH} 字")
    return person, read_telephone(text[cut:])


def _place(cell: Cell) -> tuple[str, str]:
    """Return the township and the village of 项目地点."""
    text = read_text(cell, 100)
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Unreadable("应写明镇（乡、街道）和村（居），如“桑柘镇鹿青村”")
    return found[1], found[2]


_ENTRUSTED = {ENTRUSTED_IN_LEDGER: OperatingMode.ENTRUSTED}
_READERS: Final[Mapping[int, Reader]] = {
    1: _required(200),
    2: _required(64),
    3: _year,
    4: _text(20),
    5: _text(200),
    6: _person,
    7: _one_of(Industry),
    8: _money,
    9: _money,
    10: _money,
    11: _paragraphs(2000),
    12: _place,
    13: _one_of(OperatingMode, _ENTRUSTED),
    14: _money,
    15: _money,
    16: _money,
    17: _money,
    18: _one_of(Function),
    19: _one_of(Use),
    20: _one_of(LedgerOperation),
    21: _several_of(ProjectProblem),
    22: _several_of(Cause),
    23: _one_of(Linkage),
    24: _one_of(LinkageGap),
    25: _paragraphs(2000),
    26: _paragraphs(2000),
    27: _paragraphs(2000),
}
