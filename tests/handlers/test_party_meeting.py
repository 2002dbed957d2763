"""党组研究 (P4, C5, art. 2): a meeting with minutes, a class with its history, measures or exit."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from handlers.outcome import CategoryChange, Verdict
from handlers.party_meeting import HANDLER
from tests.handlers.situations import HELD, refused, step, take
from tests.handlers.tables import table

ON = {"meeting": "4", "verdict": "on", "category": "upgrade", "approach": "dispose", "measures": "建冷库"}


def situation(findings: tuple[str, ...] = ("chain_weak",), **known: Any) -> Any:
    return step("party_meeting", {"findings": list(findings)}, **{"meeting": HELD, "suggest": table, **known})


def test_p4_the_class_enters_the_history_with_article_and_reason() -> None:
    outcome = take(HANDLER, situation(), ON)
    assert outcome.variables == {"verdict": "on", "category": "upgrade", "exit_proposed": False}
    assert outcome.project == {"measures": "建冷库"}
    assert outcome.category == CategoryChange("upgrade", "4", "链条有短板")
    assert outcome.verdict == Verdict(4, "on", "upgrade", "建冷库", "链条有短板")
    assert outcome.summary == "提升；建冷库"


def test_c5_another_class_stands_on_the_reason_given() -> None:
    outcome = take(HANDLER, situation(), {**ON, "category": "consolidate", "deviation": "短板已补"})
    assert outcome.category == CategoryChange("consolidate", "3", "短板已补")


def test_art2_exit_is_proposed_with_its_reason() -> None:
    posted = {**ON, "approach": "exit", "exit_reason": "无法带动农户", "measures": "忘了删"}
    outcome = take(HANDLER, situation(), posted)
    assert outcome.variables["exit_proposed"] is True
    assert outcome.project == {"measures": "退出追偿"}
    assert outcome.verdict == Verdict(4, "on", "upgrade", "退出追偿", "无法带动农户")
    assert outcome.summary == "提升；建议退出追偿：无法带动农户"


def test_p4_back_to_the_survey() -> None:
    outcome = take(HANDLER, situation(), {"meeting": "4", "verdict": "survey", "reason": "资产不清"})
    assert outcome.variables == {"verdict": "survey"}
    assert outcome.verdict == Verdict(4, "survey", reason="资产不清")
    assert outcome.category is None


@pytest.mark.parametrize(
    ("why", "at", "posted", "field"),
    [
        ("P4 no meeting", situation(meeting=None), {**ON, "meeting": ""}, "meeting"),
        ("P4 no minutes", situation(meeting=replace(HELD, has_minutes=False)), ON, "meeting"),
        ("P4 not held yet", situation(meeting=replace(HELD, held_on=date(2023, 11, 28))), ON, "meeting"),
        (
            "P4 a return without minutes",
            situation(meeting=replace(HELD, has_minutes=False)),
            {"meeting": "4", "verdict": "survey", "reason": "x"},
            "meeting",
        ),
        ("P4 no measures", situation(), {**ON, "measures": ""}, "measures"),
        ("art. 2 no reason to exit", situation(), {**ON, "approach": "exit"}, "exit_reason"),
        ("C5 a deviation unexplained", situation(), {**ON, "category": "consolidate"}, "deviation"),
        ("C5 no suggestion, no reason", situation(()), ON, "deviation"),
        ("P4 重建 without 评估报告", situation(("failed",)), {**ON, "category": "rebuild"}, "category"),
        ("P4 no reason to go back", situation(), {"meeting": "4", "verdict": "survey"}, "reason"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused(why: str, at: Any, posted: dict[str, Any], field: str) -> None:
    assert set(refused(HANDLER, at, posted)) == {field}, why


def test_p4_rebuild_with_its_report() -> None:
    outcome = take(HANDLER, situation(("failed",), papers={"assessment": 1}), {**ON, "category": "rebuild"})
    assert outcome.category == CategoryChange("rebuild", "6", "产业失败")


def test_p4_the_form_starts_with_the_preliminary_opinion() -> None:
    known = {"preliminary_opinion": {"verdict": "on", "category": "upgrade", "opinion": "补冷链"}}
    start = HANDLER.prepare(situation(answers=known))
    assert start == {"category": "upgrade", "approach": "dispose", "measures": "补冷链"}
    assert HANDLER.show(situation(answers=known)).display["preliminary"] == "提升；补冷链"


@pytest.mark.parametrize(("verdict", "context"), [("return", "true"), ("approve", "false")])
def test_p6_a_case_returned_for_study_says_why(verdict: str, context: str) -> None:
    shown = HANDLER.show(situation(answers={"decision": {"verdict": verdict, "reason": "措施不实"}}))
    assert shown.context == {"returned": context}
    assert shown.display["returned"] == ("措施不实" if context == "true" else "")
