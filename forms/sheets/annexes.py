"""统计表 (Annex 4) and 管理台账 (Annex 5) as printed: merged heads, who filled them in, of what day (F4, F5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from forms.rendering import chinese_date
from forms.sheets.sheet import A3, Group, Table, write_sheet
from ledger.statistics import ANNEX4_HEADS, ANNEX5_HEADS, Cell
from ledger.vocabulary import PaperKind

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
_ANNEX4_WIDTHS = (6, 16, 13, 7, *(7,) * 4, *(7,) * 10, 9, *(7,) * 10, *(12,) * 3)
_ANNEX5_WIDTHS = (
    *(6, 22, 15, 6, 7, 15, 15, 9, *(11,) * 3, 24, 16, 10),
    *(*(10,) * 4, 7, 7, 9, 16, 16, 9, 16, 24, 20, 10),
)
_TITLE = "经营性帮扶产业项目“四个一批”{}"


@dataclass(frozen=True)
class Heading:
    """The line above the table: 填报单位, 审核人, 填报人 (Annex 5: with the telephone), 更新时间."""

    unit: str
    checked_by: str
    filled_by: str
    updated_on: date

    def of(self, filler: str) -> str:
        known = (("填报单位", self.unit), ("审核人", self.checked_by), (filler, self.filled_by))
        words = "　　".join(f"{label}：{text or '　' * 4}" for label, text in known)
        return f"{words}　　更新时间：{chinese_date(self.updated_on)}"


def annex4(rows: Iterable[Sequence[Cell]], heading: Heading) -> bytes:
    """Return 分类统计表 as .xlsx; `rows` are those of `ledger.statistics.annex4_rows`."""
    heads = list(_grouped(ANNEX4_HEADS, _ANNEX4_GROUPS))
    line = heading.of("填报人")
    return write_sheet(
        Table(table_name(PaperKind.ANNEX4), heads, rows, line, A3, landscape=True, widths=_ANNEX4_WIDTHS)
    )


def annex5(rows: Iterable[Sequence[Cell]], heading: Heading) -> bytes:
    """Return 管理台账 as .xlsx; `rows` are those of `ledger.statistics.annex5_rows`."""
    heads = list(_grouped(ANNEX5_HEADS, _ANNEX5_GROUPS))
    line = heading.of("填报人及联系电话")
    return write_sheet(
        Table(table_name(PaperKind.ANNEX5), heads, rows, line, A3, landscape=True, widths=_ANNEX5_WIDTHS)
    )


def table_name(kind: PaperKind) -> str:
    """Return what a table is called, as title and as file."""
    return _TITLE.format(kind.label)


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
