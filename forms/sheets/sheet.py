"""Write an .xlsx of one sheet, written out directly: a county's year files thousands of them.

Text stays text, also where it begins with “=”; an exact amount is a number with the places it has; a formula is only
what our own code writes as one. The bytes depend on the content alone: no clock and no name is in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from html import escape
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from forms.sheets.heights import line_count, points, split_height
from forms.sheets.styles import (
    HEADING,
    LINE,
    MAIN,
    MOST_PLACES,
    NOTE,
    PRINTED,
    SHORT,
    TEXT,
    TITLE,
    WHOLE,
    styles_part,
)
from forms.sheets.table import WIDTHS, Aside, Choice, Formula, Spot, Table, clean, sheet_name, shown_width

_MEASURED_ROWS: Final = 500
_TITLE_HEIGHT, _LINE_HEIGHT, _NARROWEST = 36, 21, 4.5
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_UNDATED = (1980, 1, 1, 0, 0, 0)  # the earliest moment a ZIP can tell
_CENTRED = '<printOptions horizontalCentered="1"/>'
_PAGE_NUMBERS = "<headerFooter><oddFooter>&amp;C第 &amp;P 页 共 &amp;N 页</oddFooter></headerFooter>"


def write_sheet(table: Table) -> bytes:
    """Return the .xlsx: heads stay in sight and stand on every printed page, all columns on one page's width."""
    target = BytesIO(_fixed_parts(table.aside is not None))
    with ZipFile(target, "a", ZIP_DEFLATED) as package:
        _put(package, "xl/workbook.xml", [_workbook(table)])
        _put(package, "xl/worksheets/sheet1.xml", _Sheet(table).pieces())
        if table.aside is not None:
            _put(package, "xl/worksheets/sheet2.xml", _aside(table.aside))
    return target.getvalue()


