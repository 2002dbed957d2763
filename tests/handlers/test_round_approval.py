"""R1, R4 审核: signed, or given back; the yearly report is printed with a statement of truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from forms.parsing import FormErrors
from handlers.round_approval import HANDLER
from ledger.vocabulary import RoundKind
from tests.handlers.rounds import decide, step

REPORT = dict.fromkeys(("overview", "practice", "results", "problems", "plans"), "如实填写。")
YEARLY = step("round_approval", RoundKind.YEARLY, {"yearly_report": REPORT})
ADOPTED = {"title": "处置意见", "number": "桑府发〔2023〕9号", "issued_on": "2023-11-10", "content": "四步"}
PLAN = step(
    "round_approval",
    RoundKind.PLAN,
    {"work_plan": {**ADOPTED, "responsible": "张三"}},
    invested="1630",
    projects=(("高山蔬菜大棚", "P1", "提升"),),
)
BROUGHT = step("round_approval", RoundKind.PLAN, {"work_plan": {**ADOPTED, "paper": [7]}})


def test_r1_a_plan_is_shown_and_written_when_it_is_signed() -> None:
    assert HANDLER.show(PLAN).display == {"submitted": "处置意见（桑府发〔2023〕9号），2023-11-10印发\n四步"}
    done = decide(HANDLER, replace(PLAN, dates={"survey": date(2023, 11, 21)}), verdict="accept")
    assert done.variables == {"verdict": "accept"}
    (paper,) = done.prints
    assert (paper.kind, paper.template, paper.title) == ("work_plan", "cleanup_opinion", "处置意见")
    assert paper.more == {
        "文号": "桑府发〔2023〕9号",
        "成文日期": "2023年11月10日",
        "项目数": "8",
        "投资合计": "1630",
        "分类情况": "其中巩固类3个、提升类2个、盘活类2个、重建类1个。",
        "工作措施": "四步",
        "调研日期": "2023年11月21日",
        "组织保障": "责任人：张三。",
        "抄送": "县乡村振兴局",
        "项目": [{"名称": "高山蔬菜大棚", "编号": "P1", "分类": "提升", "措施": ""}],
    }


def test_r1_no_paper_is_written_beside_one_that_was_brought() -> None:
    assert decide(HANDLER, BROUGHT, verdict="accept").prints == ()


def test_r4_a_report_is_signed_with_the_statement_of_truth() -> None:
    with pytest.raises(FormErrors, match="真实、准确、完整"):
        decide(HANDLER, YEARLY, verdict="accept")
    (paper,) = decide(HANDLER, YEARLY, verdict="accept", truth="true").prints
    assert paper.title == "桑柘镇2023年经营性帮扶产业项目“四个一批”工作报告"
    told = {name: paper.more[name] for name in ("年度", "项目数", "停产闲置率", "审核人")}
    assert told == {"年度": "2023", "项目数": "8", "停产闲置率": "25.00%", "审核人": "李四"}
    assert paper.more["分类情况"] == "其中巩固类3个、提升类2个、盘活类2个、重建类1个。如实填写。"
    assert [each["名称"] for each in paper.more["附件"]] == [
        "经营性帮扶产业项目“四个一批”分类统计表",
        "经营性帮扶产业项目“四个一批”管理台账",
    ]


def test_r4_what_the_unit_adds_stands_among_the_annexes() -> None:
    assert YEARLY.round is not None
    added = replace(YEARLY, round=replace(YEARLY.round, annexes=("审计报告",)))
    (paper,) = decide(HANDLER, added, verdict="accept", truth="true").prints
    assert [each["名称"] for each in paper.more["附件"]] == [
        "经营性帮扶产业项目“四个一批”分类统计表",
        "经营性帮扶产业项目“四个一批”管理台账",
        "审计报告",
    ]


def test_r4_it_is_given_back_with_a_reason() -> None:
    with pytest.raises(FormErrors, match="退回理由"):
        decide(HANDLER, YEARLY, verdict="back")
    done = decide(HANDLER, YEARLY, verdict="back", reason="数字不符")
    assert (done.variables, done.prints, done.summary) == ({"verdict": "back"}, (), "退回修改：数字不符")
