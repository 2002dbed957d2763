"""One story per paragraph of 四、工作流程 over HTTP, on both databases (issue 2, item 10).

What a story expects is read off the directive and `spec/procedure.md`, and counted by hand.
"""

from __future__ import annotations

import zipfile
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from ledger.cases import Case, Objection
from ledger.db import day_of, transaction
from ledger.meetings import Reply, ReplyCase, SubmissionBatch
from ledger.papers import Attachment, remove_attachment
from ledger.people import User, appoint
from ledger.projects import Classification, Project
from ledger.vocabulary import CaseStatus, Category, Role
from tests.acceptance.clerk import Matter, Town, pdf, sentences, table, words, workbook
from tests.walk import FILE
from tests.webapp.conftest import Site

EXPORT = Path(__file__).parents[1] / "data" / "export-plain-1086.xlsx"
SANGZHE_VILLAGE = "500002021500243000753"  # 桑柘镇 云顶村, 村级
SANGZHE_TOWN = "500002014500243000017"  # 桑柘镇, 乡镇
BAOJIA_VILLAGE = "500002020500243000839"  # 保家镇 云顶村, 村级
FORESTRY = "500002021500243000750"  # 县林业局, 部门; it stands in 鹿角镇
ELSEWHERE = "500002021500243000001"  # 黄家镇, no unit of this small county


@pytest.fixture
def town(both_sites: Site) -> Town:
    """A county where one township runs two projects: in a village with an account of its own, and in one without."""
    ground = both_sites.ground
    ground.projects = list(ground.projects)  # the county's own list serves other tests too
    baojia = ground.county.townships["保家镇"].id
    with transaction(ground.sessions) as session:
        for number, village in ((1, "云顶村"), (4, "龙门村")):
            project = session.get_one(Project, ground.projects[number].id)
            project.responsible_unit_id = project.township_id = baojia
            project.village_id = ground.county.villages["保家镇", village].id
            ground.projects[number] = project
    return Town(both_sites)


def rows_of(*numbers: str) -> list[list[Any]]:
    """Return the header and some projects of the national system's export."""
    rows = [list(row) for row in load_workbook(BytesIO(EXPORT.read_bytes())).worksheets[0].iter_rows(values_only=True)]
    return [rows[0], *(row for row in rows[1:] if row[6] in numbers)]


def inbox(town: Town, name: str) -> str:
    return words(town.town(name).get("/inbox").text)


def test_article_11_projects_are_imported_pushed_handed_back_and_withdrawn(town: Town) -> None:
    """P1: what finds no unit waits; a unit hands a project back, another gets it, one is withdrawn."""
    bureau, campaign = town.bureau(), str(town.site.ground.county.campaign.id)
    book = workbook(rows_of(SANGZHE_VILLAGE, SANGZHE_TOWN, BAOJIA_VILLAGE, FORESTRY, ELSEWHERE))
    checked = bureau.post("/imports/new", {"workbook": (book, "导出.xlsx")}, content_type="multipart/form-data")
    assert checked.status_code == 303, sentences(checked)
    page = words(bureau.get(checked.headers["Location"]).text)
    assert "新增5" in page
    assert "待分派1" in page
    assert "有错误0处" in page
    assert len(town.rows(Project)) == 5  # checking writes nothing: those of the ground alone
    confirmed = bureau.post(checked.headers["Location"], {"campaign": campaign})
    assert confirmed.status_code == 303
    # four of the five find their unit; the ground's own five projects were waiting for a push too
    assert len(town.rows(Case)) == 4 + 5
    assert "新增项目5个" in words(bureau.get(confirmed.headers["Location"]).text)

    waiting = town.rows(Project, Project.number == ELSEWHERE)[0]
    given = {"unit": str(town.site.ground.county.townships["保家镇"].id), "level": "township"}
    assert bureau.post(f"/unassigned/{waiting.id}", given).status_code == 303
    assert bureau.post("/unassigned/push", {"campaign": campaign}).status_code == 303
    assert len(town.rows(Case)) == 10
    assert waiting.name in inbox(town, "保家镇")

    # a village's project goes to its township, a department's to the department (art. 12)
    assert town.matter_of(SANGZHE_VILLAGE).unit("receive") == "桑柘镇"
    assert town.matter_of(FORESTRY).unit("receive") == "县林业局"
    # 2 working days after Monday 2023-11-06, that day not counted, end on Wednesday at 24:00
    due_at = town.matter_of(SANGZHE_VILLAGE).walk.item("receive").due_at
    assert due_at.isoformat() == "2023-11-08T16:00:00+00:00"

    moved = town.matter_of(SANGZHE_TOWN)
    assert "退回理由" in moved.refused("receive", verdict="back", reason=None)
    moved.do("receive", verdict="back", reason="项目由保家镇实施")
    assert "项目由保家镇实施" in moved.open("reassign")
    moved.do("reassign", verdict="unit", unit=str(town.site.ground.county.townships["保家镇"].id), reason="改派")
    assert moved.unit("receive") == "保家镇"
    assert town.town("鹿角镇").get(moved.address).status_code == 404  # O1: no business of theirs
    moved.do("receive", verdict="taken", level="township")
    assert moved.walk.waiting() == ["field_survey"]

    withdrawn = town.matter_of(BAOJIA_VILLAGE)
    withdrawn.do("receive", verdict="back", reason="不是经营性项目")
    withdrawn.do("reassign", verdict="withdraw", reason="不是经营性帮扶产业项目")
    assert withdrawn.case.status == CaseStatus.WITHDRAWN
    assert withdrawn.walk.waiting() == []
    assert "撤销" in town.bureau().get(withdrawn.address).text

    again = bureau.post("/imports/new", {"workbook": (book_again(), "导出.xlsx")}, content_type="multipart/form-data")
    assert "新增0" in words(bureau.get(again.headers["Location"]).text)


