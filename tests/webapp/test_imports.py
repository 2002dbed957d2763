"""Import in three steps and assigning what no unit was found for (P1)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ledger.cases import Case
from ledger.db import transaction
from ledger.papers import Attachment
from ledger.projects import Project
from tests.webapp.conftest import Person, Site

DATA = Path(__file__).parents[1] / "data"
CASES = Path(__file__).parents[1] / "cases" / "xlsx"
XLSX = "项目清单.xlsx"


def upload(person: Person, content: bytes, name: str = XLSX) -> Any:
    return person.post("/imports/new", {"workbook": (BytesIO(content), name)}, content_type="multipart/form-data")


def campaign(site: Site) -> dict[str, str]:
    return {"campaign": str(site.ground.county.campaign.id)}


def test_upload_check_confirm_and_push(site: Site) -> None:
    bureau = site.bureau()
    before = site.count(Project)
    checked = upload(bureau, (CASES / "ok_control.xlsx").read_bytes())
    assert checked.status_code == 303
    page = bureau.get(checked.headers["Location"]).text
    assert "新增 3" in page
    assert site.count(Project) == before
    assert bureau.post(checked.headers["Location"], {**campaign(site), "partly": "1"}).status_code == 303
    assert site.count(Project) == before + 3
    with transaction(site.ground.sessions, writes=False) as session:
        started = set(session.scalars(select(Case.project_id)))
        assigned = set(session.scalars(select(Project.id).where(Project.responsible_unit_id.is_not(None))))
    assert started == assigned


def test_the_same_workbook_again_changes_nothing(site: Site) -> None:
    bureau = site.bureau()
    for _ in range(2):
        checked = upload(bureau, (CASES / "ok_control.xlsx").read_bytes())
        bureau.post(checked.headers["Location"], {**campaign(site), "partly": "1"})
    page = bureau.get(checked.headers["Location"]).text
    assert "新增 0" in page
    assert "没有变化 3" in page


@pytest.mark.parametrize(
    "name", ["empty.xlsx", "garbage.xlsx", "renamed_html.xlsx", "macro_renamed.xlsx", "zip_bomb_one_cell_1GiB.xlsx"]
)
def test_what_is_no_workbook_is_refused_and_nothing_kept(site: Site, name: str) -> None:
    answer = upload(site.bureau(), (CASES / name).read_bytes(), name)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert site.count(Attachment) == 0


def test_an_upload_without_a_file_says_what_to_choose(site: Site) -> None:
    answer = site.bureau().post("/imports/new", {})
    assert (answer.status_code, "请选择从全国防返贫监测信息系统导出的 xlsx 文件" in answer.text) == (422, True)


def test_a_check_is_seen_by_who_made_it_only(site: Site) -> None:
    checked = upload(site.bureau(), (CASES / "ok_control.xlsx").read_bytes())
    assert site.town().get(checked.headers["Location"]).status_code == 403
    assert site.bureau().get("/imports/98765").status_code == 404


def test_confirming_needs_a_campaign(site: Site) -> None:
    bureau = site.bureau()
    checked = upload(bureau, (CASES / "ok_control.xlsx").read_bytes())
    answer = bureau.post(checked.headers["Location"], {"campaign": "999", "partly": "1"})
    assert (answer.status_code, "请选择推送到哪个工作批次" in answer.text) == (422, True)
    assert site.count(Case) == 0


def test_the_bureau_assigns_what_no_unit_was_found_for(site: Site) -> None:
    with transaction(site.ground.sessions) as session:
        project = session.get_one(Project, site.ground.projects[0].id)
        project.responsible_unit_id = None
    bureau, unit = site.bureau(), site.ground.county.townships["保家镇"]
    assert project.name in bureau.get("/unassigned").text
    bare = bureau.post(f"/unassigned/{project.id}", {"unit": str(unit.id)})
    assert (bare.status_code, "请选择承办单位和主管层级" in bare.text) == (422, True)
    assert bureau.post(f"/unassigned/{project.id}", {"unit": str(unit.id), "level": "township"}).status_code == 303
    assert bureau.post(f"/unassigned/{project.id}", {"unit": str(unit.id), "level": "township"}).status_code == 404
    assert bureau.post("/unassigned/push", campaign(site)).status_code == 303
    assert project.name in site.town("保家镇").get("/inbox").text
    assert site.town().post("/unassigned/push", campaign(site)).status_code == 403
