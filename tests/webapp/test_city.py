"""市级: a city's people see their counties together, a county's people their own (O1, R5, issue 8 items 5 and 8)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bpmn.casefile import Acting
from bpmn.runtime import start_case
from bpmn.tallying import renew_tallies
from ledger.db import transaction
from ledger.demonstration import campaign_of
from ledger.journal import Moment
from ledger.people import Unit, User, appoint
from ledger.projects import Project
from ledger.scope import CLOCK
from ledger.sign_ins import hash_password
from ledger.vocabulary import Industry, Level, Role, UnitKind
from tests.webapp.conftest import Person, Site
from tests.webapp.test_process_map import PASSWORD, supervisor, text

BODIES = (UnitKind.BUREAU, UnitKind.AGRICULTURE, UnitKind.OFFICE, UnitKind.REVIEWER)


@dataclass(frozen=True)
class Neighbour:
    """The city and another county of it, with one project."""

    city_id: int
    county_id: int
    number: str


@pytest.fixture
def neighbour(site: Site) -> Neighbour:
    """Lay the other county and push its project, and one of the first county's five."""
    now, ground = site.ground.now, site.ground
    site.walk(0)
    with transaction(ground.sessions) as session:
        city = session.get_one(Unit, ground.county.county.parent_id)
        county = _unit(city, "500240", "石柱县", UnitKind.COUNTY)
        session.add(county)
        session.flush()
        county.path, county.county_id = f"{city.path}{county.id}/", county.id
        below = [_unit(county, f"500240-{kind}", f"石柱{kind.label}", kind) for kind in (*BODIES, UnitKind.TOWNSHIP)]
        session.add_all(below)
        session.flush()
        for unit in below:
            unit.path, unit.county_id = f"{county.path}{unit.id}/", county.id
        campaign = campaign_of(county.id, 2023)
        town = below[-1]
        project = Project(
            county_id=county.id, number="5000020235002409001", name="石柱的项目", implementation_year=2023,
            level=Level.TOWNSHIP, responsible_unit_id=town.id, township_id=town.id, unit_text=town.name,
            township_text=town.name, responsible_body=town.name, industry=Industry.PLANTING, construction="新建",
            created_at=now,
        )  # fmt: skip
        session.add_all((campaign, project))
        session.flush()
        start_case(Acting(session, CLOCK, Moment(now, now), ground.papers), project, campaign)
        found = Neighbour(city.id, county.id, project.number)
    renew_tallies(ground.sessions, now)
    return found


def _unit(parent: Unit, code: str, name: str, kind: UnitKind) -> Unit:
    return Unit(code=code, name=name, short_name=name, kind=kind, parent_id=parent.id, path="")


def city_handler(site: Site, unit_id: int) -> Person:
    with transaction(site.ground.sessions) as session:
        now = site.ground.now
        user = User(login="shiji", name="市级经办", password_hash=hash_password(PASSWORD), created_at=now)
        appoint(session, user, session.get_one(Unit, unit_id), Role.HANDLER)
    person = site.visitor()
    assert person.sign_in("shiji", PASSWORD).status_code == 303
    return person


def figures(person: Person) -> tuple[bool, ...]:
    """Say which counts the map and the board show: of both counties, of the first, of the other."""
    page, board = text(person, "/map"), text(person, "/board")
    here = [f"签收项目：在办 {count} 个" in page for count in (2, 1)]
    total = [f'项目总数</span><span class="tile-figure">{count}</span>' in board for count in (6, 5, 1)]
    return (*here, *total)


def test_o1_a_citys_supervisor_sees_two_counties_and_a_countys_one(site: Site, neighbour: Neighbour) -> None:
    city, other = supervisor(site, neighbour.city_id), supervisor(site, neighbour.county_id)
    first = site.person(site.ground.county.county.id, Role.SUPERVISOR)
    assert figures(city) == (True, False, True, False, False)
    assert figures(first) == (False, True, False, True, False)
    assert figures(other) == (False, True, False, False, True)
    own, foreign = site.ground.county.county.id, neighbour.county_id
    for path in ("/map", "/board", "/board/projects", "/stalled"):
        assert [person.get(f"{path}?area={own}").status_code for person in (city, first, other)] == [200, 200, 404]
        assert [person.get(f"{path}?area={foreign}").status_code for person in (city, first, other)] == [200, 404, 200]
    listed = [neighbour.number in text(person, "/board/projects") for person in (city, first, other)]
    assert listed == [True, False, True]


def test_r5_a_citys_handler_draws_a_check_in_a_county(site: Site, neighbour: Neighbour) -> None:
    city = city_handler(site, neighbour.city_id)
    page = text(city, "/checks/new")
    assert ("石柱县" in page, site.ground.county.county.short_name in page) == (True, True)
    wanted = {"title": "市级抽查", "strata": ["unit"], "percent": "100", "seed": "2023"}
    answer = city.post("/checks/new", {**wanted, "county": str(neighbour.county_id)})
    assert answer.status_code == 303, answer.text
    path = answer.headers["Location"]
    drawn = text(city, path)
    assert (neighbour.number in drawn, "与原来一致" in drawn, "重庆市" in text(city, "/checks")) == (True, True, True)
    assert supervisor(site, neighbour.county_id).get(path).status_code == 200
    assert site.bureau().get(path).status_code == 404  # of the first county