def book_again() -> BytesIO:
    return workbook(rows_of(SANGZHE_VILLAGE, SANGZHE_TOWN, BAOJIA_VILLAGE, FORESTRY, ELSEWHERE))


def test_article_12_survey_assessment_and_joint_review_in_parallel(town: Town) -> None:
    """P2, P3: report, 评估报告 of a failed project, three bodies at once, silence recorded, opinions dealt with."""
    matter = town.matter(0, Category.REBUILD)
    matter.do("receive", verdict="taken", level="village")
    # art. 18: the campaign's survey date, 24:00 of 2023-11-21
    assert matter.walk.item("field_survey").due_at.isoformat() == "2023-11-21T16:00:00+00:00"
    said = matter.refused("field_survey", contract=None)
    assert "请上传项目协议书或合同书" in said
    matter.do("field_survey")
    assert len(matter.papers()["survey_report"]) == 1
    assert matter.walk.waiting() == ["assessment"]  # 管理 no longer works: one of art. 6
    matter.do("assessment")
    assert len(matter.papers()["assessment"]) == 1

    bodies = town.site.ground.county.reviewers
    assert matter.walk.waiting() == ["joint_review"] * 3
    for body in bodies:
        assert matter.walk.project.name in words(town.person(body.id).get("/inbox").text)
    # 3 working days after Monday 2023-11-06
    late = matter.walk.item("joint_review", bodies[2].id)
    assert late.due_at.isoformat() == "2023-11-09T16:00:00+00:00"
    assert "请写明意见内容" in matter.refused("joint_review", bodies[1].id, opinion="remarks", text=None)
    matter.do("joint_review", bodies[1].id, opinion="remarks", text="资产估值缺依据")
    matter.do("joint_review", bodies[0].id, opinion="agree")
    assert matter.walk.waiting() == ["joint_review"]  # all in, or the day past
    early = town.town("桑柘镇").post(f"/items/{late.id}/overdue")
    assert (early.status_code, "还没有到期" in early.text) == (403, True)
    town.until("2023-11-10")
    assert town.town("保家镇").post(f"/items/{late.id}/overdue").status_code == 404
    assert town.town("桑柘镇").post(f"/items/{late.id}/overdue").status_code == 303

    assert "请填写" in matter.refused("preliminary_opinion", reviews=[])
    page = words(matter.open("preliminary_opinion"))
    assert "县审计局：有意见——资产估值缺依据" in page
    assert "县纪委监委：逾期未反馈" in page
    dealt = [
        {"key": str(bodies[1].id), "dealt": "adopted", "how": "已补充评估依据"},
        {"key": str(bodies[2].id), "dealt": "noted", "how": "已电话催告两次"},
    ]
    matter.do("preliminary_opinion", verdict="survey", reason="请补充市场分析", reviews=None)
    assert "请补充市场分析" in matter.open("field_survey")
    matter.to("joint_review")
    assert matter.walk.waiting() == ["joint_review"] * 3  # a new round asks all of them again
    for number, body in enumerate(bodies):
        objects = {"opinion": "disagree", "text": "缺资产清单"} if number else {"opinion": "agree"}
        matter.do("joint_review", body.id, **objects)
    matter.do("preliminary_opinion", reviews=dealt)
    assert matter.walk.waiting() == ["party_meeting"]
    assert any("会审意见汇总及初步处置意见" in name for name in matter.papers()["review_opinion"])

    sound = town.matter(1, Category.UPGRADE).to("preliminary_opinion")
    assert "assessment" not in sound.papers()
    said = sound.refused("preliminary_opinion", category="rebuild", deviation="研判认为应当重建")
    assert "项目评估报告" in said  # art. 10
    assert "请写明理由" in sound.refused("preliminary_opinion", category="revive", deviation=None)  # C5


