"""From what a browser posts to clean answers, or to every error at once.

Reading turns words into values; the form's JSON Schema then says what the form demands. Both speak in Chinese and
name the posted key, so that a page can put each sentence beside its box.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forms.fields import (
    SILENT,
    Asked,
    Field,
    FieldType,
    Form,
    Posted,
    Refused,
    options_of,
    plain_answers,
    read_date,
    read_line,
    read_money,
    visible,
)
from forms.schema import complaints, tiers_of
from forms.values import read_integer, read_percent, read_tick, read_year
from ledger.vocabulary import FundingSource

_INDEX = re.compile(r"[0-9]{1,3}")
_SANE_KEY = re.compile(r"[A-Za-z0-9_.\-]{1,120}")
_MOST_UNKNOWN = 20  # named in an answer; the rest would only be noise


class FormErrors(ValueError):
    """填写有误; `errors` maps the posted name (or "" for the whole form) to a Chinese sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = dict(errors)


def parse(form: Form, posted: Posted, asked: Asked) -> dict[str, Any]:
    """Return the answers, without hidden fields and empty optional ones; FormErrors with every error otherwise."""
    answers = plain_answers(form, posted, asked)
    return parse_thoroughly(form, posted, asked) if answers is None else answers


def parse_thoroughly(form: Form, posted: Posted, asked: Asked) -> dict[str, Any]:
    """Do what `parse` does, asking the schema of everything."""
    reading = _Reading(posted, asked)
    answers: dict[str, Any] = {}
    for section, each in form.fields():
        reading.known(each)
        if each.retired or each.type in SILENT:
            continue
        if not (visible(section.show_if, answers, asked) and visible(each.show_if, answers, asked)):
            continue
        value = reading.answer(each, each.name)
        if value is not None:
            answers[each.name] = value
    reading.refuse_unknown()
    _complain(form, asked, answers, reading)
    if reading.errors:
        raise FormErrors(reading.errors)
    return answers


def _complain(form: Form, asked: Asked, answers: Mapping[str, Any], reading: _Reading) -> None:
    """Add what the schema refuses, except where reading already found the answer unreadable."""
    for path, sentence in complaints(form, asked, answers):
        key = reading.posted_name(path)
        if not any(_same_place(key, other) for other in reading.errors):
            reading.errors[key] = sentence


def _same_place(key: str, other: str) -> bool:
    return key == other or other.startswith(key + ".")


