"""The editor's page and what it asks and saves while one draws (issue 9 items 1 and 2)."""

from __future__ import annotations

import pytest

from handlers import HANDLERS, ROUND_STEMS
from ledger.db import transaction
from ledger.procedures import newest_versions
from ledger.vocabulary import Role
from tests.webapp.conftest import Person, Site


@pytest.fixture
def drawer(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def begun(drawer: Person) -> str:
    answer = drawer.post("/design/versions/1/drafts")
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_what_one_types_is_saved_and_a_second_window_is_told(site: Site, drawer: Person) -> None:
    draft = begun(drawer)
    diagram = drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True)
    changed = diagram.replace('name="签收项目"', 'name="签收"')
    saved = drawer.post(f"{draft}/diagram", {"revision": 1, "content": changed})
    assert (saved.status_code, saved.get_json()["revision"]) == (200, 2)
    late = drawer.post(f"{draft}/diagram", {"revision": 1, "content": diagram})
    assert (late.status_code, late.get_json()["revision"], late.get_json()["by"]) == (409, 2, "系统管理员甲")
    assert drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True) == changed
    page = drawer.get(f"{draft}/saves").get_data(as_text=True)
    assert page.count("恢复到这次") == 1
    assert drawer.post(f"{draft}/saves/1", {"kind": "diagram"}).status_code in (303, 404)


def test_the_problems_are_the_server_s_with_place_and_path(drawer: Person) -> None:
    draft = begun(drawer)
    assert drawer.get(f"{draft}/problems.json").get_json() == {"revision": 1, "problems": []}
    diagram = drawer.get(f"{draft}/diagram.bpmn").get_data(as_text=True)
    broken = diagram.replace('default="flow_receive_result_survey_review"', "").replace(
        ">exit_proposed<", ">exit_propose<"
    )
    drawer.post(f"{draft}/diagram", {"revision": 1, "content": broken})
    told = drawer.get(f"{draft}/problems.json").get_json()
    assert told["revision"] == 2
    assert {(each["code"], each["element"], each["severity"]) for each in told["problems"]} >= {
        ("no_default", "receive_result", "error"),
    }
    assert any("exit_propose" in each["message"] for each in told["problems"])


def test_what_can_be_chosen_has_words(drawer: Person) -> None:
    choices = drawer.get(f"{begun(drawer)}/catalogue.json").get_json()
    assert [each["value"] for each in choices["handlers"]] == [stem for stem in HANDLERS if stem not in ROUND_STEMS]
    assert all(each["meaning"].endswith("。") for each in choices["handlers"])
    reply = next(each for each in choices["handlers"] if each["value"] == "reply")
    assert reply["looks_at"] == ["领导小组审定", "单位意见"]
    assert all(each["label"] and each["label"] != each["value"] for each in choices["handlers"])
    assert all(each["label"] for each in choices["variables"])
    assert next(each for each in choices["handlers"] if each["value"] == "field_survey")["papers"]


def test_a_round_s_process_is_offered_the_rounds_handlers_only(site: Site, drawer: Person) -> None:
    with transaction(site.ground.sessions, writes=False) as session:
        weekly = newest_versions(session)["weekly_report"].id
    draft = str(drawer.post(f"/design/versions/{weekly}/drafts").headers["Location"])
    offered = {each["value"] for each in drawer.get(f"{draft}/catalogue.json").get_json()["handlers"]}
    assert offered == ROUND_STEMS


def test_only_the_system_administrator_draws(site: Site, drawer: Person) -> None:
    draft = begun(drawer)
    reviewer = site.person(site.ground.county.county.id, Role.SECURITY_ADMIN)
    assert reviewer.get(draft).status_code == 200
    assert 'data-editable="false"' in reviewer.get(draft).get_data(as_text=True)
    assert reviewer.post(f"{draft}/diagram", {"revision": 1, "content": "<x/>"}).status_code == 403
    assert site.town().get("/design").status_code == 403


def test_a_draft_given_up_is_saved_no_more(drawer: Person) -> None:
    draft = begun(drawer)
    assert drawer.post(f"{draft}/discard").status_code == 303
    assert drawer.post(f"{draft}/diagram", {"revision": 1, "content": "<x/>"}).status_code == 410
    assert drawer.post(f"{draft}/discard").status_code == 409
