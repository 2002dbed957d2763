"""时光回溯: a case, its forms and its diagram as they were at any event (issue 8 item 2)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from bpmn.acts import call_back, send_back
from ledger.db import transaction
from ledger.journal import Entry
from tests.walk import Walk
from tests.webapp.conftest import Site
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
