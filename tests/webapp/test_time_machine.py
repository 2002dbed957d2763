"""时光回溯: a case, its forms and its diagram as they were at any event (issue 8 item 2)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bpmn.acts import call_back, send_back, transfer
from ledger.db import transaction
from ledger.journal import Entry
from ledger.papers import Attachment
from tests.walk import Walk
from tests.webapp.conftest import Site
from tests.webapp.test_ledger_returns import edited, exported, preview
from tests.webapp.test_process_map import supervisor, text

pytestmark = pytest.mark.usefixtures("quick_prints")


def entries(site: Site, walk: Walk, act: str = "") -> list[int]:
    with transaction(site.ground.sessions, writes=False) as session:
        wanted = select(Entry.id).where(Entry.case_id == walk.case_id).order_by(Entry.id)
        return list(session.scalars(wanted.where(Entry.act == act) if act else wanted))


def test_each_event_shows_what_was_open_then_and_nothing_later(site: Site) -> None:
    """What is recorded while the case goes on is what is read back afterwards, event by event."""
    walk, known = site.walk(0), {}
    for stem in ("receive", "field_survey", "joint_review", "joint_review"):
        known[entries(site, walk)[-1]] = {item.element for item in walk.items() if item.stem in walk.waiting()}
        walk.pass_days(1)
        walk.complete(stem)
    walk.to("party_meeting")
    walk.pass_days(1)
    item = walk.item("party_meeting")
    known[entries(site, walk)[-1]] = {"party_meeting"}
    with walk.acting(item.role, item.unit_id) as acting:
        send_back(acting, item.id, item.revision, "field_survey", "材料不实")
    known[entries(site, walk)[-1]] = {"field_survey"}
    person = site.bureau()
    for entry_id, elements in known.items():
        state = person.get(f"/cases/{walk.case_id}/then/{entry_id}/position.json").get_json()
        assert elements <= set(state["current"])
        assert not set(state["current"]) & {"receive", "field_survey", "party_meeting"} - elements
    first = next(iter(known))
    state = person.get(f"/cases/{walk.case_id}/then/{first}/position.json").get_json()
    assert state["done"] == ["start"]
    assert person.get(f"/cases/{walk.case_id}/then/{first}/diagram.bpmn").status_code == 200


def test_the_project_is_shown_as_it_was(site: Site) -> None:
    walk = site.walk(0)
    walk.pass_days(1)
    walk.complete("receive")
    walk.pass_days(1)
    walk.complete("field_survey")
    received, surveyed = entries(site, walk, "complete")
    person = site.bureau()
    pattern = r"调研日期</dt>\s*<dd[^>]*>([^<]*)<"
    before, after = (text(person, f"/cases/{walk.case_id}/then/{each}") for each in (received, surveyed))
    assert re.findall(pattern, before) == ["—"]
    assert re.findall(pattern, after)[0] == "2023-11-08"
    assert before.count("查看填写内容") < after.count("查看填写内容")


def test_what_was_called_back_was_done_in_between(site: Site) -> None:
    walk = site.walk(0)
    walk.pass_days(1)
    walk.complete("receive")
    done = entries(site, walk)[-1]
    walk.pass_days(1)
    item = walk.items("receive")[0]
    with walk.acting(item.role, item.unit_id) as acting:
        call_back(acting, item.id, "填错了")
    back = entries(site, walk)[-1]
    person = site.bureau()
    read = [person.get(f"/cases/{walk.case_id}/then/{each}/position.json").get_json() for each in (done, back)]
    assert [("receive" in state["current"], "field_survey" in state["current"]) for state in read] == [
        (False, True),
        (True, False),
    ]


def test_o1_strangers_and_events_of_other_cases_are_not_found(site: Site) -> None:
    own, other = site.walk(0), site.walk(1)
    stranger = supervisor(site, site.ground.county.townships["鹿角镇"].id)
    bureau = site.bureau()
    mine, theirs = entries(site, own)[0], entries(site, other)[0]
    assert bureau.get(f"/cases/{own.case_id}/then/{mine}").status_code == 200
    for path in ("", "/position.json", "/diagram.bpmn"):
        assert bureau.get(f"/cases/{own.case_id}/then/{theirs}{path}").status_code == 404
        assert stranger.get(f"/cases/{own.case_id}/then/{mine}{path}").status_code == 404
    assert bureau.get(f"/cases/{own.case_id}/then?event=1").headers["Location"].endswith(f"/then/{mine}")


def test_each_completion_keeps_what_it_said_though_it_was_called_back(site: Site) -> None:
    """A 撤回 opens the same row again: what was said the first time stays with the first event (8.2)."""
    walk = site.walk(0)
    walk.pass_days(1)
    walk.complete("receive")
    walk.pass_days(1)
    walk.complete("field_survey", villagers_opinion="群众希望继续种")
    item = walk.items("field_survey")[-1]
    with walk.acting(item.role, item.unit_id) as acting:
        call_back(acting, item.id, "填错了")
    walk.pass_days(1)
    walk.complete("field_survey", villagers_opinion="群众希望改种")
    _received, first, second = entries(site, walk, "complete")
    back = entries(site, walk, "call_back")[0]
    person = site.bureau()
    pages = {each: text(person, f"/cases/{walk.case_id}/then/{each}") for each in (first, back, second)}
    assert "群众希望继续种" in pages[first]
    assert "群众希望改种" not in pages[first]
    assert "群众希望继续种" in pages[back]
    assert "群众希望继续种" in pages[second]
    assert "群众希望改种" in pages[second]
    assert {"群众希望继续种", "群众希望改种"} <= set(
        re.findall("群众希望[^<]*", text(person, f"/cases/{walk.case_id}?tab=trail"))
    )


def test_entries_on_a_step_that_stays_open_are_read_one_by_one(site: Site) -> None:
    walk = site.walk(0)
    walk.to("disposal")
    for percent, words in ((30, "开始整地"), (60, "已经栽苗")):
        walk.pass_days(1)
        walk.complete("disposal", action="progress", percent=str(percent), text=words)
    begun, planted = entries(site, walk, "entry")
    person = site.bureau()
    assert "开始整地" in text(person, f"/cases/{walk.case_id}/then/{begun}")
    assert "已经栽苗" not in text(person, f"/cases/{walk.case_id}/then/{begun}")
    assert "已经栽苗" in text(person, f"/cases/{walk.case_id}/then/{planted}")


def test_changes_by_a_workbook_and_by_another_case_are_taken_back(site: Site) -> None:
    walk = site.walk(0)
    walk.pass_days(1)
    walk.complete("receive")
    received = entries(site, walk)[-1]
    clerk = site.town()
    content, sheet = exported(clerk)
    row = next(row for row in range(5, 40) if sheet[f"C{row}"].value == walk.project.number)
    cells = {f"AB{row}": "后来写的备注", f"O{row}": 7.5}
    address, _page, seal = preview(clerk, edited(content, **cells))
    assert clerk.post(address, {"seal": seal}).status_code == 303
    after = entries(site, walk)[-1]
    person = site.bureau()
    assert "后来写的备注" not in text(person, f"/cases/{walk.case_id}/then/{received}")
    assert "后来写的备注" in text(person, f"/cases/{walk.case_id}/then/{after}")
    assert "75,000.00" not in text(person, f"/cases/{walk.case_id}/then/{received}")


def test_papers_are_those_that_lay_there_and_can_still_be_read(site: Site) -> None:
    walk = site.walk(0)
    walk.to("party_meeting")
    walk.pass_days(1)
    surveyed = entries(site, walk, "complete")[1]
    with transaction(site.ground.sessions) as session:
        paper = session.scalars(select(Attachment).where(Attachment.case_id == walk.case_id)).first()
        assert paper is not None
        paper.removed_at, paper_id = walk.now, paper.id
    walk.pass_days(1)
    walk.complete("party_meeting")
    person, later = site.bureau(), entries(site, walk)[-1]
    assert f"/papers/{paper_id}" in text(person, f"/cases/{walk.case_id}/then/{surveyed}")
    assert f"/papers/{paper_id}" not in text(person, f"/cases/{walk.case_id}/then/{later}").split("当时的材料")[1]
    assert person.get(f"/papers/{paper_id}").status_code == 200
    assert site.town("鹿角镇").get(f"/papers/{paper_id}").status_code == 404


def test_a_paper_taken_off_before_it_was_handed_in_is_gone(site: Site) -> None:
    walk = site.walk(0)
    walk.to("party_meeting")
    with transaction(site.ground.sessions) as session:
        paper = session.scalars(select(Attachment).where(Attachment.case_id == walk.case_id)).first()
        item = walk.item("party_meeting")
        assert paper is not None
        mistaken = Attachment(
            sha256=paper.sha256, kind=paper.kind, name="误传.pdf", case_id=walk.case_id, item_id=item.id
        )
        mistaken.attached_at, mistaken.removed_at = walk.now, walk.now + timedelta(minutes=1)
        session.add(mistaken)
        session.flush()
        paper_id = mistaken.id
    walk.pass_days(1)
    walk.complete("party_meeting")
    assert site.town().get(f"/papers/{paper_id}").status_code == 404


def test_whose_a_step_was_before_it_was_handed_over(site: Site) -> None:
    walk = site.walk(0)
    walk.to("preliminary_opinion")
    before = entries(site, walk)[-1]
    walk.pass_days(1)
    item, other = walk.item("preliminary_opinion"), site.ground.county.townships["保家镇"]
    with walk.acting(item.role, item.unit_id) as acting:
        transfer(acting, item.id, item.revision, other.id, "由保家镇办理")
    page = text(site.bureau(), f"/cases/{walk.case_id}/then/{before}")
    waiting = page.split("当时正在办理")[1].split("当时的流程图")[0]
    assert "桑柘镇" in waiting
    assert "保家镇" not in waiting
