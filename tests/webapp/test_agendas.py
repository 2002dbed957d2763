"""会议 as a thing of its own: agenda, order, bulk setting, exceptions, one act, minutes (P4, P6)."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Entry
from ledger.meetings import AgendaItem, Meeting, MeetingVerdict
from ledger.papers import Attachment
from tests.walk import PDF, Walk
from tests.webapp.conftest import Person, Site

pytestmark = pytest.mark.usefixtures("quick_prints")


def at_decision(site: Site, count: int) -> list[Walk]:
    walks = [site.walk(number) for number in range(count)]
    for walk in walks:
        walk.to("decision")
    return walks


def planned(site: Site, person: Person, **more: Any) -> str:
    answers = {
        "unit_id": str(site.ground.county.office.id),
        "campaign_id": str(site.ground.county.campaign.id),
        "title": "领导小组第一次会议",
        "held_on": "2023-11-06",
        "place": "二楼会议室",
        "chair": "组长甲",
        **more,
    }
    made = person.post("/meetings/new", answers)
    assert made.status_code == 303, made.text
    return made.headers["Location"]


def rows_of(page: str) -> list[str]:
    """Return the items of the lines in the order the page shows them."""
    return re.findall(r'data-line="(\d+)"', page)


def test_p6_a_meeting_from_its_agenda_to_its_minutes(both_sites: Site) -> None:
    walks, office = at_decision(both_sites, 3), both_sites.office()
    address = planned(both_sites, office, attendance="成员甲、成员乙", absent="成员丙", recorder="记录员丁")
    found = office.get(f"{address}/agenda/add").text
    assert all(walk.project.name in found for walk in walks)
    assert office.post(f"{address}/agenda/add", {"_action": "all"}).status_code == 303
    items = rows_of(office.get(address).text)
    assert items == [str(walk.item("decision").id) for walk in walks]

    set_all = {"row": items, "scope": "all", "_action": "agree"}
    assert office.post(f"{address}/agenda", set_all).status_code == 303
    assert "可登记 3" in office.get(address).text
    page = office.get(f"{address}/agenda/{items[1]}").text
    assert 'name="meeting"' not in page
    assert "系统建议" not in page  # the leading group is given the unit's class, and asked for a reason alone
    change = {
        "verdict": "change",
        "category": "consolidate",
        "measures": "加工扩建",
        "reason": "链条完备",
        "exit": "none",
    }
    assert office.post(f"{address}/agenda/{items[1]}", change).status_code == 303
    refused = office.post(f"{address}/agenda/{items[2]}", {**change, "reason": ""})
    assert (refused.status_code, "须写明理由" in refused.text, "加工扩建" in refused.text) == (422, True, True)

    preview = office.get(f"{address}/decide").text
    assert "同意 2" in preview
    assert "会议逐个研究了3个项目" in preview
    done = office.post(f"{address}/decide", {"minutes": "会议原则同意。"})
    assert done.status_code == 303
    assert [walk.waiting() for walk in walks] == [["reply"]] * 3
    page = office.get(address).text
    assert "已登记 3" in page
    assert "领导小组第一次会议纪要.docx" in page
    assert "请上传扫描件" in page
    again = office.post(f"{address}/decide", {"minutes": "会议原则同意。"})
    assert (again.status_code, "没有填好结论" in again.text) == (409, True)
    assert "会议原则同意" in both_sites.town().get(address).text  # one of its own projects was decided there
    with transaction(both_sites.ground.sessions, writes=False) as session:
        verdicts = session.execute(select(MeetingVerdict.verdict, MeetingVerdict.category).order_by(MeetingVerdict.id))
        own = [tuple(row) for row in verdicts][-3:]
        assert own == [("approve", "upgrade"), ("change", "consolidate"), ("approve", "upgrade")]
        acts = session.scalars(select(Entry.act).order_by(Entry.id)).all()
        assert {"agenda_added", "agenda_filled", "meeting_decided"} <= set(acts)


def test_p6_one_that_fails_is_told_and_leaves_the_others(site: Site) -> None:
    walks, office = at_decision(site, 2), site.office()
    address = planned(site, office, attendance="成员甲")
    office.post(f"{address}/agenda/add", {"_action": "all"})
    items = rows_of(office.get(address).text)
    office.post(f"{address}/agenda", {"row": items, "scope": "all", "_action": "agree"})
    wrong = {"item": items[0], "scope": "chosen", "_action": "set", "category": "rebuild", "specially_studied": "true"}
    office.post(f"{address}/agenda", wrong)
    told = office.get(address).text
    assert "须先有项目评估报告" in told
    office.post(f"{address}/decide", {"minutes": "会议研究了两个项目。"})
    assert [walk.waiting() for walk in walks] == [["decision"], ["reply"]]
    assert "1 个项目没有登记成" in office.get(address).text
    assert "下一件待办" in office.get(f"{address}?decided=1").text


def test_p4_the_agendas_form_advises_as_the_items_own_does(site: Site) -> None:
    walk, town = site.walk(), site.town()
    walk.to("party_meeting")
    township = site.ground.county.townships["桑柘镇"].id
    address = planned(site, town, unit_id=str(township), title="党委会")
    town.post(f"{address}/agenda/add", {"_action": "all"})
    item = walk.item("party_meeting").id
    page = town.get(f"{address}/agenda/{item}").text
    assert f'hx-get="/items/{item}/suggestion"' in page
    assert "系统建议" in page


def test_p6_order_by_numbers_by_sorting_and_by_dragging(site: Site) -> None:
    at_decision(site, 3)
    office = site.office()
    address = planned(site, office)
    office.post(f"{address}/agenda/add", {"_action": "all"})
    one, two, three = rows_of(office.get(address).text)
    moved = {f"position-{one}": "3", f"position-{two}": "2", f"position-{three}": "3"}
    office.post(f"{address}/agenda", {"_action": "order", **moved})
    assert rows_of(office.get(address).text) == [two, three, one]
    dragged = {"_action": "order", "order": [one, three, two]}
    answer = office.post(f"{address}/agenda", dragged, headers={"Accept": "application/json"})
    assert (answer.status_code, rows_of(office.get(address).text)) == (204, [one, three, two])
    office.post(f"{address}/agenda", {"_action": "sort:number"})
    assert rows_of(office.get(address).text) == [one, two, three]
    office.post(f"{address}/agenda", {"_action": "remove", "item": [two], "scope": "chosen"})
    assert rows_of(office.get(address).text) == [one, three]
    assert office.post(f"{address}/agenda", {"_action": "sort:colour"}).status_code == 400
    assert office.post(f"{address}/agenda", {"_action": "order", "order": "x"}).status_code == 400


def test_a_meeting_to_be_held_decides_nothing_yet(site: Site) -> None:
    walks, office = at_decision(site, 1), site.office()
    address = planned(site, office, held_on="2023-11-08", attendance="成员甲")
    office.post(f"{address}/agenda/add", {"item": [str(walks[0].item("decision").id)]})
    office.post(f"{address}/agenda", {"row": rows_of(office.get(address).text), "scope": "all", "_action": "agree"})
    assert "召开后才能登记" in office.get(f"{address}/decide").text
    assert office.post(f"{address}/decide", {"minutes": "无"}).status_code == 409
    assert walks[0].waiting() == ["decision"]


def test_what_is_written_down_is_altered_until_it_is_signed(site: Site) -> None:
    walks, office = at_decision(site, 1), site.office()
    address = planned(site, office)
    edited = {"title": "领导小组第一次会议", "held_on": "2023-11-06", "place": "三楼", "chair": "组长甲"}
    assert office.post(f"{address}/edit", {**edited, "attendance": "成员甲 成员乙"}).status_code == 303
    assert "三楼" in office.get(address).text
    office.post(f"{address}/agenda/add", {"_action": "all"})
    office.post(f"{address}/agenda", {"row": rows_of(office.get(address).text), "scope": "all", "_action": "agree"})
    office.post(f"{address}/decide", {"minutes": "会议研究了项目。"})
    kept = {**edited, "attendance": "成员甲", "minutes": "会议研究了一个项目。"}
    other_day = office.post(f"{address}/edit", {**kept, "held_on": "2023-11-05"})
    assert (other_day.status_code, "召开日期不能修改" in other_day.text) == (422, True)
    assert office.post(f"{address}/edit", kept).status_code == 303
    with transaction(site.ground.sessions, writes=False) as session:
        meeting_id = session.scalars(select(Meeting.id).where(Meeting.title == edited["title"])).one()
        papers = session.scalars(select(Attachment).where(Attachment.meeting_id == meeting_id)).all()
        assert [paper.removed_at is None for paper in papers] == [False, True]  # written anew
    office.post(f"{address}/scans", {"scan": (BytesIO(PDF), "签字.pdf")}, content_type="multipart/form-data")
    signed = office.post(f"{address}/edit", {**kept, "place": "四楼"})
    assert (signed.status_code, "不能再修改" in signed.text) == (422, True)
    assert walks[0].waiting() == ["reply"]


def test_p6_nothing_is_decided_after_the_signed_minutes_came_back(site: Site) -> None:
    walks, office = at_decision(site, 2), site.office()
    address = planned(site, office, attendance="成员甲", minutes="会议要点。")
    office.post(f"{address}/agenda/add", {"_action": "all"})
    items = rows_of(office.get(address).text)
    office.post(f"{address}/agenda", {"item": items[0], "scope": "chosen", "_action": "agree"})
    office.post(f"{address}/decide", {"minutes": "会议研究了一个项目。"})
    office.post(f"{address}/scans", {"scan": (BytesIO(PDF), "签字.pdf")}, content_type="multipart/form-data")
    office.post(f"{address}/agenda", {"item": items[1], "scope": "chosen", "_action": "agree"})
    assert "签字的会议纪要已经上传" in office.get(f"{address}/decide").text
    late = office.post(f"{address}/decide", {"minutes": "会议研究了两个项目。"})
    assert (late.status_code, "签字的会议纪要已经上传" in late.text) == (409, True)
    assert "会议研究了两个项目。</textarea>" in late.text
    item = walks[1].item("decision")
    with transaction(site.ground.sessions, writes=False) as session:
        filled = session.scalars(select(AgendaItem.posted).where(AgendaItem.item_id == item.id)).one()
    refused = office.post(f"/items/{item.id}", {**filled, "_revision": str(item.revision), "_action": "submit"})
    assert (refused.status_code, "请选择另一次会议" in refused.text) == (422, True)
    assert walks[1].waiting() == ["decision"]
    assert "会议研究了一个项目。" in office.get(address).text


def test_p6_what_was_decided_beside_the_agenda_is_listed_too(site: Site) -> None:
    walks, office = at_decision(site, 2), site.office()
    address = planned(site, office, attendance="成员甲")
    listed, beside = (walk.item("decision") for walk in walks)
    office.post(f"{address}/agenda/add", {"item": str(listed.id)})
    with site.ground.sessions.begin() as session:
        meeting_id = int(address.rpartition("/")[2])
        session.add(MeetingVerdict(meeting_id=meeting_id, case_id=beside.case_id, item_id=beside.id, verdict="approve"))
    page = office.get(address).text
    assert "没有列入议程、依据本次会议办理的项目（1）" in page
    assert walks[1].project.name in page


def test_a_meeting_is_its_own_units(site: Site) -> None:
    walks, office, town = at_decision(site, 1), site.office(), site.town()
    address = planned(site, office)
    item = walks[0].item("decision").id
    for path in ("/edit", "/agenda/add", f"/agenda/{item}", "/decide"):
        assert town.get(f"{address}{path}").status_code == 404
        assert town.post(f"{address}{path}", {"_action": "all"}).status_code == 404
    own = planned(site, town, unit_id=str(site.ground.county.townships["桑柘镇"].id))
    assert walks[0].project.name not in town.get(f"{own}/agenda/add").text
    town.post(f"{own}/agenda/add", {"item": [str(item)]})
    assert site.count(AgendaItem) == 0