class _Sheet:
    """One table on its way into XML."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.printing = table.printing
        self.leaves = table.leaves
        self.top = table.heads_at
        self.first = self.top + table.depth  # row below the heads
        self.look = PRINTED if table.printing else 0
        self.next = self.first
        self.merged = list(self._merged_heads())
        self.rows: Sequence[Sequence[object]] = ()
        self.widths: list[float] = [shown_width(leaf) + 2 for leaf in self.leaves]

    def pieces(self) -> Iterator[str]:
        """Yield the part's text, a few rows at a time."""
        if self.printing is not None:
            self.rows = [*self.table.rows]
            self.widths = [max(width, _NARROWEST) for width in self._printed_widths(self.printing.widths)]
        body = self._body()
        written: Iterable[str] = body if self.printing is not None else [*body]  # plain columns fit what is written
        yield from (self._above(), *self._heads())
        yield from written
        if self.printing is not None and self.printing.note:
            yield self._note(self.printing.note)
        yield f"</sheetData>{self._below()}"

    def _printed_widths(self, wanted: Sequence[float]) -> Iterator[float]:
        """Widen columns of numbers: one that does not fit shows as #####."""
        longest = [0] * len(wanted)
        for row in self.rows:
            for column, value in enumerate(row):
                number = value.value if isinstance(value, Formula) else value
                if isinstance(number, Decimal | int):
                    longest[column] = max(longest[column], len(_shown(number)[0] or ""))
        return (max(width, length + 2 if length else 0) for width, length in zip(wanted, longest, strict=True))

    def _above(self) -> str:
        beside = self.printing.beside if self.printing else 0
        split = f'xSplit="{beside}" ' if beside else ""
        pane = "bottomRight" if beside else "bottomLeft"
        plain = not self.printing
        columns = (_column(n, width, plain) for n, width in enumerate(self.widths, 1))
        return (
            f'<worksheet xmlns="{MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
            f'<sheetViews><sheetView workbookViewId="0"><pane {split}ySplit="{self.first - 1}"'
            f' topLeftCell="{letters(beside + 1)}{self.first}" activePane="{pane}" state="frozen"/></sheetView>'
            f"</sheetViews><cols>{''.join(columns)}</cols><sheetData>"
        )

    def _heads(self) -> Iterator[str]:
        """Yield the rows above the body; every cell of a merged one is there, so that its border is whole."""
        tall = bool(self.printing)
        yield self._row(1, [(self.table.title, TITLE)], _TITLE_HEIGHT if tall else 0)
        if self.table.line:
            yield self._row(2, [(self.table.line, LINE)], _LINE_HEIGHT if tall else 0)
        if self.first - self.top == 1:
            yield self._row(self.top, [(group.text, HEADING) for group in self.table.heads])
            return
        upper: list[tuple[str | None, int]] = []
        lower: list[tuple[str | None, int]] = []
        for group in self.table.heads:
            upper.append((group.text, HEADING))
            upper.extend((None, HEADING) for _column in group.columns[1:])
            lower.extend((column, HEADING) for column in group.columns or (None,))
        yield self._row(self.top, upper, points(1))
        yield self._row(self.top + 1, lower, self._head_height())

    def _head_height(self) -> int:
        """Return what the heads' words need below each other: rows with merged cells do not grow."""
        return points(max(map(line_count, self.leaves, self.widths)))

    def _body(self) -> Iterator[str]:
        for row in self.table.rows if self.printing is None else self.rows:
            number = self.next
            cells = [self._value(column, value) for column, value in enumerate(row)]
            if self.printing is None:
                self._widen(cells)
                self.next += 1
                yield self._row(number, cells)
            else:
                yield from self._high_row(number, row, cells)

    def _widen(self, cells: Sequence[tuple[str | None, int]]) -> None:
        if self.next < self.first + _MEASURED_ROWS:
            for column, (text, _style) in enumerate(cells):
                if text is not None:
                    self.widths[column] = max(self.widths[column], shown_width(text) + 2)

    def _high_row(self, number: int, row: Sequence[object], cells: list[tuple[str | None, int]]) -> Iterator[str]:
        """Yield a row as high as its text; over several rows where one cannot be so high."""
        lines = (line_count(str(value), self.widths[n]) for n, value in enumerate(row) if isinstance(value, str))
        count, height = split_height(points(max(lines, default=1)))
        self.next += count
        yield self._row(number, cells, height)
        if count > 1:
            last = number + count - 1
            self.merged.extend((column, number, column, last) for column in range(1, len(cells) + 1))
            yield from (self._row(each, [(None, TEXT)] * len(cells), height) for each in range(number + 1, last + 1))

    def _value(self, column: int, value: object) -> tuple[str | None, int]:
        if isinstance(value, Formula):
            text, style = _shown(value.value)
            formula = value.text(Spot(letters(column + 1), self.next, self.first))
            return f"<f>{escape(formula, quote=False)}</f><v>{text}</v>", -style
        text, style = _shown(value)
        if style == TEXT and self.printing is not None and column in self.printing.centred:
            style = SHORT
        return text, style

    def _note(self, text: str) -> str:
        last = len(self.leaves)
        self.merged.append((1, self.next, last, self.next))
        return self._row(self.next, [(text, NOTE)], points(line_count(text, sum(self.widths))))

    def _row(self, number: int, cells: Sequence[tuple[str | None, int]], height: int = 0) -> str:
        tall = f' ht="{height}" customHeight="1"' if height else ""
        inside = "".join(_cell(number, n, text, style, self.look) for n, (text, style) in enumerate(cells, 1))
        return f'<row r="{number}"{tall}>{inside}</row>'

    def _merged_heads(self) -> Iterator[tuple[int, int, int, int]]:
        last = len(self.leaves)
        if last > 1:
            yield from ((1, row, last, row) for row in range(1, self.top))
        column = 1
        for group in self.table.heads:
            span = max(len(group.columns), 1)
            bottom = self.first - 1 if not group.columns else self.top
            if (span, bottom) != (1, self.top):
                yield column, self.top, column + span - 1, bottom
            column += span

    def _below(self) -> str:
        refs = (f'<mergeCell ref="{letters(a)}{top}:{letters(b)}{bottom}"/>' for a, top, b, bottom in self.merged)
        merged = f'<mergeCells count="{len(self.merged)}">{"".join(refs)}</mergeCells>' if self.merged else ""
        return (
            f"{merged}{self._choices()}"
            f"{_CENTRED if self.printing else ''}"
            '<pageMargins left="0.4" right="0.4" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
            f'<pageSetup paperSize="{self.table.paper}" orientation="{_orientation(self.table)}"'
            f' fitToWidth="1" fitToHeight="0"/>{_PAGE_NUMBERS if self.printing else ""}</worksheet>'
        )

    def _choices(self) -> str:
        choices = self.printing.choices if self.printing else {}
        if not choices or self.next == self.first:
            return ""
        rules = (_rule(choice, letters(n + 1), self.first, self.next - 1) for n, choice in sorted(choices.items()))
        return f'<dataValidations count="{len(choices)}">{"".join(rules)}</dataValidations>'


