"""One stem, its places: a handler, a form and a test for every step of the diagram, and nothing besides."""

from __future__ import annotations

import re
from pathlib import Path

from forms.definition import shipped_forms
from forms.fields import FieldType
from handlers import HANDLERS, ROUND_STEMS
from ledger.vocabulary import RoundKind
from tests.handlers.rounds import step as round_step
from tests.handlers.situations import FORMS, step

DIAGRAM = (Path(__file__).parents[2] / "bpmn" / "four_batches.bpmn").read_text(encoding="utf-8")
DRAWN = set(re.findall(r'sgyp:handler="(\w+)"', DIAGRAM))


def test_every_drawn_step_has_a_handler_and_a_form() -> None:
    assert len(DRAWN) == 25
    assert set(HANDLERS) == DRAWN | ROUND_STEMS
    assert set(shipped_forms()) == DRAWN | ROUND_STEMS


def test_what_a_form_displays_the_handler_shows_and_nothing_else() -> None:
    for stem, form in FORMS.items():
        displays = {each.name for _section, each in form.fields() if each.type is FieldType.DISPLAY}
        assert set(HANDLERS[stem].show(step(stem)).display) == displays, stem


def test_what_a_handler_prepares_the_form_asks() -> None:
    for stem, form in FORMS.items():
        asked = {each.name for _section, each in form.fields()}
        given = round_step(stem, RoundKind.YEARLY) if stem in ROUND_STEMS else step(stem)
        assert set(HANDLERS[stem].prepare(given)) <= asked, stem
