"""R4 年度报告: begun from the figures."""

from __future__ import annotations

from handlers.yearly_report import HANDLER
from ledger.vocabulary import RoundKind
from tests.handlers.rounds import decide, step

GIVEN = step("yearly_report", RoundKind.YEARLY)


def test_r4_it_begins_with_the_years_figures() -> None:
    assert HANDLER.prepare(GIVEN)["overview"] == (
        "全单位经营性帮扶产业项目8个，其中巩固3个、提升2个、盘活2个、重建1个。"
        "停产闲置率25.00%，经营困难率12.50%，未按约定联农带农率0.00%。"
    )


def test_r4_it_goes_to_the_signer() -> None:
    texts = dict.fromkeys(("overview", "practice", "results", "problems", "plans"), "如实填写。")
    assert decide(HANDLER, GIVEN, **texts).summary == "提交审核"
