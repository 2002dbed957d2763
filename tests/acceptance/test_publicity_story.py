"""Two publicities by clicks in Chromium, one with an objection dismissed and one with an objection upheld (P7, T1).

Villagers open the notice's public page on a phone, without signing in; the clerk works on a PC.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from ledger.cases import Case
from ledger.db import transaction
from ledger.installation import shift_clock
from ledger.papers import Attachment
from tests.acceptance.houses import served
from tests.acceptance.people import NARROW, House, Person
from tests.walk import Ground, Walk, local
from tests.webapp.conftest import Site, site_over

WORDS = {"place": "镇政府大门左侧公示栏", "contact": "桑柘镇乡村振兴办公室 023-78840000", "photo": "张贴.png"}


@contextmanager
def opened(site: Site, browser: Browser, pictures: Path) -> Iterator[House]:
    """Serve the site to windows that are closed again whatever happens."""
    with served(site.app) as address:
        house = House(address, browser, pictures)
        try:
            yield house
        finally:
            house.close()
    # the form refused on purpose answers 422, which the browser notes
    assert [each for each in house.complaints if "status of 422" not in each] == []


def walked(ground: Ground) -> list[Walk]:
    """Bring two projects of 桑柘镇 to where their notices are to be posted, on Monday, 27 November 2023."""
    unit = ground.projects[0].responsible_unit_id
    walks = [Walk(ground, each) for each in ground.projects if each.responsible_unit_id == unit][:2]
    for walk in walks:
        walk.to("notice_unit")
        walk.now = local(2023, 11, 27, 10)
    return walks


def post_both(clerk: Person, walk: Walk, look: str) -> None:
    """Post the unit's notice on its page; the village posts the other one."""
    clerk.do(walk.project.name, "主管单位公告", look=look, posted_on="2023-11-27", **WORDS)
    walk.complete("notice_site", posted_on="2023-11-27")


def object_to(villager: Person, address: str, words: str, look: bool) -> str:
    """Open the public page on a phone and raise an objection; returns the receipt number."""
    page = villager.page
    page.goto(address)
    if look:
        villager.look("public-notice")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # Playwright's own TypedDict
    page.get_by_role("button", name="提交异议").click()
    expect(page.locator(".error-summary")).to_contain_text("有 3 处需要修改")
    if look:
        villager.look("public-errors")
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    page.fill('[name="raised_by"]', "冉光荣")
    page.fill('[name="contact"]', "13800001234")
    page.fill('[name="content"]', words)
    villager.answer("files", "现场.png")
    page.get_by_role("button", name="提交异议").click()
    expect(page.get_by_text("异议已收到，正在核查")).to_be_visible()
    if look:
        villager.look("public-received")
    return page.locator(".alert .receipt").inner_text()


def examine(clerk: Person, walk: Walk, upheld: str, look: str) -> None:
    found = {"objections.*.upheld": upheld, "objections.*.finding": "经现场核查，情况已写明"}
    clerk.do(walk.project.name, "异议核查", look=look, **found)


def card(clerk: Person, walk: Walk, look: str) -> str:
    clerk.go(f"/cases/{walk.case_id}")
    clerk.page.get_by_role("link", name="公告和异议").click()
    expect(clerk.page.get_by_role("heading", name="公告期")).to_be_visible()
    clerk.look(look)
    return clerk.text()


def public_address(clerk: Person) -> str:
    return str(clerk.page.get_by_role("link", name="打开公开页").get_attribute("href"))


def pass_to(site: Site, walk: Walk, day: int) -> None:
    """Let both clocks, the pages' and the walk's, stand at 9 o'clock of a day of December."""
    then = local(2023, 12, day, 9)
    with transaction(site.ground.sessions) as session:
        shift_clock(session, int((then - walk.now).total_seconds()))
    walk.now = then
    while walk.fire():
        pass  # the end of the period leads to the campaign's disposal date, which is past


@pytest.mark.usefixtures("quick_prints")
def test_p7_one_objection_dismissed_and_one_upheld(sqlite_ground: Ground, browser: Browser, screenshots: Path) -> None:
    quiet, wrong = walked(sqlite_ground)
    site = site_over(sqlite_ground, datetime.now().astimezone())
    site.catch_up(quiet)
    with opened(site, browser, screenshots) as house:
        clerk, villager = house.person("sangzhezhen.jingban"), house.visitor()
        clerk.go(f"/cases/{quiet.case_id}/publicity/poster")
        clerk.look("poster")
        for walk in (quiet, wrong):
            post_both(clerk, walk, look="主管单位公告" if walk is quiet else "")
        card(clerk, quiet, "publicity-running")
        address = public_address(clerk)
        receipt = object_to(villager, address, "公告的分红标准与合同不一致", look=True)
        card(clerk, wrong, "publicity-second")
        other = public_address(clerk)
        assert address != other
        object_to(villager, other, "项目已停产，不应认定为提升类", look=False)

        examine(clerk, quiet, "no", "objection")
        examine(clerk, wrong, "yes", "objection-upheld")
        assert "异议成立，公告终止" in card(clerk, wrong, "publicity-upheld")
        villager.page.goto(f"{address}?receipt={receipt}")
        expect(villager.page.get_by_text("异议经核查不成立")).to_be_visible()

        clerk.go(f"/cases/{quiet.case_id}/publicity")
        clerk.page.locator("summary", has_text="延长公告期").click()
        clerk.page.fill("#p-last", "2023-12-06")
        clerk.page.locator("details[open] textarea").fill("群众外出多，延长听取意见")
        clerk.look("publicity-extend")
        clerk.page.get_by_role("button", name="延长", exact=True).click()
        expect(clerk.page.get_by_text("公告期已延长")).to_be_visible()
        pass_to(site, quiet, 5)
        assert quiet.waiting() == []  # the fifth working day was the 4th: it was extended
        pass_to(site, quiet, 7)
        assert "公告期满证明" in card(clerk, quiet, "publicity-over")
    assert (quiet.waiting(), wrong.waiting()) == (["disposal_plan"], ["decision"])
    with transaction(sqlite_ground.sessions, writes=False) as session:
        kinds = session.scalars(select(Attachment.kind).where(Attachment.objection_id.is_not(None))).all()
        assert sorted(kinds) == ["objection", "objection"]
        assert session.get_one(Case, quiet.case_id).ended_at is None
