"""The interface: campaigns, cases as a list, cases started for chosen projects, projects given a unit (P1, T2)."""

from __future__ import annotations

from sqlalchemy import select

from ledger.cases import Case
from ledger.db import transaction
from ledger.journal import Entry
from ledger.projects import Project
from tests.webapp.api.conftest import Programs
from tests.webapp.conftest import Site


def entered(site: Site, number: str, *, unit: str | None) -> int:
    """Enter a project that no case is about, with or without a unit."""
    county = site.ground.county
    with transaction(site.ground.sessions) as session:
        project = Project(county_id=county.county.id, number=number, name=f"项目{number}", created_at=site.ground.now)
        project.responsible_unit_id = county.townships[unit].id if unit else None
        project.implementation_year, project.level = 2021, "township"
        session.add(project)
        session.flush()
        return project.id


def test_p1_a_program_pushes_chosen_projects_once_and_hears_of_each(both_sites: Site, both_programs: Programs) -> None:
    first, nowhere = entered(both_sites, "X1", unit="桑柘镇"), entered(both_sites, "X2", unit=None)
    bureau, campaign = both_programs("bureau"), both_sites.ground.county.campaign.id
    pushed = bureau.post("/cases", {"campaign_id": campaign, "project_ids": [nowhere, first, first]})
    told = pushed.json
    assert pushed.status_code == 200, pushed.text
    assert told is not None
    assert [each["project_id"] for each in told["started"]] == [first]
    assert told["already"] == []
    assert [(each["number"], "没有责任单位" in each["reason"]) for each in told["failures"]] == [("X2", True)]
    again = bureau.post("/cases", {"campaign_id": campaign, "project_ids": [first]}).json
    assert again == {"started": [], "already": [first], "failures": []}
    with transaction(both_sites.ground.sessions, writes=False) as session:
        assert len(session.scalars(select(Case).where(Case.project_id == first)).all()) == 1
        assert len(session.scalars(select(Entry).where(Entry.act == "push")).all()) == 2
    case_id = told["started"][0]["case_id"]
    found = both_programs("桑柘镇").get(f"/cases?project={first}&stem=receive&status=running").json
    assert found is not None
    assert ([row["id"] for row in found["rows"]], found["total"]) == ([case_id], 1)
    assert both_programs("保家镇").get(f"/cases?project={first}").json == {"rows": [], "next": "", "total": 0}


def test_p1_a_push_needs_the_bureau_an_open_campaign_and_known_projects(site: Site, programs: Programs) -> None:
    known, campaign = entered(site, "X1", unit="桑柘镇"), site.ground.county.campaign.id
    bureau = programs("bureau")
    assert programs("桑柘镇").post("/cases", {"campaign_id": campaign, "project_ids": [known]}).status_code == 403
    for given, field in (
        ({"campaign_id": 98765, "project_ids": [known]}, "campaign_id"),
        ({"campaign_id": campaign, "project_ids": [known, 98765]}, "project_ids"),
        ({"campaign_id": campaign, "project_ids": []}, "project_ids"),
        ({"campaign_id": campaign, "project_ids": list(range(1, 502))}, "project_ids"),
    ):
        refused = bureau.post("/cases", given)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (400, field)  # type: ignore[index]
    assert site.count(Case) == 0
    listed = bureau.get("/campaigns").json
    assert listed is not None
    assert [(each["id"], each["closed"], len(each["dates"])) for each in listed] == [(campaign, False, 7)]


def test_p1_what_waits_for_a_unit_is_given_one(site: Site, programs: Programs) -> None:
    waiting, town = entered(site, "X1", unit=None), site.ground.county.townships["桑柘镇"]
    bureau, path = programs("bureau"), f"/projects/{waiting}/assign"
    assert bureau.post(path, {"unit_id": 98765, "level": "township"}).status_code == 400
    given = bureau.post(path, {"unit_id": town.id, "level": "township"})
    assert (given.status_code, given.json["unit"]) == (200, {"id": town.id, "name": "桑柘镇"})  # type: ignore[index]
    again = bureau.post(path, {"unit_id": town.id, "level": "township"})
    assert (again.status_code, again.json["errors"][0]["detail"]) == (400, "这个项目不在待分派的项目里")  # type: ignore[index]
    own = programs("桑柘镇").get(f"/projects?year=2021&township={town.id}&state=none").json
    assert own is not None
    assert [row["number"] for row in own["rows"]] == ["X1"]


REFUSED = (
    ("/projects?categroy=revive", "categroy", "没有这个查询参数"),
    ("/projects?category=dance", "category", "只能是 consolidate"),
    ("/projects?unit=x", "unit", "应为编号"),
    ("/cases?status=asleep", "status", "只能是 running"),
    ("/cases?campaign=99999999999", "campaign", "应为编号"),
    ("/items?list=everything", "list", "只能是 inbox"),
    ("/me?q=1", "q", "没有这个查询参数"),
)


def test_a_question_that_is_not_as_described_is_refused(programs: Programs) -> None:
    town = programs("桑柘镇")
    for path, field, sentence in REFUSED:
        answer = town.get(path)
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), path
        (error,) = answer.json["errors"]  # type: ignore[index]
        assert error["field"] == field
        assert sentence in error["detail"]
