"""A draft on many cases, with scenarios that every deploy plays again, and walked through (issue 9 item 5)."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from ledger.cases import Case, WorkItem
from ledger.db import transaction
from ledger.journal import Entry
from ledger.outbox import Message
from ledger.rehearsals import RehearsalOutcome, RehearsalRun, Scenario
from ledger.vocabulary import Role
from tests.webapp.conftest import Person, Site
from tests.webapp.test_design import begun
from tests.webapp.test_playing import carried, step

pytestmark = pytest.mark.usefixtures("quick_prints")
BEGAN = "2023-11-06T01:00:00+00:00"
WITHOUT_SURVEY = (
    'id="flow_survey_review_start_field_survey" sourceRef="survey_review_start" targetRef="field_survey"',
    'id="flow_survey_review_start_field_survey" sourceRef="survey_review_start" targetRef="assessment_needed"',
)
SPLIT = re.compile(r'<bpmn:parallelGateway id="notices_split"(.*?)</bpmn:parallelGateway>', re.DOTALL)
ONE_OF_THEM = (
    r'<bpmn:exclusiveGateway id="notices_split" default="flow_notices_split_notice_unit"\1</bpmn:exclusiveGateway>'
)
LINE = re.compile(r'(<bpmn:sequenceFlow id="flow_notices_split_notice_site"[^>]*) />')
CONDITION = r"\1><bpmn:conditionExpression>approved</bpmn:conditionExpression></bpmn:sequenceFlow>"


@pytest.fixture
def drawer(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def redraw(drawer: Person, draft: str, *swap: str) -> None:
    diagram = drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True)
    old, new = swap
    assert old in diagram
    assert drawer.post(f"{draft}/diagram", {"revision": 1, "content": diagram.replace(old, new)}).status_code == 200


def played_scenario(drawer: Person, draft: str, name: str) -> str:
    """Sign for a project and survey it, keep that as a scenario; return the page that follows."""
    address = f"{draft}/play"
    page = step(drawer, address, drawer.get(f"{address}?way=choices").text, "签收项目", verdict="")
    page = step(drawer, address, page, "实地调研", needs_assessment="false")
    sent = carried(page)
    told = {"moves": sent["_moves"], "began": sent["_began"], "name": name}
    kept = drawer.post(f"{draft}/scenarios", told, follow_redirects=True)
    return str(kept.get_data(as_text=True))


def test_past_cases_go_through_a_draft_and_nothing_of_them_changes(site: Site, drawer: Person) -> None:
    for number in range(2):
        site.walk(number).to("joint_review")
    draft = begun(drawer)
    redraw(drawer, draft, *WITHOUT_SURVEY)
    with transaction(site.ground.sessions, writes=False) as session:
        before = [(each.state, each.revision) for each in session.scalars(select(Case).order_by(Case.id))]
    assert "还没有这样的项目" in drawer.post(f"{draft}/rehearsals", {"which": "ended", "count": "10"}).text
    run = drawer.post(f"{draft}/rehearsals", {"which": "running", "count": "10"}).headers["Location"]
    page = drawer.get(run).get_data(as_text=True)
    assert "已完成：以往项目 2 个，走不下去 2 个，有不同 0 个，照常 0 个" in page
    assert "当时接着办“实地调研”，草稿里这时等着的是“会审”" in page
    assert drawer.get(f"{run}?verdict=same").get_data(as_text=True).count("看走法") == 0
    outcome = re.search(rf"{run}/outcomes/\d+", page)
    assert outcome is not None
    shown = re.search(r'data-state="([^"]*)"', drawer.get(outcome[0]).get_data(as_text=True))
    assert shown is not None
    assert json.loads(html.unescape(shown[1]))["current"] == ["joint_review"]
    with transaction(site.ground.sessions, writes=False) as session:
        assert [(each.state, each.revision) for each in session.scalars(select(Case).order_by(Case.id))] == before
        told = session.scalars(select(Message).where(Message.subject == "成批预演已完成")).one()
        assert told.link == run


def test_made_up_cases_end_and_tell_what_they_did_not_reach(site: Site, drawer: Person) -> None:
    draft = begun(drawer)
    run = drawer.post(f"{draft}/rehearsals", {"which": "made_up", "count": "10"}).headers["Location"]
    assert "已完成：编的项目 10 个，走不下去 0 个，表单有误 0 个，照常 10 个" in drawer.get(run).text
    assert site.count(Case) == site.count(WorkItem) == 0
    with transaction(site.ground.sessions, writes=False) as session:
        ways = {tuple(each.passed) for each in session.scalars(select(RehearsalOutcome))}
    assert len(ways) > 1  # the choices are drawn
    assert drawer.post(f"{draft}/rehearsals", {"which": "all", "count": "10"}).status_code == 400
    assert drawer.post(f"{draft}/rehearsals", {"which": "made_up", "count": "9999"}).status_code == 400


def test_a_scenario_that_fails_is_told_and_acknowledged_before_publishing(site: Site, drawer: Person) -> None:
    draft = begun(drawer)
    page = played_scenario(drawer, draft, "不需要评估")
    assert "已保存场景“不需要评估”" in page
    covered = re.search(r"环节和网关的 <strong>(\d+)%</strong>", page)
    assert covered is not None
    assert 0 < int(covered[1]) < 50
    redraw(drawer, draft, *WITHOUT_SURVEY)
    assert "第 2 步应办“实地调研”，这时等着的是“会审”" in drawer.get(f"{draft}/rehearsals").text
    assert drawer.post(f"{draft}/submit", {"note": "今年不再实地调研"}).status_code == 303
    reviewer = site.person(site.ground.county.county.id, Role.SECURITY_ADMIN)
    shown = reviewer.get(f"{draft}/changes").text
    assert "已知晓 1 个场景没有通过" in shown
    seen = re.search(r'name="revision" value="(\d+)"', shown)
    assert seen is not None
    refused = reviewer.post(f"{draft}/approve", {"revision": seen[1]})
    assert (refused.status_code, "1 个没有通过：不需要评估" in refused.text) == (409, True)
    assert reviewer.post(f"{draft}/approve", {"revision": seen[1], "acknowledged": "1"}).status_code == 303
    with transaction(site.ground.sessions, writes=False) as session:
        (row,) = session.scalars(select(Entry).where(Entry.act == "draft_scenarios")).all()
        assert "（审核人已知晓）" in json.loads(row.detail)["summary"]


def test_scenarios_are_read_strictly_and_retired(site: Site, drawer: Person) -> None:
    draft = begun(drawer)
    for wrong in ("[]", "[1]", "{", '[{"element": "receive", "instance": "", "values": {}, "day": -1}]'):
        told = {"moves": wrong, "began": BEGAN, "name": "甲"}
        assert drawer.post(f"{draft}/scenarios", told).status_code == 422
    lost = '[{"element": "reply", "instance": "", "values": {}, "day": 0}]'
    assert "场景走不通" in drawer.post(f"{draft}/scenarios", {"moves": lost, "began": BEGAN, "name": "甲"}).text
    assert site.count(Scenario) == 0
    played_scenario(drawer, draft, "乙")
    played_scenario(drawer, draft, "乙")
    assert site.count(Scenario) == 1
    page = drawer.post(f"{draft}/scenarios/1/retire", follow_redirects=True).text
    assert "已停用场景“乙”" in page
    assert "还没有保存的场景" in page


def test_the_walk_says_that_all_is_well_or_draws_the_way_to_a_fault(drawer: Person) -> None:
    draft = begun(drawer)
    assert "无论怎样选择，每个项目都能走到结束" in drawer.get(f"{draft}/walk").text
    diagram = drawer.get(f"{draft}/diagram.bpmn").text
    split = LINE.sub(CONDITION, SPLIT.sub(ONE_OF_THEM, diagram))
    redraw(drawer, draft, diagram, split)
    page = drawer.get(f"{draft}/walk").text
    assert "流程会卡在“notices_join”" in page
    shown = re.search(r'data-state="([^"]*)"', page)
    assert shown is not None
    drawn = json.loads(html.unescape(shown[1]))
    assert drawn["current"] == ["notices_join"]
    assert {"receive", "decision", "notice_unit"} <= set(drawn["done"])


def test_a_run_whose_process_stopped_is_told_and_offered_again(site: Site, drawer: Person) -> None:
    draft = begun(drawer)
    run = drawer.post(f"{draft}/rehearsals", {"which": "made_up", "count": "10"}).headers["Location"]
    with transaction(site.ground.sessions) as session:
        kept = session.scalars(select(RehearsalRun)).one()
        kept.ended_at = None
    assert "正在预演：" in drawer.get(run).text  # it spoke just now
    with transaction(site.ground.sessions) as session:
        kept = session.scalars(select(RehearsalRun)).one()
        assert kept.alive_at is not None
        kept.alive_at -= timedelta(minutes=3)
    page = drawer.get(run).text
    assert "已中断：" in page
    assert 'hx-trigger="every 1s"' not in page
    assert "（已中断）" in drawer.get(f"{draft}/rehearsals").text
    assert drawer.get(f"{run}/progress").headers["HX-Refresh"] == "true"
    again = re.search(r'name="which" value="(\w+)"><input type="hidden" name="count" value="(\d+)"', page)
    assert again is not None
    anew = drawer.post(f"{draft}/rehearsals", {"which": again[1], "count": again[2]}, follow_redirects=True)
    assert "已完成：编的项目 10 个" in anew.text
