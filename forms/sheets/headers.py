"""Find the header of a sheet nobody designed for us, and tell which column holds which field."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from forms.sheets.anatomy import column_letters
from forms.sheets.cells import WAN, clean_text, plain_text
from forms.sheets.grid import Sheet
from ledger.vocabulary import FundingSource, FundingTier

SKIP: Final = "skip"
HEADER_DEPTH: Final = 40  # sheet rows looked through for the header
LOWER_ROW_COUNT: Final = 2  # header rows below the first
HEADER_LENGTH: Final = 100

_SYNONYMS: Final[Mapping[str, str]] = {
    "number": "项目编号 项目编码 项目代码 项目库编号 项目唯一编号 编号 项目编号代码",
    "name": "项目名称 项目名 帮扶项目名称 产业项目名称 经营性帮扶产业项目名称",
    "implementation_year": "实施年度 项目年度 实施年份 建设年度 年度 项目实施年度 实施时间",
    "level": "项目层级 层级 项目级别 管理层级 主管层级",
    "unit_text": "项目主管部门 主管部门 行业主管部门 项目主管单位 主管单位 推送单位 责任部门 项目管理单位",
    "township_text": "乡镇 镇乡 乡镇街道 乡镇名称 镇乡 所在乡镇 乡镇办 街道 项目所在乡镇",
    "village_text": "村 村居 村社区 行政村 所在村 村名称 村级 项目所在村",
    "place": "项目地点 建设地点 实施地点 项目实施地点",
    "responsible_body": "责任单位 实施单位 项目责任单位 项目实施单位",
    "responsible_person": "责任人 项目负责人 负责人 项目责任人 联系人 责任人姓名",
    "telephone": "联系电话 电话 责任人电话 手机 手机号 手机号码 负责人电话 联系方式",
    "person_and_telephone": "责任人及联系电话 责任人及电话 负责人及联系电话 责任人联系电话",
    "industry": "产业类型 产业类别 项目类型 产业类",
    "construction": "建设内容 建设内容及规模 项目建设内容 主要建设内容 建设规模及内容",
    "operating_mode": "经营方式 运营模式 经营模式 运营方式",
    "use": "使用现状 使用状态 使用情况 资产使用状况 资产状态",
    "function": "功能现状 功能状况",
    "asset_kind": "资产类型 资产性质 资产属性 资产类别",
    "funding_total": "项目总投资 总投资 投资规模 投资总额 项目投资 总投资额 资金合计 项目资金合计 项目实际投入",
    "appraised": "资产现值 资产估值 项目现值 现值 资产净值 评估价值",
    "balance": "货币资金结余 结余资金 资金结余",
    "receivable": "待收待返资金",
    SKIP: "序号 市 县 区县 省 市县 资产名称 资产编号 备注 说明 导入问题",
}
_LABELS: Final[Mapping[str, str]] = {
    "number": "项目编号",
    "name": "项目名称",
    "implementation_year": "实施年度",
    "level": "项目层级",
    "unit_text": "项目主管部门",
    "township_text": "乡镇",
    "village_text": "村",
    "place": "项目地点",
    "responsible_body": "责任单位",
    "responsible_person": "责任人",
    "telephone": "联系电话",
    "person_and_telephone": "责任人及联系电话",
    "industry": "产业类型",
    "construction": "建设内容",
    "operating_mode": "运营模式",
    "use": "使用现状",
    "function": "功能现状",
    "asset_kind": "资产类型",
    "funding_total": "投资规模合计",
    "appraised": "资产估值",
    "balance": "货币资金结余",
    "receivable": "待收待返资金",
    "other_value": "项目现值：其他",
}
_TIERS: Final = {
    FundingTier.CENTRAL: "中央",
    FundingTier.CITY: "市级|省级|省市",
    FundingTier.COUNTY: "区县|县级|区级|县区",
}
_SOURCES: Final = {
    FundingSource.EARMARKED: "衔接|财政专项|专项扶贫|专项资金",
    FundingSource.INTEGRATED: "整合|涉农",
    FundingSource.SECTOR: "行业",
    FundingSource.SOCIAL: "社会",
}
# A header that speaks of money but not of where it came from.
_NOT_FUNDING = re.compile(r"部门|单位|文号|备注|结余|待收|待返|名称|比例|时间|现值|估值|其他资金")
_UNIT = re.compile(r"(?:单位[:：]?|[(（/])(?:人民币)?(万元|元)[)）]?|(?:合计|资金|投资|现值|金额)(万元|元)$")
_EXACT: Final = {word: each for each, words in _SYNONYMS.items() for word in words.split()}


def _funding_fields() -> dict[str, str]:
    fields = {}
    for source in FundingSource:
        for tier in FundingTier:
            if source is not FundingSource.SOCIAL or tier is FundingTier.UNSPLIT:
                label = source.label + ("" if tier is FundingTier.UNSPLIT else f"：{tier.label}")
                fields[f"{source}_{tier}"] = label
    return fields


FUNDING_FIELDS: Final[Mapping[str, str]] = _funding_fields()
FIELDS: Final[Mapping[str, str]] = {**_LABELS, **FUNDING_FIELDS, SKIP: "不读入"}


@dataclass(frozen=True)
class Column:
    """One column of the table: counted from 1, its header text, its field (None: unknown), what 1 means in 元."""

    position: int
    header: str
    field: str | None
    unit: Decimal


@dataclass(frozen=True)
class Table:
    """Where a sheet's table stands and what its columns are; `notes` says what was assumed."""

    sheet: Sheet
    header_row: int
    first_row: int
    columns: tuple[Column, ...]
    notes: tuple[str, ...]

    def missing(self) -> tuple[str, ...]:
        """Return the fields no project can do without and no column holds."""
        held = {column.field for column in self.columns}
        return tuple(each for each in ("name", "number") if each not in held)


