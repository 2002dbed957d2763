"""Read the projects out of a workbook exported from the national system's asset ledger (art. 11, P1).

The sheet is read by what its headers say, not by position. Every problem of every row is told at once; a row with
a problem is not read at all, and nothing is guessed: what cannot be told stays empty for the survey.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from forms.sheets.anatomy import column_letters
from forms.sheets.cells import clean_text, plain_text
from forms.sheets.grid import Cell, Workbook, load_workbook
from forms.sheets.guard import WorkbookRefused
from forms.sheets.headers import FIELDS, SKIP, Column, Table, find_table
from forms.sheets.project_rows import ProjectRow, RowError, RowReader, SheetRow

# Filled down where one cell was merged over several projects; never names, numbers or money.
_FILLED_DOWN: Final = frozenset(
    {"unit_text", "township_text", "village_text", "level", "implementation_year", "asset_kind"}
)
_TOTALS = re.compile(r"(本页|全县|各?乡镇|分类)?(合计|总计|小计|累计)([:：].*)?")
_FOOTER = re.compile(r"[:：]|^(注|说明|备注|填表|填报|制表|审核|导出|打印)")
_NAMED_ROWS: Final = 5
_NAMED_TERMS: Final = 20
# A median below this in 元 is no project's investment: the unit was 万元 and nobody wrote so.
_SMALL_YUAN: Final = 5000


@dataclass(frozen=True)
class ExportRead:
    """What was read: the good rows, the problems of the others, and what a person should know.

    `columns` maps each header's text to its field (see headers.FIELDS), None where unknown; `missing` names the
    needed fields no column holds: while there is one, no row is read.
    """

    rows: tuple[ProjectRow, ...]
    errors: tuple[RowError, ...]
    left_out_count: int
    columns: Mapping[str, str | None]
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    sheet: str
    header_row: int


def read_export(data: bytes, mapping: Mapping[str, str] | None = None) -> ExportRead:
    """Return the projects, row errors and notes of an export; `mapping` maps unknown headers to FIELDS.

    Raises WorkbookRefused for what is no readable workbook or holds no table of projects, ValueError for a
    mapping to a field that does not exist.
    """
    mapping = dict(mapping or {})
    if strange := set(mapping.values()) - set(FIELDS):
        raise ValueError(f"unknown fields: {sorted(strange)}")
    table, notes = choose_table(load_workbook(data), mapping)
    return _Reading(table, notes).result()


def choose_table(workbook: Workbook, mapping: Mapping[str, str]) -> tuple[Table, list[str]]:
    """Return the first visible sheet's table with a header we know, and notes on what stays unread.

    Raises WorkbookRefused where no sheet has one.
    """
    found = [table for sheet in workbook.sheets if (table := find_table(sheet, mapping))]
    if not found:
        raise WorkbookRefused("没有找到项目清单的表头：表中要有“项目名称”和“项目编号”两列")
    table = next((each for each in found if not each.missing()), found[0])
    notes = [f"工作表“{name}”是隐藏的，未读" for name in workbook.hidden]
    unread = [sheet.name for sheet in workbook.sheets if sheet is not table.sheet and sheet.rows]
    notes += [f"工作簿有多张工作表，读了“{table.sheet.name}”，“{name}”未读" for name in unread]
    return table, notes


class _Reading:
    """One pass over a table's rows."""

    def __init__(self, table: Table, notes: list[str]) -> None:
        self.table = table
        self.sheet = table.sheet
        self.columns = {column.field: column for column in table.columns if column.field and column.field != SKIP}
        self.reader = RowReader(table.sheet, self.columns)
        self.notes = [*notes, *table.notes]
        self.rows: list[tuple[SheetRow, ProjectRow]] = []
        self.left_out_count = 0
        self.passed_over: list[int] = []
        self.filled = self._merged_downwards()

    def result(self) -> ExportRead:
        """Read every row and return all that was found."""
        missing = self.table.missing()
        if not missing:
            for number in self._row_numbers():
                self._take(number)
            self._refuse_repeated_numbers()
            self._note()
        return ExportRead(
            rows=tuple(project for row, project in self.rows if not row.errors),
            errors=tuple(error for row, _ in self.rows for error in row.errors.values()),
            left_out_count=self.left_out_count,
            columns={column.header: column.field for column in self.table.columns},
            notes=tuple(self.notes),
            missing=missing,
            sheet=self.sheet.name,
            header_row=self.table.header_row,
        )

    def _row_numbers(self) -> list[int]:
        """Return the rows below the header that hold something, a formula without a value included."""
        used = {column.position for column in self.columns.values()}
        with_formulas = {row for row, position in self.sheet.formulas if position in used}
        return sorted(number for number in self.sheet.rows.keys() | with_formulas if number >= self.table.first_row)

    def _merged_downwards(self) -> dict[tuple[int, int], Cell]:
        positions = {self.columns[name].position for name in _FILLED_DOWN if name in self.columns}
        filled: dict[tuple[int, int], Cell] = {}
        for top, left, bottom, _ in self.sheet.merges:
            if top >= self.table.first_row and left in positions:
                source = self.sheet.rows.get(top, ())
                value = source[left - 1] if left <= len(source) else None
                filled.update({(row, left): value for row in range(top + 1, bottom + 1)})
        return filled

    def _take(self, number: int) -> None:
        values = self.sheet.rows.get(number, ())
        if self._is_no_project(number, values):
            self.passed_over.append(number)
            return
        cells = {name: _at(values, column) for name, column in self.columns.items()}
        if self.filled:
            for name in _FILLED_DOWN & self.columns.keys():
                cells[name] = self.filled.get((number, self.columns[name].position), cells[name])
        row = SheetRow(number, cells)
        if self._is_operating(row):
            self.rows.append((row, self.reader.read(row)))
        else:
            self.left_out_count += 1

    def _is_no_project(self, number: int, values: tuple[Cell, ...]) -> bool:
        """Tell totals, footers and repeated headers from projects."""
        unnamed = self._is_blank(number, values, "name")
        unnumbered = self._is_blank(number, values, "number")
        if not (unnamed or unnumbered):
            heads = (self.columns["name"], self.columns["number"])
            return all(clean_text(plain_text(_at(values, each))) == each.header for each in heads)
        texts = [text for cell in values if isinstance(cell, str) and (text := clean_text(cell))]
        if any(_TOTALS.fullmatch(text.replace(" ", "")) for text in texts):
            return True
        footer = all(_FOOTER.search(text) for text in texts) or (unnamed and unnumbered and len(texts) <= 2)
        return footer and not any(isinstance(cell, float) for cell in values)

    def _is_blank(self, number: int, values: tuple[Cell, ...], name: str) -> bool:
        column = self.columns[name]
        value = _at(values, column)
        return (value is None or str(value).isspace()) and (number, column.position) not in self.sheet.formulas

    def _is_operating(self, row: SheetRow) -> bool:
        if "asset_kind" not in self.columns:
            return True
        kind = clean_text(plain_text(row.cells["asset_kind"]))
        if not kind:
            self.reader.err(row, "asset_kind", "为空，不能判断是不是经营性资产")
            return True
        return "经营" in kind and "非经营" not in kind

    def _refuse_repeated_numbers(self) -> None:
        """Make an error of every row whose 项目编号 stands again, also where one lost its leading zeros."""
        alike: dict[str, list[tuple[SheetRow, str]]] = defaultdict(list)
        for row, project in self.rows:
            number = project.number
            if number:
                alike[number.lstrip("0") if number.isdecimal() else number.upper()].append((row, number))
        for group in alike.values():
            spellings = {number for _, number in group}
            for row, _ in group if len(group) > 1 else ():
                others = _listed((other.number for other, _ in group if other is not row), len(group) - 1)
                reason = f"编号重复：第 {others} 行也是"
                if len(spellings) > 1:
                    reason = f"与第 {others} 行的编号只差前导零或大小写，可能是同一编号（数字格式会丢掉前导零）"
                self.reader.err(row, "number", reason)

    def _note(self) -> None:
        for (name, text), rows in islice(self.reader.unknown_terms.items(), _NAMED_TERMS):
            header = self.columns[name].header
            self.notes.append(f"{header}“{text}”不认识，留空待调研（第 {_listed(rows, len(rows))} 行）")
        if self.passed_over:
            named = _listed(self.passed_over, len(self.passed_over))
            self.notes.append(f"第 {named} 行是合计、表尾或重复的表头，未读")
        hidden = [row.number for row, _ in self.rows if row.number in self.sheet.hidden_rows]
        if hidden:
            self.notes.append(f"第 {_listed(hidden, len(hidden))} 行在表中是隐藏的，也读了")
        used = {column.position for column in self.columns.values()}
        unread = {at for row, at in self.sheet.formulas if at not in used and row >= self.table.first_row}
        if unread:
            self.notes.append(f"{'、'.join(map(column_letters, sorted(unread)))} 列含有公式，未读")
        if not self.rows:
            self.notes.append("表头之下没有经营性项目" if self.left_out_count else "表头之下没有项目")
        totals = sorted(project.funding_total_yuan for _, project in self.rows if project.funding_total_yuan)
        if len(totals) >= 5 and totals[len(totals) // 2] < _SMALL_YUAN:
            self.notes.append(f"半数以上项目的投资不足 {_SMALL_YUAN} 元，请核对金额单位是元还是万元")


def _at(values: tuple[Cell, ...], column: Column) -> Cell:
    return values[column.position - 1] if column.position <= len(values) else None


def _listed(rows: Iterable[int], count: int) -> str:
    named = "、".join(map(str, islice(rows, _NAMED_ROWS)))
    return named + (f" 等 {count}" if count > _NAMED_ROWS else "")
