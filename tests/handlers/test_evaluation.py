"""成效评定 (P10, R6): results against the plan's measures, the condition surveyed again, the round counted."""

from typing import Any

import pytest

from forms.fields import project_values
from forms.parsing import parse
from handlers.evaluation import HANDLER
from tests.handlers.situations import FORMS, asked, refused, step, take

POSTED = {
    "results.facilities.done": "yes",
    "results.facilities.result": "冷库300吨",
    "results.plan.done": "partly",
    "results.plan.result": "尚缺包装线",
    "surveyed_on": "2023-11-27",
    "function": "normal",
    "use": "in_use",
    "operation": "normal",
    "linkage": "full",
    "findings": ["runs_normally", "momentum"],
    "balance_yuan": "0",
    "receivable_yuan": "0",
    "appraised_yuan": "90000",
    "other_value_yuan": "0",
    "reached": "yes",
    "reason": "产销正常",
    "evaluators": "李四（桑柘镇，副镇长）",
}
NOT_REACHED = {**POSTED, "reached": "no", "next_due_on": "2024-06-30"}


def situation(**variables: Any) -> Any:
    plan = {"upgrade_measures": ["facilities"], "plan": "先修冷库"}
    project = {"operation": "stopped", "causes": ["funds"], "linkage": "partial", "linkage_gaps": ["jobs"]}
    return step("evaluation", project, variables={"category": "upgrade", **variables}, answers={"disposal_plan": plan})


def test_p10_reached() -> None:
    outcome = take(HANDLER, situation(round=2), POSTED)
    assert outcome.variables == {"reached": True, "round": 2}
    assert not outcome.next_round
    (printed,) = outcome.prints
    assert printed.kind == "evaluation"
    assert ("处置方案：先修冷库", "部分落实。尚缺包装线") in printed.rows


def test_p10_not_reached_counts_the_round_and_sets_a_new_date() -> None:
    outcome = take(HANDLER, situation(), NOT_REACHED)
    assert outcome.variables == {"reached": False, "round": 2, "plan_due_on": "2024-06-30"}
    assert outcome.next_round
    assert take(HANDLER, situation(round=2), NOT_REACHED).variables["round"] == 3


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"results.facilities.done": "no"}, "reached"),  # a measure not done is no result reached
        ({"results.facilities.done": "", "results.facilities.result": ""}, "results.facilities.done"),
        ({"surveyed_on": "2023-11-28"}, "surveyed_on"),
        ({"reason": ""}, "reason"),
        ({"reached": "no"}, "next_due_on"),
        ({"reached": "no", "next_due_on": "2023-11-26"}, "next_due_on"),
        ({"operation": "stopped"}, "causes"),
        ({"linkage": "partial"}, "linkage_gaps"),
        ({"appraised_yuan": ""}, "appraised_yuan"),
    ],
)
def test_p10_refused(changed: dict[str, str], field: str) -> None:
    assert field in refused(HANDLER, situation(), {**POSTED, **changed})


def test_p10_not_reached_may_leave_measures_undone() -> None:
    outcome = take(HANDLER, situation(), {**NOT_REACHED, "results.facilities.done": "no"})
    assert outcome.variables["reached"] is False


def test_r6_the_survey_is_asked_again_so_that_the_rates_can_fall() -> None:
    form, at = FORMS["evaluation"], situation()
    question = asked(HANDLER, at, {}, {})
    answers = parse(form, {n: v if isinstance(v, list) else [v] for n, v in POSTED.items()}, question)
    columns = project_values(form, answers, question)
    assert columns["operation"] == "normal"
    assert columns["causes"] == []
    assert columns["linkage"] == "full"
    assert columns["linkage_gaps"] == []
    assert columns["findings"] == ["momentum", "runs_normally"]
    assert columns["appraised_yuan"] == 90000
