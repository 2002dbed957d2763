"""Whose eyes a paper is for: a batch's its unit's, a filed ledger with telephone numbers who handles it (O1, M2)."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import openpyxl
import pytest
from sqlalchemy import select

from ledger.db import transaction
from ledger.papers import Attachment
from ledger.vocabulary import Level, Role
from tests.walk import Walk
from tests.webapp.conftest import Person, Site


def sent(site: Site, level: Level) -> tuple[Walk, dict[str, int]]:
    """Send one project of a level to the leading group; returns it and the batch's papers by kind."""
    project = next(n for n, each in enumerate(site.ground.projects) if each.level == level)
    walk = site.walk(project)
    walk.to("acceptance_check")
    site.catch_up(walk)
    with transaction(site.ground.sessions, writes=False) as session:
        lying = session.scalars(select(Attachment).where(Attachment.batch_id.is_not(None)))
        return walk, {paper.kind: paper.id for paper in lying}


def opened(person: Person, papers: dict[str, int]) -> set[str]:
    """Return which papers a person gets, each by every way there is."""
    ways = ("", "/view", "/pdf")
    answers = {kind: {person.get(f"/papers/{n}{way}").status_code for way in ways} for kind, n in papers.items()}
    assert all(codes == {404} or 404 not in codes for codes in answers.values()), answers
    return {kind for kind, codes in answers.items() if codes != {404}}


@pytest.mark.usefixtures("quick_prints")
def test_o1_a_department_s_batch_is_not_shown_on_whose_ground_one_of_its_projects_stands(site: Site) -> None:
    walk, papers = sent(site, Level.DEPARTMENT)
    assert set(papers) == {"request", "annex4", "annex5"}
    county, project = site.ground.county, walk.project
    town = next(unit for unit in county.townships.values() if unit.id == project.township_id)
    department = next(unit for unit in county.departments.values() if unit.id == project.responsible_unit_id)
    place = site.town(town.short_name)
    page = place.get(f"/cases/{walk.case_id}?tab=papers")
    assert page.status_code == 200
    assert opened(place, papers) == set()
    assert not [number for number in papers.values() if f"/papers/{number}" in page.text]
    assert "由报送单位和县级经办部门保管" in page.text
    assert [opened(each, papers) for each in (site.person(department.id), site.bureau(), site.office())] == [
        set(papers)
    ] * 3


@pytest.mark.usefixtures("quick_prints")
def test_m2_a_filed_ledger_with_whole_numbers_is_for_who_handles_it(site: Site) -> None:
    walk, papers = sent(site, Level.VILLAGE)
    village = site.person(walk.project.village_id or 0)
    assert village.get(f"/cases/{walk.case_id}").status_code == 200
    assert opened(village, papers) == set()  # it lists the other villages of the township
    whole = walk.project.telephone or ""
    rows = openpyxl.load_workbook(BytesIO(site.bureau().get(f"/papers/{papers['annex5']}").data)).worksheets[0].values
    assert any(whole in str(row[6]) for row in rows)
    supervisor = site.person(site.ground.county.county.id, Role.SUPERVISOR)
    assert opened(supervisor, papers) == {"request", "annex4"}
    for person, there in ((supervisor, False), (site.town(), True), (site.bureau(), True)):
        with ZipFile(BytesIO(person.get(f"/cases/{walk.case_id}/archive.zip").data)) as package:
            names = package.namelist()
            assert any("管理台账/" in name for name in names) is there
            told = package.read(next(name for name in names if name.endswith("归档目录.xlsx")))
        cells = [str(cell) for row in openpyxl.load_workbook(BytesIO(told)).worksheets[0].values for cell in row]
        assert ("由报送单位和县级经办部门保管，未装入" in cells) is not there