def document(town: Town, matter: Matter, path: str) -> str:
    """Return the words of a paper downloaded by the case's own unit."""
    return words(zipfile.ZipFile(BytesIO(download(town, matter, path))).read("word/document.xml").decode())


def download(town: Town, matter: Matter, path: str) -> bytes:
    answer = town.person(matter.walk.project.responsible_unit_id or 0).get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return answer.get_data()


def newest(town: Town, kind: str, *where: Any) -> str:
    """Return the address of the newest paper of a kind."""
    found = town.rows(Attachment, Attachment.kind == kind, Attachment.removed_at.is_(None), *where)
    return f"/papers/{found[-1].id}"


def of_case(matter: Matter) -> Any:
    return Attachment.case_id == matter.walk.case_id


def test_article_13_the_village_form_goes_by_meeting_village_and_township(town: Town) -> None:
    """P4, F1: no meeting without minutes; Annex 1 takes the village's opinion, then the township's."""
    matter = town.matter(0).to("party_meeting")
    unit_id = matter.walk.item("party_meeting").unit_id
    without = town.hold_meeting(unit_id, "桑柘镇党委第12次会议", minutes="")
    assert "还没有会议纪要" in matter.refused("party_meeting", meeting=str(without))
    scan = {"scan": pdf("第12次会议纪要")}
    added = town.person(unit_id).post(f"/meetings/{without}/scans", scan, content_type="multipart/form-data")
    assert added.status_code == 303
    matter.do("party_meeting", meeting=str(without), measures="建冷链、拓销路")
    assert "党组（委）会桑柘镇党委第12次会议" in words(matter.open("application"))  # 流转记录 names it, and no number
    assert "附件1" in words(matter.open("application"))
    matter.do("application")
    assert matter.unit("village_opinion") == "云顶村"  # it has an account of its own
    matter.do("village_opinion", verdict="on", opinion="村民代表会议同意", opinion_on=town.today().isoformat())
    assert (matter.unit("unit_opinion"), matter.walk.item("unit_opinion").role) == ("桑柘镇", Role.SIGNER)
    matter.do("unit_opinion", verdict="on", opinion="同意上报")
    form = document(town, matter, newest(town, "application", of_case(matter)))
    assert all(each in form for each in ("村民代表会议同意", "同意上报", "建冷链、拓销路", "提升"))
    assert matter.walk.waiting() == ["submission"]


def test_article_13_a_batch_is_refused_while_a_piece_is_missing(town: Town) -> None:
    """P5: a package without a piece is refused with the list; it is attested as true (art. 22)."""
    matter = town.matter(1).to("submission")
    with transaction(town.site.ground.sessions) as session:
        reports = (Attachment.case_id == matter.walk.case_id, Attachment.kind == "survey_report")
        for paper in session.scalars(select(Attachment).where(*reports)):
            remove_attachment(paper, town.now())
    assert "还缺：实地调研情况报告" in words(matter.open("submission"))
    assert "材料不齐，不能报送。还缺：实地调研情况报告" in matter.refused("submission")
    assert town.rows(SubmissionBatch) == []
    whole = town.matter(4).to("submission")
    assert "材料齐全" in words(whole.open("submission"))
    assert "本单位确认报送的数据和材料真实、准确、完整" in whole.refused("submission", truth=None)
    whole.do("submission")


