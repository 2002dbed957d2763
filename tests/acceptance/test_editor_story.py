"""An administrator adds a step in the browser, another publishes it, running cases move over (issue 9).

The step 纪委复核 between 领导小组审定 and 批复, with a form of three fields, three working days and a reminder. What
is wrong on the way is shown; at most 60 actions of people; only controls that docs/procedure-design.md names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bpmn.comparison import differences
from bpmn.deployment import Bundle, shipped_bundle
from ledger.cases import Case
from ledger.db import transaction
from ledger.procedures import Procedure, current_procedure
from tests.acceptance.houses import served
from tests.acceptance.people import House, Person
from tests.walk import Walk
from tests.webapp.conftest import Site

pytestmark = pytest.mark.usefixtures("quick_prints")
HELP = Path(__file__).parents[2] / "docs" / "procedure-design.md"
MOST_ACTIONS = 60
PATIENCE = 60_000  # milliseconds: the checks' child has the processor's time, the browser's clock goes on
DRAWER, REVIEWER = "xitong", "anquan"


class Hands:
    """One person's hands: every action is counted, every control named must stand in the help page."""

    def __init__(self, person: Person) -> None:
        self.page: Page = person.page
        self.page.set_default_timeout(PATIENCE)
        self.actions = 0
        self.named: set[str] = set()

    def press(self, name: str, within: Locator | None = None, role: str = "button") -> None:
        found = (within or self.page).get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
        self.act(name, found.first).click()

    def fill(self, label: str, value: str, within: Locator | None = None) -> None:
        self.act(label, (within or self.page).get_by_label(label, exact=True).first).fill(value)

    def choose(self, label: str, value: str, within: Locator | None = None) -> None:
        self.act(label, (within or self.page).get_by_label(label, exact=True).first).select_option(label=value)

    def tick(self, label: str, within: Locator | None = None) -> None:
        self.act(label, (within or self.page).get_by_label(label).first).check()

    def act(self, name: str, box: Locator) -> Locator:
        self.actions += 1
        self.named.add(name.removesuffix(" *"))
        return box

    def told(self, words: str) -> None:
        """The problems name this now."""
        expect(self.page.locator("#editor-problems")).to_contain_text(words, timeout=PATIENCE)

    def not_told(self, words: str) -> None:
        expect(self.page.locator("#editor-problems")).not_to_contain_text(words, timeout=PATIENCE)


@pytest.fixture
def house(site: Site, browser: Browser, screenshots: Path) -> Iterator[House]:
    with served(site.app) as address:
        opened = House(address, browser, screenshots)
        yield opened
        opened.close()


def test_a_step_is_added_published_and_running_cases_go_through_it(site: Site, house: House) -> None:
    walks = [site.walk(number) for number in range(4)]
    walks[0].to("decision")
    walks[1].to("joint_review")
    bodies = [each.instance for each in walks[1].items("joint_review")]
    walks[1].complete("joint_review", instance=bodies[0])  # in the middle of it
    walks[2].to("field_survey")
    for walk in walks:
        site.catch_up(walk)
    drawer, reviewer = Hands(house.person(DRAWER)), Hands(house.person(REVIEWER))
    draw(drawer)
    drawer.page.screenshot(path=house.pictures / "editor-step.png")
    nothing_untranslated(drawer.page)
    hand_in(drawer)
    reviewer.press("流程设计", role="link")
    reviewer.press("核对改动", role="link")
    expect(reviewer.page.locator("main")).to_contain_text("“纪委复核”")
    reviewer.press("审核通过并发布")
    expect(reviewer.page.locator("main")).to_contain_text("已发布为第2版")
    move(drawer)
    assert drawer.actions + reviewer.actions <= MOST_ACTIONS
    assert house.complaints == []
    written = HELP.read_text(encoding="utf-8")
    assert [name for name in sorted(drawer.named | reviewer.named) if name not in written] == []
    went_through(site, walks)


def draw(hands: Hands) -> None:
    """Begin a draft, make the form, insert the step; every mistake is told and goes away when it is mended."""
    page = hands.page
    hands.press("流程设计", role="link")
    hands.press("修改")
    hands.press("表单", role="link")
    hands.fill("新表单的名称", "纪委复核意见")
    hands.press("新建表单")
    hands.press("加一个字段")
    verdict = page.locator("[data-field=f2]")
    hands.fill("标签", "复核结论", verdict)
    hands.choose("类型", "单选", verdict)
    hands.fill("每行一个选项", "同意\n不同意", verdict)
    hands.press("加一个字段")
    day = page.locator("[data-field=f3]")
    hands.fill("标签", "复核日期", day)
    hands.choose("类型", "日期", day)
    expect(page.locator("#preview")).to_contain_text("复核日期", timeout=PATIENCE)
    hands.press("流程图", page.get_by_label("草稿的各部分"), role="link")
    hands.press("环节列表")
    hands.press("在前面插入", page.locator("tr[data-step=reply]"))
    hands.fill("名称", "纪委复核")
    page.click("#tab-problems")
    hands.told("“纪委复核”没有表单")
    page.click("#tab-properties")
    hands.choose("表单", "纪委复核意见")
    hands.choose("办理期限", "几个工作日")
    hands.fill("到期前几个工作日提醒", "soon")
    page.click("#tab-problems")
    hands.told("提醒天数有误")
    page.click("#tab-properties")
    hands.fill("到期前几个工作日提醒", "1")
    condition(hands)
    page.click("#tab-problems")
    expect(page.locator(".problem-none")).to_be_visible(timeout=PATIENCE)
    hands.actions += 5  # the tabs


