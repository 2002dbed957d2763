"""Read one project out of one sheet row: every field by its column, every problem by its cell."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeVar

from forms.sheets import cells
from forms.sheets.anatomy import column_letters
from forms.sheets.cells import Amount, Unreadable
from forms.sheets.funding import Funding, read_funding
from forms.sheets.grid import Cell, Sheet
from forms.sheets.headers import FUNDING_FIELDS, Column
from ledger.vocabulary import Function, Industry, Level, OperatingMode, Term, Use

NAME_LENGTH: Final = 200
TEXT_LENGTHS: Final[Mapping[str, int]] = {
    "unit_text": 100,
    "township_text": 50,
    "village_text": 50,
    "place": 100,
    "responsible_body": 200,
    "responsible_person": 50,
    "construction": 2000,
}

T = TypeVar("T")
Terms = TypeVar("Terms", bound=Term)


@dataclass(frozen=True)
class RowError:
    """Why one row was not read: its sheet row, the column's header, the reason in Chinese, the cell ("F37")."""

    row: int
    column: str
    reason: str
    cell: str = ""


@dataclass(frozen=True)
class ProjectRow:
    """One project as the workbook tells it. Texts are "" and terms None where it does not; money in 元.

    `funding_total_yuan` is the sum of `funding`, or the stated total where the workbook splits it less far;
    `unattributed_yuan` is then what no source accounts for.
    """

    row: int
    number: str
    name: str
    implementation_year: int | None
    level: Level | None
    unit_text: str
    township_text: str
    village_text: str
    responsible_body: str
    responsible_person: str
    telephone: str
    industry: Industry | None
    construction: str
    operating_mode: OperatingMode | None
    use: Use | None
    function: Function | None
    appraised_yuan: Decimal | None
    balance_yuan: Decimal | None
    receivable_yuan: Decimal | None
    other_value_yuan: Decimal | None
    funding: Funding
    funding_total_yuan: Decimal

    @property
    def unattributed_yuan(self) -> Decimal:
        """What the stated total holds beyond the sources the workbook names."""
        return self.funding_total_yuan - sum(self.funding.values(), Decimal(0))


@dataclass
class SheetRow:
    """One sheet row while it is read: its cells by field, and the problems found so far."""

    number: int
    cells: dict[str, Cell]
    errors: dict[str, RowError] = field(default_factory=dict)


