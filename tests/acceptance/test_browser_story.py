"""Two projects from the push to the archive, by the demonstration's people, in Chromium and nothing else (issue 2).

The village's project is of class 重建: sent back once by the office, an objection upheld (a new decision, reply and
period), another dismissed. The township's is of class 提升 and needs a second round of disposal. Every date asserted
here is counted by hand from spec/procedure.md and the working days of November and December 2023.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.people import House, Person

VILLAGE = "2016年桑柘镇云顶村中药材种植基地"  # run by the village, whose people have an account
TOWN = "2017年保家镇云顶村高山蔬菜基地"  # run by the township
TEAM = [{"name": "专家甲", "unit": "县农业农村委", "title": "高级农艺师"}]


STRENGTHS = ["momentum", "chain_complete", "sales_smooth", "competitive", "risk_controlled"]
DATA = Path(__file__).parents[1] / "data"
CONDITION = {
    "function": "normal",
    "use": "in_use",
    "operation": "normal",
    "linkage": "full",
    "findings": ["runs_normally"],
}


class Cast:
    """Who acts in the story, by what they are."""

    def __init__(self, house: House) -> None:
        self.house = house

    def __getattr__(self, name: str) -> Person:
        return self.house.person(LOGINS[name])


LOGINS = {
    "clerk": "sangzhezhen.jingban",
    "signer": "sangzhezhen.shenhe",
    "village": "sangzhezhen.yundingcun",
    "finance": "caizhengju.huishen",
    "audit": "shenjiju.huishen",
    "discipline": "jiweijianwei.huishen",
    "office": "lingdaoxiaozubangongshi.jingban",
    "clerk2": "baojiazhen.jingban",
    "signer2": "baojiazhen.shenhe",
    "village2": "baojiazhen.yundingcun",
}


@pytest.fixture
def cast(house: House) -> Cast:
    return Cast(house)


def waits(found: list[str], *expected: tuple[str, str, str]) -> None:
    """Compare what the page says waits with (step, unit, last day)."""
    said = [re.sub(r"（(剩|今日|超期).*", "", line) for line in found]
    assert said == [f"{step}　{unit}　最迟 {day}" for step, unit, day in expected]


def marked(page: Page, element: str, state: str) -> None:
    """Look for a state of an element in the diagram on the page."""
    expect(page.locator(f'[data-element-id="{element}"].{state}').first).to_be_visible()


def period(person: Person, project: str, last_day: str) -> None:
    """The case's page says how long the publicity period goes on (T1)."""
    person.case(project)
    row = person.page.locator("tr", has_text="公告期满")
    expect(row).to_contain_text(last_day)
    person.look("case-overview-period")


def survey(cast: Cast) -> None:
    """11-06: both projects are taken over, surveyed and reviewed; the village's is assessed as failed."""
    waits(cast.clerk.do(VILLAGE, "签收项目", verdict="taken"), ("实地调研", "桑柘镇", "2023-11-21"))
    found = cast.clerk.do(
        VILLAGE,
        "实地调研",
        operation="stopped",
        causes=["disaster"],
        problems=["stopped"],
        linkage="partial",
        findings=["failed", "management_failed"],
        team=TEAM,
        funding={"earmarked": {"central": "400000", "city": "150000", "county": "50000.50"}},
        photos="现场照片.png",
        contract="项目协议书.pdf",
    )
    waits(found, ("评估报告", "桑柘镇", "2023-11-21"))
    reviewing = [("会审", body, "2023-11-09") for body in ("县财政局", "县审计局", "县纪委监委")]
    waits(cast.clerk.do(VILLAGE, "评估报告", failure_kinds=["soil_climate"]), *reviewing)
    waits(cast.finance.do(VILLAGE, "会审", opinion="remarks", text="资产估值缺依据"), *reviewing[1:])
    cast.clerk.case(VILLAGE, "流程图")
    marked(cast.clerk.page, "survey_review", "is-current")
    marked(cast.clerk.page, "receive", "is-done")
    cast.clerk.page.get_by_role("button", name="打开“调研会审”").click()
    marked(cast.clerk.page, "assessment", "is-done")
    marked(cast.clerk.page, "joint_review", "is-current")
    cast.clerk.look("case-diagram-opened")
    waits(cast.audit.do(VILLAGE, "会审", opinion="agree"), *reviewing[2:])
    waits(cast.discipline.do(VILLAGE, "会审", opinion="agree"), ("初步意见", "桑柘镇", "2023-11-21"))
    found = cast.clerk.do(VILLAGE, "初步意见", verdict="on", category="rebuild")
    waits(found, ("党组研究", "桑柘镇", "2023-11-21"))

    cast.clerk2.do(TOWN, "签收项目", look="", verdict="taken")
    found = cast.clerk2.do(
        TOWN,
        "实地调研",
        operation="normal",
        linkage="full",
        findings=["runs_normally", "chain_weak", "processing_weak"],
        team=TEAM,
        photos="现场照片.png",
        contract="项目协议书.pdf",
    )
    waits(found, *reviewing)
    for body in (cast.finance, cast.audit, cast.discipline):
        body.do(TOWN, "会审", opinion="agree")
    cast.clerk2.do(TOWN, "初步意见", verdict="on", category="upgrade")


