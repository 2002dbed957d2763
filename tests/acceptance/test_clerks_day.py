"""A clerk's days in Chromium, on a PC and on a phone: a morning, a lost session, a week off, an item in many hands.

One county, one server and one browser serve them all (issue 5). Days are those of November 2023.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from ledger.db import open_ledger, transaction
from ledger.people import Unit, User, appoint
from ledger.projects import Project
from ledger.vocabulary import Level, Role
from tests.acceptance.houses import served
from tests.acceptance.people import NARROW, WIDE, House, Person
from tests.conftest import KEYS
from tests.walk import Ground, Walk
from tests.webapp.conftest import site_over

CLERK, COLLEAGUE, SUBSTITUTE = "sangzhezhen.jingban", "yi", "sangzhezhen.shenhe"
BUREAU = "xiangcunzhenxingju.jingban"
LOOKED_AT_ELSEWHERE = ("sign-in", "sent")
PROJECTS = 15


@dataclass
class Desk:
    """桑柘镇's clerk with everything that was pushed to the unit."""

    house: House
    walks: list[Walk]

    def taken(self, stem: str) -> Walk:
        """Take a case that waits at a step; no other story has it."""
        found = next(walk for walk in self.walks if walk.waiting() == [stem])
        self.walks.remove(found)
        return found

    def refused(self, status: str) -> None:
        """Strike out the browser's own line about a refusal that belongs to the story."""
        self.house.complaints[:] = [line for line in self.house.complaints if f"status of {status}" not in line]


@pytest.fixture(scope="module")
def desk(
    built_sqlite: tuple[Path, Ground], tmp_path_factory: pytest.TempPathFactory, browser: Browser, screenshots: Path
) -> Iterator[Desk]:
    built, folder = built_sqlite[1], tmp_path_factory.mktemp("desk")
    shutil.copy(built_sqlite[0], folder / "ledger.sqlite")
    sessions = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}", KEYS)
    ground = replace(built, sessions=sessions, papers=folder / "papers")
    with pytest.MonkeyPatch.context() as patch, served(site_over(ground, datetime.now().astimezone()).app) as address:
        patch.setattr("bpmn.prints.print_paper", lambda title, rows, *_: f"{title}{rows}".encode())
        walks = [Walk(ground, project) for project in projects_of_the_town(ground)]
        walks[0].to("application")
        walks[1].to("application")
        walks[2].complete("receive")
        house = House(address, browser, screenshots, looked_at=set(LOOKED_AT_ELSEWHERE))
        yield Desk(house, walks)
        house.close()
        assert house.complaints == []
    sessions.kw["bind"].dispose()


def projects_of_the_town(ground: Ground) -> list[Project]:
    """Give 桑柘镇 a second clerk and projects of its villages, as many as a morning has."""
    town = ground.county.townships["桑柘镇"]
    with transaction(ground.sessions) as session:
        known = session.scalars(select(User).where(User.login == CLERK)).one()
        user = User(login=COLLEAGUE, name="经办乙", password_hash=known.password_hash, created_at=ground.now)
        session.add(user)
        appoint(session, user, session.get_one(Unit, town.id), Role.HANDLER)
        first = session.get_one(Project, ground.projects[0].id)
        columns = [column.name for column in Project.__table__.columns if column.name not in ("id", "number", "name")]
        shared = {name: getattr(first, name) for name in columns}
        for number in range(PROJECTS):
            name = f"201{number % 8}年桑柘镇云顶村第{number + 1}产业基地"
            session.add(Project(**shared, number=f"50000202350024399{number:03}", name=name))
        session.execute(update(Project).values(level=Level.VILLAGE))
        session.flush()
        made = select(Project).where(Project.name.contains("产业基地")).order_by(Project.id)
        return list(session.scalars(made))


def said(page: Page) -> str:
    return page.locator("main").inner_text()


def at(desk: Desk, login: str, width: object = WIDE) -> Person:
    person = desk.house.person(login)
    person.page.set_viewport_size(width)  # type: ignore[arg-type]  # Playwright's own TypedDict
    return person


