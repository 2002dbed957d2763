"""The child process in which files from outside are read (safety.md 7)."""

import json

import pytest

from bpmn.engine import limits
from bpmn.engine.limits import LimitExceeded, run_limited


def test_the_child_answers_on_its_output() -> None:
    answer = run_limited("bpmn.uploads", b'{"name": "x.bpmn", "handlers": []}\n')
    assert [(file, problem["code"]) for file, problem in json.loads(answer)] == [("x.bpmn", "empty")]


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LAUNCH", "while True: pass")
    monkeypatch.setattr(limits, "WALL_LIMIT_SECONDS", 0.3)
    with pytest.raises(LimitExceeded):
        run_limited("bpmn.uploads", b"")


def test_a_child_that_takes_too_much_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LAUNCH", limits.LAUNCH.split("sys.path")[0] + "x = bytearray(2_000_000_000)")
    with pytest.raises(LimitExceeded, match="MemoryError"):
        run_limited("bpmn.uploads", b"")
