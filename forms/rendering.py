"""Clean answers turned outward: back into boxes, into lines to read, into the project and the case's variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from forms.fields import SILENT, WORDS, Asked, Field, FieldType, Form, Option, options_of, visible
from ledger.findings import Finding
from ledger.vocabulary import (
    Category,
    Cause,
    Function,
    FundingSource,
    FundingTier,
    Industry,
    LedgerOperation,
    Level,
    Linkage,
    LinkageGap,
    OperatingMode,
    Operation,
    PaperKind,
    ProjectProblem,
    Term,
    Use,
)

Lines = tuple[tuple[str, str], ...]
_CENT = Decimal("0.01")


def yuan(amount: Decimal | str) -> str:
    """Write an exact amount for a reader: 1,234.50 元."""
    return f"{Decimal(amount):,.2f} 元"


def chinese_date(day: date) -> str:
    """Write a day as official papers do: 2023年11月25日."""
    return f"{day.year}年{day.month}月{day.day}日"


def total_yuan(funding: Mapping[str, Mapping[str, Decimal | str]]) -> Decimal:
    """Add up a funding matrix; totals are computed, never typed (F1)."""
    return sum((Decimal(amount) for tiers in funding.values() for amount in tiers.values()), Decimal(0))


def funding_lines(funding: Mapping[str, Mapping[str, Decimal | str]]) -> str:
    """Write 投资规模 as the forms print it: the total, then a line per source with its tiers."""
    lines = [f"合计 {yuan(total_yuan(funding))}"]
    for source in FundingSource:
        tiers = funding.get(source, {})
        if not tiers:
            continue
        split = [f"{tier.label} {yuan(tiers[tier])}" for tier in FundingTier if tier in tiers]
        detail = f"，其中：{'，'.join(split)}" if source != FundingSource.SOCIAL else ""
        lines.append(f"{source.label} {yuan(total_yuan({source: tiers}))}{detail}")
    return "\n".join(lines)


def class_counts(classes: Iterable[str | None]) -> str:
    """Say how many projects are of each class: 其中巩固类2个、提升类1个。"""
    counts = Counter(classes)
    words = [f"{category.label}类{counts[category]}个" for category in Category if counts[category]]
    words += [f"未分类{counts[None]}个"] if counts[None] else []
    return f"其中{'、'.join(words)}。" if words else ""


def posted_from(form: Form, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what the boxes would post to give these answers; files are left out, they live on the item."""
    posted: dict[str, list[str]] = {}
    for _section, each in form.fields():
        if each.name in answers and each.type not in (FieldType.FILE, FieldType.NOTE):
            posted.update(_boxes(each, each.name, answers[each.name]))
    return posted


def _boxes(each: Field, name: str, value: Any) -> dict[str, list[str]]:
    match each.type:
        case FieldType.TICK:
            return {name: ["true"]} if value else {}
        case FieldType.CHECKS:
            main = {f"{name}.main": [str(value[0])]} if each.main_first and value else {}
            return {name: [str(chosen) for chosen in value], **main}
        case FieldType.MATRIX:
            return {f"{name}.{row}.{tier}": [str(a)] for row, tiers in value.items() for tier, a in tiers.items()}
        case FieldType.TABLE:
            return _row_boxes(each, name, ((str(number), row) for number, row in enumerate(value)))
        case FieldType.RECORDS:
            return _row_boxes(each, name, ((str(row["key"]), row) for row in value))
        case _:
            return {name: [str(value)]}


def _row_boxes(each: Field, name: str, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, list[str]]:
    boxes: dict[str, list[str]] = {}
    for key, row in rows:
        for column in each.columns:
            if column.name in row:
                boxes.update(_boxes(column, f"{name}.{key}.{column.name}", row[column.name]))
    return boxes


def shown(form: Form, answers: Mapping[str, Any], asked: Asked) -> tuple[tuple[str, Lines], ...]:
    """Return (section, its (label, text) lines) to read or print; sections and fields without content are left out.

    A retired field still shows what it once was answered, and an answer is shown whatever its conditions say now: one
    that was hidden was never kept.
    """
    asked, sections = _as_then(form, answers, asked), []
    for section in form.sections:
        lines = tuple(
            (each.label, text) for each in section.fields if (text := _text_of(each, answers, asked)) is not None
        )
        answered = any(each.name in answers for each in section.fields)
        if lines and (answered or visible(section.show_if, answers, asked)):
            sections.append((section.title, lines))
    return tuple(sections)


