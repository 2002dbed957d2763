"""处置方案 (P8, art. 7–10): by class; weak linkage is mended in every class; the plan's own date."""

from typing import Any

import pytest

from handlers.disposal_plan import HANDLER
from tests.handlers.situations import refused, step, take

PLAN = {"plan": "先修冷库，再上分拣线", "in_charge": "李四（副镇长）", "plan_due_on": "2024-05-31"}
CONSOLIDATE = {**PLAN, "consolidate_measures": ["chain", "care"]}
UPGRADE = {**PLAN, "upgrade_measures": ["facilities"]}
REVIVE = {
    **PLAN,
    "idle_causes.0.cause": "funds",
    "idle_causes.0.facts": "流动资金断裂",
    "idle_causes.0.remedy": "村集体入股",
    "assets.0.name": "厂房",
    "assets.0.kind": "building",
    "assets.0.quantity": "1栋",
    "assets.0.value_yuan": "80000",
    "assets.0.state": "idle",
    "assets.0.use": "发包给企业",
    "revive_ways": ["shares", "contracting"],
}
REBUILD = {
    **PLAN,
    "failure": "soil_climate",
    "failure_facts": "海拔过高，连年霜冻",
    "new_project": "改种高山茶",
    "opinions.township.adopted": "yes",
    "opinions.township.answer": "列入镇规划",
    "opinions.farmers.adopted": "partly",
    "opinions.farmers.answer": "先修路",
}
REVIEWS = (
    {"body": "township", "opinion": "agree", "text": "支持"},
    {"body": "farmers", "opinion": "remarks", "text": "要先修路"},
)


def situation(category: str, project: dict[str, Any] | None = None) -> Any:
    reviews = REVIEWS if category == "rebuild" else ()
    return step(
        "disposal_plan", {"category": category, **(project or {})}, variables={"category": category}, reviews=reviews
    )


def without(posted: dict[str, Any], *starts: str) -> dict[str, Any]:
    return {name: value for name, value in posted.items() if not name.startswith(starts)}


@pytest.mark.parametrize(
    ("category", "posted", "label", "words"),
    [
        ("consolidate", CONSOLIDATE, "选用的措施", "制定特色主导产业管护办法或措施"),
        ("upgrade", UPGRADE, "选用的措施", "仓储保鲜"),
        ("revive", REVIVE, "选用的措施", "签订双方合作协议"),
        ("rebuild", REBUILD, "失败原因", "土壤、气候等原因：海拔过高，连年霜冻"),
    ],
)
def test_p8_a_plan_by_class(category: str, posted: dict[str, Any], label: str, words: str) -> None:
    outcome = take(HANDLER, situation(category), posted)
    assert outcome.variables == {"plan_due_on": "2024-05-31"}
    printed = outcome.prints[0]
    assert printed.kind == "plan"
    assert words in dict(printed.rows)[label]


def test_art9_a_revived_project_gets_its_plan_and_its_own_ledger() -> None:
    plan, ledger = take(HANDLER, situation("revive"), REVIVE).prints
    assert (plan.template, ledger.template) == ("revive_plan", "revive_ledger")
    for each in (plan, ledger):
        assert each.more["停产闲置原因"] == [{"原因": "资金短缺", "情况": "流动资金断裂", "办法": "村集体入股"}]
        worth = {"名称": "厂房", "数量": "1栋", "现值": "80,000.00 元", "用途": "发包给企业"}
        assert each.more["资源资产"] == [worth]


def test_art10_a_rebuild_plan_names_remedy_and_answers() -> None:
    (plan,) = take(HANDLER, situation("rebuild"), REBUILD).prints
    assert plan.template == "rebuild_plan"
    assert plan.more["重建办法"][0]["类型"] == "新规划、新项目"
    assert plan.more["重建办法"][0]["内容"].startswith("改种高山茶")
    answered = {each["单位"]: each["答复"] for each in plan.more["意见采纳"]}
    assert "先修路" in answered["农户代表"]


@pytest.mark.parametrize(
    ("why", "category", "posted", "field"),
    [
        ("art. 7: no measure", "consolidate", without(CONSOLIDATE, "consolidate"), "consolidate_measures"),
        ("art. 8: no measure", "upgrade", without(UPGRADE, "upgrade"), "upgrade_measures"),
        ("art. 9: causes one by one", "revive", without(REVIVE, "idle_causes"), "idle_causes"),
        ("art. 9: assets one by one", "revive", without(REVIVE, "assets"), "assets"),
        ("art. 9: no way", "revive", without(REVIVE, "revive_ways"), "revive_ways"),
        ("art. 10: no cause of failure", "rebuild", without(REBUILD, "failure", "new_project"), "failure"),
        ("art. 10: a plan that does not fit", "rebuild", {**REBUILD, "failure": "facilities"}, "completed_facilities"),
        ("art. 10: new variety", "rebuild", {**REBUILD, "failure": "variety"}, "new_variety"),
        (
            "art. 10: the farmers unanswered",
            "rebuild",
            without(REBUILD, "opinions.farmers"),
            "opinions.farmers.answer",
        ),
        ("the plan's date is past", "upgrade", {**UPGRADE, "plan_due_on": "2023-11-26"}, "plan_due_on"),
        ("the plan's date is beyond a year", "upgrade", {**UPGRADE, "plan_due_on": "2024-11-28"}, "plan_due_on"),
        ("no date", "upgrade", {**UPGRADE, "plan_due_on": ""}, "plan_due_on"),
        ("no plan", "upgrade", {**UPGRADE, "plan": ""}, "plan"),
    ],
)
def test_p8_refused(why: str, category: str, posted: dict[str, Any], field: str) -> None:
    assert field in refused(HANDLER, situation(category), posted), why


@pytest.mark.parametrize("day", ["2023-11-27", "2024-11-27"])
def test_p8_a_plan_may_take_a_day_or_a_year(day: str) -> None:
    assert take(HANDLER, situation("upgrade"), {**UPGRADE, "plan_due_on": day}).variables["plan_due_on"] == day


@pytest.mark.parametrize(
    ("category", "posted"),
    [("consolidate", CONSOLIDATE), ("upgrade", UPGRADE), ("revive", REVIVE), ("rebuild", REBUILD)],
)
def test_p8_weak_linkage_is_mended_in_every_class(category: str, posted: dict[str, Any]) -> None:
    at = situation(category, {"linkage": "partial"})
    assert set(refused(HANDLER, at, posted)) == {"linkage_rectification"}
    outcome = take(HANDLER, at, {**posted, "linkage_rectification": "每户分红不少于500元"})
    assert ("联农带农整改", "每户分红不少于500元") in outcome.prints[0].rows


def test_p8_a_plan_on_paper_takes_the_print_s_place() -> None:
    assert take(HANDLER, situation("upgrade"), UPGRADE, files={"scan": [5]}).prints == ()


def test_p8_a_rebuild_plan_shows_the_opinions_it_answers() -> None:
    records = HANDLER.show(situation("rebuild")).records["opinions"]
    assert records == (
        ("township", "乡镇（街道）：同意重建，支持"),
        ("farmers", "农户代表：有意见，要先修路"),
    )
    assert HANDLER.show(situation("upgrade")).records == {}