def test_a_clerks_morning(desk: Desk) -> None:
    """Ten items: three taken in bulk, one sent back, one handed on, five taken one after the other on the phone."""
    clerk = at(desk, CLERK)
    page, returned, passed = clerk.page, desk.taken("application"), desk.taken("field_survey")
    new = [desk.taken("receive") for _item in range(8)]

    clerk.go("/inbox")
    for walk in new[:3]:
        page.get_by_label(f"选择：{walk.project.name} 签收项目").check()
    page.get_by_role("button", name="批量办理所选").click()
    expect(page.get_by_role("heading", name="批量办理：签收项目（3 件）")).to_be_visible()
    clerk.answer("verdict", "taken")
    page.get_by_role("button", name="提交 3 件").click()
    expect(page.get_by_role("heading", name="已办结 3 件")).to_be_visible()
    assert [walk.waiting() for walk in new[:3]] == [["field_survey"]] * 3

    clerk.open(returned.project.name, "填申请表")
    page.get_by_role("link", name="更多操作").click()
    expect(page.get_by_role("heading", name="须慎重的操作")).to_be_visible()
    page.get_by_text("退回", exact=True).first.click()
    page.get_by_label("退回到").select_option(label="实地调研")
    page.get_by_label("原因").last.fill("现场照片不清楚")
    page.get_by_role("button", name="退回", exact=True).click()
    expect(page.get_by_text("已退回到实地调研（桑柘镇）")).to_be_visible()
    assert returned.waiting() == ["field_survey"]

    at(desk, CLERK, NARROW)
    clerk.open(passed.project.name, "实地调研")
    page.get_by_role("link", name="更多操作").click()
    page.get_by_text("转办", exact=True).first.click()
    page.get_by_label("转办给").select_option(label="保家镇")
    page.locator("details[open]").get_by_label("原因").fill("由保家镇组织实施")
    page.get_by_role("button", name="转办", exact=True).click()
    expect(page.get_by_text("转办给保家镇").first).to_be_visible()
    assert passed.item("field_survey").unit_id == passed.ground.county.townships["保家镇"].id

    for walk in new[3:]:
        clerk.open(walk.project.name, "签收项目")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        found = clerk.finish("签收项目", verdict="taken")
        assert [line.split("（")[0] for line in found] == ["实地调研　桑柘镇　最迟 2023-11-21"]
    expect(page.get_by_role("heading", name="下一件待办")).to_be_visible()


def test_two_people_on_one_item(desk: Desk) -> None:
    """Who was slower reads who was quicker, and what was written stands there to be taken along."""
    quick, slow, walk = at(desk, COLLEAGUE), at(desk, CLERK, NARROW), desk.taken("receive")
    for person in (quick, slow):
        person.open(walk.project.name, "签收项目")
    slow.fill(verdict="back", reason="应由县林业局负责")
    quick.finish("签收项目", verdict="taken")
    slow.page.get_by_role("button", name="提交", exact=True).click()
    expect(slow.page.get_by_text("经办乙").first).to_be_visible()
    assert "应由县林业局负责" in said(slow.page)
    assert walk.waiting() == ["field_survey"]
    desk.refused("409")


def test_a_session_lost_in_the_middle_of_annex_1(desk: Desk) -> None:
    """The sign-in ends while the form is being filled: after the next one everything typed stands there again."""
    walk, measures = desk.taken("application"), "补种适合本地气候的新品种，\n完善灌溉管网"
    for width in (WIDE, NARROW):
        clerk = at(desk, CLERK, width)
        page = clerk.page
        page.clock.install()
        clerk.open(walk.project.name, "填申请表")
        clerk.answer("measures", measures)
        page.context.clear_cookies()
        page.clock.fast_forward(21_000)
        expect(page.get_by_text("您填写的内容还在，重新登录后自动恢复")).to_be_visible()
        page.get_by_role("button", name="重新登录").click()
        page.fill("#login", CLERK)
        page.fill("#password", "Yanshi-2023!")
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_text("已恢复登录失效以前填写的内容")).to_be_visible()
        expect(page.locator('[name="measures"]')).to_have_value(measures)
        measures += "，\n落实管护责任"
    desk.refused("400")
    found = clerk.finish("填申请表", confirmed=True)
    assert [line.split("　")[0] for line in found] == ["村级意见"]
    assert walk.items("application")[-1].answers["measures"].startswith("补种适合本地气候的新品种")


def test_a_substitutes_week_by_clicks(desk: Desk) -> None:
    """Arranged on the clerk's own page, done from the substitute's inbox, told in the trail, over on Saturday."""
    clerk, substitute, walk = at(desk, CLERK), at(desk, SUBSTITUTE, NARROW), desk.taken("receive")
    clerk.go("/settings/own/substitutes")
    clerk.fill(first_on="2023-11-06", last_on="2023-11-10", reason="下乡培训")
    clerk.page.locator('[name="substitute"]').select_option(label="桑柘镇审核甲")
    clerk.page.get_by_role("button", name="安排代办").click()
    expect(clerk.page.get_by_text("下乡培训").first).to_be_visible()

    substitute.go("/notices")
    expect(substitute.page.get_by_text("请您代桑柘镇经办甲办理任务")).to_be_visible()
    substitute.open(walk.project.name, "签收项目")
    expect(substitute.page.get_by_text("您代 桑柘镇经办甲 办理")).to_be_visible()
    substitute.finish("签收项目", verdict="taken")
    clerk.page.goto(f"{desk.house.address}/cases/{walk.case_id}?tab=trail")
    expect(clerk.page.get_by_text("桑柘镇审核甲 代 桑柘镇经办甲 办理").first).to_be_visible()

    clerk.move_clock("2023-11-11")
    substitute.go("/inbox")
    expect(substitute.page.get_by_text("现在没有待办任务")).to_be_visible()