def study_and_submit(cast: Cast) -> None:
    """11-08 to 11-10: meetings, application forms, opinions; the office sends the village's application back once."""
    cast.clerk.move_clock("2023-11-08")
    cast.clerk.hold_meeting("桑柘镇党委2023年第12次会议", "2023-11-08")
    found = cast.clerk.do(
        VILLAGE, "党组研究", meeting="第12次会议", verdict="on", category="rebuild", approach="dispose"
    )
    waits(found, ("填申请表", "桑柘镇", "2023-11-21"))
    _apply(cast)
    found = cast.clerk.do(
        VILLAGE, "报送", into="new", title="桑柘镇关于审定“四个一批”项目的请示", number="桑柘府文〔2023〕58号"
    )
    waits(found, ("材料审核", "领导小组办公室", "2023-11-10"))

    cast.clerk2.hold_meeting("保家镇党委2023年第9次会议", "2023-11-08")
    cast.clerk2.do(TOWN, "党组研究", meeting="第9次会议", verdict="on", category="upgrade", approach="dispose")
    waits(cast.clerk2.do(TOWN, "填申请表", confirmed=True), ("单位意见", "保家镇", "2023-11-21"))
    cast.signer2.do(TOWN, "单位意见", verdict="on")
    cast.clerk2.do(TOWN, "报送", into="new", title="保家镇关于审定“四个一批”项目的请示", number="保家府文〔2023〕31号")
    cast.office.do(TOWN, "材料审核", verdict="accept")

    returned = cast.office.do(
        VILLAGE, "材料审核", look="材料审核退回", verdict="application", reason="处置措施写得过于笼统"
    )
    waits(returned, ("填申请表", "桑柘镇", "2023-11-21"))
    cast.clerk.go("/inbox")
    cast.clerk.look("inbox")
    cast.clerk.open(VILLAGE, "填申请表")
    expect(cast.clerk.page.get_by_text("处置措施写得过于笼统").first).to_be_visible()
    _apply(cast, look="填申请表退回")
    cast.clerk.do(VILLAGE, "报送", look="报送加入批次", into="existing", batch="桑柘府文〔2023〕58号")
    cast.clerk.menu("报送批次")
    cast.clerk.look("batches")
    cast.clerk.page.get_by_role("link", name="桑柘镇关于审定").click()
    cast.clerk.look("batch")
    waits(cast.office.do(VILLAGE, "材料审核", verdict="accept"), ("领导小组审定", "领导小组办公室", "2023-11-24"))


def _apply(cast: Cast, look: str = "") -> None:
    found = cast.clerk.do(VILLAGE, "填申请表", look, measures="补种适合本地气候的新品种，完善管网", confirmed=True)
    waits(found, ("村级意见", "云顶村", "2023-11-10"))
    waits(cast.village.do(VILLAGE, "村级意见", verdict="on"), ("单位意见", "桑柘镇", "2023-11-21"))
    waits(cast.signer.do(VILLAGE, "单位意见", verdict="on"), ("报送", "桑柘镇", "2023-11-21"))


def decide_and_post(cast: Cast) -> None:
    """11-14 and 11-15: one meeting of the leading group decides both projects; both are posted at both places."""
    cast.office.move_clock("2023-11-14")
    cast.office.hold_meeting("县领导小组2023年第3次会议", "2023-11-14")
    found = cast.office.do(
        VILLAGE,
        "领导小组审定",
        meeting="第3次会议",
        verdict="approve",
        category="rebuild",
        exit="none",
        specially_studied=True,
    )
    waits(found, ("批复", "领导小组办公室", "2023-11-24"))
    cast.office.do(
        TOWN,
        "领导小组审定",
        look="领导小组审定-提升",
        meeting="第3次会议",
        verdict="approve",
        category="upgrade",
        exit="none",
    )
    notices = [("主管单位公告", "2023-11-24"), ("实施地公告", "2023-11-24")]
    found = cast.office.do(VILLAGE, "批复", number="彭乡振组〔2023〕7号")
    waits(found, *((step, unit, day) for (step, day), unit in zip(notices, ("桑柘镇", "云顶村"), strict=True)))
    cast.office.do(TOWN, "批复", number="彭乡振组〔2023〕8号")
    cast.clerk.move_clock("2023-11-15")
    cast.clerk.do(VILLAGE, "主管单位公告", photo="公告照片.png")
    assert cast.village.do(VILLAGE, "实施地公告", photo="公告照片.png") == []
    cast.clerk2.do(TOWN, "主管单位公告", photo="公告照片.png")
    assert cast.village2.do(TOWN, "实施地公告", photo="公告照片.png") == []
    period(cast.clerk2, TOWN, "2023-11-22")


