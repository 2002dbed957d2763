"""The quick look at a form's answers lets nothing pass that its JSON Schema refuses (issue 3: a completion's cost)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from forms.definition import SILENT, Asked, Field, FieldType, Form, Option
from forms.fields import plainly_right, read_form, shipped_forms
from forms.schema import complaints

FORMS = {stem: read_form(definition) for stem, definition in shipped_forms().items()}
ASKED = Asked(
    options=dict.fromkeys(("units", "business_units", "reviewers", "batches", "meetings"), (Option("7", "七"),))
)
ODD: tuple[Any, ...] = (None, "", "on", "字" * 3000, "1.00", "1.0", "2023-11-06", "昨天", 3, True, [], ["x"], {})


def likely(each: Field, random: Random) -> Any:
    """Return an answer that may well hold."""
    match each.type:
        case FieldType.RADIO | FieldType.SELECT | FieldType.MEETING:
            return random.choice(each.options).value if each.options else "7"
        case FieldType.MONEY:
            return "12.50"
        case FieldType.DATE:
            return "2023-11-06"
        case FieldType.INTEGER | FieldType.PERCENT:
            return 5
        case FieldType.YEAR:
            return 2023
        case FieldType.TICK:
            return True
        case FieldType.CHECKS:
            return [option.value for option in each.options[:1]]
        case _:
            return "说明"


def some_answers(form: Form, random: Random) -> dict[str, Any]:
    answers = {
        each.name: likely(each, random) if random.random() < 0.97 else random.choice(ODD)
        for _section, each in form.fields()
        if each.type not in SILENT and not each.retired and random.random() < 0.9
    }
    return {name: value for name, value in answers.items() if value is not None}


@pytest.mark.parametrize("stem", sorted(FORMS))
def test_what_looks_right_is_right(stem: str) -> None:
    random = Random(stem)
    for _ in range(150):
        answers = some_answers(FORMS[stem], random)
        if plainly_right(FORMS[stem], ASKED, answers):
            assert not list(complaints(FORMS[stem], ASKED, answers)), answers


def test_a_plain_form_filled_in_rightly_needs_no_second_look() -> None:
    form = FORMS["village_opinion"]
    random = Random(1)
    for _ in range(200):
        answers = some_answers(form, random)
        wrong = list(complaints(form, ASKED, answers))
        simple = all(isinstance(value, str) for value in answers.values())
        assert plainly_right(form, ASKED, answers) == (not wrong and simple), answers
