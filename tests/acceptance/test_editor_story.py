"""An administrator adds a step in the browser, another publishes it, running cases move over (issue 9).

The step 纪委复核 between 领导小组审定 and 批复, with a form of three fields, three working days and a reminder. What
is wrong on the way is shown; the draft is rehearsed on the hundred cases that run, five of them in the middle of a
joint review; another person publishes it and all of them move; at most 60 actions of people, each by a control that
the manual's page about where it stands names in quotation marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from bpmn.comparison import differences
from bpmn.deployment import Bundle, shipped_bundle
from ledger.cases import WAITING, Case, Timer, WorkItem
from ledger.db import transaction
from ledger.journal import Entry
from ledger.procedures import Procedure, current_procedure
from ledger.projects import Project
from ledger.taking import items_of
from tests.acceptance.houses import served
from tests.acceptance.people import House, Person
from tests.benchmarks.crowd import copy_case
from tests.walk import Walk
from tests.webapp.conftest import Site
from webapp.manual_pages import FOLDER

pytestmark = pytest.mark.usefixtures("quick_prints")
HELP = ".top a[href^='/help']"
MENU = {"流程设计": "design"}
"""What stands on every page is named by the subject it leads to."""
MOST_ACTIONS = 60
PATIENCE = 60_000  # milliseconds: the checks' child has the processor's time, the browser's clock goes on
DRAWER, REVIEWER = "xitong", "anquan"
RUNNING, IN_REVIEW = 100, 5
ROWS = (Project, Case, WorkItem, Timer, Entry)
DANGLING = "flow_reply_decision_reply_done"
MIDDLE = """(line) => {
  const middle = line.getPointAtLength(line.getTotalLength() / 2).matrixTransform(line.getScreenCTM());
  return [middle.x, middle.y];
}"""


class Hands:
    """One person's hands: every action is counted, every control named must stand in the manual."""

    def __init__(self, person: Person) -> None:
        self.page: Page = person.page
        self.page.set_default_timeout(PATIENCE)
        self.actions = 0
        self.used: set[tuple[str, str]] = set()
        """Subject of the manual and control."""

    def press(self, name: str, within: Locator | None = None, role: str = "button") -> None:
        found = (within or self.page).get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
        self.act(name, found.first, MENU.get(name, "")).click()

    def fill(self, label: str, value: str, within: Locator | None = None) -> None:
        self.act(label, (within or self.page).get_by_label(label, exact=True).first).fill(value)

    def choose(self, label: str, value: str, within: Locator | None = None) -> None:
        self.act(label, (within or self.page).get_by_label(label, exact=True).first).select_option(label=value)

    def tick(self, label: str, within: Locator | None = None) -> None:
        self.act(label, (within or self.page).get_by_label(label).first).check()

    def act(self, name: str, box: Locator, subject: str = "") -> Locator:
        """Count an action; its subject is the one 帮助 leads to from the page, unless it is told."""
        self.actions += 1
        leads_to = self.page.locator(HELP).first.get_attribute("href") or ""
        self.used.add((subject or leads_to.rpartition("/")[2], name.removesuffix(" *")))
        return box

    def turn_to(self, name: str, tab: str) -> None:
        self.act(name, self.page.locator(tab)).click()

    def key(self, name: str) -> None:
        self.act(name, self.page.locator("body"))
        self.page.keyboard.press(name)

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
    reviewed, surveyed = site.walk(0), site.walk(1)
    reviewed.to("joint_review")
    bodies = [each.instance for each in reviewed.items("joint_review")]
    reviewed.complete("joint_review", instance=bodies[0])  # in the middle of it
    surveyed.to("field_survey")
    with transaction(site.ground.sessions) as session:
        halfway = copy_case(session, session.get_one(Case, reviewed.case_id), IN_REVIEW - 1, *ROWS)
        copy_case(session, session.get_one(Case, surveyed.case_id), RUNNING - IN_REVIEW - 1, *ROWS)
    site.catch_up(reviewed)
    drawer, reviewer = Hands(house.person(DRAWER)), Hands(house.person(REVIEWER))
    draw(drawer)
    drawer.page.screenshot(path=house.pictures / "editor-step.png")
    nothing_untranslated(drawer.page)
    rehearse(drawer)
    hand_in(drawer)
    reviewer.press("流程设计", role="link")
    reviewer.press("核对改动", role="link")
    expect(reviewer.page.locator("main")).to_contain_text("“纪委复核”")
    expect(reviewer.page.locator("main")).to_contain_text("1 个场景，全部通过")
    reviewer.press("审核通过并发布")
    expect(reviewer.page.locator("main")).to_contain_text("已发布为第2版")
    move(drawer)
    assert drawer.actions + reviewer.actions <= MOST_ACTIONS
    assert house.complaints == []
    assert "\n".join(unnamed(drawer.used | reviewer.used)) == ""
    went_through(site, reviewed, [reviewed.case_id, *halfway], bodies[1:])


