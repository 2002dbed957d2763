"""Write plain workbooks: text stays text, money is a number, nothing is ever a formula."""

import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from openpyxl import Workbook as Book
from openpyxl.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from forms.sheets.cells import plain_text
from forms.sheets.grid import load_workbook
from forms.sheets.guard import WorkbookRefused
from forms.sheets.national_export import choose_table
from forms.sheets.project_rows import RowError
from forms.sheets.sheet import write_sheet
from forms.sheets.table import WIDTHS, Group, Table, clean, sheet_name, shown_width

_MEASURED_ROWS: Final = 500
_MARK: Final = PatternFill("solid", "FFE3E0")
_BOLD: Final = Font(bold=True)
_WRAPPED: Final = Alignment(vertical="center", wrap_text=True)


def write_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return an .xlsx with the title, one head row that stays in sight, and the rows.

    Decimal becomes a number with the places it has (12.30 元, 0.000123 万元), int a number, None an empty cell; all
    else is text, also where it begins with “=”.
    """
    return write_sheet(Table(title, [Group(head) for head in heads], rows))


def error_workbook(data: bytes, errors: Iterable[RowError]) -> bytes:
    """Return the uploaded sheet as text with the reasons in an added last column, their cells marked.

    Rows stay where they were, so that the row numbers of the messages hold. Raises WorkbookRefused as reading
    `data` did.
    """
    by_row: dict[int, list[RowError]] = defaultdict(list)
    for error in errors:
        by_row[error.row].append(error)
    workbook = load_workbook(data)
    try:
        table, _ = choose_table(workbook, {})
        source, header_row = table.sheet, table.header_row
    except WorkbookRefused:  # its headers were known by a person's mapping only
        source, header_row = workbook.sheets[0], 1
    book = Book()
    sheet = book.worksheets[0]
    sheet.title = sheet_name(source.name)
    for number, cells in source.rows.items():
        for column, value in enumerate(cells, 1):
            if value is not None:
                _put(sheet.cell(number, column), plain_text(value))
    last = max((len(cells) for cells in source.rows.values()), default=0) + 1
    _put(sheet.cell(header_row, last), "导入问题")
    sheet.cell(header_row, last).font = _BOLD
    for number, found in by_row.items():
        _mark_row(sheet, number, last, found)
    _set_widths(sheet, first_row=header_row)
    sheet.freeze_panes = f"A{header_row + 1}"
    return _saved(book)


def _mark_row(sheet: Worksheet, number: int, last: int, errors: Sequence[RowError]) -> None:
    reasons = sheet.cell(number, last)
    _put(reasons, "；".join(f"{error.column}：{error.reason}" for error in errors))
    reasons.fill, reasons.alignment = _MARK, _WRAPPED
    for error in errors:
        if error.cell:
            sheet[error.cell].fill = _MARK


def _put(cell: object, value: object) -> None:
    """Set a cell's value; openpyxl would make a formula of “=…” and fail on a control character."""
    assert isinstance(cell, SheetCell)
    if isinstance(value, Decimal):
        cell.value = value
        places = -int(value.as_tuple().exponent)
        cell.number_format = f"0.{'0' * places}" if places > 0 else "0"
    elif isinstance(value, int) and not isinstance(value, bool):
        cell.value = value
    else:
        cell.value = clean("是" if value is True else "否" if value is False else str(value))
        cell.data_type = "s"
        cell.number_format = "@"


def _set_widths(sheet: Worksheet, first_row: int) -> None:
    """Make each column as wide as its widest text of the first rows, within bounds; Chinese counts double."""
    widths: dict[int, int] = defaultdict(int)
    last_row = min(sheet.max_row, first_row + _MEASURED_ROWS)  # asking past the last row would make cells there
    for row in sheet.iter_rows(min_row=first_row, max_row=last_row):
        for column, cell in enumerate(row, 1):
            if cell.value is not None:
                widths[column] = max(widths[column], shown_width(str(cell.value)))
    for column, width in widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = min(max(width + 2, WIDTHS[0]), WIDTHS[1])


def _saved(book: Book) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
