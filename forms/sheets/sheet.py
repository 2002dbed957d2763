"""Write an .xlsx of one sheet, written out directly: a county's year files thousands of them.

Text stays text, also where it begins with “=”; an exact amount is a number with the places it has. The bytes depend on
the content alone: no clock and no name is in them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from html import escape
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

CELL_LENGTH: Final = 32_767
SHEET_NAME_LENGTH: Final = 31
WIDTHS: Final = (6, 48)  # narrowest and widest column, in narrow characters
A4, A3 = 9, 8  # as the format counts paper sizes
_MEASURED_ROWS: Final = 500
_MOST_PLACES: Final = 10
_LINE_HEIGHT: Final = 15  # points
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_UNDATED = (1980, 1, 1, 0, 0, 0)  # the earliest moment a ZIP can tell
_MIDDLE = '<alignment vertical="center"/>'
_TITLE, _LINE, _HEADING, _TEXT, _WHOLE = 1, 2, 3, 4, 5  # styles; a number with n places has _WHOLE + n


@dataclass(frozen=True)
class Group:
    """One cell of the heads with the columns below it; a column of its own has no `columns`."""

    text: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A titled table as it is printed: a line above, heads on one or two levels, then the rows."""

    title: str
    heads: Sequence[Group]
    rows: Iterable[Sequence[object]]
    line: str = ""  # under the title: who filled it in, of what day
    paper: int = A4
    landscape: bool = False
    widths: Sequence[int] = ()  # of the columns, in narrow characters; without them as wide as the content


def write_sheet(table: Table) -> bytes:
    """Return the .xlsx: heads stay in sight and stand on every printed page, all columns on one page's width."""
    target = BytesIO(_fixed_parts())
    with ZipFile(target, "a", ZIP_DEFLATED) as package:
        name = sheet_name(table.title)
        _put(package, "xl/workbook.xml", _workbook(name, _heads_at(table), _depth(table)))
        _put(package, "xl/worksheets/sheet1.xml", _sheet(table))
    return target.getvalue()


def clean(text: str) -> str:
    """Leave out what no workbook may hold and what is longer than a cell."""
    if not text.isprintable():
        text = "".join(
            mark
            for mark in text
            if mark in "\n\t" or (unicodedata.category(mark) not in ("Cc", "Cs") and mark < "\ufffe")
        )
    return text[:CELL_LENGTH]


def sheet_name(title: str) -> str:
    """Return a title as a sheet may be called."""
    name = "".join(" " if mark in "[]:*?/\\" else mark for mark in clean(title).replace("\n", " "))
    return name[:SHEET_NAME_LENGTH].strip(" '") or "Sheet"


def shown_width(text: str) -> int:
    """Return how wide a text stands, in narrow characters; Chinese counts double."""
    if text.isascii() and "\n" not in text:
        return min(len(text), WIDTHS[1])
    return max(
        sum(2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in line[: WIDTHS[1]])
        for line in text.split("\n")
    )


def _heads_at(table: Table) -> int:
    return 3 if table.line else 2


def _depth(table: Table) -> int:
    return 2 if any(group.columns for group in table.heads) else 1


def _leaves(table: Table) -> list[str]:
    return [leaf for group in table.heads for leaf in (group.columns or (group.text,))]


def _sheet(table: Table) -> str:
    leaves, first, depth = _leaves(table), _heads_at(table), _depth(table)
    widths = [shown_width(leaf) + 2 for leaf in leaves]
    written = [_row(1, [(table.title, _TITLE)])]
    if table.line:
        written.append(_row(2, [(table.line, _LINE)]))
    written.extend(_head_rows(table, first, depth))
    for number, row in enumerate(table.rows, first + depth):
        cells = []
        for column, value in enumerate(row):
            text, style = _shown(value)
            cells.append((text, style))
            if text is not None and not table.widths and number < first + _MEASURED_ROWS:
                widths[column] = max(widths[column], shown_width(text) + 2)
        written.append(_row(number, cells))
    top = first + depth
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView workbookViewId="0"><pane ySplit="{top - 1}" topLeftCell="A{top}"'
        f' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{''.join(_column(n, width) for n, width in enumerate(table.widths or widths, 1))}</cols>"
        f"<sheetData>{''.join(written)}</sheetData>{_merges(table, first, depth)}"
        '<pageMargins left="0.4" right="0.4" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        f'<pageSetup paperSize="{table.paper}" orientation="{"landscape" if table.landscape else "portrait"}"'
        ' fitToWidth="1" fitToHeight="0"/></worksheet>'
    )


def _head_rows(table: Table, first: int, depth: int) -> list[str]:
    """Return the head rows; every cell of a merged one is there, so that its border is whole."""
    if depth == 1:
        return [_row(first, [(group.text, _HEADING) for group in table.heads])]
    height = _head_height(table)
    upper: list[tuple[str | None, int]] = []
    lower: list[tuple[str | None, int]] = []
    for group in table.heads:
        upper.append((group.text, _HEADING))
        upper.extend((None, _HEADING) for _column in group.columns[1:])
        lower.extend((column, _HEADING) for column in group.columns or (None,))
    return [_row(first, upper, _LINE_HEIGHT), _row(first + 1, lower, height)]


