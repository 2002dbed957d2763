"""Names and texts of a diagram that a careless page would run are only text, wherever they are shown (issue 9)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bpmn.deployment import Bundle, deploy, shipped_bundle
from ledger.db import transaction
from tests.acceptance.houses import served
from tests.acceptance.people import House
from tests.webapp.conftest import Site

CASES = Path(__file__).parents[1] / "cases" / "bpmn"
FILE = "bad_xss_names_with_diagram.bpmn"
NAME = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
WORDS = '<script>alert(3)</script> [x](javascript:alert(4)) {{7*7}} {{ cycler.__init__.__globals__.os.popen("touch'
START = "<svg onload=alert(9)>"
MADE_OF_NAMES = "main img[src=x], main svg[onload], main script:not([src]), main a[href^=javascript]"
MOUNTED = (
    "() => !document.querySelector('[data-island]') || document.querySelector('.djs-container, .editor .djs-palette')"
)
DRAWER, REVIEWER, CLERK = "xitong", "anquan", "sangzhezhen.jingban"


@pytest.fixture
def house(site: Site, browser: Browser, screenshots: Path) -> Iterator[House]:
    with served(site.app) as address:
        opened = House(address, browser, screenshots)
        yield opened
        opened.close()


def only_text(house: House, page: Page, *shown: str) -> None:
    """Hold that the page shows these words as they are and made nothing of them."""
    page.wait_for_function(MOUNTED)
    said = page.evaluate("() => document.body.textContent")
    assert [words for words in shown if words not in said] == [], page.url
    assert page.locator(MADE_OF_NAMES).count() == 0, page.url
    assert "49" not in said.split(), page.url
    assert house.complaints == [], page.url


def test_a_diagram_s_names_are_text_from_the_editor_to_the_inbox(site: Site, house: House) -> None:
    drawer = house.person(DRAWER)
    page = drawer.page
    heard: list[str] = []
    for each in (page, house.person(REVIEWER).page, house.person(CLERK).page):
        each.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    drawer.go("/design/import")
    page.set_input_files("#bundle", CASES / FILE)
    page.get_by_role("button", name="导入为草稿").click()
    expect(page.locator("#tab-problems")).to_contain_text("提醒", timeout=60_000)
    draft = page.url.removeprefix(house.address)
    only_text(house, page, NAME, START)
    page.locator('[data-element-id="n1"]').first.click()
    expect(page.get_by_label("说明", exact=True)).to_have_value(f'{WORDS} pwned/bad_xss_names").read() }}}}')
    page.locator("#tab-problems").click()
    only_text(house, page, NAME)
    page.get_by_role("button", name="环节列表").click()
    only_text(house, page, NAME)
    for part, words in (("changes", NAME), ("play", NAME), ("rehearsals", ""), ("walk", NAME), ("saves", "")):
        drawer.go(f"{draft}/{part}")
        only_text(house, page, words)
    renamed = shipped_bundle()
    hostile = NAME.replace("<", "&lt;").replace(">", "&gt;")
    diagram = renamed.diagram.replace('name="签收项目"', f'name="{hostile}"')
    with transaction(site.ground.sessions) as session:
        version = deploy(session, Bundle(diagram, renamed.decisions, renamed.forms), "系统", site.ground.now)
        number = version.id
    for path in (f"/design/versions/{number}", f"/design/versions/{number}/moving", "/procedure"):
        drawer.go(path)
        only_text(house, page, NAME if path != f"/design/versions/{number}/moving" else "")
    walk = site.walk()
    clerk = house.person(CLERK)
    for path in ("/inbox", f"/items/{walk.item('receive').id}", f"/cases/{walk.case_id}?tab=trail"):
        clerk.go(path)
        only_text(house, clerk.page, NAME)
    assert heard == []