def _rule(choice: Choice, column: str, first: int, last: int) -> str:
    area = f'sqref="{column}{first}:{column}{last}"'
    if choice.several:
        words = escape("可以多选，用顿号隔开：" + "、".join(choice.words))
        return f'<dataValidation allowBlank="1" showInputMessage="1" {area} promptTitle="填写说明" prompt="{words}"/>'
    listed = escape(",".join(choice.words), quote=False)
    return (
        f'<dataValidation type="list" allowBlank="1" showInputMessage="1" showErrorMessage="1" {area}'
        f' errorTitle="填写有误" error="请从列表中选择一项"><formula1>"{listed}"</formula1></dataValidation>'
    )


def _orientation(table: Table) -> str:
    return "landscape" if table.landscape else "portrait"


def _shown(value: object) -> tuple[str | None, int]:
    """Return a cell's text and style; a number's text is its digits."""
    if value is None:
        return None, TEXT
    if isinstance(value, Decimal):
        places = max(-int(value.as_tuple().exponent), 0)
        if places <= MOST_PLACES:
            return f"{value:f}", WHOLE + places
    elif isinstance(value, int) and not isinstance(value, bool):
        return str(value), WHOLE
    return clean("是" if value is True else "否" if value is False else str(value)), TEXT


def _cell(row: int, column: int, text: str | None, style: int, look: int) -> str:
    """Write one cell; the negative of a number's style says that `text` is a formula's XML."""
    place = f'<c r="{letters(column)}{row}" s="{abs(style) + look}"'
    if text is None:
        return f"{place}/>"
    if style < 0:
        return f"{place}>{text}</c>"
    if style >= WHOLE:
        return f"{place}><v>{text}</v></c>"
    return f'{place} t="inlineStr"><is><t xml:space="preserve">{escape(clean(text), quote=False)}</t></is></c>'


def _column(number: int, width: float, plain: bool) -> str:
    shown = min(max(width, WIDTHS[0]), WIDTHS[1]) if plain else width
    return f'<col min="{number}" max="{number}" width="{shown}" customWidth="1"/>'


@cache
def letters(column: int) -> str:
    """Return a column's name: 1 → A, 28 → AB."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _aside(aside: Aside) -> Iterator[str]:
    yield f'<worksheet xmlns="{MAIN}"><sheetData>'
    for number, row in enumerate(aside.rows, 1):
        cells = (_cell(number, column, text, TEXT, 0) for column, text in enumerate(row, 1))
        yield f'<row r="{number}">{"".join(cells)}</row>'
    yield "</sheetData></worksheet>"


def _workbook(table: Table) -> str:
    name, top = sheet_name(table.name or table.title), table.heads_at
    quoted = escape(name.replace("'", "''"), quote=False)
    hidden = table.aside.name if table.aside is not None else ""
    other = f'<sheet name="{escape(hidden)}" sheetId="2" state="veryHidden" r:id="rId3"/>' if hidden else ""
    return (
        f'<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{escape(name)}" sheetId="1"'
        f' r:id="rId1"/>{other}</sheets><definedNames><definedName name="_xlnm.Print_Titles" localSheetId="0">'
        f"'{quoted}'!${top}:${top + table.depth - 1}</definedName></definedNames></workbook>"
    )


@cache
def _fixed_parts(two: bool) -> bytes:
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as package:
        for name, content in _parts(two):
            _put(package, name, [content])
    return target.getvalue()


def _parts(two: bool) -> Iterable[tuple[str, str]]:
    sheets = ("worksheets/sheet1.xml", "worksheets/sheet2.xml")[: 2 if two else 1]
    overrides = (f'<Override PartName="/xl/{path}" ContentType="{_TYPE}.worksheet+xml"/>' for path in sheets)
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'{"".join(overrides)}<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    )
    yield "_rels/.rels", _relations(("officeDocument", "xl/workbook.xml"))
    more = [("worksheet", path) for path in sheets[1:]]
    yield "xl/_rels/workbook.xml.rels", _relations(("worksheet", sheets[0]), ("styles", "styles.xml"), *more)
    yield "xl/styles.xml", styles_part()


def _relations(*targets: tuple[str, str]) -> str:
    named = (f'<Relationship Id="rId{n}" Type="{_OFFICE}/{t}" Target="{p}"/>' for n, (t, p) in enumerate(targets, 1))
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(named)}</Relationships>'


def _put(package: ZipFile, name: str, pieces: Iterable[str]) -> None:
    """Write a part as it is made: a county's ten thousand rows need not stand in memory twice."""
    entry = ZipInfo(name, _UNDATED)
    entry.compress_type = ZIP_DEFLATED
    with package.open(entry, "w") as part:
        part.write(_HEAD.encode())
        for piece in pieces:
            part.write(piece.encode())