def unnamed(used: set[tuple[str, str]]) -> list[str]:
    """Return the controls that their subject's page does not name as one: in quotation marks, or a key as typed."""
    pages = {subject: (FOLDER / f"{subject}.md").read_text(encoding="utf-8") for subject, _ in used}
    return sorted(
        f"{subject}: {name}"
        for subject, name in used
        if f"“{name}”" not in pages[subject] and f"`{name}`" not in pages[subject]
    )


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
    hands.turn_to("问题", "#tab-problems")
    hands.told("“纪委复核”没有表单")
    hands.turn_to("属性", "#tab-properties")
    hands.choose("表单", "纪委复核意见")
    hands.choose("办理期限", "几个工作日")
    hands.fill("到期前几个工作日提醒", "soon")
    hands.turn_to("问题", "#tab-problems")
    hands.told("提醒天数有误")
    hands.turn_to("属性", "#tab-properties")
    hands.fill("到期前几个工作日提醒", "1")
    condition(hands)
    hands.turn_to("问题", "#tab-problems")
    expect(page.locator(".problem-none")).to_be_visible(timeout=PATIENCE)


def condition(hands: Hands) -> None:
    """Take the default away and misspell a condition on the way: both are told on the page."""
    page = hands.page
    hands.press("回到流程图")
    hands.act("默认出线", page.locator('[data-element-id="decision_result"]').first).click()
    hands.choose("默认出线", "（请选择）")
    hands.turn_to("问题", "#tab-problems")
    hands.told("默认")
    hands.act("设为默认", page.get_by_role("button", name=re.compile("设为默认")).first, "problems").click()
    hands.not_told("默认")
    middle = hands.act("连线", page.locator(f'[data-element-id="{DANGLING}"] .djs-visual > path').first).evaluate(
        MIDDLE
    )
    page.mouse.click(*middle)
    hands.key("Delete")
    hands.told("没有出线")
    hands.press("撤销")
    hands.not_told("没有出线")
    hands.act("条件", page.locator('[data-element-id="flow_decision_result_decision_returned_label"]').first).click()
    hands.turn_to("属性", "#tab-properties")
    hands.act("自己写", page.locator("summary", has_text="自己写")).click()
    hands.fill("条件", "verdikt == 'return'")
    hands.turn_to("问题", "#tab-problems")
    hands.told("verdikt")
    hands.press("撤销")
    hands.not_told("verdikt")


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


def rehearse(hands: Hands) -> None:
    """Play a step by hand and keep it, then play all running cases: they come as far as they had come."""
    main = hands.page.locator("main")
    hands.press("预演", role="link")
    hands.press("编答案填上")
    hands.press("提交，往下走")
    hands.fill("场景的名称", "签收")
    hands.press("保存为场景")
    expect(main).to_contain_text("已保存场景“签收”")
    hands.choose("用哪些项目", "在办项目")
    hands.press("开始成批预演")
    words = f"已完成：以往项目 {RUNNING} 个，走不下去 0 个，有不同 0 个，照常 {RUNNING} 个"
    expect(main).to_contain_text(words, timeout=PATIENCE)


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
    expect(hands.page.locator("main")).to_contain_text(f"第 1 版 {RUNNING} 个")
    hands.act("可以直接换版", hands.page.locator("summary", has_text="可以直接换版")).click()
    hands.press("只换这一个")
    expect(hands.page.locator("main")).to_contain_text("已换到第2版")
    hands.press("在办项目换版", role="link")
    hands.tick("我已看过，一并换版")
    hands.press("全部换版")
    expect(hands.page.locator("main")).to_contain_text("已完成", timeout=PATIENCE)


def went_through(site: Site, reviewed: Walk, halfway: list[int], missing: list[str | None]) -> None:
    """Every case is on the new version; one comes out of its joint review, goes through the new step and ends."""
    assert len(halfway) == IN_REVIEW
    with transaction(site.ground.sessions, writes=False) as session:
        published = current_procedure(session, "four_batches")
        versions = session.scalars(select(Case.procedure_id)).all()
        assert versions == [published.id] * RUNNING
        edited = {each.element for each in differences(shipped_bundle(), bundle(published)) if each.kind != "moved"}
        for case_id in halfway:
            asked = {each.instance for each in items_of(session, case_id) if each.status in WAITING}
            assert asked == set(missing)
    added = next(each for each in edited if each.startswith("Activity_"))
    # but for what was drawn, the editor has lost nothing of the shipped diagram
    assert {each for each in edited if each and not each.startswith(("Activity_", "Flow_"))} == {
        "flow_decision_result_reply"
    }
    reviewed.to("decision")
    reviewed.complete("decision")
    (item,) = reviewed.items("own_1")
    assert (item.element, item.name) == (added, "纪委复核")
    reviewed.complete("own_1")
    assert reviewed.waiting() == ["reply"]
    reviewed.to_end()
    assert reviewed.case.ended_at is not None


def bundle(procedure: Procedure) -> Bundle:
    return Bundle(procedure.diagram, procedure.decisions, procedure.forms)
