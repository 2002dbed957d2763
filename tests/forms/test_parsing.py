"""The quick walk over a posted form gives what the thorough one gives, or nothing (issue 3: a completion's cost)."""

from __future__ import annotations

from random import Random

import pytest

from forms.definition import read_form, shipped_forms
from forms.fields import SILENT, Asked, Field, FieldType, Form, Option, plain_answers
from forms.parsing import FormErrors, parse_thoroughly

FORMS = {stem: read_form(definition) for stem, definition in shipped_forms().items()}
ASKED = Asked(
    attached={each.name: [3, 5] for form in FORMS.values() for _section, each in form.fields()},
    options=dict.fromkeys(("units", "business_units", "reviewers", "batches", "meetings"), (Option("7", "七"),)),
)
ODD = (
    "",
    " ",
    "on",
    "字" * 3000,
    "1,2.00",
    "-1",
    "１２.5元",
    "2023-02-30",
    "昨天",
    "true",
    "x\ufffe",
    "甲\r\n乙",
    "x",
    "7",
)


def likely(each: Field, random: Random) -> list[str]:
    """Return what a browser may well post for a field."""
    match each.type:
        case FieldType.RADIO | FieldType.SELECT | FieldType.MEETING:
            return [random.choice(each.options).value if each.options else "7"]
        case FieldType.CHECKS:
            return [option.value for option in random.sample(each.options, min(2, len(each.options)))]
        case FieldType.MONEY:
            return ["1,234.5"]
        case FieldType.DATE:
            return [" 2023-11-06"]
        case FieldType.INTEGER | FieldType.PERCENT:
            return ["5"]
        case FieldType.YEAR:
            return ["2023"]
        case FieldType.TICK:
            return ["true"]
        case _:
            return ["说明 "]


def some_post(form: Form, random: Random, *, odd: float) -> dict[str, list[str]]:
    posted = {}
    for _section, each in form.fields():
        if each.type in (*SILENT, FieldType.FILE) or random.random() < 0.1:
            continue
        strange = [random.choice(ODD) for _ in range(random.choice((1, 1, 2)))]
        posted[each.name] = strange if random.random() < odd else likely(each, random)
    return {**posted, "stranger": ["x"]} if random.random() < odd / 4 else posted


@pytest.mark.parametrize("stem", sorted(FORMS))
def test_what_is_plainly_right_is_what_the_schema_lets_pass(stem: str) -> None:
    random, form = Random(stem), FORMS[stem]
    for _ in range(150):
        posted = some_post(form, random, odd=0.03)
        plain = plain_answers(form, posted, ASKED)
        if plain is not None:
            assert plain == parse_thoroughly(form, posted, ASKED), posted


def test_a_form_of_plain_questions_needs_no_second_look() -> None:
    form, random = FORMS["village_opinion"], Random(1)
    for _ in range(200):
        posted = some_post(form, random, odd=0.1)
        try:
            thorough = parse_thoroughly(form, posted, ASKED)
        except FormErrors:
            thorough = None
        assert plain_answers(form, posted, ASKED) == thorough, posted
