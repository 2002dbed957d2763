"""What a form asks, and its answers when they are plainly right, as nearly every form is filled in.

A form posted rightly is read here in one walk, without its JSON Schema, which costs ten times as much; wherever
anything is odd, or a matrix or table is asked, `forms.parsing` reads it thoroughly and says what is wrong.

Invisible characters are refused, not dropped: two names that look the same must not differ in the register, and a
silent repair would hide where the text came from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

TEXT_LENGTH = 200
AREA_LENGTH = 2000
Posted = Mapping[str, Sequence[str]]
_HALF_WIDTH = str.maketrans("０１２３４５６７８９．，－／％", "0123456789.,-/%")
_AMOUNT = re.compile(r"([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{1,2})?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
MOST_DIGITS = 12  # before the point: 9,999 亿元; whole 分 still fit a 64-bit column
_MOST_CHARACTERS = 50_000  # of one box, before anything is looked at
_CENT = Decimal("0.01")


class FieldType(StrEnum):
    """What a field asks for; the value is its name in a definition."""

    TEXT = "text"
    TEXTAREA = "textarea"
    MONEY = "money"
    INTEGER = "integer"
    PERCENT = "percent"
    YEAR = "year"
    DATE = "date"
    RADIO = "radio"
    SELECT = "select"
    CHECKS = "checks"
    TICK = "tick"
    MATRIX = "matrix"
    FILE = "file"
    TABLE = "table"
    RECORDS = "records"
    MEETING = "meeting"
    NOTE = "note"
    DISPLAY = "display"


CHOICES = frozenset({FieldType.RADIO, FieldType.SELECT, FieldType.CHECKS, FieldType.MEETING})
ROWS = frozenset({FieldType.TABLE, FieldType.RECORDS})
SILENT = frozenset({FieldType.NOTE, FieldType.DISPLAY})  # shown, never answered


@dataclass(frozen=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """One question. `width` is in twelfths of the page; `show_if` names earlier fields or, with “$”, the context."""

    name: str
    label: str
    type: FieldType
    required: bool = False
    max_length: int | None = None
    min: int | None = None
    max: int | None = None
    help: str = ""
    width: int = 6
    show_if: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vocabulary: str = ""
    options: tuple[Option, ...] = ()
    source: str = ""
    project: str = ""
    publish: str = ""
    kind: str = ""
    columns: tuple[Field, ...] = ()
    main_first: bool = False
    retired: bool = False


@dataclass(frozen=True)
class Section:
    title: str
    fields: tuple[Field, ...]
    show_if: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Form:
    """What one step asks; `article` is the directive's article that demands it."""

    stem: str
    title: str
    article: str
    intro: str
    sections: tuple[Section, ...]
    to_read: tuple[Field, ...] = ()  # as they are asked where they are written; this step only shows them

    @cached_property
    def asks_beside(self) -> bool:
        """Whether what is asked depends on more than its answers: on records or on the item's context."""
        fields = [each for section in self.sections for each in section.fields]
        conditions = [*(section.show_if for section in self.sections), *(each.show_if for each in fields)]
        about_context = any(name.startswith("$") for show_if in conditions for name in show_if)
        return about_context or any(each.type is FieldType.RECORDS for each in fields)

    @cached_property
    def sources(self) -> frozenset[str]:
        """The lists of rows its questions choose from."""
        fields = [each for _section, each in self.fields()]
        return frozenset(c.source for each in fields for c in (each, *each.columns) if c.source)

    def fields(self) -> Sequence[tuple[Section, Field]]:
        """Return every field, retired ones too, with its section."""
        return self._fields

    @cached_property
    def _fields(self) -> tuple[tuple[Section, Field], ...]:
        return tuple((section, each) for section in self.sections for each in section.fields)


WORDS = "_words"
"""Key among the answers: what the chosen meetings, units and records were called when they were chosen."""


@dataclass(frozen=True)
class Asked:
    """What a form needs to know about this item beyond its definition."""

    attached: Mapping[str, Sequence[int]] = field(default_factory=dict)  # field → attachments uploaded to this item
    options: Mapping[str, Sequence[Option]] = field(default_factory=dict)  # source → choices
    records: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)  # field → (key, caption)
    display: Mapping[str, str] = field(default_factory=dict)  # field → computed text
    context: Mapping[str, str] = field(default_factory=dict)  # values for “$…” conditions

    def about(self, name: str) -> str:
        """Return the context's value for a condition's “$name”; the context may write it with or without “$”."""
        return self.context.get(name.removeprefix("$"), self.context.get(name, ""))


