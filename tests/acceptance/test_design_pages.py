"""The designer beside the picture: a table tried as it is typed, a phone, what a handler does (issue 9)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ledger.vocabulary import Role
from tests.acceptance.help_screens import CHOOSE
from tests.acceptance.houses import served
from tests.acceptance.people import NARROW, House
from tests.acceptance.screens import MOUNTED
from tests.webapp.conftest import Site
from tests.webapp.test_design import begun

DRAWER = "xitong"
PATIENCE = 60_000  # milliseconds: the checks' child has the processor's time
PALETTE = "[...document.querySelectorAll('.djs-palette')].filter((each) => each.offsetParent).length"

BOTH = """() => document.querySelector('[data-island=comparison]').viewers.map((viewer) => {
  const { x, y, width, height, inner } = viewer.get('canvas').viewbox();
  const round = (each) => Math.round(each * 100) / 100;
  const inside = x < inner.x && y < inner.y && x + width > inner.x + inner.width && y + height > inner.y + inner.height;
  return { x: round(x), y: round(y), width: round(width), inside };
})"""


@pytest.fixture
def house(site: Site, browser: Browser, screenshots: Path) -> Iterator[House]:
    with served(site.app) as address:
        opened = House(address, browser, screenshots)
        yield opened
        opened.close()


def test_what_is_begun_stays_and_what_is_tried_is_what_was_typed(house: House) -> None:
    drawer = house.person(DRAWER)
    page = drawer.page
    drawer.menu("流程设计")
    page.get_by_role("button", name="修改", exact=True).first.click()
    page.wait_for_function(MOUNTED)
    page.evaluate(CHOOSE, "flow_decision_result_decision_returned")
    page.get_by_label("加一个条件", exact=True).select_option(label="认定的类别")  # as on a phone: without the focus
    page.get_by_label("什么", exact=True).last.select_option(label="重建")
    expect(page.get_by_label("条件", exact=True)).to_have_value("verdict == 'return' and category == 'rebuild'")
    page.get_by_label("草稿的各部分").get_by_role("link", name="决策表").click()
    page.get_by_label("新决策表的名称").fill("走哪条路")
    page.get_by_role("button", name="新建决策表").click()
    trial = page.locator("[data-trial]")
    expect(trial.locator("select, input")).to_have_count(1)
    trial.get_by_label("认定的类别").select_option(label="提升")
    page.get_by_label("加一列条件").select_option(label="金额（元）")
    expect(trial.get_by_label("金额（元）")).to_be_visible()
    assert trial.get_by_label("认定的类别").input_value() == "upgrade"  # what was chosen before stays
    trial.get_by_label("金额（元）").fill("100")
    page.locator("tbody tr").get_by_label("上一环节的结论").select_option(label="接收，提请审定")
    page.get_by_role("button", name="看结论").click()  # before it has saved itself
    expect(page.locator("#tried")).to_contain_text("接收，提请审定", timeout=PATIENCE)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # Playwright's own TypedDict
    expect(page.get_by_text("一张卡片是一条规则")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert house.complaints == []


def test_a_phone_begins_with_the_list_and_says_which_width_drawing_needs(house: House) -> None:
    drawer = house.person(DRAWER)
    page = drawer.page
    drawer.menu("流程设计")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    page.get_by_role("button", name="修改", exact=True).first.click()
    page.wait_for_function(MOUNTED)
    expect(page.get_by_role("note")).to_contain_text("900 像素")
    page.locator("tr[data-step=reply]").get_by_role("button", name="批复", exact=True).click()
    panel = page.locator("#editor-properties")
    expect(panel).to_contain_text("同一次会议、同一个单位合成一份批复")
    expect(panel).to_contain_text("领导小组审定、单位意见")
    assert page.evaluate(PALETTE) == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert house.complaints == []


def test_two_versions_are_moved_and_magnified_together_and_nothing_is_cut(site: Site, house: House) -> None:
    keeper = site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)
    draft = begun(keeper)
    diagram = keeper.get(f"{draft}/diagram.bpmn").get_data(as_text=True)
    keeper.post(f"{draft}/diagram", {"revision": 1, "content": diagram.replace('name="签收项目"', 'name="签收登记"')})
    drawer = house.person(DRAWER)
    drawer.go(f"{draft}/changes")
    drawer.page.wait_for_function("() => document.querySelector('[data-island=comparison]')?.viewers")
    one, other = drawer.page.evaluate(BOTH)
    assert one == other
    assert one["inside"]
    drawer.page.evaluate("document.querySelector('[data-island=comparison]').viewers[1].get('canvas').zoom(2)")
    nearer, also = drawer.page.evaluate(BOTH)
    assert nearer == also != one
    drawer.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    expect(drawer.page.get_by_text("原来：签收项目")).to_be_visible()
    assert house.complaints == []
