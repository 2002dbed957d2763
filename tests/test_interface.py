"""`docs/interface.md` names for each of the 25 points a test or a picture that is there (issue 5 item 10)."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
PAPER = REPOSITORY / "docs" / "interface.md"


def test_every_point_has_its_row() -> None:
    rows = re.findall(r"^\| (\d+) \|(.*)", PAPER.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number, _row in rows] == list(range(1, 26))
    assert [number for number, row in rows if "::" not in row] == []


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAPER.read_text(encoding="utf-8"))
    assert len(named) > 25
    missing = [
        f"{path}::{name}"
        for path, name in named
        if f"def {name}(" not in (REPOSITORY / path).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_every_picture_that_is_named_is_there() -> None:
    named = re.findall(r"`(docs/screens/[\w./-]+)`", PAPER.read_text(encoding="utf-8"))
    assert named
    assert [path for path in named if not (REPOSITORY / path).is_file()] == []
