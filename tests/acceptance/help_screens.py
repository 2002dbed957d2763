"""The pictures of the manual in webapp/static/help, drawn by the second half of `make screens`.

A county at work is laid in a folder of its own; two administrators change its procedure in the browser, and what the
manual speaks of is drawn on the way, as WebP: the browser that draws the page makes the picture small, too. Ends with 1
when a picture is too large, or when the manual and the pictures do not name the same.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from ledger.db import open_ledger
from ledger.migrations import upgrade
from tests.acceptance.houses import served
from tests.acceptance.people import House, Person
from tests.acceptance.screens import CATEGORIES, MOUNTED, WAITING
from tests.conftest import CHROMIUM_FLAGS, KEYS
from tests.walk import Walk, lay_ground
from tests.webapp.conftest import Site, site_over
from webapp.manual_pages import PAGES, manual

FOLDER = Path(__file__).parents[2] / "webapp" / "static" / "help"
DRAWER, REVIEWER, BUREAU = "xitong", "anquan", "xiangcunzhenxingju.jingban"
SIZE = {"width": 1200, "height": 720}
LARGEST = 120_000  # bytes of a picture
PATIENCE = 120_000  # milliseconds for the checks, which are a process of their own
SMALLER = """async ([png, quality]) => {
  const picture = new Image();
  picture.src = `data:image/png;base64,${png}`;
  await picture.decode();
  const canvas = Object.assign(document.createElement('canvas'), { width: picture.width, height: picture.height });
  canvas.getContext('2d').drawImage(picture, 0, 0);
  return canvas.toDataURL('image/webp', quality).split(',')[1];
}"""
CHOOSE = """(id) => {
  const modeler = document.querySelector('.editor').modeler;
  const element = modeler.get('elementRegistry').get(id);
  modeler.get('canvas').setRootElement(modeler.get('canvas').findRoot(element));
  modeler.get('selection').select(element);
}"""
KEPT = """async (words) => {
  const answer = await fetch(document.querySelector('.editor').dataset.xml, { cache: 'no-store' });
  return (await answer.text()).includes(words);
}"""
NO_CLOCK = ".notice-bar { display: none }"  # the demonstration's: a county at work has none
QUALITIES = (0.85, 0.7, 0.5)


@dataclass
class Album:
    """Draws what is open; `press` of the browser that makes pictures small has a page of its own without a policy."""

    press: Page
    drawn: dict[str, int] = field(default_factory=dict)

    def draw(self, page: Page, name: str, height: int = SIZE["height"], top: Locator | None = None) -> None:
        """Draw the page from its top, or from where `top` stands."""
        page.evaluate("window.scrollTo(0, 0)")
        if top is not None:
            top.evaluate("each => window.scrollTo(0, each.getBoundingClientRect().top - 70)")
        page.mouse.move(SIZE["width"] - 1, SIZE["height"] - 1)
        clip = {"x": 0, "y": 0, "width": SIZE["width"], "height": height}
        png = base64.b64encode(page.screenshot(clip=clip, animations="disabled", style=NO_CLOCK)).decode()  # type: ignore[arg-type]
        for quality in QUALITIES:
            content = base64.b64decode(self.press.evaluate(SMALLER, [png, quality]))
            if len(content) <= LARGEST:
                break
        (FOLDER / f"{name}.webp").write_bytes(content)
        self.drawn[name] = len(content)


def design(album: Album, person: Person) -> None:
    """Draw the designer: a draft, a step chosen, the list of steps, a problem; the draft ends with a new step."""
    page = person.page
    person.menu("流程设计")
    page.get_by_role("button", name="修改", exact=True).first.click()
    page.wait_for_function(MOUNTED)
    told = page.locator("#editor-problems")
    expect(told).not_to_be_empty(timeout=PATIENCE)
    page.evaluate(CHOOSE, "joint_review")
    expect(page.locator("#editor-properties")).to_contain_text("会审")
    album.draw(page, "design-editor")
    page.evaluate(CHOOSE, "decision_result")
    page.get_by_label("默认出线", exact=True).select_option(label="（请选择）")
    page.locator("#tab-problems").click()
    expect(told).to_contain_text("默认", timeout=PATIENCE)
    album.draw(page, "problems")
    page.get_by_role("button", name="撤销", exact=True).click()
    expect(told).not_to_contain_text("默认", timeout=PATIENCE)
    conditions(album, page)
    page.get_by_role("button", name="环节列表").click()
    page.locator("tr[data-step=reply]").get_by_role("button", name="在前面插入").click()
    page.locator("#tab-properties").click()
    page.get_by_label("名称", exact=True).fill("纪委复核")
    page.get_by_label("名称", exact=True).blur()
    page.get_by_label("办理期限", exact=True).select_option(label="几个工作日")
    page.locator("tr[data-step=reply]").evaluate("each => each.scrollIntoView({ block: 'center' })")
    album.draw(page, "design-steps")
    page.get_by_role("button", name="回到流程图").click()
    expect(page.locator(".editor[data-saved=true]")).to_be_attached(timeout=PATIENCE)
    page.wait_for_function(KEPT, arg="纪委复核", timeout=PATIENCE)


def conditions(album: Album, page: Page) -> None:
    """Draw a condition as it is chosen, of two comparisons, and leave the line as it was."""
    page.locator("#tab-properties").click()
    page.evaluate(CHOOSE, "flow_decision_result_decision_returned")
    panel = page.locator("#editor-properties")
    panel.get_by_label("加一个条件", exact=True).select_option(label="认定的类别")
    panel.get_by_label("什么", exact=True).last.select_option(label="重建")
    panel.get_by_text("什么时候走这条").evaluate("each => each.scrollIntoView({ block: 'start' })")
    album.draw(page, "conditions")
    page.get_by_role("button", name="撤销", exact=True).click()
    page.get_by_role("button", name="撤销", exact=True).click()


def table(album: Album, page: Page) -> None:
    """Draw a table of one's own: columns added, values chosen from lists, an overlap told, tried with values."""
    page.get_by_label("新决策表的名称").fill("要不要复核")
    page.get_by_role("button", name="新建决策表").click()
    page.wait_for_function(MOUNTED)
    page.get_by_label("加一列条件").select_option(label="实施层级")
    page.get_by_role("button", name="加一条规则").click()
    page.get_by_label("几条规则同时成立时").select_option(label="只能有一条规则成立")
    rules = page.locator("tbody tr")
    for number, category in enumerate(("重建", "盘活")):
        rules.nth(number).get_by_label("认定的类别").select_option(label=category)
        rules.nth(number).get_by_label("上一环节的结论").select_option(index=number + 1)
    page.locator("[data-trial]").get_by_label("认定的类别").select_option(label="重建")
    page.get_by_role("button", name="看结论").click()
    expect(page.locator("#tried")).to_contain_text("规则 1", timeout=PATIENCE)
    expect(page.locator("[data-form-problems]")).not_to_be_empty(timeout=PATIENCE)
    album.draw(page, "decision-columns", 760)


