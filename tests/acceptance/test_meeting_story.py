"""A party-group meeting over 30 projects and the leading group's over 300, by clicks in Chromium (P4, P6, issue 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete, select

from ledger.cases import Case, WorkItem
from ledger.db import transaction
from ledger.papers import Attachment
from ledger.projects import Classification, Project
from ledger.vocabulary import ItemStatus
from tests.acceptance.houses import served
from tests.acceptance.people import NARROW, WIDE, House, Person
from tests.benchmarks.crowd import crowd
from tests.benchmarks.figures import Place
from tests.walk import Ground, Walk
from tests.webapp.conftest import site_over


@contextmanager
def crowded(ground: Ground, step: str, count: int, browser: Browser, pictures: Path) -> Iterator[House]:
    """Serve a county in which so many projects wait for one step."""
    Walk(ground, ground.projects[0]).to(step)
    with transaction(ground.sessions) as session:
        session.execute(delete(Project).where(Project.id != ground.projects[0].id))
    place = Place("sqlite", "", ground.papers, ground.sessions)
    crowd(place, count, Project, Case, WorkItem, Classification, Attachment)
    with transaction(ground.sessions) as session:
        for number, project in enumerate(session.scalars(select(Project).order_by(Project.id)).all()):
            project.name = f"{2014 + number % 9}年桑柘镇第{number + 1}号产业基地"
    site = site_over(ground, datetime.now().astimezone())
    with served(site.app) as address:
        house = House(address, browser, pictures)
        try:
            yield house
        finally:
            house.close()
        assert house.complaints == []


def waiting(ground: Ground, stem: str) -> int:
    with transaction(ground.sessions, writes=False) as session:
        open_items = (WorkItem.stem == stem, WorkItem.status == ItemStatus.OPEN)
        return len(session.scalars(select(WorkItem.id).where(*open_items)).all())


def plan(person: Person, title: str) -> None:
    person.menu("会议")
    person.page.get_by_role("link", name="登记会议").click()
    person.fill(title=title, held_on=person.today(), place="二楼会议室", chair="主持人甲", attendance="成员甲、成员乙")
    person.page.get_by_role("button", name="登记", exact=True).click()
    expect(person.page.get_by_text("会议已登记")).to_be_visible()
    person.page.get_by_role("link", name="列入项目").click()


def lines(page: Page, count: int) -> list[str]:
    """Return the agenda's lines in their order, once the page has all of them."""
    expect(page.locator("tr[data-line]")).to_have_count(count)
    found: list[str] = page.locator("tr[data-line]").evaluate_all("rows => rows.map(row => row.dataset.line)")
    return found


@pytest.mark.usefixtures("quick_prints")
def test_p4_a_party_group_meeting_over_30_projects(sqlite_ground: Ground, browser: Browser, screenshots: Path) -> None:
    with crowded(sqlite_ground, "party_meeting", 30, browser, screenshots) as house:
        clerk = house.person("sangzhezhen.jingban")
        page = clerk.page
        plan(clerk, "桑柘镇党委第12次会议")
        page.locator("#agenda-all").check()
        expect(page.locator("[data-chosen]")).to_have_text("（30）")
        clerk.look("agenda-add")
        page.get_by_role("button", name="列入选中的").click()
        first, second, third, *_others = lines(page, 30)

        grip = page.locator(f'[data-line="{third}"] .grip')
        place = page.locator(f'[data-line="{first}"] .grip')
        place.evaluate("grip => grip.scrollIntoView({block: 'center'})")
        grip.hover()
        target = place.bounding_box()
        assert target is not None
        page.mouse.down()
        page.mouse.move(target["x"] + 5, target["y"] - 4, steps=8)
        with page.expect_response(lambda answer: answer.request.method == "POST") as saved:
            page.mouse.up()
        assert saved.value.status == 204
        page.reload()
        assert lines(page, 30)[:3] == [third, first, second]

        page.locator("#scope-all").check()
        page.get_by_role("button", name="按初步意见通过").click()
        expect(page.get_by_text("已设置 30 个项目")).to_be_visible()
        page.locator(f'[data-line="{second}"]').get_by_role("link", name="逐项填写").click()
        clerk.answer("verdict", "survey")
        clerk.answer("reason", "群众意见没有听全，须补充调研")
        clerk.look("agenda-line")
        page.get_by_role("button", name="保存", exact=True).click()
        clerk.look("agenda-30")
        page.set_viewport_size(NARROW)  # on the phone the same clerk goes on
        page.get_by_role("link", name="登记议定结果（30）").click()
        clerk.look("agenda-decide")
        page.get_by_role("button", name="登记 30 个项目").click()
        expect(page.get_by_text("已登记 30 个项目的议定结果")).to_be_visible()
        page.set_viewport_size(WIDE)
        clerk.look("meeting-decided")
        with page.expect_download() as taken:
            page.locator("main").get_by_role("link", name=re.compile(r"^[^：]*\.docx$")).click()
        assert taken.value.suggested_filename == "桑柘镇党委第12次会议纪要.docx"
        assert (
            taken.value.path().read_text().startswith("桑柘镇党委第12次会议纪要")
        )  # papers are made of plain words here
        clerk.answer("scan", "签字纪要.pdf")
        page.get_by_role("button", name="上传扫描件").click()
        expect(page.get_by_role("link", name="签字纪要.pdf", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="列入项目")).to_have_count(0)
    assert (waiting(sqlite_ground, "application"), waiting(sqlite_ground, "field_survey")) == (29, 1)


@pytest.mark.usefixtures("quick_prints")
def test_p6_a_leading_group_meeting_over_300_projects(
    sqlite_ground: Ground, browser: Browser, screenshots: Path
) -> None:
    with crowded(sqlite_ground, "decision", 300, browser, screenshots) as house:
        clerk = house.person("lingdaoxiaozubangongshi.jingban")
        page = clerk.page
        plan(clerk, "领导小组2023年第3次会议")
        page.get_by_role("button", name="全部列入（300）").click()
        assert len(lines(page, 300)) == 300
        page.locator("#scope-all").check()
        page.get_by_role("button", name="按报送意见同意").click()
        expect(page.get_by_text("可登记 300")).to_be_visible()
        for box in page.locator('input[name="item"]').all()[:5]:
            box.check()
        page.get_by_text("设为其他结论").click()
        page.select_option("#set-verdict", "change")
        page.select_option("#set-category", "consolidate")
        page.fill("#set-reason", "链条完备，经营稳定")
        page.get_by_role("button", name="设置", exact=True).click()
        expect(page.get_by_text("已设置 5 个项目")).to_be_visible()
        page.get_by_role("link", name="登记议定结果（300）").click()
        clerk.look("agenda-decide-300")
        page.get_by_role("button", name="登记 300 个项目").click()
        expect(page.get_by_text("已登记 300 个项目的议定结果")).to_be_visible()
        assert waiting(sqlite_ground, "reply") == 300
        text = clerk.text()
        assert "调整后同意5个" in text
        assert "巩固5个、提升295个" in text
