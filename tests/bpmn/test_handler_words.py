"""What the editor says of a handler is said of every handler, and names the steps whose answers its code reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpmn.handler_words import HANDLER_WORDS
from handlers import HANDLERS

FOLDER = Path(__file__).parents[2] / "handlers"
READS = re.compile(r"step\.answers(?:\.get\(|\[)\s*\"(\w+)\"")


def test_every_handler_is_told_of_once() -> None:
    assert list(HANDLER_WORDS) == list(HANDLERS)
    for words in HANDLER_WORDS.values():
        assert {*words.looks_at} <= HANDLERS.keys()


@pytest.mark.parametrize("stem", HANDLERS)
def test_the_steps_a_handler_reads_are_named(stem: str) -> None:
    read = {*READS.findall((FOLDER / f"{stem}.py").read_text(encoding="utf-8"))} - {stem}
    assert read <= {*HANDLER_WORDS[stem].looks_at}
