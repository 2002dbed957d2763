"""评估报告 (P2, art. 10): market, operation, room to develop, causes, lessons."""

from typing import Any

import pytest

from handlers.assessment import HANDLER, FailureKind
from tests.handlers.situations import FORMS, refused, step, take

POSTED: dict[str, Any] = {
    "assessed_on": "2023-11-20",
    "market": "市场饱和",
    "operation": "连年亏损",
    "room": "无发展空间",
    "failure_kinds": ["variety", "soil_climate"],
    "failure_cause": "品种不耐寒",
    "lessons": "引种前应试种",
}


def test_p2_the_report_is_written_from_the_data() -> None:
    outcome = take(HANDLER, step("assessment"), POSTED)
    (report,) = outcome.prints
    assert report.kind == "assessment"
    rows = dict(report.rows)
    assert rows["失败原因"] == "土壤、气候等原因、品种滞后。品种不耐寒"
    assert rows["市场环境"] == "市场饱和"
    assert rows["失败教训"] == "引种前应试种"
    assert outcome.summary == "评估失败原因：土壤、气候等原因、品种滞后"


def test_p2_a_report_of_the_unit_s_own_is_not_written_again() -> None:
    assert take(HANDLER, step("assessment"), POSTED, {"report": [8]}).prints == ()


@pytest.mark.parametrize("name", POSTED)
def test_art10_every_part_is_demanded(name: str) -> None:
    assert set(refused(HANDLER, step("assessment"), {k: v for k, v in POSTED.items() if k != name})) == {name}


def test_an_assessment_is_not_dated_ahead() -> None:
    assert set(refused(HANDLER, step("assessment"), {**POSTED, "assessed_on": "2023-11-28"})) == {"assessed_on"}


def test_the_form_offers_the_kinds_of_failure_the_handler_knows() -> None:
    fields = {each.name: each for _section, each in FORMS["assessment"].fields()}
    offered = [(option.value, option.label) for option in fields["failure_kinds"].options]
    assert offered == [(str(kind), kind.label) for kind in FailureKind]


def test_p2_a_second_assessment_starts_with_the_first() -> None:
    before = step("assessment", answers={"assessment": {"market": "市场饱和", "report": [8]}})
    assert HANDLER.prepare(before) == {"market": "市场饱和"}
