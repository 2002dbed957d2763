"""The bureau at its reports: a week closed with two late units, a month compared, a check drawn twice (issue 8)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from ledger.db import transaction
from ledger.journal import Moment
from ledger.projects import Project
from scheduler.keeping import Keeper
from tests.acceptance.houses import served
from tests.acceptance.people import House, Person
from tests.walk import local
from tests.webapp.conftest import Site
from tests.webapp.test_rounds import Thursday

BUREAU = "xiangcunzhenxingju.jingban"
pytestmark = pytest.mark.usefixtures("quick_prints")


@pytest.fixture
def house(site: Site, browser: Browser, screenshots: Path) -> Iterator[House]:
    """The pages of a small county; at the end nothing was clipped, untranslated or broken."""
    with served(site.app) as address:
        opened = House(address, browser, screenshots)
        try:
            yield opened
        finally:
            opened.close()
    assert opened.complaints == []


def at_desk(house: House, entry: str) -> tuple[Person, Page]:
    """Sign the bureau's 经办人 in and open a page from the menu."""
    person = house.person(BUREAU)
    person.menu(entry)
    return person, person.page


def test_r2_the_bureau_closes_a_week_with_two_late_units(site: Site, house: House) -> None:
    thursday = Thursday(site)
    thursday.at(local(2023, 11, 17, 9))
    assert thursday.report("桑柘镇") == 303
    thursday.at(local(2023, 11, 23, 16, 30))
    person, page = at_desk(house, "周期报送")
    page.get_by_role("table").get_by_role("link", name="2023年11月23日周调度", exact=True).last.click()
    expect(page.get_by_role("row", name="保家镇 未报")).to_be_visible()
    page.get_by_role("button", name="催办全部未报单位").click()
    expect(page.get_by_text("个未报单位")).to_be_visible()
    assert [thursday.report(town) for town in ("保家镇", "鹿角镇")] == [303, 303]
    page.reload()
    page.get_by_label("情况说明").fill("两个镇迟报，已提醒")
    page.get_by_role("button", name="关闭本期并汇总").click()
    expect(page.get_by_text("迟报：保家镇、鹿角镇")).to_be_visible()
    expect(page.get_by_role("row", name="桑柘镇 按时")).to_be_visible()
    person.look("week-closed")
    with page.expect_download() as taken:
        page.get_by_role("button", name="导出表格").click()
    assert taken.value.suggested_filename == "2023年11月23日周调度.xlsx"
    person.menu("周期报送")
    expect(page.get_by_role("row", name="2023年11月23日周调度").filter(has_text="已关闭")).to_be_visible()


def test_r3_a_months_snapshot_is_compared_with_the_last(site: Site, house: House) -> None:
    sessions, keeper = site.ground.sessions, Keeper(site.ground.sessions)
    november, december = local(2023, 12, 8, 0, 5), local(2024, 1, 8, 0, 5)  # after each month's update
    keeper.keep(Moment(november, november))
    with transaction(sessions) as session:
        project = session.scalars(select(Project).order_by(Project.number)).all()[0]
        project.category = "revive"
        name = project.name
    keeper.keep(Moment(december, december))
    Thursday(site).at(local(2024, 1, 9))
    person, page = at_desk(house, "台账快照")
    kept = page.get_by_role("row").filter(has_text="每月")
    expect(kept).to_have_count(2)
    last, before = (kept.nth(n).get_by_role("link").inner_text()[:10] for n in range(2))
    page.locator("#from").fill(before)
    page.locator("#to").fill(last)
    page.get_by_role("button", name="比较", exact=True).click()
    expect(page.get_by_role("heading", name=f"{before} 到 {last}：1 个项目有变化")).to_be_visible()
    changed = page.get_by_role("row").filter(has_text=name)
    expect(changed).to_contain_text("四个一批分类：（空） → 盘活")
    person.look("months-compared")


def test_r5_a_check_drawn_twice_gives_the_same_projects(site: Site, house: House) -> None:
    drawn = []
    for _time in range(2):
        person, page = at_desk(house, "督查抽查")
        page.get_by_role("link", name="抽取项目").click()
        person.fill(title="第四季度抽查", percent="50", seed="2023-04")
        page.get_by_role("button", name="抽取", exact=True).click()
        expect(page.get_by_text("与原来一致")).to_be_visible()
        expect(page.locator("code")).to_have_text("2023-04")
        drawn.append(page.locator("main td .text-secondary.small").all_inner_texts())
    person.look("check-drawn")
    assert drawn[0] == drawn[1]
    assert 0 < len(drawn[0]) < len(site.ground.projects)