def find_table(sheet: Sheet, mapping: Mapping[str, str]) -> Table | None:
    """Return the sheet's table by its most telling header rows; None where no row looks like a header.

    `mapping` holds what a person said of headers we do not know, by header text; it wins over the synonyms.
    """
    best: tuple[int, int] | None = None
    for number in sorted(sheet.rows)[:HEADER_DEPTH]:
        texts = {_bare(plain_text(cell)) for cell in sheet.rows[number] if isinstance(cell, str)}
        known = {field for text in texts if (field := mapping_field(text, mapping))}
        score = len(known) + 10 * ("name" in known and "number" in known)
        if (score >= 3 or {"name", "number"} <= known) and (best is None or score > best[0]):
            best = (score, number)
    return _table(sheet, best[1], mapping) if best else None


def mapping_field(header: str, mapping: Mapping[str, str]) -> str | None:
    """Return the field of one header text standing alone."""
    for text, field in mapping.items():
        if _bare(text.rpartition("／")[2]) == header:
            return field
    return _EXACT.get(header) or _funding(header)


def _table(sheet: Sheet, header_row: int, mapping: Mapping[str, str]) -> Table:
    width = max(len(cells) for cells in sheet.rows.values())
    levels = [_spread(sheet, header_row - 1, width)] if _is_group_row(sheet, header_row - 1) else []
    levels.append(_spread(sheet, header_row, width))
    last = header_row
    while last - header_row < LOWER_ROW_COUNT and _continues(sheet, header_row, last + 1, mapping):
        last += 1
        levels.append(_spread(sheet, last, width))
    title = " ".join(plain_text(cell) for row in range(1, header_row) for cell in sheet.rows.get(row, ()))
    paths = {at: path for at in range(width) if (path := _path(levels, at))}
    leaves = [path[-1] for path in paths.values()]
    columns, notes = [], []
    headers: set[str] = set()
    taken: dict[str, str] = {}
    for at, path in paths.items():
        header = path[-1] if leaves.count(path[-1]) == 1 else "／".join(path)
        if header in headers:
            header = f"{header}（{column_letters(at + 1)} 列）"
        headers.add(header)
        field = mapping.get(header) or mapping.get(path[-1]) or _field(path, mapping)
        if field in taken and field not in (None, SKIP):
            notes.append(f"有两列都是“{FIELDS[field]}”：读了“{taken[field]}”，“{header}”未读")
            field = SKIP
        elif field:
            taken[field] = header
        columns.append(Column(at + 1, header, field, _unit(path, title)))
    if not any(_unit_named(text) for text in [title, *("".join(path) for path in paths.values())]):
        notes.append("表中没有写明金额单位，按元读取")
    return Table(sheet, header_row, last + 1, tuple(columns), tuple(notes))


