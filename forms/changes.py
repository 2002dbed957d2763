"""What a form says differently from the last time it was filled in: after a 退回, or in the next round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from forms.fields import SILENT, Asked, FieldType, Form, Posted, Section, visible
from forms.parsing import FormErrors, parse
from forms.rendering import posted_from, shown, text_of

CARRIED = frozenset(
    {
        *(FieldType.TEXT, FieldType.TEXTAREA, FieldType.MONEY, FieldType.INTEGER),
        *(FieldType.PERCENT, FieldType.YEAR, FieldType.MATRIX, FieldType.TABLE),
    }
)
"""What is written out is carried over; what is decided, dated or attached is asked anew each time."""


@dataclass(frozen=True)
class Change:
    """One question answered differently; an empty text where there was, or is, no answer."""

    label: str
    before: str
    after: str


def changes(form: Form, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what changed between two sets of answers, in the order of the form."""
    old, new = _texts(form, before), _texts(form, after)
    labels = [*new, *(key for key in old if key not in new)]
    return tuple(
        Change(key[1], old.get(key, ""), new.get(key, "")) for key in labels if old.get(key, "") != new.get(key, "")
    )


def _texts(form: Form, answers: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    sections = shown(form, answers, Asked())
    return {(title, label): text for title, lines in sections for label, text in lines}


def carried(form: Form, before: Mapping[str, Any], initial: Posted) -> dict[str, list[str]]:
    """Return what a page starts with: `initial`, and where that says nothing what was written the last time."""
    kept = {each.name for _section, each in form.fields() if each.type in CARRIED and not each.retired}
    started = {name.split(".")[0] for name, values in initial.items() if any(values)}
    told = posted_from(form, {name: answer for name, answer in before.items() if name in kept - started})
    return {**{name: list(values) for name, values in told.items()}, **_said(initial)}


def _said(posted: Posted) -> dict[str, list[str]]:
    return {name: list(values) for name, values in posted.items() if any(values)}


def resumed(form: Form, kept: Posted, begun: Posted, asked: Asked) -> dict[str, list[str]]:
    """Return what a kept draft goes on with; a field that it did not show begins as on a new page."""
    given = {name: list(values) for name, values in kept.items()}
    hidden = {
        each.name
        for section, each in form.fields()
        if not (visible(section.show_if, given, asked) and visible(each.show_if, given, asked))
    }
    begins = {name: list(values) for name, values in begun.items() if name.split(".")[0] in hidden}
    return {**begins, **given}


def last_words(form: Form, before: Mapping[str, Any], asked: Asked) -> dict[str, str]:
    """Return by field how it was answered the last time, for a reader."""
    told = {}
    for _section, each in form.fields():
        if before.get(each.name) is not None and each.type is not FieldType.FILE and not each.retired:
            told[each.name] = text_of(each, before[each.name], asked)
    return told


def words_of(form: Form, posted: Posted, asked: Asked) -> dict[str, str]:
    """Return by field what stands in the boxes now, for a reader; a field that cannot be read yet is left out."""
    told: dict[str, str] = {}
    for _section, each in form.fields():
        if each.type in (*SILENT, FieldType.FILE):
            continue
        own = Form("", "", "", "", (Section("", (replace(each, required=False, show_if={}),)),))
        try:
            answer = parse(own, _of_field(posted, each.name), asked).get(each.name)
        except FormErrors:
            continue
        if answer is not None:
            told[each.name] = text_of(each, answer, asked)
    return told


def _of_field(posted: Posted, field: str) -> Posted:
    return {name: values for name, values in posted.items() if name.split(".")[0] == field}
