"""A supervisor finds the five worst steps of the county and the projects in them in under ten clicks (issue 8)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from bpmn.tallying import renew_tallies
from tests.acceptance.houses import served
from tests.acceptance.people import House
from tests.webapp.conftest import Site

STEPS = {
    "receive": "签收项目",
    "field_survey": "实地调研",
    "joint_review": "会审",
    "preliminary_opinion": "初步意见",
    "party_meeting": "党组研究",
}
MOST_CLICKS = 9


@pytest.mark.usefixtures("quick_prints")
def test_the_five_worst_steps_and_their_projects_in_under_ten_clicks(
    site: Site, browser: Browser, screenshots: Path
) -> None:
    walks = {stem: site.walk(number) for number, stem in enumerate(STEPS)}
    for stem, walk in walks.items():
        walk.to(stem)
        walk.pass_days(30)
    site.catch_up(walks["receive"])
    renew_tallies(site.ground.sessions, walks["receive"].now)
    clicks = []

    def click(target: Locator) -> None:
        clicks.append(1)
        target.click()

    with served(site.app) as address:
        house = House(address, browser, screenshots)
        page = house.person("ducha").page
        click(page.get_by_role("navigation", name="主菜单").get_by_role("link", name="流程监控"))
        expect(page.locator('[data-island="heat"][data-ready]')).to_be_attached()
        expect(page.locator(".heat-count").first).to_be_visible()
        click(page.get_by_role("link", name="1. "))
        worst = page.get_by_role("navigation", name="超期最多的环节").get_by_role("link")
        expect(worst).to_have_count(len(STEPS))
        found = {}
        for number in range(len(STEPS)):
            step = worst.nth(number).inner_text().split(" ")[0]
            click(worst.nth(number))
            expect(page.get_by_role("heading", name=f"“{step}”超期项目")).to_be_visible()
            found[step] = page.locator("main td a.fw-semibold").all_inner_texts()
        house.person("ducha").look("supervision-list")
        house.close()
    assert found == {STEPS[stem]: [walk.project.name] for stem, walk in walks.items()}
    assert len(clicks) <= MOST_CLICKS
    assert house.complaints == []
