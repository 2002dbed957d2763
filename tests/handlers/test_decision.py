"""领导小组审定 (P6, P9): verdicts of a meeting, 重建 with its report, exit, recovery, write-off."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from handlers.decision import HANDLER
from handlers.outcome import CategoryChange, MeetingFacts, Verdict
from tests.handlers.situations import HELD, step, take
from tests.handlers.situations import refused as refused_errors

APPROVE = {"meeting": "4", "verdict": "approve", "category": "upgrade", "measures": "建冷库，上分拣线", "exit": "none"}
REBUILD = {
    **APPROVE,
    "verdict": "change",
    "category": "rebuild",
    "reason": "土壤不宜",
    "specially_studied": "true",
    "business_unit": "52",
}
EXIT = {**APPROVE, "exit": "decided", "recover_yuan": "50000", "exit_due_on": "2024-03-31"}
ASSESSED = {"papers": {"assessment": 1}}
EXITED = {"category": "upgrade", "exit_decided": True, "write_off_proposed": True}
WRITE_OFF = {"exit_recovery": {"write_off_yuan": "20000.00", "write_off_reason": "公司已注销"}}


def situation(variables: dict[str, Any] | None = None, **known: Any) -> Any:
    return step("decision", variables={"category": "upgrade", **(variables or {})}, meeting=HELD, **known)


def refused(at: Any, posted: dict[str, str]) -> set[str]:
    return set(refused_errors(HANDLER, at, posted))


def test_p6_approval_keeps_the_class_and_its_history() -> None:
    outcome = take(HANDLER, situation({"objection_upheld": True, "exit_proposed": False}), APPROVE)
    assert outcome.variables == {
        "verdict": "approve",
        "approved": True,
        "category": "upgrade",
        "exit_decided": False,
        "write_off_approved": False,
        "business_unit": 31,  # the responsible unit, unless another is named
        "exit_proposed": False,
        "write_off_proposed": False,
        "objection_upheld": False,
        "objection_open": False,
    }
    assert outcome.category == CategoryChange("upgrade", "4", "领导小组会议审定同意")
    assert outcome.verdict == Verdict(4, "approve", "upgrade", "建冷库，上分拣线", "")
    assert outcome.project == {"category": "upgrade", "measures": "建冷库，上分拣线"}


def test_p6_a_change_moves_class_and_measures_with_a_reason() -> None:
    changed = {**APPROVE, "verdict": "change", "category": "revive", "measures": "发包经营", "reason": "已停产"}
    outcome = take(HANDLER, situation(), changed)
    assert (outcome.variables["verdict"], outcome.variables["category"]) == ("change", "revive")
    assert outcome.project == {"category": "revive", "measures": "发包经营"}
    assert outcome.category == CategoryChange("revive", "5", "已停产")
    assert outcome.verdict == Verdict(4, "change", "revive", "发包经营", "已停产")


def test_p6_rebuild_is_specially_studied_and_names_its_business_unit() -> None:
    outcome = take(HANDLER, situation(**ASSESSED), REBUILD)
    assert outcome.variables["category"] == "rebuild"
    assert outcome.variables["business_unit"] == 52
    assert outcome.category is not None
    assert outcome.category.article == "6"
    assert "专题研究、集中认定" in outcome.summary


def test_p6_what_the_unit_s_meeting_proposed_is_what_is_approved() -> None:
    at = situation({"category": "revive"}, project={"category": "upgrade"})  # the register still holds last year's
    assert HANDLER.prepare(at)["category"] == "revive"
    outcome = take(HANDLER, at, {**APPROVE, "category": "revive"})
    assert outcome.variables["category"] == "revive"
    assert outcome.project["category"] == "revive"


@pytest.mark.parametrize(
    ("why", "at", "posted", "field"),
    [
        ("P6 no minutes", replace(situation(), meeting=replace(HELD, has_minutes=False)), APPROVE, "meeting"),
        (
            "P6 a meeting still to come",
            replace(situation(), meeting=MeetingFacts(4, "第4次会议", date(2023, 11, 28), has_minutes=True)),
            APPROVE,
            "meeting",
        ),
        ("P6 no meeting", replace(situation(), meeting=None), APPROVE, "meeting"),
        ("P6 no verdict", situation(), {"meeting": "4"}, "verdict"),
        ("P6 approved but altered", situation(), {**APPROVE, "category": "revive"}, "verdict"),
        ("P6 approved but other measures", situation(), {**APPROVE, "measures": "不建冷库"}, "verdict"),
        ("P6 changed but nothing altered", situation(), {**APPROVE, "verdict": "change", "reason": "无"}, "verdict"),
        (
            "P6 changed without a reason",
            situation(),
            {**APPROVE, "verdict": "change", "category": "revive"},
            "reason",
        ),
        (
            "P6 no class",
            situation({"category": None}, project={"category": None}),
            {**APPROVE, "category": ""},
            "category",
        ),
        ("P6 rebuild without the report", situation(), REBUILD, "category"),
        (
            "P6 rebuild not specially studied",
            situation(**ASSESSED),
            {**REBUILD, "specially_studied": ""},
            "specially_studied",
        ),
        ("P6 rebuild without business unit", situation(**ASSESSED), {**REBUILD, "business_unit": ""}, "business_unit"),
        ("P6 returned without a reason", situation(), {"meeting": "4", "verdict": "return"}, "reason"),
        ("P9 the exit proposed is passed over", situation({"exit_proposed": True}), APPROVE, "exit"),
        (
            "P9 an exit refused without a reason",
            situation({"exit_proposed": True}),
            {**APPROVE, "exit": "refused"},
            "reason",
        ),
        (
            "P9 an exit refused that nobody proposed",
            situation(),
            {**APPROVE, "exit": "refused", "reason": "能联农"},
            "exit",
        ),
        (
            "P9 an exit refused, but nothing to do instead",
            situation({"exit_proposed": True}, project={"measures": "退出追偿"}),
            {**APPROVE, "measures": "退出追偿", "exit": "refused", "reason": "能联农"},
            "measures",
        ),
        ("P9 an exit without a day", situation(), {**EXIT, "exit_due_on": ""}, "exit_due_on"),
        ("P9 an exit due in the past", situation(), {**EXIT, "exit_due_on": "2023-11-26"}, "exit_due_on"),
        ("P9 an exit without its amount", situation(), {**EXIT, "recover_yuan": ""}, "recover_yuan"),
        ("P9 a write-off left undecided", situation(EXITED, answers=WRITE_OFF), EXIT, "write_off"),
        (
            "P9 a write-off refused without a reason",
            situation(EXITED, answers=WRITE_OFF),
            {**EXIT, "write_off": "refused"},
            "reason",
        ),
        ("P9 an exit undone by a write-off", situation(EXITED, answers=WRITE_OFF), APPROVE, "exit"),
        (
            "P9 a write-off cannot be returned",
            situation(EXITED, answers=WRITE_OFF),
            {"meeting": "4", "verdict": "return", "reason": "再议"},
            "verdict",
        ),
    ],
)
def test_refused(why: str, at: Any, posted: dict[str, str], field: str) -> None:
    assert refused(at, posted) == {field}, why


def test_p6_rebuild_without_the_report_is_told_to_be_returned() -> None:
    assert "退回并补充项目评估报告" in refused_errors(HANDLER, situation(), REBUILD)["category"]


def test_p6_a_return_clears_what_was_open() -> None:
    at = situation({"exit_proposed": True, "objection_upheld": True})
    outcome = take(HANDLER, at, {"meeting": "4", "verdict": "return", "reason": "措施不具体"})
    assert outcome.variables["verdict"] == "return"
    assert not any(value for name, value in outcome.variables.items() if name != "verdict")
    assert outcome.verdict == Verdict(4, "return", reason="措施不具体")
    assert outcome.category is None
    assert outcome.project == {}


def test_p9_an_exit_counts_from_the_day_of_the_meeting() -> None:
    outcome = take(HANDLER, situation({"exit_proposed": True}, project={"remark": "光伏并网"}), EXIT)
    assert outcome.variables["exit_decided"] is True
    assert outcome.variables["exit_due_on"] == "2024-03-31"
    assert outcome.variables["exit_proposed"] is False
    assert outcome.project["exited_on"] == date(2023, 11, 25)
    assert outcome.project["remark"] == "光伏并网；退出"
    assert outcome.category is None  # the class itself was not decided anew


def test_p9_an_exit_may_be_refused() -> None:
    posted = {**APPROVE, "exit": "refused", "reason": "可以吸纳就业"}
    outcome = take(HANDLER, situation({"exit_proposed": True}), posted)
    assert (outcome.variables["approved"], outcome.variables["exit_decided"]) == (True, False)
    assert "exited_on" not in outcome.project


@pytest.mark.parametrize(("answer", "approved"), [("approved", True), ("refused", False)])
def test_p9_a_write_off_is_decided_and_the_exit_stands(answer: str, approved: bool) -> None:
    first = date(2023, 11, 18)
    at = situation(EXITED, answers=WRITE_OFF, project={"exited_on": first, "remark": "退出"})
    outcome = take(HANDLER, at, {**EXIT, "write_off": answer, "reason": "公司仍在经营"})
    assert outcome.variables["write_off_approved"] is approved
    assert outcome.variables["exit_decided"] is True
    assert outcome.variables["write_off_proposed"] is False
    assert outcome.project["exited_on"] == first
    assert outcome.project["remark"] == "退出"


def test_p9_a_write_off_approved_needs_no_day() -> None:
    posted = {**EXIT, "write_off": "approved", "exit_due_on": ""}
    outcome = take(HANDLER, situation(EXITED, answers=WRITE_OFF), posted)
    assert "exit_due_on" not in outcome.variables


def test_p7_an_exit_taken_back_after_an_objection_leaves_no_remark() -> None:
    variables = {"exit_decided": True, "objection_upheld": True}
    project = {"exited_on": date(2023, 11, 18), "remark": "光伏并网；退出"}
    outcome = take(HANDLER, situation(variables, project=project), APPROVE)
    assert outcome.variables["exit_decided"] is False
    assert outcome.project["exited_on"] is None
    assert outcome.project["remark"] == "光伏并网"


@pytest.mark.parametrize(
    ("variables", "answers", "words"),
    [
        ({}, {}, "审定“四个一批”分类及处置措施"),
        (
            {"objection_upheld": True},
            {"objection": {"objections": [{"key": "1", "upheld": "yes", "finding": "面积不实"}]}},
            "面积不实",
        ),
        ({"exit_proposed": True}, {"disposal": {"exit_reason": "农户不愿参与"}}, "农户不愿参与"),
        ({"write_off_proposed": True}, WRITE_OFF, "提请核销20,000.00 元：公司已注销"),
    ],
)
def test_the_page_says_why_the_case_is_here(variables: dict[str, Any], answers: dict[str, Any], words: str) -> None:
    assert words in HANDLER.show(situation(variables, answers=answers)).display["grounds"]


def test_the_form_starts_with_the_proposal_and_leaves_an_exit_open() -> None:
    plain = HANDLER.prepare(situation())
    assert plain == {
        "category": "upgrade",
        "measures": "建冷库，上分拣线",
        "business_unit": "31",
        "exit": "none",
    }
    disposal = {"disposal": {"exit_reason": "农户不愿参与", "exit_recover_yuan": "50000.00"}}
    proposed = HANDLER.prepare(situation({"exit_proposed": True}, answers=disposal))
    assert "exit" not in proposed
    assert proposed["recover_yuan"] == "50000.00"
    written_off = HANDLER.prepare(situation(EXITED, answers=WRITE_OFF))
    assert (written_off["exit"], written_off["recover_yuan"]) == ("decided", "20000.00")