def _is_group_row(sheet: Sheet, row: int) -> bool:
    """Tell whether the row above the header names groups of columns, and is no title."""
    texts = [text for cell in sheet.rows.get(row, ()) if (text := clean_text(plain_text(cell)))]
    merged = any(top <= row <= bottom for top, _, bottom, _ in sheet.merges)
    return len(set(texts)) >= 2 and merged and not any(":" in text or "：" in text for text in texts)


def _continues(sheet: Sheet, header_row: int, row: int, mapping: Mapping[str, str]) -> bool:
    """Tell whether a row is the lower part of the header: it stands under groups, holds texts and no project."""
    lower, upper = sheet.rows.get(row), sheet.rows[header_row]
    if lower is None or any(isinstance(cell, float) for cell in lower):
        return False
    for at, cell in enumerate(upper):
        known = mapping_field(_bare(plain_text(cell)), mapping)
        below = _bare(plain_text(lower[at])) if at < len(lower) else ""
        if known in ("name", "number") and below not in ("", _bare(plain_text(cell))):
            return False
    spans = [(left, right) for top, left, _, right in sheet.merges if top <= row - 1 and right > left]
    return any(
        cell is not None and (at >= len(upper) or upper[at] is None or any(a <= at + 1 <= b for a, b in spans))
        for at, cell in enumerate(lower)
    )


def _spread(sheet: Sheet, row: int, width: int) -> list[str]:
    """Return a header row's texts, each merged one in all the cells it covers."""
    cells = sheet.rows.get(row, ())
    texts = [clean_text(plain_text(cells[at])) if at < len(cells) else "" for at in range(width)]
    for top, left, bottom, right in sheet.merges:
        if top <= row <= bottom and left <= width:
            source = sheet.rows.get(top, ())
            text = clean_text(plain_text(source[left - 1])) if left <= len(source) else ""
            texts[left - 1 : min(right, width)] = [text] * (min(right, width) - left + 1)
    return texts


def _path(levels: list[list[str]], at: int) -> tuple[str, ...]:
    """Return the header texts above a column from the outermost in, a group's name carried to its right."""
    path: list[str] = []
    for depth, texts in enumerate(levels):
        text = texts[at]
        below = any(lower[at] for lower in levels[depth + 1 :])
        if not text and below:
            text = next((texts[left] for left in range(at, -1, -1) if texts[left]), "")
        if text and text not in path[-1:]:
            path.append(text)
    return tuple(path)


def _field(path: tuple[str, ...], mapping: Mapping[str, str]) -> str | None:
    leaf = _bare(path[-1])
    parents = "".join(_bare(text) for text in path[:-1])
    if leaf in ("合计", "小计", "总计") and parents:
        return _funding(parents) or ("funding_total" if re.search("投资|资金|投入", parents) else None)
    if leaf == "其他" and "现值" in parents:
        return "other_value"
    return (_funding(parents + leaf) if parents else None) or mapping_field(leaf, mapping)


@lru_cache(maxsize=1024)
def _funding(header: str) -> str | None:
    """Return the funding field a header speaks of: one source by name, perhaps with one tier."""
    if "资金" not in header or _NOT_FUNDING.search(header):
        return None
    sources = [source for source, words in _SOURCES.items() if re.search(words, header)]
    tiers = [tier for tier, words in _TIERS.items() if re.search(words, header)]
    if len(sources) != 1 or len(tiers) > 1:
        return None
    field = f"{sources[0]}_{tiers[0] if tiers else FundingTier.UNSPLIT}"
    return field if field in FUNDING_FIELDS else None


def _bare(text: str) -> str:
    """Return a header without units, marks and spaces, for comparing; what is long is no header."""
    return _bared(text) if len(text) <= HEADER_LENGTH else ""


@lru_cache(maxsize=4096)
def _bared(text: str) -> str:
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", clean_text(text)))
    text = re.sub(r"\((?:单位:?)?(?:人民币)?(?:万元|元)\)|[*＊:。、/]|其中:", "", text)
    return re.sub(r"\((乡|镇|街道|居|社区|村)\)", r"\1", text)


def _unit_named(text: str) -> str | None:
    found = _UNIT.search(re.sub(r"\s", "", unicodedata.normalize("NFKC", text)))
    return (found[1] or found[2]) if found else None


def _unit(path: tuple[str, ...], title: str) -> Decimal:
    named = next((unit for text in reversed(path) if (unit := _unit_named(text))), None) or _unit_named(title)
    return WAN if named == "万元" else Decimal(1)
