"""A case's page: what it is about, 流转记录, the picture's state, Annex 6, objections (P7, P13, O1)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from bpmn.deployment import deploy
from bpmn.supervision import resume, suspend
from ledger.cases import Objection
from ledger.db import transaction
from ledger.papers import ArchiveWaiver
from ledger.vocabulary import Role
from tests.bpmn.test_called_processes import SURVEY, bundle, calling, process
from tests.walk import Walk
from tests.webapp.conftest import Site

OBJECTION = {"raised_by": "村民甲", "contact": "13800001234", "content": "公告的面积与实际不符"}


@pytest.mark.parametrize("tab", ["overview", "trail", "diagram", "papers"])
def test_each_tab_is_drawn(site: Site, tab: str) -> None:
    walk = site.walk()
    walk.to("preliminary_opinion")
    page = site.town().get(f"/cases/{walk.case_id}?tab={tab}")
    assert page.status_code == 200
    told = {"overview": "初步意见", "trail": "县财政局", "diagram": "data-state-url", "papers": "归档目录（附件6）"}
    assert told[tab] in page.text


def test_the_trail_tells_who_did_what_and_where_it_went(site: Site) -> None:
    walk = site.walk()
    walk.complete("receive")
    page = site.town().get(f"/cases/{walk.case_id}?tab=trail").text
    assert page.count('<li class="done">') == 2  # the push and the receipt
    assert "送往：实地调研（桑柘镇）" in page
    assert "当日办结" in page


def test_the_trail_leaves_out_the_days_a_case_was_suspended(site: Site) -> None:
    walk = site.walk()
    bureau = site.ground.county.bureau.id
    with walk.acting(Role.HANDLER, bureau) as acting:
        suspend(acting, walk.case_id, "等待上级意见")
    walk.pass_days(3)  # Monday to Thursday
    with walk.acting(Role.HANDLER, bureau) as acting:
        resume(acting, walk.case_id, "已核实")
    walk.pass_days(1)
    walk.complete("receive")
    assert "用时 1 个工作日" in site.town().get(f"/cases/{walk.case_id}?tab=trail").text


def test_a_case_is_seen_by_those_concerned_and_by_nobody_else(site: Site) -> None:
    walk = site.walk()
    walk.to("joint_review")
    county = site.ground.county
    village = county.villages["桑柘镇", "云顶村"]
    allowed = [site.town(), site.bureau(), site.office(), site.person(county.reviewers[0].id), site.person(village.id)]
    refused = [site.town("保家镇"), site.person(county.departments["县林业局"].id)]
    path = f"/cases/{walk.case_id}"
    assert [person.get(path).status_code for person in allowed] == [200] * 5
    assert [person.get(path).status_code for person in refused] == [404] * 2
    for part in ("/diagram.bpmn", "/position.json"):
        assert refused[0].get(path + part).status_code == 404
        assert allowed[0].get(path + part).status_code == 200


def test_the_picture_knows_what_is_done_and_what_waits(site: Site) -> None:
    walk = site.walk()
    walk.complete("receive")
    state = site.town().get(f"/cases/{walk.case_id}/position.json").get_json()
    assert "receive" in state["done"]
    assert {"survey_review", "field_survey"} <= set(state["current"])


def test_the_diagram_is_a_download_of_its_own(site: Site) -> None:
    answer = site.town().get(f"/cases/{site.walk().case_id}/diagram.bpmn")
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.text.lstrip().startswith("<?xml")


def test_a_telephone_number_is_whole_only_for_who_handles_the_case(site: Site) -> None:
    walk = site.walk()
    whole = walk.project.telephone or ""
    masked = f"{whole[:3]}****{whole[-4:]}"
    assert whole in site.town().get(f"/cases/{walk.case_id}").text
    bureau = site.bureau().get(f"/cases/{walk.case_id}").text
    assert (whole in bureau, masked in bureau) == (False, True)


def test_an_objection_is_entered_only_while_the_period_runs(site: Site) -> None:
    walk = site.walk()
    path = f"/cases/{walk.case_id}/objections/new"
    early = site.town().post(path, OBJECTION)
    assert (early.status_code, "不在公告期内" in early.text) == (422, True)
    walk.to("notice_unit")
    walk.complete("notice_unit")
    walk.complete("notice_site")
    site.catch_up(walk)
    town = site.town()
    assert "登记异议" in town.get(f"/cases/{walk.case_id}").text
    wrong = town.post(path, {**OBJECTION, "content": ""})
    assert (wrong.status_code, "请填写异议内容" in wrong.text, "村民甲" in wrong.text) == (422, True, True)
    assert town.post(path, OBJECTION).status_code == 303
    assert site.office().post(path, OBJECTION).status_code == 303
    assert site.town("保家镇").post(path, OBJECTION).status_code == 404
    assert site.count(Objection) == 2
    assert walk.waiting() == ["objection"]


def test_t1_a_running_period_says_when_it_ends(site: Site) -> None:
    walk = site.walk()
    walk.to("notice_unit")
    walk.complete("notice_unit", posted_on="2023-11-06")
    walk.complete("notice_site", posted_on="2023-11-06")
    site.catch_up(walk)
    page = site.town().get(f"/cases/{walk.case_id}").text
    row = page[page.index("公告期满") :].split("</tr>")[0]
    assert "系统计时" in row
    assert "2023-11-13" in row  # five working days after Monday, 6 November
    sent = site.town().get(f"/items/{walk.items('notice_unit')[0].id}/sent").text
    assert "2023-11-13 24:00" in sent


def test_a_row_of_annex_6_is_waived_by_two_people(site: Site) -> None:
    """P13: 不适用 needs a reason and a second person."""
    walk = site.walk()
    path, town, signer = f"/cases/{walk.case_id}/waivers/5", site.town(), site.town(role=Role.SIGNER)
    empty = town.post(path, {"reason": " "})
    assert (empty.status_code, "请写明该项不适用的理由" in empty.text) == (422, True)
    assert town.post(path, {"reason": "项目由村自营，没有合同"}).status_code == 303
    own = town.post(f"{path}/confirm")
    assert (own.status_code, "不能自己确认" in own.text) == (422, True)
    assert site.town("保家镇").post(f"{path}/confirm").status_code == 404
    assert site.bureau().post(f"{path}/confirm").status_code == 404
    assert signer.post(f"{path}/confirm").status_code == 303
    with transaction(site.ground.sessions, writes=False) as session:
        waiver = session.scalars(select(ArchiveWaiver)).one()
    assert waiver.confirmed_by_id not in (None, waiver.requested_by_id)
    page = signer.get(f"/cases/{walk.case_id}?tab=papers").text
    assert re.search(r"已齐 1 / 6", page)


def test_a_called_process_has_a_picture_of_its_own(site: Site) -> None:
    """Issue 3 item 1: a step of a called process is seen where it is drawn."""
    with transaction(site.ground.sessions) as session:
        for each in (bundle(process("survey", SURVEY)), calling()):
            deploy(session, each, "管理员", site.ground.now)
    walk = site.walk()
    walk.to("field_survey")
    path = f"/cases/{walk.case_id}/calls/field_survey"
    town, stranger = site.town(), site.town("保家镇")
    assert f'href="{path}/picture"' in town.get(f"/cases/{walk.case_id}?tab=diagram").text
    assert f'href="{path}/picture"' in town.get(f"/items/{walk.item('field_survey').id}").text
    assert "现场核查流程第 1 版" in town.get(f"{path}/picture").text
    assert "现场核查" in town.get(f"{path}/diagram.bpmn").text
    state = town.get(f"{path}/position.json").get_json()
    assert (state["current"], state["done"]) == (["look"], ["s"])
    assert state["notes"]["look"]["kind"] == "current"
    walk.complete("field_survey")
    state = town.get(f"{path}/position.json").get_json()
    assert state["done"] == ["e", "look", "s"]
    for part in ("picture", "diagram.bpmn", "position.json"):
        assert stranger.get(f"{path}/{part}").status_code == 404
        assert town.get(f"/cases/{walk.case_id}/calls/receive/{part}").status_code == 404
        assert town.get(f"/cases/{walk.case_id}/calls/keins/{part}").status_code == 404


def test_the_diagrams_list_holds_every_passage_of_a_step_once(site: Site) -> None:
    """Interface 15: a click shows the records of that step, opinion, answers and earlier passages among them."""
    walk = site.walk()
    walk.to("preliminary_opinion")
    item, town = walk.item("preliminary_opinion"), site.town()
    back = {"_revision": str(item.revision), "target": "field_survey", "reason": "核实后再办"}
    assert town.post(f"/items/{item.id}/send-back", back).status_code == 303
    walk.complete("field_survey", conclusion="这次另写")
    page = town.get(f"/cases/{walk.case_id}?tab=diagram").text
    ids = re.findall(r'id="(records-[^"]+)"', page)
    assert len(ids) == len(set(ids))
    parts = dict(zip(ids, re.split(r'<li class="[a-z]+" id="records-', page)[1:], strict=True))
    survey = parts[f"records-{item_of(walk, 'field_survey')}"]
    first = (walk.items("field_survey")[0].answers or {})["conclusion"]
    assert "办理记录（2）" in survey
    assert str(first) in survey
    assert "这次另写" in survey
    review = parts[f"records-{item_of(walk, 'joint_review')}"]
    assert review.count("办理记录（") == len({each.unit_id for each in walk.items("joint_review")})


def item_of(walk: Walk, stem: str) -> str:
    return walk.items(stem)[0].element
