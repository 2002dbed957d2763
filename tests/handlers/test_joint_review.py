"""会审 (P3): one opinion each; an objection says what it objects to."""

from typing import Any

import pytest

from handlers.joint_review import HANDLER
from tests.handlers.situations import refused, step, take
from tests.handlers.tables import table


def situation(**known: Any) -> Any:
    return step("joint_review", None, **{"suggest": table, "unit_name": "县财政局", "instance": "5", **known})


@pytest.mark.parametrize(
    ("posted", "summary", "content"),
    [
        ({"opinion": "agree"}, "同意", "同意调研结论和处置建议"),
        ({"opinion": "agree", "text": "尽快实施"}, "同意：尽快实施", "尽快实施"),
        ({"opinion": "remarks", "text": "估值缺依据"}, "有意见：估值缺依据", "估值缺依据"),
        ({"opinion": "disagree", "text": "资金去向不明"}, "不同意：资金去向不明", "资金去向不明"),
    ],
    ids=str,
)
def test_p3_an_opinion_is_recorded_and_written(posted: dict[str, Any], summary: str, content: str) -> None:
    outcome = take(HANDLER, situation(), {"reviewers": "李四", **posted})
    assert outcome.summary == summary
    (paper,) = outcome.prints
    assert paper.kind == "review_opinion"
    assert paper.title == "高山蔬菜大棚会审意见（县财政局）"
    assert dict(paper.rows)["意见内容"] == content
    assert outcome.variables == {}  # parallel items must not overwrite one another


def test_p3_a_signed_paper_of_the_body_s_own_is_not_written_again() -> None:
    assert take(HANDLER, situation(), {"reviewers": "李四", "opinion": "agree"}, {"paper": [3]}).prints == ()


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"reviewers": "李四"}, "opinion"),
        ({"reviewers": "李四", "opinion": "remarks"}, "text"),
        ({"reviewers": "李四", "opinion": "disagree", "text": " "}, "text"),
        ({"opinion": "agree"}, "reviewers"),
        ({"reviewers": "李四", "opinion": "overdue", "text": "x"}, "opinion"),  # only the unit records that
    ],
    ids=str,
)
def test_p3_refused(posted: dict[str, Any], field: str) -> None:
    assert set(refused(HANDLER, situation(), posted)) == {field}


def test_p3_the_body_reads_the_survey_and_the_assessment() -> None:
    known = {"field_survey": {"conclusion": "补冷链"}, "assessment": {"failure_cause": "品种不耐寒"}}
    shown = HANDLER.show(situation(answers=known))
    assert shown.display["conclusion"] == "补冷链"
    assert shown.display["assessment"] == "品种不耐寒"
    assert shown.context == {"assessed": "true"}
    assert HANDLER.show(situation()).context == {"assessed": "false"}
    assert HANDLER.prepare(situation()) == {"reviewers": "李四"}