def parts(album: Album, person: Person) -> None:
    """Draw the forms, what a step may do with their fields, and the decision table."""
    page = person.page
    ways = page.get_by_label("草稿的各部分")
    ways.get_by_role("link", name="表单").click()
    page.get_by_label("新表单的名称").fill("纪委复核意见")
    page.get_by_role("button", name="新建表单").click()
    page.wait_for_function(MOUNTED)
    page.get_by_role("button", name="加一个字段").click()
    field = page.locator("[data-field=f2]")
    field.get_by_label("标签", exact=True).fill("复核结论")
    page.keyboard.press("Tab")
    field.get_by_label("类型", exact=True).select_option(label="单选")
    field.get_by_label("每行一个选项").fill("同意\n不同意")
    expect(page.locator("#preview")).to_contain_text("不同意", timeout=PATIENCE)
    page.keyboard.press("Tab")
    album.draw(page, "form-editor")
    draft = page.url.split("/forms/")[0]
    page.goto(f"{draft}/forms/field_survey/permissions")
    album.draw(page, "form-permissions", 620)
    page.goto(f"{draft}/tables")
    page.get_by_role("link", name="修改").first.click()
    page.wait_for_function(MOUNTED)
    album.draw(page, "decision-table")
    page.goto(f"{draft}/tables")
    table(album, page)


def rehearse(album: Album, person: Person) -> None:
    """Draw the three ways of rehearsing a draft."""
    page = person.page
    page.get_by_role("link", name="预演", exact=True).click()
    page.wait_for_function(MOUNTED)
    album.draw(page, "rehearsal-play")
    page.get_by_role("link", name="成批预演和场景").click()
    page.get_by_label("用哪些项目").select_option(label="在办项目")
    page.get_by_role("button", name="开始成批预演").click()
    expect(page.locator("main")).to_contain_text("已完成", timeout=PATIENCE)
    page.reload()
    album.draw(page, "rehearsal-batch", 620)
    page.get_by_role("link", name="走查").click()
    page.wait_for_function(MOUNTED, timeout=PATIENCE)
    album.draw(page, "rehearsal-walk")


