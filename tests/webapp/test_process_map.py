"""流程监控: the figures and the projects behind them, each person within their own area (O1, issue 8 items 1 and 8)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bpmn.deployment import deploy, shipped_bundle
from bpmn.tallying import renew_tallies
from forms.sheets.grid import load_workbook
from ledger.db import transaction
from ledger.journal import Entry
from ledger.people import Unit, User, appoint
from ledger.projects import Project
from ledger.sign_ins import hash_password
from ledger.vocabulary import Role
from tests.walk import Walk
from tests.webapp.conftest import Person, Site, exported

PASSWORD = "Ducha-2023!!"  # of made-up people


def supervisor(site: Site, unit_id: int) -> Person:
    """Sign in a 督查 of a unit."""
    with transaction(site.ground.sessions) as session:
        login = f"ducha{unit_id}"
        now = site.ground.now
        user = User(login=login, name="督查乙", password_hash=hash_password(PASSWORD), created_at=now)
        appoint(session, user, session.get_one(Unit, unit_id), Role.SUPERVISOR)
    person = site.visitor()
    assert person.sign_in(login, PASSWORD).status_code == 303
    return person


def text(person: Person, path: str) -> str:
    answer = person.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def links(page: str) -> set[str]:
    return set(re.findall(r'href="(/cases/\d+)\?tab=diagram"', page))


@pytest.fixture
def pushed(site: Site) -> list[Walk]:
    """Five projects at 签收, counted by the clock; they are late from the third working day on."""
    walks = [site.walk(number) for number in range(len(site.ground.projects))]
    renew_tallies(site.ground.sessions, site.ground.now)
    return walks


def test_the_county_sees_every_case_and_its_step(site: Site, pushed: list[Walk]) -> None:
    person = site.person(site.ground.county.county.id, Role.SUPERVISOR)
    page = text(person, "/map")
    assert f"签收项目：在办 {len(pushed)} 个" in page
    listed = text(person, "/map/steps/receive")
    assert links(listed) == {f"/cases/{walk.case_id}" for walk in pushed}
    assert person.get("/map/steps/nothing").status_code == 404


def test_o1_a_towns_supervisor_sees_what_lies_in_the_town_and_nothing_else(site: Site, pushed: list[Walk]) -> None:
    county = site.ground.county
    town, other = county.townships["桑柘镇"], county.townships["保家镇"]
    person = supervisor(site, town.id)
    own = {
        f"/cases/{walk.case_id}"
        for walk in pushed
        if town.id in (walk.project.responsible_unit_id, walk.project.township_id)
    }
    assert 0 < len(own) < len(pushed)
    assert f"签收项目：在办 {len(own)} 个" in text(person, "/map")
    assert links(text(person, "/map/steps/receive")) == own
    for area in (other.id, county.county.id, county.county.parent_id, county.bureau.id, 99999):
        for path in ("/map", "/map/heat.json", "/map/versions", "/map/steps/receive"):
            assert person.get(f"{path}?area={area}").status_code == 404, (path, area)
        assert person.post(f"/map/steps/receive?area={area}").status_code == 404


def test_a_department_sees_only_what_it_runs_also_on_a_towns_ground(site: Site, pushed: list[Walk]) -> None:
    department = next(iter(site.ground.county.departments.values()))
    person = supervisor(site, department.id)
    own = {f"/cases/{walk.case_id}" for walk in pushed if walk.project.responsible_unit_id == department.id}
    assert links(text(person, "/map/steps/receive")) == own


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN])
def test_administrators_see_no_map(site: Site, role: Role) -> None:
    person = site.person(site.ground.county.county.id, role)
    assert {person.get(path).status_code for path in ("/map", "/map/heat.json", "/map/steps/receive")} == {403}


def test_late_cases_are_told_and_listed(site: Site, pushed: list[Walk]) -> None:
    pushed[0].pass_days(7)
    site.catch_up(pushed[0])
    pushed[0].complete("receive")
    renew_tallies(site.ground.sessions, pushed[0].now)
    person = site.bureau()
    page = text(person, "/map")
    assert f"签收项目：超期 {len(pushed) - 1} 个" in page
    assert links(text(person, "/map/steps/receive?late=1")) == {f"/cases/{walk.case_id}" for walk in pushed[1:]}
    state: dict[str, Any] = person.get("/map/heat.json?heat=late").get_json()
    assert state["steps"]["receive"]["late"] == f"超期 {len(pushed) - 1}"
    assert state["steps"]["receive"]["level"] == 4
    assert state["steps"]["survey_review"]["text"] == "1 个"  # the phase holds the case that went on
    assert "用时中位 5 个工作日" in state["steps"]["receive"]["words"]


def test_filters_narrow_figures_and_lists_alike(site: Site, pushed: list[Walk]) -> None:
    person = site.bureau()
    campaign = site.ground.county.campaign.id
    assert f"签收项目：在办 {len(pushed)} 个" in text(person, f"/map?campaign={campaign}&version=1")
    assert "签收项目：在办" not in text(person, f"/map?campaign={campaign + 1}")
    assert links(text(person, f"/map/steps/receive?campaign={campaign + 1}")) == set()
    assert "签收项目：在办" not in text(person, "/map?category=rebuild")


def test_filters_by_campaign_and_class_find_what_is_both(site: Site) -> None:
    walks = [site.walk(number) for number in range(4)]
    with transaction(site.ground.sessions) as session:
        for walk, category in zip(walks, ("rebuild", "rebuild", "upgrade", None), strict=True):
            session.get_one(Project, walk.project.id).category = category
    renew_tallies(site.ground.sessions, site.ground.now)
    person, campaign = site.bureau(), site.ground.county.campaign.id
    for category, found in (("rebuild", walks[:2]), ("upgrade", walks[2:3]), ("consolidate", [])):
        both = f"campaign={campaign}&category={category}"
        assert f"签收项目：在办 {len(found)} 个" in text(person, f"/map?{both}") or not found
        assert links(text(person, f"/map/steps/receive?{both}")) == {f"/cases/{walk.case_id}" for walk in found}
    assert links(text(person, f"/map/steps/receive?campaign={campaign}")) == {f"/cases/{w.case_id}" for w in walks}


def test_a_list_is_taken_away_as_a_workbook_and_journaled(site: Site, pushed: list[Walk]) -> None:
    answer = site.bureau().post("/map/steps/receive")
    assert answer.status_code == 200
    (sheet,) = load_workbook(answer.get_data()).sheets
    cells = [str(cell) for cells in sheet.rows.values() for cell in cells]
    assert all(walk.project.number in cells for walk in pushed)
    with transaction(site.ground.sessions, writes=False) as session:
        entry = session.scalars(select(Entry).where(Entry.act == "export")).one()
    assert f'"rows":{len(pushed)}' in entry.detail


def test_the_table_of_steps_is_a_workbook_journaled(site: Site, pushed: list[Walk]) -> None:
    rows = {row[0]: row[1:4] for row in exported(site.bureau().post("/map"))}
    assert rows["签收项目"] == ("环节", len(pushed), 0)
    with transaction(site.ground.sessions, writes=False) as session:
        assert "各环节一览" in session.scalars(select(Entry).where(Entry.act == "export")).one().detail


def test_two_versions_stand_side_by_side_each_over_its_own_cases(site: Site) -> None:
    for number in range(3):
        site.walk(number)
    bundle = shipped_bundle()
    with transaction(site.ground.sessions) as session:  # the new version calls the step otherwise
        newer = replace(bundle, diagram=bundle.diagram.replace('name="签收项目"', 'name="接收项目"'))
        assert deploy(session, newer, "测试", site.ground.now).number == 2
    for number in (3, 4):
        site.walk(number)
    renew_tallies(site.ground.sessions, site.ground.now)
    page = text(site.bureau(), "/map/versions")
    (line,) = (row for row in page.split("<tr>") if ">接收项目<" in row)
    assert re.findall(r'version=(\d)">(\d+)</a>', line) == [("1", "3"), ("2", "2")]
    assert page.index("第 1 版</th>") < page.index("第 2 版</th>")
    turned = text(site.bureau(), "/map/versions?left=2&right=1")
    assert turned.index("第 2 版</th>") < turned.index("第 1 版</th>")


def test_one_version_has_nothing_beside_it(site: Site, pushed: list[Walk]) -> None:
    assert "流程只有一个版本" in text(site.bureau(), "/map/versions")
