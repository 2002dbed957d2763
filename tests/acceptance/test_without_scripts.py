"""Without JavaScript a clerk still does the day's work: signs in, opens the inbox, fills a form (issue 5)."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import Browser, expect

from ledger.demonstration import PASSWORD
from tests.acceptance.houses import served
from tests.acceptance.people import NARROW
from tests.walk import Ground, Walk
from tests.webapp.conftest import site_over


@pytest.mark.usefixtures("quick_prints")
def test_a_clerk_takes_a_project_without_scripts(sqlite_ground: Ground, browser: Browser) -> None:
    site = site_over(sqlite_ground, datetime.now().astimezone())
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    with served(site.app) as address:
        context = browser.new_context(viewport=NARROW, locale="zh-CN", java_script_enabled=False)  # type: ignore[arg-type]
        try:
            page = context.new_page()
            page.goto(f"{address}/login")
            page.fill("#login", "sangzhezhen.jingban")
            page.fill("#password", PASSWORD)
            page.get_by_role("button", name="登录").click()
            expect(page).to_have_title("(1) 待办 - 四个一批")
            page.get_by_role("link", name=f"办理：{walk.project.name} 签收项目").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("签收项目")
            page.get_by_role("button", name="提交", exact=True).click()
            expect(page.locator(".error-summary")).to_be_visible()
            page.get_by_text("签收", exact=True).last.click()
            page.get_by_role("button", name="提交", exact=True).click()
            expect(page.get_by_role("heading", level=1)).to_have_text("“签收项目”已提交")
            expect(page.get_by_text("实地调研").first).to_be_visible()
            menu = page.get_by_role("navigation", name="主菜单")
            expect(menu).to_be_hidden()
            page.get_by_role("link", name="打开菜单").click()
            expect(menu).to_be_visible()
            menu.get_by_role("link", name="关闭菜单").click()
            expect(menu).to_be_hidden()
            page.get_by_role("link", name="打开菜单").click()
            menu.get_by_role("link", name="已办").click()
            expect(page.get_by_text(walk.project.name).first).to_be_visible()
        finally:
            context.close()
    assert walk.waiting() == ["field_survey"]
