"""备案 (P12): confirmed or sent back; an exit only waits for corrected papers; the ledger in copy."""

from datetime import date
from typing import Any

import pytest

from handlers.filing import HANDLER
from tests.handlers.situations import refused, step, take


def situation(exited: bool, **known: Any) -> Any:
    variables = {"category": "consolidate", "previous_category": "upgrade", "exit_decided": exited}
    project = {"category": "consolidate", "level": "village"}
    answers = {"reclassification": {"village_opinion": "同意", "village_on": "2023-11-26"}}
    signed = {"reclassification": date(2023, 11, 24)}
    return step("filing", project, variables=variables, answers=answers, answered_on=signed, **known)


def test_p12_filed_and_printed_on_the_form() -> None:
    outcome = take(HANDLER, situation(exited=False), {"verdict": "confirm"})
    assert outcome.variables == {"verdict": "confirm"}
    (printed,) = outcome.prints
    assert printed.more["领导小组意见"] == {"内容": "已备案", "签字": "", "日期": "2023年11月27日"}
    assert printed.more["村委会意见"] == {"内容": "同意", "签字": "", "日期": "2023年11月26日"}
    assert printed.more["乡镇意见"] == {"内容": "同意重新分类", "签字": "", "日期": "2023年11月24日"}
    assert printed.more["表名"] == "审批表"
    assert "乡村振兴局" in outcome.summary
    assert "农业农村委" in outcome.summary


def test_p12_sent_back_with_a_reason() -> None:
    outcome = take(HANDLER, situation(exited=False), {"verdict": "back", "reason": "纪要缺页"})
    assert outcome.variables == {"verdict": "back"}
    assert outcome.prints == ()
    assert not outcome.remains


def test_p12_an_exit_stays_open_until_its_papers_are_right() -> None:
    outcome = take(HANDLER, situation(exited=True), {"exit_verdict": "supplement", "supplement": "缴款凭证"})
    assert outcome.remains
    assert outcome.variables == {}
    again = situation(exited=True, entries=({"exit_verdict": "supplement", "supplement": "缴款凭证"},))
    assert "已要求补正：缴款凭证" in HANDLER.show(again).display["submitted"]


def test_p12_an_exit_is_filed_without_a_new_form() -> None:
    outcome = take(HANDLER, situation(exited=True), {"exit_verdict": "confirm"})
    assert outcome.variables == {"verdict": "confirm"}
    assert outcome.prints == ()


@pytest.mark.parametrize(
    ("exited", "posted", "field"),
    [
        (False, {}, "verdict"),
        (False, {"verdict": "back"}, "reason"),
        (True, {}, "exit_verdict"),
        (True, {"exit_verdict": "supplement"}, "supplement"),
        (True, {"verdict": "back", "reason": "缺件"}, "exit_verdict"),  # an exit is never sent back
    ],
)
def test_p12_refused(exited: bool, posted: dict[str, str], field: str) -> None:
    assert field in refused(HANDLER, situation(exited), posted)
