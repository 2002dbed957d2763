"""填申请表 (P4, F1–F3, F9): the annex of the level, confirmed and written."""

from typing import Any

import pytest

from handlers.application import HANDLER
from tests.handlers.situations import refused, step, take

POSTED = {"measures": "建冷库，上分拣线", "confirmed": "true"}
LONG = "逐项整改。" * 80  # 400 characters


def situation(level: str = "village", project: dict[str, Any] | None = None, **known: Any) -> Any:
    variables = {"category": "upgrade", "level": level, **known.pop("variables", {})}
    return step("application", {"level": level, **(project or {})}, variables=variables, **known)


@pytest.mark.parametrize(
    ("level", "annex", "village", "township"),
    [("village", "附件1", "", ""), ("township", "附件2", "/", ""), ("department", "附件3", "/", "/")],
    ids=["F1", "F2", "F3"],
)
def test_the_form_of_the_level_with_the_boxes_it_prints(level: str, annex: str, village: str, township: str) -> None:
    outcome = take(HANDLER, situation(level), POSTED)
    (printed,) = outcome.prints
    assert printed.kind == "application"
    assert printed.title == f"高山蔬菜大棚“四个一批”分类及处置措施申请表（{annex}）"
    facts = printed.more
    assert facts["村委会意见"]["内容"] == village  # F9: “/” where nobody is concerned
    assert facts["乡镇意见"]["内容"] == township
    assert facts["领导小组意见"]["内容"] == ""
    assert facts["认定"]["提升"] == "☑"
    assert printed.template == annex.replace("附件", "annex")
    assert outcome.summary == f"填写申请表（{annex}）"


def test_f1_measures_that_fit_the_box_are_the_ledgers() -> None:
    assert take(HANDLER, situation(), {**POSTED, "measures": "建冷库"}).project == {"measures": "建冷库"}
    assert HANDLER.prepare(situation()) == {"measures": "建冷库，上分拣线"}


def test_f1_longer_measures_stand_on_a_sheet_of_their_own() -> None:
    at = situation(project={"measures": LONG})
    assert HANDLER.prepare(at) == {}
    outcome = take(HANDLER, at, {**POSTED, "measures": "逐项整改（全文另附）"})
    assert outcome.project == {}
    facts = outcome.prints[0].more
    assert facts["处置措施"] == "逐项整改（全文另附）"
    assert facts["续页"] == [{"名称": "处置措施（全文）", "内容": LONG}]


def test_art2_a_proposed_exit_is_what_the_form_says() -> None:
    at = situation(
        project={"measures": "退出追偿"},
        variables={"exit_proposed": True},
        answers={"party_meeting": {"exit_reason": "无法带动农户"}},
    )
    assert HANDLER.prepare(at) == {"measures": "建议退出追偿：无法带动农户"}
    assert take(HANDLER, at, {**POSTED, "measures": "建议退出追偿"}).project == {}


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"measures": "x"}, "confirmed"),
        ({"confirmed": "true"}, "measures"),
        ({**POSTED, "measures": "字" * 301}, "measures"),
        ({**POSTED, "category": "rebuild"}, "category"),  # shown, not asked: the meeting decided
    ],
    ids=["unconfirmed", "no measures", "too long", "another class"],
)
def test_refused(posted: dict[str, Any], field: str) -> None:
    if field == "category":
        assert take(HANDLER, situation(), posted).prints[0].more == take(HANDLER, situation(), POSTED).prints[0].more
    else:
        assert set(refused(HANDLER, situation(), posted)) == {field}


def test_f1_every_cell_of_the_annex_is_shown() -> None:
    display = HANDLER.show(situation(project={"operation": "stopped", "causes": ["funds"]})).display
    assert display["annex"] == "附件1（村本级主管和实施项目）"
    assert display["funding"].startswith("合计 120,000.00 元")
    assert display["contact"] == "张三 13800000000"
    assert "生产经营：停产闲置\n原因：资金短缺" in display["state"]
    assert display["category"] == "提升"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({}, ""),
        ({"village_opinion": {"verdict": "back", "opinion": "面积不对"}}, ""),  # not filled in before
        ({"application": {}, "village_opinion": {"verdict": "back", "opinion": "面积不对"}}, "面积不对"),
        ({"application": {}, "unit_opinion": {"verdict": "back", "reason": "措施太空"}}, "措施太空"),
        ({"application": {}, "acceptance_check": {"verdict": "application", "reason": "缺盖章"}}, "缺盖章"),
        ({"application": {}, "acceptance_check": {"verdict": "accept"}}, ""),
        (
            {
                "application": {},
                "unit_opinion": {"verdict": "back", "reason": "措施太空"},
                "acceptance_check": {"verdict": "application", "reason": "从前的理由"},
            },
            "措施太空",
        ),
    ],
)
def test_p4_a_form_sent_back_says_why(answers: dict[str, Any], reason: str) -> None:
    shown = HANDLER.show(situation(answers=answers))
    assert shown.display["returned"] == reason
    assert shown.context == {"returned": "true" if reason else "false"}