def options_of(each: Field, asked: Asked) -> tuple[Option, ...]:
    """Return what can be chosen: the definition's list, or this item's for a field with a source."""
    return tuple(asked.options.get(each.source, ())) if each.source else each.options


def visible(show_if: Mapping[str, tuple[str, ...]], answers: Mapping[str, Any], asked: Asked) -> bool:
    """Say whether every condition holds: the answer, or one of several, is among the values named."""
    return all(_given(name, answers, asked) & set(values) for name, values in show_if.items())


def _given(name: str, answers: Mapping[str, Any], asked: Asked) -> set[str]:
    if name.startswith("$"):
        return {asked.about(name)}
    value = answers.get(name)
    if isinstance(value, bool):
        return {"true" if value else "false"}
    if isinstance(value, list):
        return {str(each) for each in value}
    return set() if value is None else {str(value)}


class Refused(ValueError):
    """What was typed cannot be this value; the message follows the field's label."""


def read_line(typed: str, *, lines: bool = False) -> str:
    """Return the text in NFC and trimmed; with `lines`, line ends become \\n. Refused for unprintable characters."""
    if len(typed) > _MOST_CHARACTERS:
        raise Refused(f"太长，最多 {_MOST_CHARACTERS} 字")
    text = typed.replace("\r\n", "\n").replace("\r", "\n") if lines else typed
    text = text.strip()
    if not (text.replace("\n", "").replace("\t", "") if lines else text).isprintable():
        # slow, and hardly ever needed: spaces of other scripts are not printable either, and may stand
        allowed = "\n\t" if lines else ""
        for place, character in enumerate(text, 1):
            if character not in allowed and _unprintable(character):
                raise Refused(_complaint(place, character))
    return unicodedata.normalize("NFC", text)


def _unprintable(character: str) -> bool:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return True
    point = ord(character)
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF  # noncharacters: no office file may hold them


def _complaint(place: int, character: str) -> str:
    if character in "\r\n":
        return "只能写一行，不能换行"
    if unicodedata.category(character) == "Cs":
        return f"第 {place} 个字符不完整，无法保存，请删去后重新输入"
    return f"第 {place} 个字符是看不见的控制字符（U+{ord(character):04X}），请删去"


def read_money(typed: str) -> Decimal:
    """Return an exact amount in 元, ≥ 0, at most two decimals; separators and full-width digits are understood."""
    text = figures(typed).removesuffix("元").strip()
    if "万" in text:
        raise Refused("应以元为单位，请把万元换算成元")
    if text.startswith("-") and _AMOUNT.fullmatch(text[1:]):
        raise Refused("不能小于 0")
    if not _AMOUNT.fullmatch(text):
        raise Refused("应为金额（元），最多两位小数")
    amount = Decimal(text.replace(",", ""))
    if amount >= 10**MOST_DIGITS:
        raise Refused(f"整数部分最多 {MOST_DIGITS} 位")
    return amount.quantize(_CENT)


def read_date(typed: str) -> date:
    """Return the day written as 2023-11-25."""
    match = _DATE.fullmatch(figures(typed))
    if match is None:
        raise Refused("应为日期，如 2023-11-25")
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        raise Refused("这一天不存在，请核对日期") from None


def figures(typed: str) -> str:
    """Return what was typed on one line, its digits and signs in half width."""
    return read_line(typed).translate(_HALF_WIDTH)


def plain_answers(form: Form, posted: Posted, asked: Asked) -> dict[str, Any] | None:
    """Return what `forms.parsing.parse` would; None where anything is odd, which is for it to say."""
    answers: dict[str, Any] = {}
    known: set[str] = set()
    for section, each in form.fields():
        read = _PLAIN.get(each.type)
        if read is not None:
            known.add(each.name)
        if each.retired or each.type in SILENT:
            continue
        if section.show_if and not visible(section.show_if, answers, asked):
            continue
        if each.show_if and not visible(each.show_if, answers, asked):
            continue
        if read is None:
            return None
        try:
            value = read(each, asked, posted.get(each.name, ()))
        except Odd:
            return None
        if value is not None:
            answers[each.name] = value
        elif each.required:
            return None
    return answers if posted.keys() <= known else None


class Odd(Exception):
    """Not plainly right."""


