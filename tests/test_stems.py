"""One stem, several places: every step has its handler, its form, its test and its task in the diagram."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpmn.round_checks import ROUND_PROCESSES
from handlers import HANDLERS
from handlers.automatic import AUTOMATIC
from tests.house_rules import ROUND_STEMS, STEMS

REPOSITORY = Path(__file__).parent.parent


def _stems(folder: str, pattern: str) -> set[str]:
    return {path.stem for path in (REPOSITORY / folder).glob(pattern)}


@pytest.mark.parametrize("stem", [*STEMS, *ROUND_STEMS])
def test_a_step_is_whole(stem: str) -> None:
    wanted = (f"handlers/{stem}.py", f"forms/{stem}.json", f"tests/handlers/test_{stem}.py")
    assert [path for path in wanted if not (REPOSITORY / path).is_file()] == []


def test_the_diagram_names_every_step_and_no_other() -> None:
    diagram = (REPOSITORY / "bpmn" / "four_batches.bpmn").read_text(encoding="utf-8")
    assert set(re.findall(r'\bsgyp:handler="([^"]*)"', diagram)) == set(STEMS)


def test_the_rounds_diagrams_name_their_steps_and_no_other() -> None:
    paths = [REPOSITORY / "bpmn" / f"{process}.bpmn" for process in ROUND_PROCESSES.values()]
    named = [re.findall(r'\bsgyp:handler="([^"]*)"', path.read_text(encoding="utf-8")) for path in paths]
    assert {stem for stems in named for stem in stems} - set(AUTOMATIC) == set(ROUND_STEMS)


def test_the_handlers_are_the_steps_and_no_other() -> None:
    assert set(HANDLERS) == {*STEMS, *ROUND_STEMS}


def test_no_form_belongs_to_no_step() -> None:
    assert _stems("forms", "*.json") - {*STEMS, *ROUND_STEMS} == set()


def test_no_page_belongs_to_no_step() -> None:
    assert _stems("webapp/templates/steps", "*.html") - set(STEMS) == set()
