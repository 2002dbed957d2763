"""Answers made from a form's definition: whatever a deployed form asks, something that holds is posted to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from forms.fields import SILENT, Asked, Field, FieldType, Form, Section, options_of, visible
from forms.rendering import posted_from

FILE = object()
"""Wished for in a file field: a file is uploaded to it."""
_TEXT_LENGTH = 40
_ALL = 100  # percent


def fill(
    form: Form, asked: Asked, initial: Mapping[str, Sequence[str]], wishes: Mapping[str, Any], today: date
) -> dict[str, list[str]]:
    """Return what a browser would post: what the form starts with, `wishes` over it, made-up answers for the rest.

    `wishes` holds answers by field, of which those the form does not ask are left out; None empties a field.
    """
    posted = {key: list(value) for key, value in initial.items() if key.split(".")[0] not in wishes}
    names = {each.name for _section, each in form.fields()}
    words = {name: value for name, value in wishes.items() if value is not None and value is not FILE}
    posted.update(posted_from(form, {name: value for name, value in words.items() if name in names}))
    answered = {key.split(".")[0] for key in posted}
    for section, each in form.fields():
        if each.retired or each.type in SILENT or each.type is FieldType.FILE or each.name in wishes:
            continue
        wanted = each.name not in answered and (each.required or each.type is FieldType.RECORDS)
        if wanted and _seen(section, each, posted, asked):
            posted.update(posted_from(form, {each.name: made_up(each, asked, today)}))
    return posted


def files_wanted(
    form: Form, asked: Asked, posted: Mapping[str, Sequence[str]], wishes: Mapping[str, Any]
) -> list[Field]:
    """Return the file fields to be filled: the required ones and those wished for, unless a file is there."""
    return [
        each
        for section, each in form.fields()
        if each.type is FieldType.FILE
        and not each.retired
        and not asked.attached.get(each.name)
        and (wishes.get(each.name) is FILE or (each.required and each.name not in wishes))
        and _seen(section, each, posted, asked)
    ]


def _seen(section: Section, each: Field, posted: Mapping[str, Sequence[str]], asked: Asked) -> bool:
    return visible(section.show_if, posted, asked) and visible(each.show_if, posted, asked)


def made_up(each: Field, asked: Asked, today: date) -> Any:
    """Return an answer that holds for one field."""
    plain: dict[FieldType, Any] = {
        FieldType.MONEY: "1000.00",
        FieldType.INTEGER: _within(each, each.min if each.min is not None else 1),
        FieldType.PERCENT: _within(each, _ALL),
        FieldType.YEAR: _within(each, today.year),
        FieldType.DATE: today.isoformat(),
        FieldType.TICK: True,
        FieldType.MATRIX: {"earmarked": {"central": "1000.00"}},
    }
    if each.type in plain:
        return plain[each.type]
    if each.type in (FieldType.TABLE, FieldType.RECORDS):
        row = {column.name: made_up(column, asked, today) for column in each.columns if column.required}
        keys = [key for key, _caption in asked.records.get(each.name, ())]
        least = max(1, each.min or 0)
        return [row] * least if each.type is FieldType.TABLE else [{"key": key, **row} for key in keys]
    if options := options_of(each, asked):
        least = max(1, each.min or 0)
        return [each.value for each in options[:least]] if each.type is FieldType.CHECKS else options[0].value
    return f"{each.label}已核实"[: each.max_length or _TEXT_LENGTH]


def _within(each: Field, number: int) -> int:
    """Return the number nearest to `number` that a field allows."""
    lifted = number if each.min is None else max(number, each.min)
    return lifted if each.max is None else min(lifted, each.max)