def publish(album: Album, drawer: Person, reviewer: Person) -> None:
    """Draw the comparison, the review, the new version and the running cases' groups."""
    page = drawer.page
    page.get_by_role("link", name="改动和提交").click()
    page.wait_for_function(MOUNTED)
    album.draw(page, "comparison")
    page.get_by_label("改了什么、为什么改").fill("按县纪委监委要求，批复前增加复核")
    page.get_by_role("button", name="提交审核").click()
    expect(page.locator("main")).to_contain_text("已提交审核")
    reviewer.menu("流程设计")
    album.draw(reviewer.page, "design-list", 480)
    reviewer.page.get_by_role("link", name="核对改动").click()
    reviewer.page.wait_for_function(MOUNTED)
    album.draw(reviewer.page, "publishing", 620, top=reviewer.page.get_by_role("heading", name="审核", exact=True))
    reviewer.page.get_by_role("button", name="审核通过并发布").click()
    expect(reviewer.page.locator("main")).to_contain_text("已发布为第2版")
    drawer.menu("流程设计")
    page.get_by_role("link", name="查看", exact=True).first.click()
    page.wait_for_function(MOUNTED)
    album.draw(page, "version")
    page.get_by_role("link", name="在办项目换版").click()
    page.locator("details[data-group] summary").first.click()
    album.draw(page, "moving")


def rest(album: Album, person: Person, bureau: Person) -> None:
    """Draw the pages of people, lists, parameters, messages, the calendar and the campaigns."""
    page = person.page
    person.go("/vocabularies")
    page.get_by_label("新列表的名称").fill("产业园区")
    page.get_by_role("button", name="新建列表").click()
    for label in ("桑柘镇蔬菜园区", "保家镇茶叶园区"):
        page.get_by_label("新选项").first.fill(label)
        page.get_by_role("button", name="加一项").first.click()
        expect(page.get_by_role("cell", name=label, exact=True)).to_be_visible()
    album.draw(page, "vocabularies", 620)
    person.go("/people?q=sangzhezhen.jingban")
    page.get_by_role("link", name="查看").first.click()
    album.draw(page, "person")
    page.get_by_role("link", name="移交手上的任务").click()
    album.draw(page, "handover", 620)
    shots = (
        *(("people-import", "/people/import", 480), ("calendar", "/calendar", 720), ("parameters", "/parameters", 560)),
        *(("messages", "/messages", 560), ("templates", "/templates/reply", 720)),
    )
    for name, path, height in shots:
        person.go(path)
        album.draw(page, name, height)
    person.go("/messages/texts")
    page.get_by_role("link", name="修改").first.click()
    page.get_by_role("button", name="预览").click()
    expect(page.get_by_role("heading", name="预览")).to_be_visible()
    album.draw(page, "message-text")
    bureau.go("/settings/own/substitutes")
    album.draw(bureau.page, "substitutes", 480)
    bureau.go("/campaigns")
    album.draw(bureau.page, "campaigns", 420)


def wrong(album: Album) -> Iterator[str]:
    """Yield what is wrong with the pictures."""
    named = {block.picture for name in PAGES for block in manual(name).blocks if block.picture}
    yield from (f"{name}: not drawn" for name in sorted(named - {*album.drawn}))
    yield from (f"{name}: not shown" for name in sorted({*album.drawn} - named))
    yield from (f"{name}: {size} bytes" for name, size in album.drawn.items() if size > LARGEST)


def county(folder: Path) -> Site:
    """Lay a county whose projects wait at many steps."""
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    upgrade(url, KEYS)
    ground = lay_ground(open_ledger(url, KEYS), folder / "papers", projects=len(WAITING) + 5)
    for project, step in zip(ground.projects[5:], WAITING, strict=True):
        Walk(ground, project, category=CATEGORIES[project.id % len(CATEGORIES)]).to(step)
    return site_over(replace(ground, projects=ground.projects[:5]), datetime.now().astimezone())


def main() -> int:
    """Draw all and print what is wrong; returns the exit status."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        site = county(Path(name))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS))
        album = Album(browser.new_page())
        with served(site.app) as address:
            house = House(address, browser, FOLDER, looked_at={"sign-in"})
            people = drawer, reviewer, bureau = [house.person(login) for login in (DRAWER, REVIEWER, BUREAU)]
            for each in people:
                each.page.set_viewport_size(SIZE)  # type: ignore[arg-type]  # Playwright's own TypedDict
            design(album, drawer)
            parts(album, drawer)
            rehearse(album, drawer)
            publish(album, drawer, reviewer)
            rest(album, drawer, bureau)
            house.close()
        browser.close()
        site.ground.sessions.kw["bind"].dispose()
    found = [*house.complaints, *wrong(album)]
    sys.stdout.write("\n".join([*found, f"{len(album.drawn)} pictures, {sum(album.drawn.values())} bytes"]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
