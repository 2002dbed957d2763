"""Conditions in the words people read: what a variable can be, what its values are called, a whole condition said.

The editor chooses by the same words as the comparison of two versions tells by. What is more than comparisons with
constants joined by “and” or “or” is told as it is written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bpmn.engine import Element
from bpmn.expressions import ExpressionError, compile_expression
from bpmn.form_comparison import choices_of, fields_of
from bpmn.wording import VARIABLES
from forms.definition import shipped_forms
from handlers import HANDLERS
from handlers.plain import stem_of
from ledger.vocabulary import Category, Level, Term

Words = Mapping[str, Mapping[str, str]]
"""What the values of each variable are called."""


class VariableKind(StrEnum):
    """What a variable can be compared with."""

    TRUTH = "truth"
    CHOICE = "choice"
    NUMBER = "number"
    DAY = "day"
    TEXT = "text"
    LIST = "list"


_WORDS_SHOWN = 3
_TERMS: Mapping[str, type[Term]] = {
    "level": Level,
    **dict.fromkeys(("category", "suggested_category", "previous_category"), Category),
}
_KINDS: Mapping[str, VariableKind] = {
    **dict.fromkeys((*_TERMS, "verdict"), VariableKind.CHOICE),
    **dict.fromkeys(("round", "amount_yuan"), VariableKind.NUMBER),
    **dict.fromkeys(("reviewing_bodies", "consulted"), VariableKind.LIST),
    "business_unit": VariableKind.TEXT,
}
_ON_DAYS: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "早于",
    ast.LtE: "不晚于",
    ast.Gt: "晚于",
    ast.GtE: "不早于",
}
_BY_HAND = frozenset({"userTask", "manualTask"})
_COMPARED: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "为",
    ast.NotEq: "不为",
    ast.Lt: "少于",
    ast.LtE: "不多于",
    ast.Gt: "多于",
    ast.GtE: "不少于",
    ast.In: "为",
    ast.NotIn: "不为",
    ast.Is: "为",
    ast.IsNot: "不为",
}


class _MoreThanThat(Exception):
    """A condition says more than there are words for."""


def variable_kind(name: str) -> VariableKind:
    """Return what a published variable can be compared with: a day, a choice, else whether it is so."""
    return _KINDS.get(name, VariableKind.DAY if name.endswith("_on") else VariableKind.TRUTH)


def fixed_words(name: str) -> dict[str, str]:
    """Return what the values of a variable are called whatever the forms say; none where they come from a form."""
    return {str(each): each.label for each in _TERMS.get(name, ())}


def answer_words(stem: str, form: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return by variable the values that a step with this form can give it, in the words of the form's choices.

    A handler decides by itself what it publishes; where it does, the field is called like the variable.
    """
    found: dict[str, dict[str, str]] = {}
    for name, field in fields_of(form).items():
        variable = field.get("publish") or (name if stem in HANDLERS and name == "verdict" else "")
        words = choices_of(field) if variable and variable_kind(variable) is VariableKind.CHOICE else {}
        if words and not field.get("retired"):
            found.setdefault(variable, {}).update(words)
    return found


def words_anywhere(forms: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return by variable what its values are called in any of these forms; what two call otherwise has both words."""
    called: dict[str, dict[str, list[str]]] = {}
    for stem, form in forms.items():
        for name, words in answer_words(stem, form).items():
            for value, label in words.items():
                labels = called.setdefault(name, {}).setdefault(value, [])
                labels += [label] if label not in labels else []
    return {
        name: {value: "／".join(labels[:_WORDS_SHOWN]) for value, labels in values.items()}
        for name, values in called.items()
    }


def words_before(element: Element, elements: Mapping[str, Element], forms: Mapping[str, Mapping[str, Any]]) -> Words:
    """Return what the values are called that a condition at an element speaks of: those of the steps just before."""
    known: dict[str, dict[str, str]] = {name: fixed_words(name) for name in _TERMS}
    for step in _steps_before(element, elements):
        stem = stem_of(step.attributes)
        for name, words in answer_words(stem, forms.get(stem) or shipped_forms().get(stem, {})).items():
            known.setdefault(name, {}).update(words)
    return known


def _steps_before(element: Element, elements: Mapping[str, Element]) -> Iterator[Element]:
    """Yield the steps done by hand that lead to an element with no other such step between, phases looked into."""
    ahead, seen = [element.source or element.id], set[str]()
    while ahead:
        here = elements.get(ahead.pop())
        if here is None or here.id in seen:
            continue
        seen.add(here.id)
        if here.kind in _BY_HAND:
            yield here
        elif here.kind == "subProcess" and here.id != element.id:
            ahead += [each.id for each in elements.values() if each.kind == "endEvent" and each.parent == here.id]
        elif here.attached_to:
            ahead.append(here.attached_to)
        else:
            ahead += [elements[each].source or "" for each in here.incoming if each in elements]


def condition_text(source: str, words: Words) -> str:
    """Say a condition in Chinese; one that cannot be read or says more stays as it is written."""
    try:
        return _said(compile_expression(source).tree, words, ())
    except (ExpressionError, _MoreThanThat):
        return source


def _said(node: ast.expr, words: Words, around: tuple[type[ast.boolop], ...]) -> str:
    match node:
        case ast.BoolOp(how, parts):
            joined = ("，且" if isinstance(how, ast.And) else "，或").join(
                _said(each, words, (*around, type(how))) for each in parts
            )
            return f"（{joined}）" if around else joined
        case ast.UnaryOp(ast.Not(), ast.Name(name)):
            return f"{_called(name)}为“否”"
        case ast.Name(name):
            return f"{_called(name)}为“是”"
        case ast.Compare(ast.Name(name), [how], [value]):
            ways = {**_COMPARED, **_ON_DAYS} if variable_kind(name) is VariableKind.DAY else _COMPARED
            return f"{_called(name)}{ways[type(how)]}{_value(value, words.get(name, {}))}"
    raise _MoreThanThat


def _called(name: str) -> str:
    if name not in VARIABLES:
        raise _MoreThanThat
    return f"“{VARIABLES[name]}”"


def _value(node: ast.expr, words: Mapping[str, str]) -> str:
    match node:
        case ast.Constant(None):
            return "空"
        case ast.Constant(bool() as told):
            return "“是”" if told else "“否”"
        case ast.Constant(str() as told):
            return f"“{words.get(told, told)}”"
        case ast.Constant(int() | Decimal() as told):
            return f" {told} "
        case ast.List(parts) | ast.Tuple(parts):
            return "、".join(_value(each, words) for each in parts) + "之一"
    raise _MoreThanThat
