"""台账快照 on pages: any past day, two days compared, kept on request; for the county's own people (R3)."""

from __future__ import annotations

from io import BytesIO

import openpyxl
from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Moment
from ledger.projects import Project
from ledger.snapshots import Snapshot
from ledger.vocabulary import Role
from scheduler.keeping import Keeper
from tests.walk import local
from tests.webapp.conftest import Person, Site, exported


def text(person: Person, path: str) -> str:
    answer = person.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def keep_and_change(site: Site) -> Project:
    """Keep the state of 11-05, then let one project become 盘活."""
    Keeper(site.ground.sessions).keep(Moment(local(2023, 11, 6, 0), local(2023, 11, 6, 0)))
    with transaction(site.ground.sessions) as session:
        project = session.scalars(select(Project).order_by(Project.number)).all()[0]
        project.category, project.remark = "revive", "=1+1"
        return project


def test_r3_two_days_compared_project_by_project_and_as_workbook(site: Site) -> None:
    project = keep_and_change(site)
    bureau = site.bureau()
    page = text(bureau, "/snapshots/compare?from=2023-11-05")
    assert "1 个项目有变化" in page
    assert project.name in page
    assert "四个一批分类：" in page
    answer = bureau.post("/snapshots/compare", {"from": "2023-11-05"})
    rows = list(openpyxl.load_workbook(BytesIO(answer.data)).worksheets[0].values)[2:]
    assert rows == [
        (project.number, project.name, "四个一批分类", "", "盘活"),
        (project.number, project.name, "备注", "", "=1+1"),
    ]
    assert "不能比较" in text(bureau, "/snapshots/compare?from=2023-11-04")
    assert "没有变化" in text(bureau, "/snapshots/compare?from=2023-11-05&to=2023-11-05")


def test_r3_a_past_day_is_shown_as_it_was(site: Site) -> None:
    project = keep_and_change(site)
    bureau = site.bureau()
    page = text(bureau, "/snapshots/state?on=2023-11-05")
    assert project.number in page
    assert "=1+1" not in page
    assert "内容完整" in page
    assert "=1+1" in text(bureau, "/snapshots/state")
    assert "以前没有留存" in text(bureau, "/snapshots/state?on=2023-10-01")
    assert bureau.get("/snapshots/state?on=nonsense").status_code == 404
    answer = bureau.post("/snapshots/ledger.xlsx", {"on": "2023-11-05"})
    rows = list(openpyxl.load_workbook(BytesIO(answer.data)).worksheets[0].values)
    assert len(rows) == 4 + len(site.ground.projects) + 2  # heads on two levels below who and when, a sum, the notes


def test_r3_a_past_states_tables_are_laid_out_as_the_annexes_of_their_day(site: Site) -> None:
    keep_and_change(site)
    bureau = site.bureau()
    altered = {"E", "AB"}  # class and remark
    for table, beside, columns in (("ledger", "annex5", altered), ("statistics", "annex4", {"G"})):  # 盘活项目
        past, present = (
            openpyxl.load_workbook(BytesIO(answer.data)).worksheets[0]
            for answer in (
                bureau.post(f"/snapshots/{table}.xlsx", {"on": "2023-11-05"}),
                bureau.get(f"/reports/{beside}.xlsx"),
            )
        )
        assert past.merged_cells.ranges == present.merged_cells.ranges
        assert past["A1"].value == present["A1"].value
        assert "更新时间：2023年11月5日" in past["A2"].value
        assert (past.freeze_panes, past.print_title_rows) == (present.freeze_panes, "$3:$4")
        cells = [cell for row in present.iter_rows(min_row=3) for cell in row]
        assert {cell.column_letter for cell in cells if cell.value != past[cell.coordinate].value} == columns


def test_r3_the_state_that_was_kept_is_the_one_that_is_opened(site: Site) -> None:
    """Kept before a change and, on the same day, after it: each is opened, taken away and compared by itself."""
    bureau = site.bureau()
    assert bureau.post("/snapshots", {"note": "报送前"}).status_code == 303
    with transaction(site.ground.sessions) as session:
        project = session.scalars(select(Project).order_by(Project.number)).all()[0]
        project.remark = "后来改的"
    assert bureau.post("/snapshots", {"note": "报送后"}).status_code == 303
    with transaction(site.ground.sessions, writes=False) as session:
        first, second = session.scalars(select(Snapshot.id).order_by(Snapshot.id))
    listed = text(bureau, "/snapshots")
    assert f"on=k{first}" in listed
    assert f"on=k{second}" in listed
    page = text(bureau, f"/snapshots/state?on=k{first}")
    assert "报送前" in page
    assert "后来改的" not in page
    assert "后来改的" in text(bureau, f"/snapshots/state?on=k{second}")
    cells = str(exported(bureau.post("/snapshots/ledger.xlsx", {"on": f"k{first}"})))
    assert project.number in cells
    assert "后来改的" not in cells
    assert "1 个项目有变化" in text(bureau, f"/snapshots/compare?from=k{first}&to=k{second}")
    assert "没有变化" in text(bureau, f"/snapshots/compare?from=k{second}")
    assert bureau.get("/snapshots/state?on=k999999").status_code == 404


def test_r3_kept_on_request_by_the_bureau_alone(site: Site) -> None:
    bureau, county = site.bureau(), site.person(site.ground.county.county.id, Role.SUPERVISOR)
    assert bureau.post("/snapshots", {"note": "报送前"}).status_code == 303
    assert county.post("/snapshots", {"note": "看看"}).status_code == 403
    page = text(county, "/snapshots")
    assert "报送前" in page
    assert "data-chart" in page
    assert 'action="/snapshots"' not in page
    with transaction(site.ground.sessions, writes=False) as session:
        assert [row.kind for row in session.scalars(select(Snapshot))] == ["request"]


def test_o1_a_township_sees_no_county_state(site: Site) -> None:
    keep_and_change(site)
    for path in ("/snapshots", "/snapshots/state", "/snapshots/compare"):
        assert site.town().get(path).status_code == 403
    assert site.town().post("/snapshots/ledger.xlsx").status_code == 403
    assert site.bureau().get("/snapshots?county=999999").status_code == 404
