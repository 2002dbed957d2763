"""Walk the parts of a checked package and tell what its visible sheets hold that must not be believed.

python-calamine reads fast but tells neither formulas nor positions of broken cells, and lets wrong styles and
impossible dates pass; this walk finds them, with their cell names, before it reads.
"""

import math
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from forms.sheets.guard import WorkbookRefused, walk_xml

ROW_COUNT: Final = 20_000
COLUMN_COUNT: Final = 200
CELL_COUNT: Final = 1_000_000
MERGE_COUNT: Final = 20_000
# Excel's own last row; a sheet may style rows to the end without a value in them.
ROW_ELEMENT_COUNT: Final = 1_048_576
# The serial number of 9999-12-31 in Excel's calendar, plus one.
DATE_END: Final = 2_958_466

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_DATE_IDS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])


@dataclass
class SheetFacts:
    """What the walk learned about one visible sheet; cells are (row, column), both counted from 1."""

    name: str
    formulas: list[tuple[int, int]] = field(default_factory=list)
    error_cells: list[tuple[int, int]] = field(default_factory=list)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    cells_without_reference: bool = False


@dataclass(frozen=True)
class Anatomy:
    """The visible sheets in order, the names of the hidden ones, and the hidden one that our own program reads."""

    sheets: tuple[SheetFacts, ...]
    hidden: tuple[str, ...]
    aside: SheetFacts | None = None


def examine(package: zipfile.ZipFile, aside: str = "") -> Anatomy:
    """Walk every XML part; return the visible sheets' facts; raise WorkbookRefused naming part or cell.

    A hidden sheet called `aside` is walked as strictly as those in sight.
    """
    visible, unseen = _sheet_parts(package)
    hidden = [name for name, _ in unseen if name != aside]
    kept = [(name, part) for name, part in unseen if name == aside and part]
    if not visible:
        raise WorkbookRefused("工作簿没有可见的工作表")
    known = {part for _, part in (*visible, *kept)}
    for entry in package.infolist():
        if entry.filename.endswith((".xml", ".rels", ".vml")) and entry.filename not in known:
            walk_xml(package, entry.filename)
    styles = _date_styles(package)
    string_count = _shared_string_count(package)
    sheets = []
    for name, part in (*visible, *kept):
        if part not in package.NameToInfo:
            raise WorkbookRefused(f"工作表“{name}”的内容缺失，文件不完整")
        walk = _CellWalk(SheetFacts(name), styles, string_count)
        walk_xml(package, part, walk.start, walk.end, walk.text)
        sheets.append(walk.facts)
    return Anatomy(tuple(sheets[: len(visible)]), tuple(hidden), sheets[-1] if kept else None)


def column_letters(column: int) -> str:
    """Name a column counted from 1 as the sheet does: 1 is A, 27 is AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _sheet_parts(package: zipfile.ZipFile) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return name and part of the visible sheets and of the hidden ones; a hidden one may be without its part."""
    targets: dict[str, str] = {}
    sheets: list[tuple[str, str, str]] = []

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            target = attributes.get("Target", "")
            targets[attributes.get("Id", "")] = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "sheet":
            key = next((value for name, value in attributes.items() if name.endswith(":id")), "")
            sheets.append((attributes.get("name", ""), attributes.get("state", "visible"), key))

    if "xl/_rels/workbook.xml.rels" not in package.NameToInfo:
        raise WorkbookRefused("文件不完整：缺少工作表目录")
    walk_xml(package, "xl/_rels/workbook.xml.rels", relation)
    walk_xml(package, "xl/workbook.xml", sheet)
    if len({name for name, _, _ in sheets}) != len(sheets):
        raise WorkbookRefused("有两张工作表同名，文件结构有误")
    visible = [(name, targets[key]) for name, state, key in sheets if state == "visible" and key in targets]
    return visible, [(name, targets.get(key, "")) for name, state, key in sheets if state != "visible"]