class RowReader:
    """Reads the rows of one sheet by its columns; words no closed list knows gather in `unknown_terms`."""

    def __init__(self, sheet: Sheet, columns: Mapping[str, Column]) -> None:
        self.sheet = sheet
        self.columns = columns
        self.unknown_terms: dict[tuple[str, str], list[int]] = defaultdict(list)

    def read(self, row: SheetRow) -> ProjectRow:
        """Return the project, its problems noted in `row.errors`: only without any is it worth keeping."""
        self._refuse_formulas(row)
        return self._project(row)

    def _refuse_formulas(self, row: SheetRow) -> None:
        for name, column in self.columns.items():
            key = (row.number, column.position)
            if key in self.sheet.formulas:
                self.err(row, name, "单元格是公式，不读入；请粘贴为数值或文字")
            elif key in self.sheet.error_cells:
                self.err(row, name, f"单元格是错误值 {cells.plain_text(row.cells[name])[:20]}")

    def err(self, row: SheetRow, name: str, reason: str) -> None:
        """Note a row's problem; only the first of each column, the others follow from it."""
        column = self.columns[name]
        at = f"{column_letters(column.position)}{row.number}"
        row.errors.setdefault(name, RowError(row.number, column.header, reason, at))

    def _read(self, row: SheetRow, name: str, reader: Callable[[Cell], T], empty: T) -> T:
        if name not in self.columns or name in row.errors:
            return empty
        try:
            return reader(row.cells[name])
        except Unreadable as problem:
            self.err(row, name, str(problem))
            return empty

    def _text(self, row: SheetRow, name: str) -> str:
        return self._read(row, name, lambda cell: cells.read_text(cell, TEXT_LENGTHS[name]), "")

    def _term(self, row: SheetRow, name: str, terms: type[Terms]) -> Terms | None:
        text = self._read(row, name, lambda cell: cells.read_text(cell, 50), "")
        if not text:
            return None
        identifier = _labels(terms).get(_comparable(text))
        if identifier is None:
            self.unknown_terms[(name, text)].append(row.number)
            return None
        return terms(identifier)

    def _level(self, row: SheetRow) -> Level | None:
        text = self._read(row, "level", lambda cell: cells.read_text(cell, 50), "")
        level = _LEVELS.get(_comparable(text)) if text else None
        if text and level is None:
            self.err(row, "level", f"“{text}”不是村级、乡镇或部门")
        return level

    def _required(self, row: SheetRow, name: str, reader: Callable[[Cell], str]) -> str:
        value = self._read(row, name, reader, "")
        if not value and name not in row.errors:
            self.err(row, name, "为空")
        return value

    def _project(self, row: SheetRow) -> ProjectRow:
        name = self._required(row, "name", lambda cell: cells.read_text(cell, NAME_LENGTH))
        year = self._read(row, "implementation_year", cells.read_year, None)
        if year is None and "implementation_year" in self.columns:
            self.err(row, "implementation_year", "为空")
        person, telephone = self._person(row)
        township, village = self._place(row)
        body = self._text(row, "responsible_body")
        funding, total = self._funding(row)
        return ProjectRow(
            row=row.number,
            number=self._required(row, "number", cells.read_number),
            name=name,
            implementation_year=year,
            level=self._level(row),
            unit_text=self._text(row, "unit_text") if "unit_text" in self.columns else body,
            township_text=township,
            village_text=village,
            responsible_body=body,
            responsible_person=person,
            telephone=telephone,
            industry=self._term(row, "industry", Industry),
            construction=self._text(row, "construction"),
            operating_mode=self._term(row, "operating_mode", OperatingMode),
            use=self._term(row, "use", Use),
            function=self._term(row, "function", Function),
            appraised_yuan=self._yuan(row, "appraised"),
            balance_yuan=self._yuan(row, "balance"),
            receivable_yuan=self._yuan(row, "receivable"),
            other_value_yuan=self._yuan(row, "other_value"),
            funding=funding,
            funding_total_yuan=total,
        )

    def _person(self, row: SheetRow) -> tuple[str, str]:
        if "person_and_telephone" not in self.columns:
            return self._text(row, "responsible_person"), self._read(row, "telephone", cells.read_telephone, "")
        text = self._read(row, "person_and_telephone", lambda cell: cells.read_text(cell, 100), "")
        start = re.search(r"\d", text)
        cut = start.start() if start else len(text)
        telephone = self._read(row, "person_and_telephone", lambda _: cells.read_telephone(text[cut:]), "")
        return text[:cut].strip(" ,，、/:：（("), telephone

    def _place(self, row: SheetRow) -> tuple[str, str]:
        township, village = self._text(row, "township_text"), self._text(row, "village_text")
        if "place" in self.columns and not township:
            text = self._text(row, "place")
            match = re.fullmatch(r"(?:.*[县市])?(.{1,8}?(?:街道|镇|乡))(.*)", text)
            township, village = (match[1], match[2]) if match else (text, village)
        return township, village

    def _amount(self, row: SheetRow, name: str) -> Amount | None:
        if name not in self.columns:
            return None
        unit = self.columns[name].unit
        return self._read(row, name, lambda cell: cells.read_amount(cell, unit), None)

    def _yuan(self, row: SheetRow, name: str) -> Decimal | None:
        amount = self._amount(row, name)
        return amount.yuan if amount else None

    def _funding(self, row: SheetRow) -> tuple[Funding, Decimal]:
        held = [name for name in FUNDING_FIELDS if name in self.columns]
        parts = {name: self._amount(row, name) for name in held}
        total = self._amount(row, "funding_total")
        if any(name in row.errors for name in (*held, "funding_total")):
            return {}, Decimal(0)
        funding, total_yuan, problems = read_funding(parts, total)
        for name, reason in problems:
            self.err(row, name, reason)
        return funding, total_yuan


def _comparable(text: str) -> str:
    return re.sub(r"[\s()（）]", "", text)


@lru_cache
def _labels(terms: type[Term]) -> Mapping[str, Term]:
    known = {_comparable(term.label): term for term in terms}
    if issubclass(terms, OperatingMode):  # F9 and the national system's shorter words
        for label, other in (("委托经营", "委托运营"), ("入股", "合作发展入股"), ("合作发展", "合作发展入股")):
            known[label] = known[other]
    return known


_LEVELS: Final[Mapping[str, Level]] = {
    word: level
    for level, words in (
        (Level.VILLAGE, "村 村级 村本级 村居 村实施"),
        (Level.TOWNSHIP, "乡镇 乡镇级 乡级 镇级 乡镇街道 街道"),
        (Level.DEPARTMENT, "部门 行业部门 部门级 县级 县级部门 行业主管部门"),
    )
    for word in words.split()
}
