"""项目台账: sorted by its heads, searches kept and shared, taken away as a workbook (issue 5 item 1)."""

from __future__ import annotations

import re
from decimal import Decimal
from io import BytesIO

from python_calamine import load_workbook
from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Entry
from ledger.projects import Project
from ledger.vocabulary import Role
from tests.webapp.conftest import Site


def names(page: str) -> list[str]:
    return re.findall(r'href="/projects/\d+">([^<]+)</a>', page)


def test_a_head_sorts_and_sorts_back(site: Site) -> None:
    with transaction(site.ground.sessions) as session:
        for number, project in enumerate(session.scalars(select(Project).order_by(Project.id))):
            project.funding_total_yuan = Decimal(number * 7 % 5)
    bureau = site.bureau()
    page = bureau.get("/projects").text
    assert 'href="/projects?sort=-money"' in page
    largest = bureau.get("/projects?sort=-money").text
    assert 'aria-sort="descending"' in largest
    assert 'href="/projects?sort=money"' in largest
    assert names(largest) == names(bureau.get("/projects?sort=money").text)[::-1]
    assert bureau.get("/projects?sort=money&after=1~x").status_code == 422
    assert 'href="/projects?level=village&amp;sort=class"' in bureau.get("/projects?level=village").text


def test_a_search_is_kept_for_oneself_and_for_the_unit(site: Site) -> None:
    town, signer, stranger = site.town(), site.town(role=Role.SIGNER), site.town("保家镇")
    asked = {"q": "茶", "level": "village", "sort": "-money"}
    found = town.post("/projects", {**asked, "_action": "search"}).headers["Location"]
    assert found == "/projects?q=%E8%8C%B6&level=village&sort=-money"
    saved = town.post("/projects", {**asked, "_action": "save", "save_as": "村级的大项目", "shared": "1"})
    assert saved.headers["Location"] == found
    assert "村级的大项目" in signer.get("/projects").text
    assert "桑柘镇经办甲共享" in signer.get("/projects").text
    assert "村级的大项目" not in stranger.get("/projects").text
    number = re.search(r'name="_drop" value="(\d+)"', town.get("/projects").text)
    assert number is not None
    signer.post("/projects", {"_drop": number[1]})
    assert "村级的大项目" in town.get("/projects").text
    assert "村级的大项目" not in town.get("/inbox").text
    town.post("/projects", {"_drop": number[1]})
    assert "村级的大项目" not in town.get("/projects").text
    assert town.post("/projects", {**asked, "_action": "clear"}).headers["Location"] == "/projects"
    assert "还没有选择条件" in town.post("/projects", {"_action": "save", "save_as": "空"}, follow_redirects=True).text


def test_the_filtered_list_is_taken_away_with_what_one_may_see(site: Site) -> None:
    walk = site.walk()
    with transaction(site.ground.sessions) as session:
        session.get_one(Project, walk.project.id).name = "=HYPERLINK(1)"
    town, bureau = site.town(), site.bureau()
    own, county = (
        load_workbook(BytesIO(person.post("/projects", {"_action": "export", "sort": "-money"}).data))
        .get_sheet_by_index(0)
        .to_python()
        for person in (town, bureau)
    )
    assert own[1][:5] == ["序号", "项目名称", "项目编号", "实施年度", "主管层级"]
    assert own[1][-2:] == ["当前环节", "最近变动"]
    assert len(county) - 2 == len(site.ground.projects)
    mine = {project.number for project in site.ground.projects if "桑柘镇" in project.name}
    assert {row[2] for row in own[2:]} == mine
    (line,) = [row for row in own if row[2] == walk.project.number]
    assert (line[1], line[-2], line[-4]) == ("=HYPERLINK(1)", "签收项目", "办理中")
    assert line[9] == float(walk.project.funding_total_yuan)
    with transaction(site.ground.sessions, writes=False) as session:
        rows = [entry.detail for entry in session.scalars(select(Entry).where(Entry.act == "export"))]
    assert [f'"rows":{count}' in told for count, told in zip((len(mine), len(county) - 2), rows, strict=True)] == [
        True,
        True,
    ]
