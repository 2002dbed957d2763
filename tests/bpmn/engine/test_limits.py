"""The child process in which files from outside are read (safety.md 7)."""

import json

import pytest

from bpmn import gate
from bpmn.engine import limits
from bpmn.engine.limits import LimitExceeded, run_limited


def test_the_child_answers_on_its_output() -> None:
    answer = run_limited("bpmn.gate", b'{"handlers": [], "variables": [], "decisions": null}\n')
    assert [problem["code"] for problem in json.loads(answer)] == ["empty"]


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LAUNCH", "while True: pass")
    monkeypatch.setattr(limits, "WALL_LIMIT_SECONDS", 0.3)
    with pytest.raises(LimitExceeded):
        run_limited("bpmn.gate", b"")


def test_a_child_that_takes_too_much_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LAUNCH", limits.LAUNCH.split("sys.path")[0] + "x = bytearray(2_000_000_000)")
    with pytest.raises(LimitExceeded, match="MemoryError"):
        run_limited("bpmn.gate", b"")


def test_a_file_that_needs_too_much_is_one_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LAUNCH", "raise SystemExit(3)")
    (problem,) = gate.check_upload(b"<x/>", [])
    assert problem.code == "limits"