def test_article_13_a_batch_carries_request_and_tables_that_agree(town: Town) -> None:
    """P5, F4, F5: two projects of one township in one batch; its tables are counted from their answers."""
    first, second = town.matter(1, Category.UPGRADE), town.matter(4, Category.REVIVE)
    first.to("field_survey").do(
        "field_survey",
        operation="difficult",
        causes=["funds", "labour"],
        linkage="partial",
        linkage_gaps=["jobs", "production"],
    )
    second.to("field_survey").do("field_survey", operation="stopped", causes=["management"])
    first.to("application")
    assert "附件2" in words(first.open("application"))
    first.do("application")
    assert first.walk.waiting() == ["unit_opinion"]  # Annex 2: no village asked
    form = document(town, first, newest(town, "application", of_case(first)))
    assert "村委会意见/" in form
    first.to("submission")
    first.do("submission", into="new", title="保家镇关于报送分类意见的请示", number="保家府文〔2023〕12号")
    batch = town.rows(SubmissionBatch)[0]
    second.to("submission").do("submission", into="existing", batch=str(batch.id))

    clerk, lies = town.town("保家镇"), Attachment.batch_id == batch.id
    listed = words(clerk.get(f"/batches/{batch.id}").text)
    assert all(each in listed for each in ("保家府文〔2023〕12号", first.walk.project.name, second.walk.project.name))
    assert clerk.get("/batches").status_code == 200
    assert town.town("桑柘镇").get(f"/batches/{batch.id}").status_code == 404  # O1
    # 410000 + 150000 + 50000.50 + 20000 元 and 440000 + 150000 + 50000.50 + 20000 元 as entered
    statistics = table(download(town, first, newest(town, "annex4", lies)))
    counted = {name: value for name, value in statistics[0].items() if value}
    assert Decimal(str(counted.pop("项目实际投入（万元）"))) == Decimal("129.0001")
    assert counted == {
        "序号": 1,
        "地区": "保家镇",
        "项目数": 2,
        "“四个一批”分类统计：提升项目": 1,
        "“四个一批”分类统计：盘活项目": 1,
        "停产闲置原因：管理不善": 1,
        "生产经营遇到困难项目数": 1,
        "生产经营遇到困难原因：资金短缺": 1,
        "生产经营遇到困难原因：用工短缺": 1,
        "发挥联农带农不充分的原因：未按约定有效带动农户发展生产": 1,
        "发挥联农带农不充分的原因：未按约定吸纳农村劳动力稳定就业": 1,
    }
    ledger = [row for row in table(download(town, first, newest(town, "annex5", lies))) if row["四个一批分类"]]
    assert [row["四个一批分类"] for row in ledger] == ["提升", "盘活"]
    assert sum(Decimal(str(row["投资规模（万元）：小计"])) for row in ledger) == Decimal("129.0001")
    # Annex 5 prints the first chosen gap alone as the main one (F9)
    assert ledger[0]["联农带农情况：未充分发挥联农带农作用原因"] == "未按约定吸纳农村劳动力稳定就业"
    request = document(town, first, newest(town, "request", lies))
    assert all(each in request for each in ("提出2个项目", first.walk.project.name, second.walk.project.name))


def test_article_13_a_departments_form_is_annex_3(town: Town) -> None:
    """P4, F3: a department's own boxes; it is signed by its signer and sent back by the office with reasons."""
    matter = town.matter(3, Category.CONSOLIDATE).to("application")
    assert "附件3" in words(matter.open("application"))
    matter.do("application").close()
    matter.do("unit_opinion", verdict="on", opinion="局党组同意")
    form = document(town, matter, newest(town, "application", of_case(matter)))
    assert "村委会意见/" in form
    assert "乡镇（街道）意见/" in form
    matter.do("submission")
    assert "退回理由" in matter.refused("acceptance_check", verdict="application", reason=None)
    matter.do("acceptance_check", verdict="application", reason="处置措施写得太笼统")
    assert "处置措施写得太笼统" in matter.open("application")
    matter.to("acceptance_check").do("acceptance_check", verdict="accept")
    assert matter.walk.waiting() == ["decision"]


