"""Annex 4 and 5 and the archive as downloads, in the scope of who asks (F4, F5, P13, M2); history by year."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from bpmn.pushing import push_part
from bpmn.runtime import Acting
from ledger.archive_sums import SIGNATURE, SUMS
from ledger.campaigns import Campaign
from ledger.db import transaction
from ledger.demonstration import campaign_of
from ledger.projects import Project
from ledger.scope import CLOCK
from tests.webapp.conftest import Person, Site


def table(person: Person, address: str) -> list[tuple[Any, ...]]:
    answer = person.get(address)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(openpyxl.load_workbook(BytesIO(answer.data), data_only=True).worksheets[0].values)


def test_f4_the_statistics_are_those_of_what_a_person_sees(site: Site) -> None:
    sangzhe = [p for p in site.ground.projects if p.township_id == site.ground.county.townships["桑柘镇"].id]
    whole, own = (table(person, "/reports/annex4.xlsx") for person in (site.bureau(), site.town()))
    assert (whole[-1][1], whole[-1][3]) == ("合计", len(site.ground.projects))
    assert own[-1][3] == len(sangzhe) < len(site.ground.projects)
    assert len(whole[-1]) == 32
    unit = site.ground.county.townships["桑柘镇"]
    chosen = table(site.bureau(), f"/reports/annex4.xlsx?unit={unit.id}")
    assert [row[1] for row in chosen[4:]] == ["桑柘镇", "合计"]
    assert f"填报单位：{unit.name}" in chosen[1][0]
    assert site.town().get(f"/reports/annex4.xlsx?unit={site.ground.county.townships['保家镇'].id}").status_code == 404


def test_m2_a_number_is_whole_for_those_who_handle_the_project(site: Site) -> None:
    project = next(
        p for p in site.ground.projects if p.responsible_unit_id == site.ground.county.townships["桑柘镇"].id
    )
    for person, shown in ((site.town(), project.telephone), (site.bureau(), f"{project.telephone[:3]}****")):
        row = next(row for row in table(person, "/reports/annex5.xlsx") if row[2] == project.number)
        assert str(shown) in row[6]
        assert len(row) == 28


def test_the_page_shows_annex_4_and_offers_the_files(site: Site) -> None:
    page = site.bureau().get("/reports").text
    for words in ("另起炉灶项目", "下载统计表（附件4）", "下载管理台账（附件5）", "下载归档材料（压缩包）"):
        assert words in page


@pytest.mark.usefixtures("quick_prints")
def test_p13_a_cases_papers_are_one_zip_for_those_who_see_it(site: Site) -> None:
    walk = site.walk()
    walk.to("joint_review")
    site.catch_up(walk)
    answer = site.town().get(f"/cases/{walk.case_id}/archive.zip")
    with ZipFile(BytesIO(answer.data)) as package:
        assert any(name.endswith("归档目录.xlsx") and walk.project.number in name for name in package.namelist())
    assert site.town("鹿角镇").get(f"/cases/{walk.case_id}/archive.zip").status_code == 404
    with ZipFile(BytesIO(site.town().get("/reports/archive.zip").data)) as package:
        assert package.namelist() == ["目录.xlsx", SUMS, SIGNATURE]  # nothing has ended yet


@pytest.mark.usefixtures("quick_prints")
def test_p13_a_new_years_case_carries_the_earlier_one(site: Site) -> None:
    walk = site.walk()
    walk.to("unit_opinion")
    with transaction(site.ground.sessions) as session:
        next_year: Campaign = campaign_of(site.ground.county.county.id, 2024)
        session.add(next_year)
        session.flush()
        acting = Acting(session, CLOCK, walk.moment, site.ground.papers)
        assert push_part(acting, [session.get_one(Project, walk.project.id)], next_year).case_count == 1
        assert next_year.survey_on == date(2024, 11, 21)
    site.catch_up(walk)
    newest = max(int(case) for case in _cases(site, walk.project.id))
    page = site.town().get(f"/cases/{newest}").text
    assert "本项目其他批次的流程" in page
    assert f"/cases/{walk.case_id}" in page
    assert "2023年经营性帮扶产业项目" in page


def _cases(site: Site, project_id: int) -> list[str]:
    page = site.town().get(f"/projects/{project_id}").text
    return [part.split('"')[0] for part in page.split("/cases/")[1:] if part.split('"')[0].isdecimal()]