def _one(read: Callable[[Field, Asked, str], Any]) -> Callable[[Field, Asked, Sequence[str]], Any]:
    """Read a box that holds one value, or nothing."""

    def box(each: Field, asked: Asked, typed: Sequence[str]) -> Any:
        if len(typed) > 1:
            raise Odd
        try:
            return read(each, asked, typed[0]) if typed and typed[0].strip() else None
        except Refused as refused:
            raise Odd from refused

    return box


def _text(each: Field, _asked: Asked, typed: str) -> str:
    area = each.type is FieldType.TEXTAREA
    text = read_line(typed, lines=area)
    if not 1 <= len(text) <= (each.max_length or (AREA_LENGTH if area else TEXT_LENGTH)):
        raise Odd
    return text


def _choice(each: Field, asked: Asked, typed: str) -> str:
    chosen = read_line(typed)
    if not any(option.value == chosen for option in options_of(each, asked)):
        raise Odd
    return chosen


def _files(each: Field, asked: Asked, typed: Sequence[str]) -> list[int] | None:
    found = list(asked.attached.get(each.name, ()))
    if typed or each.max is not None or each.min is not None:
        raise Odd
    return found or None


def _tick(each: Field, _asked: Asked, typed: Sequence[str]) -> bool | None:
    if list(typed) not in ([], ["true"]):
        raise Odd
    return bool(typed) or (None if each.required else False)


def _checks(each: Field, asked: Asked, typed: Sequence[str]) -> list[str] | None:
    chosen = [option.value for option in options_of(each, asked) if option.value in typed]
    if each.main_first or each.max is not None or each.min is not None or len(chosen) != len(set(typed)):
        raise Odd
    return chosen or None


_PLAIN: Mapping[FieldType, Callable[[Field, Asked, Sequence[str]], Any]] = {
    FieldType.TEXT: _one(_text),
    FieldType.TEXTAREA: _one(_text),
    FieldType.RADIO: _one(_choice),
    FieldType.SELECT: _one(_choice),
    FieldType.MEETING: _one(_choice),
    FieldType.MONEY: _one(lambda _each, _asked, typed: str(read_money(typed))),
    FieldType.DATE: _one(lambda _each, _asked, typed: read_date(typed).isoformat()),
    FieldType.TICK: _tick,
    FieldType.CHECKS: _checks,
    FieldType.FILE: _files,
}


def with_words(form: Form, answers: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """Add what only this moment knows: the labels of choices that are no closed list, the captions of records."""
    words: dict[str, dict[str, str]] = {}
    for _section, each in form.fields():
        if each.name not in answers:
            continue
        if each.type is FieldType.RECORDS:
            captions = dict(asked.records.get(each.name, ()))
            words[each.name] = {row["key"]: captions[row["key"]] for row in answers[each.name]}
        elif each.source:
            chosen = answers[each.name] if each.type is FieldType.CHECKS else [answers[each.name]]
            words[each.name] = {o.value: o.label for o in options_of(each, asked) if o.value in chosen}
    return {**answers, WORDS: words} if words else answers


def project_values(form: Form, answers: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """Return the columns of Project this form writes, typed as the table wants them.

    A field left empty, or hidden by another answer, empties its column (causes of a project that runs normally
    again); a field that is retired, only displayed or not asked of this case at all leaves it alone.
    """
    columns: dict[str, Any] = {}
    for section, each in form.fields():
        if each.project and not each.retired and each.type not in SILENT and _concerns(section, each, asked):
            columns[each.project] = _column_value(each, answers.get(each.name))
    return columns


def _concerns(section: Section, each: Field, asked: Asked) -> bool:
    """Say whether the conditions on the context hold, whatever was answered."""
    conditions = [*section.show_if.items(), *each.show_if.items()]
    return all(asked.about(name) in values for name, values in conditions if name.startswith("$"))


def _column_value(each: Field, value: Any) -> Any:
    match each.type:
        case FieldType.CHECKS:
            return list(value or ())
        case FieldType.MATRIX:
            return {row: {tier: Decimal(a) for tier, a in tiers.items()} for row, tiers in (value or {}).items()}
        case FieldType.TEXT | FieldType.TEXTAREA:
            return value or ""
        case FieldType.MONEY:
            return None if value is None else Decimal(value)
        case FieldType.DATE:
            return None if value is None else date.fromisoformat(value)
        case _:
            return value


def published_values(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the case variables this form publishes; an unanswered one is None, so no old value lingers."""
    fields = (each for _section, each in form.fields() if each.publish and not each.retired)
    return {each.publish: answers.get(each.name) for each in fields}