def object_and_decide_again(cast: Cast) -> None:
    """11-16 to 11-27: an upheld objection ends the period; new decision, new reply, new notices, a new full period."""
    cast.clerk.move_clock("2023-11-16")
    cast.clerk.object_to(VILLAGE, "村民甲", "公告的投资金额与实际不符")
    cast.clerk.look("case-overview-objection")
    found = cast.clerk.do(VILLAGE, "异议核查", objections={"*": {"upheld": "yes"}}, answered=True)
    waits(found, ("领导小组审定", "领导小组办公室", "2023-11-24"))
    cast.office.move_clock("2023-11-24")
    cast.office.hold_meeting("县领导小组2023年第4次会议", "2023-11-24")
    cast.office.do(
        VILLAGE,
        "领导小组审定",
        meeting="第4次会议",
        verdict="approve",
        category="rebuild",
        exit="none",
        specially_studied=True,
    )
    found = cast.office.do(VILLAGE, "批复", number="彭乡振组〔2023〕9号")
    waits(found, ("主管单位公告", "桑柘镇", "2023-11-24"), ("实施地公告", "云顶村", "2023-11-24"))
    cast.clerk.move_clock("2023-11-27")
    cast.clerk.do(VILLAGE, "主管单位公告", photo="公告照片.png")
    cast.village.do(VILLAGE, "实施地公告", photo="公告照片.png")
    period(cast.clerk, VILLAGE, "2023-12-04")


def dispose(cast: Cast) -> None:
    """11-29 to 12-06: an objection is dismissed, the clock opens the disposal; the township needs a second round."""
    cast.clerk.move_clock("2023-11-29")
    cast.clerk.object_to(VILLAGE, "村民乙", "认为不应重建")
    cast.clerk.do(VILLAGE, "异议核查", "异议核查不成立", objections={"*": {"upheld": "no"}}, answered=True)
    period(cast.clerk, VILLAGE, "2023-12-04")  # the period goes on, its end as it was
    cast.clerk2.case(TOWN)
    expect(cast.clerk2.page.locator("tr", has_text="2023-11-30")).to_be_visible()  # not before the disposal date
    cast.clerk2.move_clock("2023-12-01")
    found = cast.clerk2.do(TOWN, "处置方案", "处置方案-提升", plan_due_on="2023-12-08")
    waits(found, ("处置落实", "保家镇", "2023-12-08"))
    cast.clerk2.do(TOWN, "处置落实", action="done", percent="100", photos="现场照片.png", first_results=True)
    found = cast.clerk2.do(
        TOWN, "成效评定", reached="no", results={"*": {"done": "partly"}}, next_due_on="2023-12-12", **CONDITION
    )
    waits(found, ("成效评定", "保家镇（待审核人签字）", "2023-12-06"))
    waits(cast.signer2.sign(TOWN, "成效评定"), ("处置落实", "保家镇", "2023-12-12"))

    cast.clerk2.do(TOWN, "处置落实", action="done", percent="100", photos="现场照片.png")
    cast.clerk2.do(TOWN, "成效评定", reached="yes", results={"*": {"done": "yes"}}, **CONDITION)
    waits(cast.signer2.sign(TOWN, "成效评定"), ("重新分类", "保家镇", "2023-12-08"))


