"""待办, 已办, the register, meetings, batches, campaigns, papers and messages as lists and pages."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from ledger.campaigns import Campaign
from ledger.db import transaction
from ledger.meetings import Meeting
from ledger.outbox import Message
from ledger.papers import Attachment
from ledger.vocabulary import MeetingKind
from ledger.working_days import dates_of
from tests.walk import PDF
from tests.webapp.conftest import Site

MEETING = {
    "title": "桑柘镇党委2023年第12次会议",
    "held_on": "2023-11-06",
    "place": "二楼会议室",
    "chair": "主持人甲",
    "attendance": "参会人甲、参会人乙\n参会人丙",
    "minutes": "研究了项目分类。",
}


def test_the_inbox_counts_searches_and_offers_one_button(both_sites: Site) -> None:
    walk = both_sites.walk()
    town = both_sites.town()
    page = town.get("/inbox").text
    assert "<title>(1) 待办 - 四个一批</title>" in page
    assert page.count(f'href="/items/{walk.item("receive").id}"') == 2
    assert "3个工作日内 1" in page
    assert "剩 2 个工作日" in page
    initials = walk.project.pinyin_initials[4:8]
    assert walk.project.name in town.get(f"/inbox?q={initials}").text
    assert "没有符合条件的待办" in town.get("/inbox?q=keins").text
    assert "没有符合条件的待办" in town.get("/inbox?limit=overdue").text
    assert walk.project.name in town.get("/inbox?stem=receive&limit=soon").text


def test_a_strangers_inbox_is_empty_and_says_what_comes_next(site: Site) -> None:
    site.walk()
    assert "现在没有待办任务" in site.town("保家镇").get("/inbox").text


def test_a_forged_place_in_a_list_is_refused(site: Site) -> None:
    answer = site.town().get("/inbox?after=unsinn")
    assert (answer.status_code, "翻页位置无效" in answer.text) == (422, True)


def test_what_a_person_did_stands_under_done(site: Site) -> None:
    walk = site.walk()
    walk.complete("receive")
    assert walk.project.name in site.town().get("/inbox/done").text
    assert "还没有办结的任务" in site.bureau().get("/inbox/done").text


def test_the_register_shows_a_township_its_own_projects(site: Site) -> None:
    own = [p for p in site.ground.projects if "桑柘镇" in p.name]
    others = [p for p in site.ground.projects if "桑柘镇" not in p.name]
    town, bureau = site.town().get("/projects").text, site.bureau().get("/projects").text
    assert all(project.name in town for project in own)
    assert not any(project.name in town for project in others)
    assert all(project.name in bureau for project in site.ground.projects)
    assert f"共 {len(site.ground.projects)} 个项目" in bureau


@pytest.mark.parametrize(
    ("query", "count"),
    [("level=village", 2), ("level=department", 1), ("state=none", 5), ("state=running", 0), ("q=500002016", 1)],
)
def test_the_register_is_filtered(site: Site, query: str, count: int) -> None:
    told = f"共 {count} 个项目" if count else "没有符合条件的项目"
    assert told in site.bureau().get(f"/projects?{query}").text


def test_a_foreign_project_and_an_unknown_one_look_the_same(site: Site) -> None:
    foreign = next(p for p in site.ground.projects if "桑柘镇" not in p.name)
    town = site.town()
    answers = [town.get(f"/projects/{foreign.id}"), town.get("/projects/98765")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    page = site.bureau().get(f"/projects/{foreign.id}").text
    assert "还没有推送办理" in page
    assert "50,000.50" in page


def test_a_unit_enters_its_meeting_with_minutes_and_scan(both_sites: Site) -> None:
    town = both_sites.town()
    unit, campaign = both_sites.ground.county.townships["桑柘镇"], both_sites.ground.county.campaign
    chosen = {**MEETING, "unit_id": str(unit.id), "campaign_id": str(campaign.id)}
    answer = town.post(
        "/meetings/new", {**chosen, "scan": (BytesIO(PDF), "纪要.pdf")}, content_type="multipart/form-data"
    )
    assert answer.status_code == 303
    page = town.get(answer.headers["Location"]).text
    assert "参会人甲、参会人乙、参会人丙" in page
    assert "纪要.pdf" in page
    with transaction(both_sites.ground.sessions, writes=False) as session:
        meeting = session.scalars(select(Meeting)).one()
        assert meeting.kind == MeetingKind.PARTY
        assert session.scalars(select(Attachment)).one().kind == "party_minutes"
    assert both_sites.town("保家镇").get(answer.headers["Location"]).status_code == 404
    more = town.post(
        f"/meetings/{meeting.id}/scans", {"scan": (BytesIO(PDF + b"2"), "签字.pdf")}, content_type="multipart/form-data"
    )
    assert more.status_code == 303
    assert "签字.pdf" in town.get("/meetings/1").text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title": ""}, "请填写会议名称"),
        ({"held_on": "2023-02-30"}, "召开日期"),
        ({"unit_id": "1"}, "召开单位"),
        ({"kind": "group"}, "表单里没有"),
    ],
)
def test_a_wrong_meeting_is_refused_and_nothing_typed_is_lost(
    site: Site, changed: dict[str, str], sentence: str
) -> None:
    unit, campaign = site.ground.county.townships["桑柘镇"], site.ground.county.campaign
    chosen = {**MEETING, "unit_id": str(unit.id), "campaign_id": str(campaign.id), **changed}
    answer = site.town().post("/meetings/new", chosen)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "参会人丙" in answer.text
    assert site.count(Meeting) == 0


def test_the_offices_meeting_is_the_leading_groups(site: Site) -> None:
    office, campaign = site.ground.county.office, site.ground.county.campaign
    site.office().post("/meetings/new", {**MEETING, "unit_id": str(office.id), "campaign_id": str(campaign.id)})
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.scalars(select(Meeting.kind)).one() == MeetingKind.GROUP


def test_a_batch_shows_its_cases_and_papers(site: Site) -> None:
    walk = site.walk()
    walk.to("acceptance_check")
    town = site.town()
    assert 'href="/batches/1"' in town.get("/batches").text
    page = town.get("/batches/1").text
    assert walk.project.name in page
    assert ".docx" in page
    assert site.office().get("/batches/1").status_code == 200
    assert site.town("保家镇").get("/batches/1").status_code == 404
    assert "还没有报送批次" in site.town("保家镇").get("/batches").text


def test_a_case_sent_twice_with_a_batch_is_listed_once(site: Site) -> None:
    walk = site.walk()
    walk.to("acceptance_check")
    walk.complete("acceptance_check", verdict="application", reason="处置措施过于笼统")
    walk.to("submission")
    walk.complete("submission", into="existing", batch="1")
    page = site.town().get("/batches/1").text
    assert "报送的项目（1）" in page


def campaign_form(site: Site, **changed: str) -> dict[str, str]:
    campaign = site.ground.county.campaign
    dates = {f"{name}_on": day.isoformat() for name, day in dates_of(campaign).items()}
    return {"name": campaign.name, "year": str(campaign.year), **dates, **changed}


def test_the_bureau_changes_a_campaigns_dates(site: Site) -> None:
    bureau, path = site.bureau(), f"/campaigns/{site.ground.county.campaign.id}/edit"
    assert "2023-11-21" in bureau.get(path).text
    shown = bureau.post(path, campaign_form(site, survey_on="2023-11-22"))
    assert (shown.status_code, "没有正在办理的任务受影响" in shown.text) == (200, True)
    agreed = {"_confirmed": "1", "_reason": "雨雪天气，道路不通"}
    assert bureau.post(path, campaign_form(site, survey_on="2023-11-22", **agreed)).status_code == 303
    assert "2023-11-22" in site.town().get("/campaigns").text
    wrong = bureau.post(path, campaign_form(site, report_on="2023-01-01"))
    assert (wrong.status_code, "“年度报告”不能早于“阶段性成效”" in wrong.text) == (422, True)


def test_the_bureau_opens_the_next_campaign(site: Site) -> None:
    given = campaign_form(site, name="2024年批次", year="2024")
    assert "期限有" in site.bureau().post("/campaigns/new", given).text
    assert site.count(Campaign) == 1
    answer = site.bureau().post("/campaigns/new", {**given, "_confirmed": "1"})
    assert answer.status_code == 303
    assert site.count(Campaign) == 2
    assert site.town().post("/campaigns/new", campaign_form(site)).status_code == 403


def test_papers_are_downloaded_in_scope_under_their_own_name(site: Site) -> None:
    walk = site.walk()
    walk.to("joint_review")
    with transaction(site.ground.sessions, writes=False) as session:
        paper = session.scalars(select(Attachment).where(Attachment.kind == "photo")).first()
    assert paper is not None
    answer = site.town().get(f"/papers/{paper.id}")
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    stranger = site.town("保家镇")
    assert [stranger.get(f"/papers/{n}").status_code for n in (paper.id, 98765)] == [404, 404]


def test_messages_are_counted_read_and_a_persons_own(site: Site) -> None:
    town, user_id = site.town(), site.user_id("sangzhezhen.jingban")
    with transaction(site.ground.sessions) as session:
        for number in range(2):
            session.add(
                Message(
                    dedupe_key=f"test-{number}",
                    channel="page",
                    user_id=user_id,
                    subject=f"提醒{number}",
                    body="项目临近期限",
                    created_at=site.ground.now,
                    not_before_at=site.ground.now,
                )
            )
    assert "未读 2 条" in town.get("/inbox").text
    assert "提醒1" in town.get("/notices").text
    assert town.post("/notices/read").status_code == 303
    assert "未读 0 条" in town.get("/inbox").text
    assert "还没有消息" in site.bureau().get("/notices").text


def test_large_print_is_the_persons_on_every_machine(site: Site) -> None:
    town = site.town()
    assert '<html lang="zh-CN">' in town.get("/inbox").text
    address = "/settings/own/type"
    assert town.get(f"{address}?big=1").status_code == 405  # no GET changes anything
    assert town.post(address, {"big": "1", "back": "/projects"}).headers["Location"] == "/projects"
    assert '<html lang="zh-CN" class="big">' in town.get("/inbox").text
    assert '<html lang="zh-CN" class="big">' in site.town().get("/inbox").text  # another browser
    assert '<html lang="zh-CN">' in site.bureau().get("/inbox").text


def test_the_procedure_is_shown_as_it_is_in_force(site: Site) -> None:
    page = site.town().get("/procedure").text
    assert 'data-island="viewer"' in page
    assert "第 1 版" in page
    assert "<bpmn:" in site.town().get("/procedure/diagram.bpmn").text


def test_issue_5_copies_and_drafts_are_taken_away_as_workbooks(site: Site) -> None:
    walk = site.walk()
    item, town = walk.item("receive"), site.town()
    town.post(f"/items/{item.id}", {"_revision": str(item.revision), "_action": "draft"})
    unit = str(site.ground.county.townships["桑柘镇"].id)
    site.bureau().post(f"/cases/{walk.case_id}/copies/new", {"unit": unit, "note": "请了解进度"})
    for name, said in (("drafts", item.name), ("copies", "请了解进度")):
        sheet = load_workbook(BytesIO(town.post(f"/lists/{name}", {"_action": "export"}).data)).active
        rows = [row for row in sheet.iter_rows(values_only=True) if walk.project.number in row]
        assert [said in row for row in rows] == [True], name
        assert not any(walk.project.number in row for row in exported(site, name))


def exported(site: Site, name: str) -> list[tuple[object, ...]]:
    """Return what a township without these projects takes away of the same list."""
    answer = site.town("保家镇").post(f"/lists/{name}", {"_action": "export"})
    return list(load_workbook(BytesIO(answer.data)).active.iter_rows(values_only=True))
