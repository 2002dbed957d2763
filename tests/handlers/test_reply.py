"""批复 (P6): numbered, dated between the meeting and today, printed when no scan is given, the ledger in copy."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from handlers.outcome import ReplyIssued
from handlers.reply import HANDLER
from tests.handlers.situations import HELD, PROJECT, refused, step, take

POSTED = {
    "number": "彭乡振组复〔2023〕12号",
    "issued_on": "2023-11-26",
    "request": "请迅速处置",
    "copied": "true",
}


def situation(decision: dict[str, Any] | None = None, **known: Any) -> Any:
    return step("reply", answers={"decision": {"meeting": "4", "exit": "none", **(decision or {})}}, **known)


def test_p6_the_case_joins_the_reply_of_its_meeting() -> None:
    outcome = take(HANDLER, situation(meeting=HELD), POSTED)
    assert outcome.reply == ReplyIssued(4, "彭乡振组复〔2023〕12号", date(2023, 11, 26), "请迅速处置")
    assert "乡村振兴局" in outcome.summary
    assert "农业农村委" in outcome.summary
    assert len(outcome.summary) <= 40


def test_f3_the_form_with_the_leading_group_s_opinion_is_the_approval_form() -> None:
    signed = {"unit_opinion": {"opinion": "同意。"}, "decision": {"meeting": "4", "exit": "none"}}
    at = step("reply", answers=signed, meeting=HELD, answered_on={"unit_opinion": date(2023, 11, 20)})
    (printed,) = take(HANDLER, at, POSTED).prints
    assert (printed.kind, printed.template, printed.more["表名"]) == ("application", "annex2", "审批表")
    assert printed.more["乡镇意见"] == {"内容": "同意。", "签字": "", "日期": "2023年11月20日"}
    words = "认定为提升类项目。处置措施：建冷库，上分拣线"
    assert printed.more["领导小组意见"] == {
        "内容": words,
        "签字": "",
        "日期": "2023年11月25日",
    }  # the day of the meeting


def test_f3_a_decision_longer_than_its_box_stands_whole_on_a_further_sheet() -> None:
    measures = "整治修缮大棚设施，引进企业承包经营，落实管护责任人。" * 9
    (printed,) = take(
        HANDLER, replace(situation(meeting=HELD), project={**PROJECT, "measures": measures}), POSTED
    ).prints
    boxed = printed.more["领导小组意见"]["内容"]
    assert len(boxed) <= 100
    assert boxed.endswith("…（全文见续页）")
    whole = {each["名称"]: each["内容"] for each in printed.more["续页"]}
    assert whole["领导小组意见"] == f"认定为提升类项目。处置措施：{measures}"


def test_p6_a_number_left_empty_is_drawn_or_that_of_the_unit_s_reply() -> None:
    reply = take(HANDLER, situation(), {**POSTED, "number": ""}).reply
    assert reply is not None
    assert reply.number == ""
    again = take(HANDLER, situation(reply_number="领办复〔2023〕2号"), {**POSTED, "number": ""}).reply
    assert again is not None
    assert again.number == "领办复〔2023〕2号"


def test_p6_a_scan_takes_the_print_s_place() -> None:
    reply = take(HANDLER, situation(), POSTED, files={"scan": [9]}).reply
    assert reply is not None
    assert reply.brought


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"issued_on": ""}, "issued_on"),
        ({"issued_on": "2023-11-28"}, "issued_on"),  # tomorrow
        ({"issued_on": "2023-11-24"}, "issued_on"),  # the day before the meeting
        ({"copied": ""}, "copied"),  # art. 2: the ledger goes in copy
    ],
)
def test_p6_refused(changed: dict[str, str], field: str) -> None:
    assert set(refused(HANDLER, situation(meeting=HELD), {**POSTED, **changed})) == {field}


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (
            {"exit": "decided", "recover_yuan": "50000.00", "exit_due_on": "2024-03-31"},
            "决定退出，追偿资金50,000.00 元，于2024年3月31日前追偿完毕。",
        ),
        (
            {"exit": "decided", "write_off": "approved", "recover_yuan": "20000.00"},
            "同意核销未追回资金20,000.00 元。",
        ),
        (
            {
                "exit": "decided",
                "write_off": "refused",
                "recover_yuan": "20000.00",
                "exit_due_on": "2024-06-30",
            },
            "不同意核销，决定退出，追偿资金20,000.00 元，于2024年6月30日前追偿完毕。",
        ),
    ],
)
def test_p9_the_reply_says_what_was_decided_on_an_exit(decision: dict[str, str], words: str) -> None:
    assert HANDLER.show(situation(decision)).display["result"] == words


def test_the_form_starts_with_today_and_the_usual_request() -> None:
    start = HANDLER.prepare(situation())
    assert start["issued_on"] == "2023-11-27"
    assert "5个工作日" in start["request"]


def test_p6_nothing_is_answered_that_was_not_decided() -> None:
    assert "还没有审定" in refused(HANDLER, step("reply", answers={}), POSTED)[""]