def test_article_14_the_leading_group_decides_many_projects_at_one_meeting(town: Town) -> None:
    """P6: approved, changed, returned; one 批复 with one number per unit and meeting."""
    approved, returned = town.matter(1, Category.UPGRADE).to("decision"), town.matter(3).to("decision")
    changed = town.matter(4, Category.REVIVE).to("decision")
    meeting = str(town.hold_meeting(town.site.ground.county.office.id, "领导小组第3次会议", scan=pdf("纪要")))
    approved.do("decision", meeting=meeting)
    same = {"meeting": meeting, "verdict": "change"}
    assert "调整类别或措施须写明理由" in changed.refused("decision", category="upgrade", **same)
    said = changed.refused("decision", category="rebuild", reason="应当重建", specially_studied=True, **same)
    assert "请退回并补充项目评估报告" in said
    changed.do("decision", category="upgrade", measures="强链补链", reason="已恢复生产", **same)
    assert "退回研究须写明理由" in returned.refused("decision", meeting=meeting, verdict="return")
    returned.do("decision", meeting=meeting, verdict="return", reason="措施与问题不对应")
    assert "措施与问题不对应" in returned.open("party_meeting")
    verdicts = words(town.office().get(f"/meetings/{meeting}").text)
    assert all(each.walk.project.name in verdicts for each in (approved, changed, returned))
    history = town.rows(Classification, Classification.case_id == changed.walk.case_id)
    assert [(each.category, each.article) for each in history] == [("revive", "5"), ("upgrade", "4")]
    assert town.rows(Project, Project.id == changed.walk.project.id)[0].category == "upgrade"

    # Saturday 2023-11-25 means the last working day before, Friday 24:00
    assert approved.walk.item("reply").due_at.isoformat() == "2023-11-24T16:00:00+00:00"
    approved.do("reply", number="彭乡振组批〔2023〕1号")
    said = changed.refused("reply", number="彭乡振组批〔2023〕2号")
    assert "彭乡振组批〔2023〕1号" in said
    changed.do("reply", number="彭乡振组批〔2023〕1号")
    replies, answered = town.rows(Reply), town.rows(ReplyCase)
    assert (len(replies), len(answered)) == (1, 2)
    for matter in (approved, changed):
        assert sorted(matter.walk.waiting()) == ["notice_site", "notice_unit"]  # always publicised, at both places


def test_article_14_publicity_ends_after_five_working_days_and_objections_are_heard(town: Town) -> None:
    """P7, T1: counted from the later posting; a dismissed objection leaves the due moment, an upheld one reopens."""
    quiet, upheld = town.matter(1).to("notice_unit"), town.matter(4).to("notice_unit")
    town.until("2023-11-24")  # a Friday
    for matter in (quiet, upheld):
        matter.do("notice_unit", posted_on="2023-11-24")
    assert quiet.timers() == []  # not while one place is missing
    assert quiet.unit("notice_site") == "云顶村"
    assert upheld.unit("notice_site") == "保家镇"  # its village has no account
    town.until("2023-11-27")
    assert "张贴日期不能晚于今天" in quiet.refused("notice_site", posted_on="2023-11-28")
    for matter in (quiet, upheld):
        matter.do("notice_site", posted_on="2023-11-27")
    # 28, 29, 30 November, 1 and 4 December: 24:00 of Monday the 4th
    assert [timer.due_at.isoformat() for timer in quiet.timers()] == ["2023-12-04T16:00:00+00:00"]

    town.until("2023-11-28")
    assert town.town("桑柘镇").get(f"{quiet.address}/objections/new").status_code == 404
    for matter, raised_by in ((quiet, "村民甲"), (upheld, "村民乙"), (upheld, "村民丙")):
        said = {"raised_by": raised_by, "contact": "13800001111", "content": "措施与实际不符"}
        assert town.office().post(f"{matter.address}/objections/new", said).status_code == 303
    assert (quiet.walk.waiting(), upheld.walk.waiting()) == (["objection"], ["objection"])
    assert "村民甲" in quiet.refused("objection", objections=[])
    quiet.do("objection", objections=[settled(town, quiet, 0, "no")])
    assert [timer.due_at.isoformat() for timer in quiet.timers()] == ["2023-12-04T16:00:00+00:00"]
    town.until("2023-12-05")
    assert quiet.walk.waiting() == ["disposal_plan"]  # the period is over, and the disposal date past
    assert len(quiet.papers()["notice_certificate"]) == 1
    assert upheld.walk.waiting() == ["objection"]  # an open objection keeps the period from closing
    late = town.office().post(f"{quiet.address}/objections/new", {"raised_by": "甲", "content": "迟到的异议"})
    assert (late.status_code, "不在公告期内" in late.text) == (422, True)

    upheld.do("objection", objections=[settled(town, upheld, 0, "yes"), settled(town, upheld, 1, "no")])
    assert upheld.walk.waiting() == ["decision"]
    assert "异议成立" in upheld.open("decision")
    assert upheld.timers() == []
    upheld.to("notice_unit")
    upheld.do("notice_unit", posted_on="2023-12-05").close()
    upheld.do("notice_site", posted_on="2023-12-05")
    # a new full period: 6, 7, 8, 11 and 12 December
    assert [timer.due_at.isoformat() for timer in upheld.timers()] == ["2023-12-12T16:00:00+00:00"]
    assert len(town.rows(ReplyCase, ReplyCase.case_id == upheld.walk.case_id)) == 2


