"""统计表 (Annex 4) and 管理台账 (Annex 5) as printed: merged heads, who filled them in, of what day (F4, F5).

Totals are formulas, so that an office that corrects a number sees its total move; what they come to is counted here
once more, and a table whose rows do not add up to the database's own total is not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from forms.rendering import chinese_date, table_name
from forms.sheets.sheet import write_sheet
from forms.sheets.table import A3, Aside, Choice, Formula, Group, Printing, Spot, Table
from ledger.ledger_marks import MARKS, mark_of
from ledger.statistics import ANNEX4_HEADS, ANNEX5_HEADS, ENTRUSTED_IN_LEDGER, TOTAL, UNASSIGNED, Cell, Statistics
from ledger.vocabulary import (
    Cause,
    Function,
    Industry,
    LedgerOperation,
    Linkage,
    LinkageGap,
    OperatingMode,
    PaperKind,
    ProjectProblem,
    Term,
    Use,
)

# the printed heads: a group's text and how many columns stand below it; "" for columns that have no group
_ANNEX4_GROUPS = (
    ("", 4),
    ("“四个一批”分类统计", 4),
    ("停产闲置原因", 10),
    ("", 1),
    ("生产经营遇到困难原因", 10),
    ("发挥联农带农不充分的原因", 3),
)
_ANNEX5_GROUPS = (
    ("", 8),
    ("投资规模（万元）", 3),
    ("", 3),
    ("项目现值（万元）", 4),
    ("项目现状", 5),
    ("联农带农情况", 2),
    ("", 3),
)
_ANNEX4_WIDTHS = (5, 16, 11, 7, *(6.5,) * 4, *(6.5,) * 10, 8, *(6.5,) * 10, *(9,) * 3)
_ANNEX5_WIDTHS = (
    *(4.5, 13, 10, 5, 5, 11, 12, 7, *(7,) * 3, 20, 8, 7),
    *(*(6.5,) * 4, 5, 5, 5, 9, 9, 5, 10, 20, 14, 7),
)
_ANNEX5_CENTRED = frozenset({1, 2, 3, 4, 5, 6, 7, 12, 13, *range(18, 25), 27})
MONEY = (8, 9, 10, *range(14, 18))  # columns of Annex 5 in 万元, counted from 0
SUBTOTAL, EARMARKED, OTHER = 8, 9, 10
_NOTE = (
    "填表说明：1.运营模式。填写自主经营/委托经营/租赁/合作发展(入股)/股权投资/其他等，任选其中一项。"
    "2.功能现状。填写正常、损坏、灭失等，任选其中一项。3.生产经营情况。填写经营正常、经营困难、终止经营等，任选其中一项。"
    "4.存在问题。填写停产/亏损/合作主体持续经营存在重大不确定性/未足额分红/到期未全额返还本金/未落实联农带农等，可以多选。"
    "5.原因分析。在产业选择不准、配套设施原因、资金短缺、管理不善、用工短缺、原材料供应困难、技术原因、产品价格波动、"
    "自然灾害、其他等中填写，可以多选。6.未充分发挥联农带农作用原因。在未按约定有效带动农户发展生产、"
    "未按约定吸纳农村劳动力稳定就业、未按约定及时足额分配资产收益中任选其中一项。"
)


class TotalsDisagree(ValueError):
    """表中各行之和与总数不一致."""


@dataclass(frozen=True)
class Heading:
    """The line above the table: 填报单位, 审核人, 填报人 (Annex 5: with the telephone), 更新时间.

    `county` is what the title begins with.
    """

    unit: str
    checked_by: str
    filled_by: str
    updated_on: date
    county: str = ""
    telephone: str = ""

    def of(self, filler: str) -> str:
        person = f"{self.filled_by} {self.telephone}" if "电话" in filler and self.telephone else self.filled_by
        known = (("填报单位", self.unit), ("审核人", self.checked_by), (filler, person))
        words = "　　".join(f"{label}：{text or '　' * 4}" for label, text in known)
        return f"{words}　　更新时间：{chinese_date(self.updated_on)}"


def annex4(statistics: Statistics, heading: Heading) -> bytes:
    """Return 分类统计表 as .xlsx: townships, departments, each with its sum, and the total of all.

    Raises TotalsDisagree when the rows do not add up to the total counted over all projects.
    """
    _agree(statistics)
    heads = list(_grouped(ANNEX4_HEADS, _ANNEX4_GROUPS))
    table = Table(
        heading.county + table_name(PaperKind.ANNEX4),
        heads,
        [*_annex4_lines(statistics)],
        heading.of("填报人"),
        A3,
        landscape=True,
        printing=Printing(_ANNEX4_WIDTHS, beside=2, centred=frozenset({0, 1})),
        name=PaperKind.ANNEX4.label,
    )
    return write_sheet(table)


def annex5(rows: Iterable[Sequence[Cell]], heading: Heading, *, returning: bool = True) -> bytes:
    """Return 管理台账 as .xlsx; `rows` are those of `ledger.statistics.annex5_rows`.

    A sheet nobody sees keeps a mark of every cell, so that a workbook that comes back tells what somebody changed;
    one that is filed away and not `returning` needs none.
    Raises TotalsDisagree when a 小计 is not its parts' sum.
    """
    rows = list(rows)
    heads = list(_grouped(ANNEX5_HEADS, _ANNEX5_GROUPS))
    table = Table(
        heading.county + table_name(PaperKind.ANNEX5),
        heads,
        [*map(_ledger_line, rows), _ledger_total(rows)] if rows else [],
        heading.of("填报人及联系电话"),
        A3,
        landscape=True,
        printing=Printing(_ANNEX5_WIDTHS, beside=3, choices=_choices(), centred=_ANNEX5_CENTRED, note=_NOTE),
        aside=Aside(MARKS, [(str(row[2]), mark_of(row)) for row in rows]) if returning else None,
        name=PaperKind.ANNEX5.label,
    )
    return write_sheet(table)


def _grouped(heads: Sequence[str], groups: Sequence[tuple[str, int]]) -> Iterator[Group]:
    """Put the flat heads of the statistics beneath their printed groups; the group's own words are not repeated."""
    assert len(heads) == sum(count for _text, count in groups)
    left = list(heads)
    for text, count in groups:
        columns = tuple(left.pop(0).removeprefix(text).removeprefix("：") for _n in range(count))
        if text:
            yield Group(text, columns)
        else:
            yield from (Group(column) for column in columns)


