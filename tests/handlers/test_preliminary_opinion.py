"""初步意见 (P3, C5): a class and a disposal, every objection answered, or back to the survey."""

from typing import Any

import pytest

from handlers.preliminary_opinion import HANDLER, Dealt
from tests.handlers.situations import FORMS, refused, step, take
from tests.handlers.tables import table

AGREED = {"body": "5", "body_name": "县财政局", "opinion": "agree"}
REMARKED = {"body": "6", "body_name": "县审计局", "opinion": "remarks", "text": "估值缺依据"}
SILENT = {"body": "7", "body_name": "县纪委监委", "opinion": "overdue"}
ON = {"verdict": "on", "category": "upgrade", "opinion": "补冷链"}
ANSWERED = {"reviews.6.dealt": "adopted", "reviews.6.how": "已补估值报告"}


def situation(*reviews: Any, findings: tuple[str, ...] = ("chain_weak",), **known: Any) -> Any:
    return step("preliminary_opinion", {"findings": list(findings)}, reviews=reviews, suggest=table, **known)


def test_p3_on_to_the_meeting_with_the_suggested_class() -> None:
    outcome = take(HANDLER, situation(AGREED), ON)
    assert outcome.variables == {"verdict": "on", "category": "upgrade"}
    assert outcome.project == {}  # only a meeting gives the register a class
    assert outcome.category is None
    assert outcome.summary == "初步意见：提升；补冷链"


def test_p3_back_to_the_survey_with_a_reason() -> None:
    outcome = take(HANDLER, situation(REMARKED), {"verdict": "survey", "reason": "补充估值"})
    assert outcome.variables == {"verdict": "survey"}
    assert outcome.summary == "重新调研：补充估值"


def test_p3_the_answers_to_the_opinions_are_written() -> None:
    (paper,) = take(HANDLER, situation(AGREED, REMARKED), {**ON, **ANSWERED}).prints
    assert dict(paper.rows)["会审意见及处理"] == (
        "县财政局：同意\n县审计局：有意见——估值缺依据。处理：采纳，已补估值报告"
    )


def test_p3_only_objections_and_silence_ask_for_an_answer() -> None:
    shown = HANDLER.show(situation(AGREED, REMARKED, SILENT))
    assert shown.records == {"reviews": (("6", "县审计局：有意见——估值缺依据"), ("7", "县纪委监委：逾期未反馈"))}
    assert shown.context == {"to_answer": "true"}
    assert HANDLER.show(situation(AGREED)).context == {"to_answer": "false"}


BARE: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("why", "at", "posted", "field"),
    [
        ("C5 a deviation unexplained", situation(), {**ON, "category": "revive"}, "deviation"),
        ("C5 no suggestion, no reason", situation(findings=BARE), ON, "deviation"),
        ("P3 no reason to go back", situation(), {"verdict": "survey"}, "reason"),
        ("P3 no disposal", situation(), {"verdict": "on", "category": "upgrade"}, "opinion"),
        ("P3 remarks not answered", situation(REMARKED), {**ON, "reviews.6.dealt": "adopted"}, "reviews.6.how"),
        ("P3 silence not answered", situation(SILENT), {**ON, "reviews.7.how": "已催"}, "reviews.7.dealt"),
        (
            "P3 重建 without 评估报告",
            situation(findings=("failed",)),
            {**ON, "category": "rebuild"},
            "category",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused(why: str, at: Any, posted: dict[str, Any], field: str) -> None:
    assert set(refused(HANDLER, at, posted)) == {field}, why


@pytest.mark.parametrize(
    "held", [{"answers": {"assessment": {"lessons": "x"}}}, {"papers": {"assessment": 1}}], ids=str
)
def test_p3_rebuild_with_its_report(held: dict[str, Any]) -> None:
    outcome = take(HANDLER, situation(findings=("failed",), **held), {**ON, "category": "rebuild"})
    assert outcome.variables["category"] == "rebuild"


def test_c5_a_deviation_with_its_reason() -> None:
    outcome = take(HANDLER, situation(), {**ON, "category": "revive", "deviation": "设备已停用半年"})
    assert outcome.variables["category"] == "revive"
    assert dict(outcome.prints[0].rows)["分类理由"] == "设备已停用半年"


def test_c5_the_suggestion_is_shown_with_article_and_reason() -> None:
    assert HANDLER.show(situation()).display["suggestion"] == "建议认定为提升\n提升（第四条）：链条有短板"
    assert HANDLER.prepare(situation(variables={"suggested_category": "upgrade"})) == {"category": "upgrade"}


def test_the_form_offers_the_ways_the_handler_knows() -> None:
    fields = {each.name: each for _section, each in FORMS["preliminary_opinion"].fields()}
    dealt = fields["reviews"].columns[0]
    assert [(option.value, option.label) for option in dealt.options] == [(str(way), way.label) for way in Dealt]
