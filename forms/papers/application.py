"""What Annex 1–3 say of a project: plain text for each place of the printed form, a sign for each circle and box."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from forms.papers.annex_form import OPINIONS
from forms.papers.filling import name_of
from forms.rendering import chinese_date, total_yuan
from forms.sheets.heights import lines_of
from ledger.vocabulary import (
    Category,
    Cause,
    Function,
    FundingSource,
    FundingTier,
    Industry,
    Linkage,
    LinkageGap,
    OperatingMode,
    Operation,
    Term,
    Use,
)


@dataclass(frozen=True)
class Box:
    """What a place of the form holds so that all of it stays on a page and a half; more stands on a further sheet."""

    characters: int
    lines: int
    width: int  # of a line, in narrow characters; one less than the cell has, for a sign that may not begin a line

    def holds(self, text: str) -> bool:
        return len(text) <= self.characters and lines_of(text, self.width) <= self.lines


MEASURES, OPINION = Box(300, 9, 70), Box(100, 3, 70)
_WIDE, _NARROW = 34, 22  # the two cells of a line of 项目简介
_CELLS = {
    "项目名称": Box(200, 4, _WIDE),
    "项目编号": Box(200, 4, _NARROW),
    "项目地点": Box(200, 2, _WIDE),
    "责任单位": Box(200, 3, _WIDE),
    "责任人及联系电话": Box(200, 3, _NARROW),
}
FURTHER = "（全文见续页）"
NO_DAY = "　　　　年　　月　　日"
_SOURCES = dict(zip(FundingSource, ("专项", "整合", "行业", "社会"), strict=True))
_TIERS = {FundingTier.CENTRAL: "中央", FundingTier.CITY: "市级", FundingTier.COUNTY: "区县"}
_VALUES = {
    "货币资金结余": "balance_yuan",
    "待收待返资金": "receivable_yuan",
    "资产估值": "appraised_yuan",
    "其他": "other_value_yuan",
}
_CIRCLES, _BOXES = ("●", "○"), ("☑", "☐")
_BLANK_AMOUNT = "　　　　"


@dataclass(frozen=True)
class Opinion:
    """What one box of the form says, who said it and when; `no_date` where nobody is concerned or it has no day yet."""

    text: str = ""
    given_on: date | None = None
    signed: str = ""  # who signed it, before the seal


EMPTY = Opinion()
NOBODY = Opinion("/")  # Annex 2 and 3 print boxes for opinions that nobody is concerned to give (F9)


def form_facts(project: Mapping[str, Any], opinions: Iterable[Opinion], name: str) -> dict[str, Any]:
    """Return the facts of the form called `name` (申请表, 审批表): opinions of village, township and leading group.

    `project` holds the columns of the register, amounts as Decimal and 投资规模 as a matrix of them.
    """
    texts = _texts(project)
    facts: dict[str, Any] = {**texts, **_signs(project), "表名": name, "项目全称": texts["项目名称"]}
    further: list[dict[str, str]] = []
    for cell, box in _CELLS.items():
        facts[cell] = _boxed(cell, texts[cell], box, further)
    facts["处置措施"] = _boxed("处置措施", str(project.get("measures") or ""), MEASURES, further)
    if project.get("full_measures"):
        further.append({"名称": "处置措施（全文）", "内容": str(project["full_measures"])})
    for variable, opinion in zip(OPINIONS, opinions, strict=True):
        text = _boxed(variable, opinion.text, OPINION, further)
        day = chinese_date(opinion.given_on) if opinion.given_on else "" if opinion == NOBODY else NO_DAY
        facts[variable] = {"内容": text, "签字": f"{opinion.signed}　" if opinion.signed else "", "日期": day}
    return {**facts, "续页": further}


def blank_facts(name: str = "申请表") -> dict[str, Any]:
    """Return the facts of an empty form: nothing ticked, room for amounts."""
    facts = form_facts({}, (EMPTY,) * 3, name)
    room = dict.fromkeys(facts["资金"], _BLANK_AMOUNT)
    return {
        **facts,
        "项目地点": "　　　　镇（乡）　　　　村（居）",
        "资金合计": _BLANK_AMOUNT,
        "资金": room,
        "现值": dict.fromkeys(_VALUES, _BLANK_AMOUNT),
    }


def _boxed(name: str, text: str, box: Box, further: list[dict[str, str]]) -> str:
    """Return what of `text` its box holds; where that is not all, the whole goes to the further sheet."""
    if box.holds(text):
        return text
    further.append({"名称": name, "内容": text})
    kept = text[: min(box.characters, box.lines * box.width)]
    while not box.holds(told := kept.rstrip("，。；、\n ") + "…" + FURTHER):
        kept = kept[:-1]
    return told


def _texts(project: Mapping[str, Any]) -> dict[str, Any]:
    funding = project.get("funding") or {}
    contact = (project.get("responsible_person"), project.get("telephone"))
    township = project.get("township_text") or project.get("township") or ""
    return {
        "项目名称": str(project.get("name") or ""),
        "项目编号": str(project.get("number") or ""),
        "项目地点": f"{township}{project.get('village_text') or project.get('village') or ''}",
        "实施年度": str(project.get("implementation_year") or ""),
        "责任单位": str(project.get("responsible_body") or project.get("responsible_unit") or ""),
        "责任人及联系电话": "　".join(str(part) for part in contact if part),
        "资金合计": _amount(project.get("funding_total_yuan") or total_yuan(funding)),
        "资金": _funding(funding),
        "现值": {label: _amount(project.get(column)) for label, column in _VALUES.items()},
    }


def _funding(funding: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    amounts: dict[str, str] = {}
    for source, name in _SOURCES.items():
        tiers = funding.get(source) or {}
        amounts[name] = _amount(total_yuan({source: tiers}))
        amounts |= {f"{name}{word}": _amount(tiers.get(tier)) for tier, word in _TIERS.items()}
    return amounts


def _amount(value: Any) -> str:
    return f"{Decimal(value or 0):,.2f}"


def _signs(project: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    operation, linkage = project.get("operation"), project.get("linkage")
    causes, gaps = project.get("causes") or (), project.get("linkage_gaps") or ()
    ran_badly = operation in (Operation.STOPPED, Operation.DIFFICULT)
    return {
        "产业": _marks(Industry, (project.get("industry"),), _CIRCLES),
        "运营": _marks(OperatingMode, (project.get("operating_mode"),)),
        "功能": _marks(Function, (project.get("function"),)),
        "使用": _marks(Use, (project.get("use"),)),
        "经营": {
            **_marks(Operation, (operation,)),
            "不正常": _BOXES[0] if ran_badly else _BOXES[1],
        },
        "停产原因": _marks(Cause, causes if operation == Operation.STOPPED else ()),
        "困难原因": _marks(Cause, causes if operation == Operation.DIFFICULT else ()),
        "联农": _marks(Linkage, (linkage,)),
        "缺口": _marks(LinkageGap, gaps if linkage == Linkage.PARTIAL else ()),
        "认定": _marks(Category, (project.get("category"),)),
    }


def _marks(terms: type[Term], chosen: Collection[Any], signs: tuple[str, str] = _BOXES) -> dict[str, str]:
    return {name_of(term.label): signs[0] if term.value in chosen else signs[1] for term in terms}