def _agree(statistics: Statistics) -> None:
    """Count the total once more, from the rows that are printed."""
    rows = [row for section in statistics.sections for row in section.rows]
    for column in range(2, len(ANNEX4_HEADS)):
        if _sum(row[column] for row in rows) != _sum([statistics.total[column]]):
            raise TotalsDisagree(f"统计表“{ANNEX4_HEADS[column]}”一列各行之和与总数不一致，没有写出")


ANNEX5_LEAVES: Final = tuple(
    leaf for group in _grouped(ANNEX5_HEADS, _ANNEX5_GROUPS) for leaf in (group.columns or (group.text,))
)  # the words right above each column


def _sum(cells: Iterable[Cell]) -> Decimal:
    return sum((Decimal(cell) for cell in cells if isinstance(cell, int | Decimal)), Decimal(0))


def _annex4_lines(statistics: Statistics) -> Iterator[Sequence[object]]:
    """Yield the rows, a sum below each kind of unit where there are both, and the total."""
    added: list[int] = []  # the lines that make up the total
    line = 0
    for section in statistics.sections:
        yield from section.rows
        line += len(section.rows)
        if statistics.subtotalled and section.label != UNASSIGNED:
            yield _sums(section.label, section.total, "SUM({0}{1}:{0}{2})", (len(section.rows), 1))
            line += 1
        added.append(line)
    if statistics.subtotalled:
        pattern = "+".join(f"{{0}}{{{n}}}" for n in range(1, len(added) + 1))
        yield _sums(TOTAL, statistics.total, pattern, tuple(line + 1 - each for each in added))
    else:
        yield _sums(TOTAL, statistics.total, "SUM({0}{1}:{0}{2})" if line else "0", (line, 1))


def _sums(label: str, row: Sequence[Cell], pattern: str, above: tuple[int, ...]) -> Sequence[object]:
    """Return a line of formulas: `pattern` with the column's letters and the rows so many lines above."""

    def text(spot: Spot, rounded: bool) -> str:
        plain = pattern.format(spot.column, *(spot.row - distance for distance in above))
        return f"ROUND({plain},6)" if rounded else plain  # 万元 have up to six places; binary numbers have more

    def formula(column: int, value: Cell) -> Formula:
        assert isinstance(value, int | Decimal)
        return Formula(lambda spot: text(spot, column == 2), value)

    return [None, label, *(formula(column, value) for column, value in enumerate(row[2:], 2))]


def _ledger_line(row: Sequence[Cell]) -> Sequence[object]:
    """Return a project's row; its 小计 is the sum of the two cells beside it."""
    if _sum([row[EARMARKED], row[OTHER]]) != _sum([row[SUBTOTAL]]):
        raise TotalsDisagree(f"台账项目 {row[2]} 的投资小计与两项资金之和不一致，没有写出")
    line: list[object] = list(row)
    value = row[SUBTOTAL]
    if isinstance(value, int | Decimal):
        line[SUBTOTAL] = Formula(lambda spot: f"ROUND(J{spot.row}+K{spot.row},6)", value)
    return line


def _ledger_total(rows: Sequence[Sequence[Cell]]) -> Sequence[object]:
    line: list[object] = [None] * len(ANNEX5_HEADS)
    line[1] = TOTAL
    for column in MONEY:
        value = _sum(row[column] for row in rows).normalize()
        whole = value.quantize(Decimal(1)) if value == value.to_integral_value() else value
        line[column] = Formula(
            lambda spot: f"ROUND(SUM({spot.column}{spot.first}:{spot.column}{spot.row - 1}),6)", whole
        )
    return line


def _choices() -> dict[int, Choice]:
    """Return what the filling notes below Annex 5 and the closed lists allow, by column."""
    modes = tuple(ENTRUSTED_IN_LEDGER if mode is OperatingMode.ENTRUSTED else mode.label for mode in OperatingMode)
    single: dict[int, type[Term]] = {7: Industry, 18: Function, 19: Use, 20: LedgerOperation, 23: Linkage}
    several: dict[int, type[Term]] = {21: ProjectProblem, 22: Cause}
    return {
        **{column: Choice(_labels(terms)) for column, terms in single.items()},
        **{column: Choice(_labels(terms), several=True) for column, terms in several.items()},
        13: Choice(modes),
        24: Choice(_labels(LinkageGap)),
    }


def _labels(terms: type[Term]) -> tuple[str, ...]:
    return tuple(term.label for term in terms)