def _head_height(table: Table) -> int:
    """Return what the narrowest column's words need below each other: rows with merged cells do not grow."""
    leaves = zip(_leaves(table), table.widths, strict=False)
    lines = max((-(-shown_width(leaf) // max(width - 2, 2)) for leaf, width in leaves), default=1)
    return _LINE_HEIGHT * (lines + 1)


def _merges(table: Table, first: int, depth: int) -> str:
    last = len(_leaves(table))
    merged = [(1, row, last, row) for row in range(1, first) if last > 1]
    column = 1
    for group in table.heads:
        span = max(len(group.columns), 1)
        bottom = first + depth - 1 if not group.columns else first
        if (span, bottom) != (1, first):
            merged.append((column, first, column + span - 1, bottom))
        column += span
    if not merged:
        return ""
    refs = (f'<mergeCell ref="{letters(a)}{top}:{letters(b)}{bottom}"/>' for a, top, b, bottom in merged)
    return f'<mergeCells count="{len(merged)}">{"".join(refs)}</mergeCells>'


def _shown(value: object) -> tuple[str | None, int]:
    """Return a cell's text and style; a number's text is its digits."""
    if value is None:
        return None, _TEXT
    if isinstance(value, Decimal):
        places = max(-int(value.as_tuple().exponent), 0)
        if places <= _MOST_PLACES:
            return f"{value:f}", _WHOLE + places
    elif isinstance(value, int) and not isinstance(value, bool):
        return str(value), _WHOLE
    return clean("是" if value is True else "否" if value is False else str(value)), _TEXT


def _row(number: int, cells: Sequence[tuple[str | None, int]], height: int = 0) -> str:
    tall = f' ht="{height}" customHeight="1"' if height else ""
    return f'<row r="{number}"{tall}>{"".join(_cell(number, n, *cell) for n, cell in enumerate(cells, 1))}</row>'


def _cell(row: int, column: int, text: str | None, style: int) -> str:
    place = f'<c r="{letters(column)}{row}" s="{style}"'
    if text is None:
        return f"{place}/>"
    if style >= _WHOLE:
        return f"{place}><v>{text}</v></c>"
    return f'{place} t="inlineStr"><is><t xml:space="preserve">{escape(clean(text), quote=False)}</t></is></c>'


def _column(number: int, width: int) -> str:
    shown = min(max(width, WIDTHS[0]), WIDTHS[1])
    return f'<col min="{number}" max="{number}" width="{shown}" customWidth="1"/>'


@cache
def letters(column: int) -> str:
    """Return a column's name: 1 → A, 28 → AB."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _workbook(name: str, first: int, depth: int) -> str:
    quoted = escape(name.replace("'", "''"), quote=False)
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{escape(name)}" sheetId="1"'
        f' r:id="rId1"/></sheets><definedNames><definedName name="_xlnm.Print_Titles" localSheetId="0">'
        f"'{quoted}'!${first}:${first + depth - 1}</definedName></definedNames></workbook>"
    )


@cache
def _fixed_parts() -> bytes:
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as package:
        for name, content in _parts():
            _put(package, name, content)
    return target.getvalue()


def _parts() -> Iterable[tuple[str, str]]:
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    )
    yield "_rels/.rels", _relations(("officeDocument", "xl/workbook.xml"))
    yield "xl/_rels/workbook.xml.rels", _relations(("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"))
    yield "xl/styles.xml", _styles()


def _relations(*targets: tuple[str, str]) -> str:
    named = (f'<Relationship Id="rId{n}" Type="{_OFFICE}/{t}" Target="{p}"/>' for n, (t, p) in enumerate(targets, 1))
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(named)}</Relationships>'


def _styles() -> str:
    formats = "".join(
        f'<numFmt numFmtId="{163 + places}" formatCode="0.{"0" * places}"/>' for places in range(1, _MOST_PLACES + 1)
    )
    side = "".join(f'<{name} style="thin"><color auto="1"/></{name}>' for name in ("left", "right", "top", "bottom"))
    centred = '<alignment horizontal="center" vertical="center" wrapText="1"/>'
    cells = [
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>',
        _format(0, font=1, border=0, more='<alignment horizontal="center" vertical="center"/>'),
        _format(0, border=0),
        _format(0, font=2, fill=2, more=centred),
        _format(49, more='<alignment vertical="center" wrapText="1"/>'),
        _format(1),
        *(_format(163 + places) for places in range(1, _MOST_PLACES + 1)),
    ]
    return (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="{_MOST_PLACES}">{formats}</numFmts>'
        '<fonts count="3"><font><sz val="11"/><name val="宋体"/></font>'
        '<font><b/><sz val="14"/><name val="宋体"/></font><font><b/><sz val="11"/><name val="宋体"/></font></fonts>'
        '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/>'
        '</fill><fill><patternFill patternType="solid"><fgColor rgb="FFF2F2F2"/></patternFill></fill></fills>'
        '<borders count="2"><border><left/><right/><top/><bottom/></border>'
        f"<border>{side}</border></borders>"
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(cells)}">{"".join(cells)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def _format(number: int, *, font: int = 0, fill: int = 0, border: int = 1, more: str = _MIDDLE) -> str:
    return (
        f'<xf numFmtId="{number}" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" applyNumberFormat="1"'
        f' applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">{more}</xf>'
    )


def _put(package: ZipFile, name: str, content: str) -> None:
    entry = ZipInfo(name, _UNDATED)
    entry.compress_type = ZIP_DEFLATED
    package.writestr(entry, _HEAD + content)