def press(person: Person, act: str, reason: str = "", button: str = "", **chosen: str) -> None:
    """Unfold an act on the page of acts, choose by the labels of its boxes, give a reason and press its button."""
    fold = person.page.locator("details.act", has=person.page.locator("summary", has_text=re.compile(f"^{act}$")))
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()
    for label, choice in chosen.items():
        fold.get_by_label(label).select_option(label=choice)
    if reason:
        fold.get_by_label("原因").fill(reason)
    fold.get_by_role("button", name=button or act, exact=True).click()


def told(person: Person, words: str) -> None:
    expect(person.page.get_by_text(words).first).to_be_visible()


def test_one_item_in_many_hands_by_clicks(desk: Desk) -> None:
    """Filled by a colleague, called back, talked about, copied, urged, and handed over when its clerk leaves."""
    clerk, colleague, walk = at(desk, CLERK), at(desk, COLLEAGUE, NARROW), desk.taken("receive")
    name = walk.project.name
    clerk.open(name, "签收项目")
    clerk.answer("verdict", "back")
    clerk.answer("reason", "应由县林业局负责")
    clerk.page.get_by_role("button", name="暂存", exact=True).click()
    told(clerk, "已暂存")
    clerk.page.get_by_role("link", name="更多操作").click()
    press(clerk, "委托办理", "到县里开会", "委托", 委托给="经办乙")
    told(clerk, "已委托，填好后会交回给您")

    colleague.open(name, "签收项目")
    expect(colleague.page.locator('[name="reason"]')).to_have_value("应由县林业局负责")
    colleague.fill(verdict="taken")
    colleague.page.get_by_role("button", name="填好交回").click()
    told(colleague, "已交回委托人")
    clerk.open(name, "签收项目")
    clerk.finish("签收项目")
    clerk.page.get_by_role("link", name="撤回").click()
    press(clerk, "撤回", "还要再核对")
    told(clerk, "已撤回，可以修改后重新提交")
    clerk.finish("签收项目")
    assert walk.waiting() == ["field_survey"]

    clerk.case(name, "留言")
    clerk.page.fill("#comment-text", "请先核实灌溉面积")
    clerk.page.get_by_text("选择提醒的人").click()
    clerk.page.locator("[data-mention-list] label", has_text="经办乙").click()
    clerk.page.get_by_role("button", name="发出").click()
    told(clerk, "留言已发出")
    colleague.go("/notices")
    told(colleague, "请先核实灌溉面积")
    clerk.page.get_by_role("link", name="抄送", exact=True).click()
    clerk.page.get_by_text("县乡村振兴局", exact=True).click()
    clerk.page.fill("#note", "进度请了解")
    clerk.page.get_by_role("button", name="抄送", exact=True).click()
    told(clerk, "已抄送")

    bureau = at(desk, BUREAU, NARROW)
    bureau.go("/copies")
    told(bureau, "进度请了解")
    bureau.page.get_by_role("button", name=f"已阅：{name}").click()
    bureau.case(name)
    bureau.page.get_by_role("link", name="实地调研：更多操作").click()
    press(bureau, "催办")
    told(bureau, "已催办，通知了")
    clerk.open(name, "实地调研")
    told(clerk, "催办")
    clerk.page.get_by_role("link", name="更多操作").click()
    press(clerk, "领取")
    told(clerk, "已领取，由您办理")

    leader = at(desk, SUBSTITUTE)
    leader.go("/handovers")
    leader.page.get_by_role("link", name="移交：桑柘镇经办甲").click()
    expect(leader.page.get_by_role("link", name=name)).to_be_visible()
    leader.page.get_by_label("移交给").select_option(label="经办乙")
    leader.page.locator("#reason").fill("调离本单位")
    leader.page.locator("summary", has_text="移交").click()
    leader.page.get_by_role("button", name="确定移交").click()
    told(leader, "已移交")
    colleague.open(name, "实地调研")
    with walk.session() as session:
        holder = session.get_one(User, walk.item("field_survey").claimed_by_id)
        assert holder.login == COLLEAGUE