@dataclass
class _Reading:
    """One pass over what was posted."""

    posted: Posted
    asked: Asked
    errors: dict[str, str] = field(default_factory=dict)
    names: dict[str, Field] = field(default_factory=dict)
    rows: dict[str, list[str]] = field(default_factory=dict)  # table or records → row keys, as kept

    def known(self, each: Field) -> None:
        self.names[each.name] = each

    def answer(self, each: Field, name: str) -> Any:
        """Return the clean value posted under `name`; None when it is empty or was refused."""
        return _READERS[each.type](self, each, name)

    def one(self, each: Field, name: str, read: Callable[[str], Any]) -> Any:
        """Read a box that holds one value."""
        typed = self.posted.get(name, ())
        if len(typed) > 1:
            self.errors[name] = f"{each.label}只能填写一次"
            return None
        try:
            return read(typed[0]) if typed and typed[0].strip() else None
        except Refused as refused:
            self.errors[name] = f"{each.label}{refused}"
            return None

    def text(self, each: Field, name: str) -> Any:
        return self.one(each, name, lambda typed: read_line(typed, lines=each.type == FieldType.TEXTAREA))

    def money(self, each: Field, name: str) -> Any:
        return self.one(each, name, lambda typed: str(read_money(typed)))

    def integer(self, each: Field, name: str) -> Any:
        return self.one(each, name, read_integer)

    def percent(self, each: Field, name: str) -> Any:
        return self.one(each, name, read_percent)

    def year(self, each: Field, name: str) -> Any:
        return self.one(each, name, read_year)

    def day(self, each: Field, name: str) -> Any:
        return self.one(each, name, lambda typed: read_date(typed).isoformat())

    def tick(self, each: Field, name: str) -> Any:
        ticked = bool(self.one(each, name, read_tick))
        return ticked if ticked or not each.required else None

    def checks(self, each: Field, name: str) -> Any:
        """Return what is chosen: in the form's order, or as chosen (`<name>.main` first) where the order counts."""
        chosen = list(dict.fromkeys(typed for typed in self.posted.get(name, ()) if typed))
        order = [option.value for option in options_of(each, self.asked)]
        if not each.main_first:
            chosen.sort(key=lambda value: order.index(value) if value in order else len(order))
            return chosen or None
        main = next((typed for typed in self.posted.get(f"{name}.main", ()) if typed), None)
        if main is not None and main not in chosen:
            self.errors[f"{name}.main"] = f"{each.label}：主要的一项应在所选各项之中"
            return chosen or None
        return sorted(chosen, key=lambda value: value != main) or None

    def matrix(self, each: Field, name: str) -> Any:
        rows: dict[str, dict[str, str]] = {}
        for source in FundingSource:
            for tier in tiers_of(source):
                cell = Field(f"{source}", f"{source.label}（{tier.label}）", FieldType.MONEY)
                amount = self.money(cell, f"{name}.{source}.{tier}")
                if amount is not None:
                    rows.setdefault(str(source), {})[str(tier)] = amount
        return rows or None

    def files(self, each: Field, name: str) -> Any:
        return list(self.asked.attached.get(name, ())) or None

    def table(self, each: Field, name: str) -> Any:
        """Return the rows that hold anything, in the order of their numbers."""
        numbers = {key.split(".")[1] for key in self.posted if key.startswith(f"{name}.") and key.count(".") == 2}
        kept = sorted((number for number in numbers if _INDEX.fullmatch(number)), key=int)
        return self._rows(each, name, kept, keyed=False)

    def records(self, each: Field, name: str) -> Any:
        keys = [key for key, _caption in self.asked.records.get(name, ())]
        return self._rows(each, name, keys, keyed=True)

    def _rows(self, each: Field, name: str, keys: Sequence[str], *, keyed: bool) -> list[dict[str, Any]] | None:
        rows: list[dict[str, Any]] = []
        kept = self.rows.setdefault(name, [])
        for key in keys:
            refused = len(self.errors)
            row: dict[str, Any] = {}
            for column in each.columns:
                if not column.retired and visible(column.show_if, row, self.asked):
                    value = self.answer(column, f"{name}.{key}.{column.name}")
                    if value is not None:
                        row[column.name] = value
            filled = any(value is not False for value in row.values()) or len(self.errors) > refused
            if filled or (keyed and each.required):
                rows.append({"key": key, **row} if keyed else row)
                kept.append(key)
        return rows or None

    def posted_name(self, path: tuple[str | int, ...]) -> str:
        """Return the name of the box an answer came from."""
        head = str(path[0])
        each = self.names[head]
        if each.type == FieldType.MATRIX:
            return ".".join(str(part) for part in path)
        if head not in self.rows or len(path) == 1:
            return head
        row = self.rows[head][int(path[1])]
        return ".".join([head, row, *(str(part) for part in path[2:3])])

    def refuse_unknown(self) -> None:
        strange = [key for key in self.posted if not self._is_known(key)]
        for key in strange[:_MOST_UNKNOWN]:
            if _SANE_KEY.fullmatch(key):
                self.errors[key] = f"表单里没有“{key}”这一项"
            else:
                self.errors[""] = "提交的内容里有表单没有的项"

    def _is_known(self, key: str) -> bool:
        if key == "csrf_token" or key.startswith("_"):
            return True
        head, *rest = key.split(".")
        each = self.names.get(head)
        if each is None:
            return False
        match each.type:
            case FieldType.MATRIX:
                return len(rest) == 2 and rest[1] in {
                    str(t) for s in FundingSource if s == rest[0] for t in tiers_of(s)
                }
            case FieldType.TABLE:
                return len(rest) == 2 and bool(_INDEX.fullmatch(rest[0])) and _column(each, rest[1])
            case FieldType.RECORDS:
                keys = [key for key, _caption in self.asked.records.get(head, ())]
                return len(rest) == 2 and rest[0] in keys and _column(each, rest[1])
            case FieldType.CHECKS if each.main_first:
                return rest in ([], ["main"])
            case _:
                return not rest


def _column(each: Field, name: str) -> bool:
    return any(column.name == name for column in each.columns)


_READERS: Mapping[FieldType, Callable[[_Reading, Field, str], Any]] = {
    FieldType.TEXT: _Reading.text,
    FieldType.TEXTAREA: _Reading.text,
    FieldType.RADIO: _Reading.text,
    FieldType.SELECT: _Reading.text,
    FieldType.MEETING: _Reading.text,
    FieldType.MONEY: _Reading.money,
    FieldType.INTEGER: _Reading.integer,
    FieldType.PERCENT: _Reading.percent,
    FieldType.YEAR: _Reading.year,
    FieldType.DATE: _Reading.day,
    FieldType.TICK: _Reading.tick,
    FieldType.CHECKS: _Reading.checks,
    FieldType.MATRIX: _Reading.matrix,
    FieldType.FILE: _Reading.files,
    FieldType.TABLE: _Reading.table,
    FieldType.RECORDS: _Reading.records,
}
