"""签收项目 (P1): taken with its level, or handed back with a reason."""

from typing import Any

import pytest

from handlers.outcome import Outcome
from handlers.receive import HANDLER
from tests.handlers.situations import refused, step, take


@pytest.mark.parametrize(
    ("level", "label"), [("village", "村级"), ("township", "乡镇"), ("department", "部门")], ids=["F1", "F2", "F3"]
)
def test_p1_a_project_is_taken_with_the_level_that_decides_its_annex(level: str, label: str) -> None:
    assert take(HANDLER, step("receive"), {"verdict": "taken", "level": level}) == Outcome(
        variables={"verdict": "taken", "level": level}, project={"level": level}, summary=f"签收，{label}项目"
    )


def test_p1_a_wrongly_pushed_project_is_handed_back_and_keeps_its_level() -> None:
    outcome = take(HANDLER, step("receive"), {"verdict": "back", "reason": "属县林业局主管", "level": "village"})
    assert outcome == Outcome(variables={"verdict": "back"}, summary="退回：属县林业局主管")


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({}, "verdict"),
        ({"verdict": "taken"}, "level"),
        ({"verdict": "back"}, "reason"),
        ({"verdict": "survey"}, "verdict"),
        ({"verdict": "taken", "level": "county"}, "level"),
    ],
    ids=str,
)
def test_p1_refused(posted: dict[str, Any], field: str) -> None:
    assert set(refused(HANDLER, step("receive"), posted)) == {field}


def test_p1_the_form_starts_with_the_imported_level_and_shows_the_project() -> None:
    assert HANDLER.prepare(step("receive", {"level": "village"})) == {"level": "village"}
    assert HANDLER.prepare(step("receive", {"level": None})) == {}
    display = HANDLER.show(step("receive")).display
    assert display["place"] == "桑柘镇太坪村"
    assert display["number"] == "PS2023-1007"


def test_the_summary_is_one_short_line() -> None:
    outcome = take(HANDLER, step("receive"), {"verdict": "back", "reason": "不是\n" + "理由" * 60})
    assert len(outcome.summary) <= 40
    assert "\n" not in outcome.summary


def test_p1_a_year_the_export_does_not_name_is_said_to_be_missing() -> None:
    assert HANDLER.show(step("receive", {"implementation_year": None})).display["implementation_year"] == "未填写"