def condition(hands: Hands) -> None:
    """Take the default away and misspell a condition on the way: both are told on the page."""
    page = hands.page
    hands.press("回到流程图")
    hands.act("默认出线", page.locator('[data-element-id="decision_result"]').first).click()
    hands.choose("默认出线", "（请选择）")
    page.click("#tab-problems")
    hands.told("默认")
    hands.act("设为默认", page.get_by_role("button", name=re.compile("设为默认")).first).click()
    hands.not_told("默认")
    hands.act("条件", page.locator('[data-element-id="flow_decision_result_decision_returned_label"]').first).click()
    page.click("#tab-properties")
    hands.fill("条件", "verdikt == 'return'")
    page.click("#tab-problems")
    hands.told("verdikt")
    page.click("#tab-properties")
    hands.fill("条件", "verdict == 'return'")
    page.click("#tab-problems")
    hands.not_told("verdikt")
    hands.actions += 5


def nothing_untranslated(page: Page) -> None:
    """Open the tools for every kind of element: no English is left, and nothing the engine does not run is offered."""
    left = page.evaluate(
        """() => {
          const host = document.querySelector('.editor');
          const menu = host.modeler.get('popupMenu'), pad = host.modeler.get('contextPad');
          const offered = new Set();
          for (const element of host.modeler.get('elementRegistry').getAll()) {
            if (!element.parent || element.type === 'label') continue;
            for (const part of Object.keys(pad.getEntries(element))) offered.add(part);
            if (menu.isEmpty(element, 'bpmn-replace')) continue;
            menu.open(element, 'bpmn-replace', { x: 100, y: 100 });
            for (const entry of document.querySelectorAll('.djs-popup .entry')) offered.add(entry.dataset.id);
            menu.close();
          }
          const titles = [...host.querySelectorAll('[title]')].map((each) => each.getAttribute('title'));
          return { untranslated: [...host.untranslated], offered: [...offered], titles };
        }"""
    )
    assert left["untranslated"] == []
    foreign = [title for title in left["titles"] if title and not re.search("[\u4e00-\u9fff]", title)]
    assert foreign == ["Powered by bpmn.io"]  # their mark stays as it is
    strange = "script|send|receive|signal|escalation|compens|conditional-|link|cancel|complex|ad-hoc|transaction|loop"
    assert [each for each in left["offered"] if re.search(strange, each or "")] == []
    mark = page.locator(".bjs-powered-by").first
    box, view = mark.bounding_box(), page.viewport_size
    assert box is not None
    assert view is not None
    assert mark.is_visible()


def hand_in(hands: Hands) -> None:
    hands.press("改动和提交", role="link")
    expect(hands.page.locator("main")).to_contain_text("3 个工作日")
    hands.fill("改了什么、为什么改 *", "按县纪委监委要求，批复前增加复核")
    hands.press("提交审核")
    expect(hands.page.locator("main")).to_contain_text("已提交审核")


def move(hands: Hands) -> None:
    """Move one case on trial, then all of them."""
    hands.press("流程设计", role="link")
    hands.press("在办项目换版", role="link")
    expect(hands.page.locator("main")).to_contain_text("第 1 版 4 个")
    hands.act("可以直接换版", hands.page.locator("summary", has_text="可以直接换版")).click()
    hands.press("只换这一个")
    expect(hands.page.locator("main")).to_contain_text("已换到第2版")
    hands.press("在办项目换版", role="link")
    hands.tick("我已看过，一并换版")
    hands.press("全部换版")
    expect(hands.page.locator("main")).to_contain_text("已完成", timeout=PATIENCE)


def went_through(site: Site, walks: list[Walk]) -> None:
    """Every case is on the new version; the one that waited for the decision is reviewed and goes on to its end."""
    with transaction(site.ground.sessions, writes=False) as session:
        numbers = {
            session.get_one(Procedure, session.get_one(Case, each.case_id).procedure_id).number for each in walks
        }
        assert numbers == {2}
        published = current_procedure(session, "four_batches")
        edited = {each.element for each in differences(shipped_bundle(), bundle(published)) if each.kind != "moved"}
    added = next(each for each in edited if each.startswith("Activity_"))
    # but for what was drawn, the editor has lost nothing of the shipped diagram
    assert {each for each in edited if each and not each.startswith(("Activity_", "Flow_"))} == {
        "flow_decision_result_reply"
    }
    first = walks[0]
    first.complete("decision")
    (item,) = first.items("own_1")
    assert (item.element, item.name) == (added, "纪委复核")
    first.complete("own_1")
    assert first.waiting() == ["reply"]
    first.to_end()
    assert first.case.ended_at is not None
    assert set(walks[1].waiting()) == {"joint_review"}


def bundle(procedure: Procedure) -> Bundle:
    return Bundle(procedure.diagram, procedure.decisions, procedure.forms)