def _shared_string_count(package: zipfile.ZipFile) -> int:
    count = 0

    def item(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += _local(tag) == "si"

    if "xl/sharedStrings.xml" in package.NameToInfo:
        walk_xml(package, "xl/sharedStrings.xml", item)
    return count


def _date_styles(package: zipfile.ZipFile) -> dict[str, bool]:
    """Tell for each cell style, by its index as cells write it, whether it shows a date."""
    date_formats: set[str] = {str(number) for number in _DATE_IDS}
    styles: dict[str, bool] = {}
    inside: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        tag = _local(tag)
        if tag == "numFmt" and _shows_date(attributes.get("formatCode", "")):
            date_formats.add(attributes.get("numFmtId", ""))
        if tag == "xf" and inside and inside[-1] == "cellXfs":
            styles[str(len(styles))] = attributes.get("numFmtId", "0") in date_formats
        inside.append(tag)

    def end(_: str) -> None:
        inside.pop()

    if "xl/styles.xml" in package.NameToInfo:
        walk_xml(package, "xl/styles.xml", start, end)
    return styles or {"0": False}


def _shows_date(code: str) -> bool:
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.', "", code)
    return re.search(r"[ymdhs]", bare, re.IGNORECASE) is not None


@lru_cache(maxsize=20_000)
def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


class _CellWalk:
    """The expat callbacks of one worksheet part."""

    def __init__(self, facts: SheetFacts, date_styles: dict[str, bool], string_count: int) -> None:
        self.facts = facts
        self._date_styles = date_styles
        self._string_count = string_count
        self._row = self._column = self._cell_count = self._row_count = self._merged_rows = 0
        self._kind = "n"
        self._is_date = False
        self._filled = False
        self._pieces: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take an opening tag."""
        if ":" in tag:
            tag = _local(tag)
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "v":
            self._filled = True
            self._pieces = []
        elif tag == "t":
            self._filled = True
        elif tag == "f":
            self.facts.formulas.append((self._row, self._column))
        elif tag == "row":
            self._start_row(attributes)
        elif tag == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def text(self, text: str) -> None:
        """Take character data; only that of values matters."""
        if self._pieces is not None:
            self._pieces.append(text)

    def end(self, tag: str) -> None:
        """Take a closing tag."""
        if tag == "v" or tag.endswith(":v"):
            self._check_value("".join(self._pieces or ()))
            self._pieces = None
        elif (tag == "c" or tag.endswith(":c")) and self._filled:
            self._cell_count += 1
            if self._row > ROW_COUNT or self._column > COLUMN_COUNT or self._cell_count > CELL_COUNT:
                size = f"{ROW_COUNT} 行、{COLUMN_COUNT} 列、{CELL_COUNT} 个有内容的单元格"
                raise WorkbookRefused(f"{self._where()}超出范围：一张表最多 {size}")

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", "")
        if number and not (number.isascii() and number.isdigit() and 0 < int(number[:8]) <= ROW_ELEMENT_COUNT):
            raise WorkbookRefused(f"工作表“{self.facts.name}”的行号“{number[:20]}”有误，文件结构有误")
        self._row = int(number) if number else self._row + 1
        self._column = 0
        self._row_count += 1
        if self._row_count > ROW_ELEMENT_COUNT:
            raise WorkbookRefused(f"工作表“{self.facts.name}”的行数超出范围")
        if attributes.get("hidden") in ("1", "true") and self._row <= ROW_COUNT:
            self.facts.hidden_rows.append(self._row)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference:
            match = _REFERENCE.fullmatch(reference)
            if match is None:
                raise WorkbookRefused(f"工作表“{self.facts.name}”的单元格位置“{reference[:20]}”有误，文件结构有误")
            self._column = _column(match[1])
            self._row = int(match[2])
        else:
            self._column += 1
            self.facts.cells_without_reference = True
        self._filled = False
        self._kind = attributes.get("t", "n")
        style = attributes.get("s", "0")
        if style not in self._date_styles:
            raise WorkbookRefused(f"{self._where()}引用了不存在的单元格样式 {style[:20]}，文件结构有误")
        self._is_date = self._date_styles[style]

    def _where(self) -> str:
        return f"工作表“{self.facts.name}”的单元格 {column_letters(self._column)}{self._row} "

    def _check_value(self, text: str) -> None:
        if self._kind == "s":
            if not text.strip().isdigit() or int(text.strip()[:9]) >= self._string_count:
                raise WorkbookRefused(f"{self._where()}引用了不存在的共享字符串，文件结构有误")
        elif self._kind == "e":
            self.facts.error_cells.append((self._row, self._column))
        elif self._kind == "n" and text:
            self._check_number(text)

    def _check_number(self, text: str) -> None:
        try:
            number = float(text)
        except ValueError as error:
            raise WorkbookRefused(f"{self._where()}标为数字，内容“{text[:20]}”却不是数字") from error
        if not math.isfinite(number):
            raise WorkbookRefused(f"{self._where()}的数字超出范围")
        if self._is_date and not 0 <= number < DATE_END:
            raise WorkbookRefused(f"{self._where()}标为日期，数值 {text[:20]} 却超出日期范围")

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        start, stop = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last or first)
        if start is None or stop is None:
            raise WorkbookRefused(f"工作表“{self.facts.name}”的合并区域“{reference[:40]}”有误，文件结构有误")
        merge = (int(start[2]), _column(start[1]), int(stop[2]), _column(stop[1]))
        self._merged_rows += merge[2] - merge[0] + 1  # honest merges do not overlap
        beyond = merge[2] > ROW_COUNT or merge[3] > COLUMN_COUNT or self._merged_rows > ROW_COUNT * COLUMN_COUNT
        if beyond or len(self.facts.merges) >= MERGE_COUNT:
            raise WorkbookRefused(f"工作表“{self.facts.name}”的合并单元格过多或范围过大（{reference[:40]}）")
        self.facts.merges.append(merge)
