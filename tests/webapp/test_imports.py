"""Import in three steps and assigning what no unit was found for (P1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

import bpmn.pushing
import webapp.importing
import webapp.imports
from bpmn.casefile import Acting
from bpmn.refusals import CannotStart
from ledger.campaigns import Campaign
from ledger.cases import Case
from ledger.db import transaction
from ledger.import_runs import ColumnMapping, ImportRun
from ledger.journal import Entry
from ledger.papers import Attachment
from ledger.people import User
from ledger.projects import Project
from ledger.scope import actor_of
from tests.forms.sheets.made import workbook
from tests.webapp.conftest import Person, Site
from webapp import background
from webapp.importing import Carrier, carry_on

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


HEADER = ("项目编号", "项目名称", "乡镇", "村", "项目大小")


def own_workbook(*rows: tuple[object, ...], header: tuple[str, ...] = HEADER) -> bytes:
    return workbook(header, *rows)


def outcome(site: Site, person: Person, content: bytes) -> tuple[str, str]:
    """Upload and confirm; return the run's address and the page it ends on."""
    address = upload(person, content).headers["Location"]
    assert person.post(address, {**campaign(site), "partly": "1"}).status_code == 303
    return address, person.get(address).text


def test_p1_a_header_said_once_is_known_from_then_on(site: Site) -> None:
    bureau = site.bureau()
    content = own_workbook(("P1", "甲", "桑柘镇", "云顶村", 12.5))
    address = upload(bureau, content).headers["Location"]
    page = bureau.get(address).text
    assert "没有识别的列（1）" in page
    said = {"column:项目大小": "funding_total"}
    assert bureau.post(f"{address}/columns", said).status_code == 303
    assert "没有识别的列" not in bureau.get(address).text
    again = upload(bureau, own_workbook(("P2", "乙", "桑柘镇", "云顶村", 30)))
    assert "没有识别的列" not in bureau.get(again.headers["Location"]).text
    assert bureau.post(again.headers["Location"], campaign(site)).status_code == 303
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.scalars(select(Project.funding_total_yuan).where(Project.number == "P2")).one() == 30


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"column:项目大小": "nonsense"}, "没有“nonsense”这一项"),
        ({"column:项目大小": "telephone", "column:别的": "telephone"}, "两列不能对应同一项内容"),
    ],
)
def test_a_header_said_wrongly_is_refused(site: Site, said: dict[str, str], sentence: str) -> None:
    bureau = site.bureau()
    header = (*HEADER, "别的")
    address = upload(bureau, own_workbook(("P1", "甲", "桑柘镇", "云顶村", 1, 2), header=header)).headers["Location"]
    answer = bureau.post(f"{address}/columns", said)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert site.count(ColumnMapping) == 0


def test_p1_errors_are_taken_away_as_a_workbook_and_the_good_rows_read(site: Site) -> None:
    bureau = site.bureau()
    content = own_workbook(("P1", "甲", "桑柘镇", "云顶村", 1), ("P2", None, "桑柘镇", "云顶村", 1))
    address = upload(bureau, content).headers["Location"]
    assert "有错误的行不会导入" in bureau.post(address, campaign(site)).text
    sheet = openpyxl.load_workbook(BytesIO(bureau.get(f"{address}/errors.xlsx").data)).worksheets[0]
    assert "项目名称" in str(sheet.cell(3, 6).value)
    before = site.count(Project)
    bureau.post(address, {**campaign(site), "partly": "1"})
    assert site.count(Project) == before + 1


def test_p1_what_was_not_shown_is_not_taken(site: Site) -> None:
    """A project that another import took in the meantime changes what is new: the person is asked again."""
    bureau, content = site.bureau(), own_workbook(("P1", "甲", "桑柘镇", "云顶村", 1))
    first, second = (upload(bureau, content).headers["Location"] for _ in range(2))
    bureau.post(first, campaign(site))
    answer = bureau.post(second, campaign(site))
    assert (answer.status_code, "有了变动" in answer.text, "没有变化 1" in answer.text) == (422, True, True)