def rebuild(cast: Cast) -> None:
    """12-05 and 12-06: the period is over, township, village and farmers are asked, the new project is carried out."""
    cast.clerk.move_clock("2023-12-05")
    asked = [("征求意见", unit, "2023-12-08") for unit in ("桑柘镇", "云顶村", "云顶村")]
    cast.clerk.case(VILLAGE)
    cast.clerk.look("case-overview-consultation")
    waits(cast.clerk.do(VILLAGE, "征求意见", opinion="agree"), *asked[1:])
    cast.village.do(VILLAGE, "征求意见", opinion="agree")
    found = cast.village.do(VILLAGE, "征求意见", "征求意见-农户", opinion="agree")
    waits(found, ("处置方案", "桑柘镇", "2023-12-05"))
    found = cast.clerk.do(VILLAGE, "处置方案", "处置方案-重建", failure="soil_climate", plan_due_on="2023-12-15")
    waits(found, ("处置落实", "桑柘镇", "2023-12-15"))
    cast.clerk.enter(
        VILLAGE, "处置落实", "处置落实-进展", action="progress", percent="40", photos="现场照片.png", first_results=True
    )
    cast.clerk.do(VILLAGE, "处置落实", action="done", percent="100", photos="现场照片.png")
    cast.clerk.do(VILLAGE, "成效评定", "成效评定-重建", reached="yes", results={"*": {"done": "yes"}}, **CONDITION)
    waits(cast.signer.sign(VILLAGE, "成效评定"), ("重新分类", "桑柘镇", "2023-12-12"))


def close(cast: Cast) -> None:
    """12-06: both are classed anew, filed and archived."""
    cast.clerk.move_clock("2023-12-06")
    for clerk, signer, project, unit in (
        (cast.clerk, cast.signer, VILLAGE, "桑柘镇"),
        (cast.clerk2, cast.signer2, TOWN, "保家镇"),
    ):
        clerk.hold_meeting(f"{unit}党委2023年第14次会议", "2023-12-06")
        clerk.do(
            project, "重新分类", f"重新分类-{unit}", meeting="第14次会议", category="consolidate", findings=STRENGTHS
        )
        waits(signer.sign(project, "重新分类"), ("备案", "领导小组办公室", "2023-12-11"))
        waits(cast.office.do(project, "备案", verdict="confirm"), ("归档", unit, "2023-12-15"))
        clerk.case(project, "材料")
        expect(clerk.page.get_by_text("已齐 6 / 6")).to_be_visible()
        clerk.look("case-papers")
        assert clerk.do(project, "归档", truthful=True) == []
        clerk.case(project)
        expect(clerk.page.get_by_text("已归档", exact=True)).to_be_visible()
        expect(clerk.page.get_by_text("流程已结束")).to_be_visible()
        clerk.look("case-archived")


def history(cast: Cast) -> None:
    """What is told at the end: the classes in their order, the way gone, everything done."""
    classes = cast.clerk.page.locator(".card", has_text="四个一批认定").locator("li .pill").all_inner_texts()
    assert (classes[0], classes[-1]) == ("重建", "巩固")
    cast.clerk.case(VILLAGE, "流程图")
    for element in ("receive", "survey_review", "publicity", "disposal_evaluation", "filing_archiving", "archived"):
        marked(cast.clerk.page, element, "is-done")
    expect(cast.clerk.page.locator(".is-current")).to_have_count(0)
    cast.clerk.look("case-diagram-archived")
    cast.clerk.case(VILLAGE, "流转记录")
    for words in ("处置措施写得过于笼统", "登记异议", "达到整改成效"):
        expect(cast.clerk.page.get_by_text(words).first).to_be_attached()
    cast.clerk.look("case-trail")
    cast.clerk2.case(TOWN, "流转记录")
    expect(cast.clerk2.page.get_by_text("未达到，继续处置").first).to_be_visible()


def look_around(cast: Cast) -> None:
    """The pages that no step leads to."""
    bureau = cast.house.person("xiangcunzhenxingju.jingban")
    for person, entries in (
        (bureau, {"项目推送": "import", "待分派项目": "unassigned", "项目台账": "projects", "工作批次": "campaigns"}),
        (cast.clerk, {"已办": "done", "消息": "notices", "会议": "meetings", "流程图": "procedure"}),
    ):
        for entry, name in entries.items():
            person.menu(entry)
            person.page.wait_for_load_state("networkidle")
            person.look(name)
    cast.clerk.go("/password")
    cast.clerk.look("password")
    bureau.menu("项目推送")
    workbook = (DATA / "export-dirty-1086.xlsx").read_bytes()
    bureau.page.set_input_files("#workbook", [{"name": "项目清单.xlsx", "mimeType": "", "buffer": workbook}])
    bureau.page.get_by_role("button", name="上传并检查").click()
    expect(bureau.page.get_by_text("需要修改的行")).to_be_visible()
    bureau.look("import-checked")


def test_two_projects_go_from_the_push_to_the_archive(house: House, cast: Cast) -> None:
    survey(cast)
    study_and_submit(cast)
    decide_and_post(cast)
    object_and_decide_again(cast)
    dispose(cast)
    rebuild(cast)
    close(cast)
    history(cast)
    look_around(cast)
    assert not house.complaints, "\n".join(house.complaints)