def _as_then(form: Form, answers: Mapping[str, Any], asked: Asked) -> Asked:
    """Add the words the choices had when they were made; what is known today wins."""
    options, records = dict(asked.options), dict(asked.records)
    for _section, each in form.fields():
        words = answers.get(WORDS, {}).get(each.name)
        if words and each.type is FieldType.RECORDS:
            records.setdefault(each.name, tuple(words.items()))
        elif words:
            options.setdefault(each.source, tuple(Option(value, label) for value, label in words.items()))
    return replace(asked, options=options, records=records)


def _text_of(each: Field, answers: Mapping[str, Any], asked: Asked) -> str | None:
    if each.type == FieldType.NOTE:
        return None
    if each.type == FieldType.DISPLAY:
        return asked.display.get(each.name) if visible(each.show_if, answers, asked) else None
    return None if answers.get(each.name) is None else text_of(each, answers[each.name], asked)


def text_of(each: Field, value: Any, asked: Asked) -> str:
    """Write one answer for a reader: labels for identifiers, separators and 元 for money."""
    match each.type:
        case FieldType.RADIO | FieldType.SELECT | FieldType.MEETING:
            return _label(each, value, asked)
        case FieldType.CHECKS:
            return "、".join(_label(each, chosen, asked) for chosen in value)
        case FieldType.TABLE:
            return "\n".join(_row_text(each, row, asked) for row in value)
        case FieldType.RECORDS:
            captions = dict(asked.records.get(each.name, ()))
            return "\n".join(f"{captions.get(r['key'], r['key'])}——{_row_text(each, r, asked)}" for r in value)
        case _:
            return _PLAIN.get(each.type, str)(value)


_PLAIN: Mapping[FieldType, Callable[[Any], str]] = {
    FieldType.MONEY: yuan,
    FieldType.PERCENT: lambda value: f"{value}%",
    FieldType.DATE: lambda value: chinese_date(date.fromisoformat(value)),
    FieldType.TICK: lambda value: "是" if value else "否",
    FieldType.MATRIX: funding_lines,
    FieldType.FILE: lambda value: f"{len(value)} 份",
}


def _row_text(each: Field, row: Mapping[str, Any], asked: Asked) -> str:
    cells = (f"{c.label}：{text_of(c, row[c.name], asked)}" for c in each.columns if row.get(c.name) is not None)
    return "；".join(cells)


def _label(each: Field, value: str, asked: Asked) -> str:
    return next((option.label for option in options_of(each, asked) if option.value == value), value)


def project_answers(form: Form, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers a form starts with from the project's columns; display fields get their text."""
    answers: dict[str, Any] = {}
    for _section, each in form.fields():
        value = project.get(each.project) if each.project else None
        answer = project_text(each.project, value) or None if each.type in SILENT else answer_from(value)
        if answer is not None:
            answers[each.name] = answer
    return answers


_TERMS: Mapping[str, type[Term]] = {
    "level": Level,
    "industry": Industry,
    "operating_mode": OperatingMode,
    "function": Function,
    "use": Use,
    "operation": Operation,
    "operation_ledger": LedgerOperation,
    "causes": Cause,
    "problems": ProjectProblem,
    "linkage": Linkage,
    "linkage_gaps": LinkageGap,
    "category": Category,
    "findings": Finding,
}


def project_text(column: str, value: Any) -> str:
    """Write a column of Project for a reader; "" for what nobody filled in."""
    if value in (None, "") or value == [] or value == {}:
        return ""
    if column == "funding":
        return funding_lines(value)
    if column.endswith("_yuan"):
        return yuan(value)
    if isinstance(value, date):
        return chinese_date(value)
    terms = _TERMS.get(column)
    if terms is None:
        return str(value)
    between = "；" if terms is Finding else "、"  # findings have commas of their own
    return between.join(terms(each).label for each in ([value] if isinstance(value, str) else value))


def answer_from(value: Any) -> Any:
    """Turn a column's value into an answer; None for what counts as not answered."""
    if isinstance(value, Decimal):
        return str(value.quantize(_CENT))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(row): {str(t): answer_from(Decimal(a)) for t, a in tiers.items()} for row, tiers in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(each) for each in value] or None
    return None if value in (None, "") else value


def table_name(kind: PaperKind) -> str:
    """Return what 统计表 or 管理台账 is called, as title and as file."""
    return f"经营性帮扶产业项目“四个一批”{kind.label}"
