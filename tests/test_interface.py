"""`docs/interface.md` names for each of the 25 points a test that is there (issue 5 item 10)."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
PAPER = REPOSITORY / "docs" / "interface.md"


def test_every_point_has_its_row() -> None:
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", PAPER.read_text(encoding="utf-8"), re.MULTILINE)]
    assert numbers == list(range(1, 26))


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAPER.read_text(encoding="utf-8"))
    assert len(named) > 25
    missing = [
        f"{path}::{name}"
        for path, name in named
        if f"def {name}(" not in (REPOSITORY / path).read_text(encoding="utf-8")
    ]
    assert missing == []