def test_p1_a_project_that_cannot_be_pushed_is_named_and_the_others_go(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bpmn.pushing.start_cases

    def some(acting: Acting, projects: Sequence[Project], target: Campaign) -> list[Case]:
        if any(project.number == "P2" for project in projects):
            raise CannotStart("流程指定的单位不存在")
        return whole(acting, projects, target)

    monkeypatch.setattr(bpmn.pushing, "start_cases", some)
    bureau = site.bureau()
    rows = [(f"P{n}", f"项目{n}", "桑柘镇", "云顶村", 1) for n in range(1, 4)]
    address, page = outcome(site, bureau, own_workbook(*rows))
    assert "1 个未能推送" in page
    assert "流程指定的单位不存在" in page
    with transaction(site.ground.sessions, writes=False) as session:
        pushed = select(Project.number).join(Case, Case.project_id == Project.id).where(Project.number.startswith("P"))
        assert set(session.scalars(pushed)) == {"P1", "P3"}
    assert bureau.get(f"{address}/progress").headers["HX-Refresh"] == "true"


def test_p1_an_interrupted_push_goes_on_without_doubles(both_sites: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site, lost = both_sites, []
    bureau = site.bureau()
    monkeypatch.setattr(webapp.importing, "PUSHED_AT_ONCE", 2)
    whole = webapp.importing.push_part

    def dies(*given: Any) -> Any:
        if len(lost) == 1:
            raise SystemExit  # the process ends between two parts
        lost.append(1)
        return whole(*given)

    monkeypatch.setattr(webapp.importing, "push_part", dies)
    rows = [(f"P{n}", f"项目{n}", "桑柘镇", "云顶村", 1) for n in range(1, 6)]
    address = upload(bureau, own_workbook(*rows)).headers["Location"]
    with pytest.raises(SystemExit):
        bureau.post(address, campaign(site))
    assert site.count(Case) == 2
    assert bureau.post(f"{address}/resume").status_code == 422  # somebody may still carry it
    with transaction(site.ground.sessions) as session:
        run = session.scalars(select(ImportRun)).one()
        run.beat_at -= timedelta(minutes=1)
    assert "中断" in bureau.get(address).text
    monkeypatch.setattr(webapp.importing, "push_part", whole)
    assert bureau.post(f"{address}/resume").status_code == 303
    assert site.count(Case) == len(site.ground.projects) + 5
    assert f"已推送 {len(site.ground.projects) + 5} 个" in bureau.get(address).text


def test_p1_a_cancel_is_heard_between_two_parts_and_can_be_resumed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    bureau = site.bureau()
    background.install(site.app, lambda _work: None)  # nobody carries it yet
    address = upload(bureau, own_workbook(("P1", "甲", "桑柘镇", "云顶村", 1))).headers["Location"]
    bureau.post(address, campaign(site))
    assert "正在导入：0 / 1" in bureau.get(address).text
    assert bureau.post(f"{address}/cancel").status_code == 303
    assert "正在取消" in bureau.get(address).text
    with transaction(site.ground.sessions, writes=False) as session:
        run = session.scalars(select(ImportRun)).one()
        person = session.scalars(select(User).where(User.id == run.user_id)).one()
        carrier = Carrier(site.ground.sessions, site.ground.papers, actor_of(person), lambda: datetime.now(UTC))
    carry_on(carrier, run.id, "somebody else")
    assert "正在取消" in bureau.get(address).text
    carry_on(carrier, run.id, run.owner)
    assert "已取消：新增项目 0 个" in bureau.get(address).text
    background.install(site.app, lambda work: work())
    assert bureau.post(f"{address}/resume").status_code == 303
    assert "已完成：新增项目 1 个" in bureau.get(address).text
    told = bureau.get("/notices").text
    assert f'<a href="{address}">项目导入已完成</a>' in told
    assert "新增项目 1 个" in told


def test_p1_long_lists_have_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webapp.imports, "PAGE", 2)
    bureau = site.bureau()
    rows = [(f"P{n}", f"项目{n}号", "桑柘镇", "云顶村", 1) for n in range(1, 6)]
    address = upload(bureau, own_workbook(*rows)).headers["Location"]
    shown = [re.findall("项目[1-5]号", bureau.get(f"{address}?list=new&page={n}").text) for n in (1, 2, 3, 4)]
    assert shown == [["项目1号", "项目2号"], ["项目3号", "项目4号"], ["项目5号"], []]


def test_p1_a_project_handed_back_is_listed_with_its_reason(site: Site) -> None:
    walk = site.walk()
    walk.complete("receive", verdict="back", reason="不是本镇的项目")
    site.catch_up(walk)
    page = site.bureau().get("/unassigned").text
    assert "不是本镇的项目" in page
    assert f"/items/{walk.item('reassign').id}" in page


READABLE = {"bad_dimension_ref", "cell_without_ref", "dirty_values", "ok_shared_strings", "ok_control"}


def test_p1_every_hostile_workbook_is_refused_in_words_and_changes_nothing(site: Site) -> None:
    """cases/xlsx: 4xx with a Chinese sentence, no row but the audit's, no file kept; the readable ones are checked."""
    bureau = site.bureau()
    for path in sorted(CASES.glob("*.*")):
        kept = (site.count(Attachment), site.count(ImportRun), site.count(Project))
        answer = upload(bureau, path.read_bytes(), f"{path.stem}.xlsx")
        if path.stem in READABLE:
            assert answer.status_code == 303, path.name
            continue
        if answer.status_code == 303:  # read with what is wrong named row by row, or with nothing to take
            page = bureau.get(answer.headers["Location"]).text
            assert site.count(Project) == kept[2], path.name
            assert "第" in page, path.name
            continue
        assert answer.status_code == 422, path.name
        assert re.search(r'role="alert"[^>]*>[^<]*[\u4e00-\u9fff]', answer.text), path.name
        assert (site.count(Attachment), site.count(ImportRun), site.count(Project)) == kept, path.name
        with transaction(site.ground.sessions, writes=False) as session:
            refused = session.scalars(select(Entry).where(Entry.act == "import_refused").order_by(Entry.id.desc()))
            assert path.stem in next(iter(refused)).detail