def settled(town: Town, matter: Matter, nth: int, upheld: str) -> dict[str, str]:
    """Answer the n-th objection to a case."""
    objection = town.rows(Objection, Objection.case_id == matter.walk.case_id)[nth]
    return {"key": str(objection.id), "upheld": upheld, "finding": "经核查，情况如上"}


def test_article_15_a_rebuilt_project_goes_two_rounds_to_the_archive(town: Town) -> None:
    """P8, P10–P13: consultation, a plan by its cause, a round not reached, another's signature, filing, Annex 6."""
    matter = town.matter(0, Category.REBUILD)
    matter.to("field_survey").do("field_survey", contract=None, contract_absence="项目由村集体自营，没有合同")
    matter.to("consultation")
    assert sorted(each.instance or "" for each in matter.walk.items("consultation")) == [
        "farmers",
        "township",
        "village",
    ]
    for party in ("township", "village", "farmers"):
        matter.do("consultation", party)
    lacking = matter.refused("disposal_plan", failure="soil_climate", new_project=None)
    assert "请填写新规划、新项目" in lacking  # art. 10: soil and climate ask for a new plan
    matter.do("disposal_plan", failure="variety", new_variety="引进脆红李新品种")
    assert "处置完毕时进度应为100%" in matter.refused("disposal", percent=90, photos=None)
    matter.do("disposal", action="progress", percent=40, text="已完成改良20亩", photos=None)
    assert matter.walk.waiting() == ["disposal"]
    assert "至少要上传一次现场照片" in matter.refused("disposal", photos=None)
    matter.do("disposal")

    due_on = day_of(town.now()).isoformat()
    answer = matter.submit("evaluation", reached="no", next_due_on=due_on)
    assert answer.status_code == 303
    assert matter.sign("evaluation", Role.HANDLER).status_code == 403
    assert matter.sign("evaluation").status_code == 303
    assert (matter.case.round, matter.walk.waiting()) == (2, ["disposal"])
    matter.do("disposal")
    both = town.site.ground.county.townships["桑柘镇"]
    with transaction(town.site.ground.sessions) as session:
        appoint(
            session, session.scalars(select(User).where(User.login == "sangzhezhen.jingban")).one(), both, Role.SIGNER
        )
    assert matter.submit("evaluation", reached="yes").status_code == 303
    own = matter.sign("evaluation", Role.HANDLER)
    assert (own.status_code, "填写人不能审核自己填写的内容" in own.text) == (403, True)
    assert matter.sign("evaluation").status_code == 303

    assert "村委会盖章的分类表扫描件" in matter.refused("reclassification", village_scan=None)
    matter.do("reclassification", category="consolidate", village_scan=FILE)
    matter.do("filing", verdict="back", reason="分类表漏盖章")
    assert "分类表漏盖章" in town.town("桑柘镇").get(matter.address + "?tab=trail").text
    matter.do("reclassification", category="consolidate", village_scan=FILE)
    matter.do("filing", verdict="confirm")
    said = matter.refused("archiving")
    assert "第5项《项目协议书或合同书等其他材料》缺" in said  # the village's fifth row (Annex 6)
    clerk, signer = town.town("桑柘镇"), town.town("桑柘镇", Role.SIGNER)
    waived = f"{matter.address}/waivers/5"
    assert clerk.post(waived, {"reason": ""}).status_code == 422
    assert clerk.post(waived, {"reason": "村集体自营，没有合同"}).status_code == 303
    assert "第5项" in matter.refused("archiving")  # one person's word is not enough
    alone = clerk.post(f"{waived}/confirm")
    assert (alone.status_code, "不适用须由另一人确认" in alone.text) == (422, True)
    assert signer.post(f"{waived}/confirm").status_code == 303
    matter.do("archiving")
    assert matter.case.status == CaseStatus.ARCHIVED
    assert matter.case.ended_at is not None
    assert "已归档" in clerk.get(matter.address).text


