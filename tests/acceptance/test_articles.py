"""One story per paragraph of 四、工作流程 over HTTP, on both databases (issue 2, item 10).

What a story expects is read off the directive and `spec/procedure.md`, and counted by hand.
"""

from __future__ import annotations

import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from ledger.cases import Case, WorkItem
from ledger.db import day_of
from ledger.meetings import Reply, ReplyCase
from ledger.projects import Classification, Project
from ledger.vocabulary import CaseStatus, Category, Role
from tests.acceptance.clerk import Matter, Town, links, pdf, sentences, table, workbook, words
from tests.walk import FILE
from tests.webapp.conftest import Site

EXPORT = Path(__file__).parents[1] / "data" / "export-plain-1086.xlsx"
SANGZHE_VILLAGE = "500002021500243000753"  # 桑柘镇 云顶村, 村级
SANGZHE_TOWN = "500002014500243000017"  # 桑柘镇, 乡镇
BAOJIA_VILLAGE = "500002020500243000839"  # 保家镇 云顶村, 村级
FORESTRY = "500002021500243000750"  # 县林业局, 部门; it stands in 鹿角镇
ELSEWHERE = "500002021500243000001"  # 黄家镇, no unit of this small county


@pytest.fixture
def town(both_sites: Site) -> Town:
    return Town(both_sites)


def rows_of(*numbers: str) -> list[list[Any]]:
    """Return the header and some projects of the national system's export."""
    rows = [list(row) for row in load_workbook(BytesIO(EXPORT.read_bytes())).worksheets[0].iter_rows(values_only=True)]
    return [rows[0], *(row for row in rows[1:] if row[6] in numbers)]


def inbox(town: Town, name: str) -> str:
    return words(town.town(name).get("/inbox").text)


def test_article_11_projects_are_imported_pushed_handed_back_and_withdrawn(town: Town) -> None:
    """P1: the bureau takes the export, what finds no unit waits; a unit hands back, another gets it, one is withdrawn."""
    bureau, campaign = town.bureau(), str(town.site.ground.county.campaign.id)
    book = workbook(rows_of(SANGZHE_VILLAGE, SANGZHE_TOWN, BAOJIA_VILLAGE, FORESTRY, ELSEWHERE))
    checked = bureau.post("/imports/new", {"workbook": (book, "导出.xlsx")}, content_type="multipart/form-data")
    assert checked.status_code == 303, sentences(checked)
    page = words(bureau.get(checked.headers["Location"]).text)
    assert "新增5" in page
    assert "待分派1" in page
    assert "有错误0处" in page
    assert len(town.rows(Project)) == 5  # checking writes nothing: those of the ground alone
    confirmed = bureau.post(checked.headers["Location"], {"campaign": campaign})
    assert confirmed.status_code == 303
    # four of the five find their unit; the ground's own five projects were waiting for a push too
    assert len(town.rows(Case)) == 4 + 5
    assert "新增项目5个" in words(bureau.get(confirmed.headers["Location"]).text)

    waiting = town.rows(Project, Project.number == ELSEWHERE)[0]
    given = {"unit": str(town.site.ground.county.townships["保家镇"].id), "level": "township"}
    assert bureau.post(f"/unassigned/{waiting.id}", given).status_code == 303
    assert bureau.post("/unassigned/push", {"campaign": campaign}).status_code == 303
    assert len(town.rows(Case)) == 10
    assert waiting.name in inbox(town, "保家镇")

    # a village's project goes to its township, a department's to the department (art. 12)
    assert town.matter_of(SANGZHE_VILLAGE).unit("receive") == "桑柘镇"
    assert town.matter_of(FORESTRY).unit("receive") == "县林业局"
    # 2 working days after Monday 2023-11-06, that day not counted, end on Wednesday at 24:00
    due_at = town.matter_of(SANGZHE_VILLAGE).walk.item("receive").due_at
    assert due_at.isoformat() == "2023-11-08T16:00:00+00:00"

    moved = town.matter_of(SANGZHE_TOWN)
    assert "退回理由" in moved.refused("receive", verdict="back", reason=None)
    moved.do("receive", verdict="back", reason="项目由保家镇实施")
    assert "项目由保家镇实施" in moved.open("reassign")
    moved.do("reassign", verdict="unit", unit=str(town.site.ground.county.townships["保家镇"].id), reason="改派")
    assert moved.unit("receive") == "保家镇"
    assert town.town("鹿角镇").get(moved.address).status_code == 404  # O1: no business of theirs
    moved.do("receive", verdict="taken", level="township")
    assert moved.walk.waiting() == ["field_survey"]

    withdrawn = town.matter_of(BAOJIA_VILLAGE)
    withdrawn.do("receive", verdict="back", reason="不是经营性项目")
    withdrawn.do("reassign", verdict="withdraw", reason="不是经营性帮扶产业项目")
    assert withdrawn.case.status == CaseStatus.WITHDRAWN
    assert withdrawn.walk.waiting() == []
    assert "撤销" in town.bureau().get(withdrawn.address).text

    again = bureau.post("/imports/new", {"workbook": (book_again(), "导出.xlsx")}, content_type="multipart/form-data")
    assert "新增0" in words(bureau.get(again.headers["Location"]).text)


def book_again() -> BytesIO:
    return workbook(rows_of(SANGZHE_VILLAGE, SANGZHE_TOWN, BAOJIA_VILLAGE, FORESTRY, ELSEWHERE))