def test_article_15_each_class_has_its_own_plan(town: Town) -> None:
    """P8: art. 7 and 8 choose measures, art. 9 lists causes and assets one by one; weak linkage is mended in each."""
    consolidate = town.matter(3, Category.CONSOLIDATE)
    consolidate.to("field_survey").do("field_survey", linkage="partial", linkage_gaps=["returns"])
    upgrade, revive = town.matter(1, Category.UPGRADE), town.matter(4, Category.REVIVE)
    for matter in (consolidate, upgrade, revive):
        matter.to("notice_unit")
    for matter in (consolidate, upgrade, revive):
        matter.to("disposal_plan")
        assert matter.walk.waiting() == ["disposal_plan"]
    assert "联农带农整改" in consolidate.refused("disposal_plan", linkage_rectification=None)
    consolidate.do("disposal_plan", consolidate_measures=["parks"], linkage_rectification="按约定补发收益")
    assert "选用的措施（第八条）" in upgrade.refused("disposal_plan", upgrade_measures=None)
    upgrade.do("disposal_plan", upgrade_measures=["sales", "processing"])
    assert "逐个分析停产闲置原因" in revive.refused("disposal_plan", idle_causes=None, assets=None)
    revive.do("disposal_plan", revive_ways=["contracting"])
    plan = document(town, upgrade, newest(town, "plan", of_case(upgrade)))
    assert "利用定点帮扶、鲁渝协作" in plan
    for matter in (consolidate, upgrade, revive):
        matter.to("reclassification")
        matter.do("reclassification", category="consolidate")
        matter.to("archiving").do("archiving")
        assert matter.case.status == CaseStatus.ARCHIVED


def test_article_2_an_exit_is_recovered_or_written_off_to_its_own_end(town: Town) -> None:
    """P9: where linkage cannot be built the leading group decides the exit; settled, or written off after a notice."""
    settled_case, written_off = town.matter(1), town.matter(4)
    for matter in (settled_case, written_off):
        matter.to("notice_unit")
    for matter in (settled_case, written_off):
        matter.to("disposal").do("disposal", action="exit", exit_recover_yuan="1000.00")
        assert matter.walk.waiting() == ["decision"]
        assert "提出退出" in matter.open("decision")
        matter.to("notice_unit")
        assert town.rows(Project, Project.id == matter.walk.project.id)[0].remark == "退出"
    for matter in (settled_case, written_off):
        matter.to("exit_recovery")
    paid = {"recovered_yuan": "400.00", "recovered_on": town.today().isoformat(), "method": "transfer"}
    assert "还有600.00元没有追回" in settled_case.refused("exit_recovery", action="settled", **paid)
    settled_case.do("exit_recovery", action="payment", **paid)
    assert settled_case.walk.waiting() == ["exit_recovery"]
    rest = {**paid, "recovered_yuan": "600.00"}
    settled_case.do("exit_recovery", action="settled", **rest)
    assert settled_case.walk.waiting() == ["filing"]  # no class any more: filed as it is
    settled_case.do("filing", exit_verdict="supplement", supplement="补交缴款凭证")
    assert settled_case.walk.waiting() == ["filing"]  # an exit's item stays open
    settled_case.do("filing", exit_verdict="confirm")
    settled_case.to("archiving").do("archiving")
    assert settled_case.case.status == CaseStatus.ARCHIVED

    written_off.do("exit_recovery", action="payment", **paid)
    assert "尚未追回的600.00元" in written_off.refused("exit_recovery", action="write_off", write_off_yuan="700.00")
    written_off.do("exit_recovery", action="write_off", write_off_yuan="600.00")
    assert "提请核销600.00元" in words(written_off.open("decision"))
    written_off.do("decision", verdict="approve", exit="decided", write_off="approved", recover_yuan="600.00")
    written_off.to("notice_unit")  # approved, it is answered and publicised again
    written_off.to("filing").do("filing", exit_verdict="confirm")
    written_off.do("archiving")
    assert written_off.case.status == CaseStatus.ARCHIVED
    assert not written_off.walk.items("reclassification")
