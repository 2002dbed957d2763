"""People at a browser: they sign in, open what waits for them, fill forms by clicks and typing, and look at the pages.

    clerk = house.person("sangzhezhen.jingban")
    waits = clerk.do("某项目", "实地调研", findings=["failed"])      # what waits now, as the page says it

Whatever else a form requires is filled with made-up answers.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Response, expect

from ledger.demonstration import PASSWORD

HERE = Path(__file__).parent
WIDE, NARROW = {"width": 1366, "height": 768}, {"width": 360, "height": 740}
# what follows the size of its box, as charts do, is drawn anew in the frame after
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
SERVER_ERROR = 500
ROUNDS = 8  # an answer may make another question appear, which makes another
# what is written in Latin letters in Chinese offices too: file types, sizes, a hash; the workbook's own sheet name
# what htmx asked for when its page was left; an answer that failed is told as responseError or sendError
LEFT_BEHIND = re.compile(r"htmx:(sendAbort|afterRequest)\b")
ALLOWED_WORDS = ("xlsx", "docx", "pdf", "PDF", "jpg", "png", "zip", "KB", "MB", "SHA", "Sheet", "Word")
FLAT = ".top, .actbar { position: static !important; }"  # of a long page's picture: what sticks would hide a part of it
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"


def picture() -> bytes:
    """Return a small photograph: one grey PNG."""
    rows = b"".join(b"\x00" + b"\x9a" * 64 for _row in range(48))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data)) for tag, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@dataclass
class House:
    """The running product, the browser, and everything that was wrong on a page so far."""

    address: str
    browser: Browser
    pictures: Path
    complaints: list[str] = field(default_factory=list)
    looked_at: set[str] = field(default_factory=set)
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, login: str) -> Person:
        """Return who has this sign-in name, signed in."""
        if login not in self.people:
            self._window(login).sign_in()
        return self.people[login]

    def visitor(self) -> Person:
        """Return somebody who never signs in."""
        return self.people.get("") or self._window("")

    def _window(self, login: str) -> Person:
        context = self.browser.new_context(viewport=WIDE, locale="zh-CN", timezone_id="Asia/Shanghai")
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: self.complain(page, message.text) if message.type == "error" else None)
        page.on("pageerror", lambda problem: self.complain(page, str(problem)))
        page.on("response", lambda response: self._answered(page, response))
        self.people[login] = Person(self, page, login)
        return self.people[login]

    def complain(self, page: Page, text: str) -> None:
        if not LEFT_BEHIND.match(text):
            self.complaints.append(f"{page.url}: {text}")

    def _answered(self, page: Page, response: Response) -> None:
        if response.status >= SERVER_ERROR:
            self.complain(page, f"{response.status} {response.url}")

    def close(self) -> None:
        for person in self.people.values():
            person.page.context.close()


@dataclass
class Person:
    """Somebody signed in, in a browser window of their own."""

    house: House
    page: Page
    login: str

    def sign_in(self) -> None:
        self.go("/")
        self.look("sign-in")
        self.page.fill("#login", self.login)
        self.page.fill("#password", PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page.get_by_role("navigation", name="主菜单")).to_be_attached()

    def go(self, path: str) -> None:
        self.page.goto(self.house.address + path)

    def menu(self, entry: str) -> None:
        """Open a page from the menu."""
        self.page.get_by_role("navigation", name="主菜单").get_by_role("link", name=entry, exact=False).first.click()

    # -- looking

    def look(self, name: str) -> None:
        """Look at a page at both widths, once per name: nothing clipped, overlapping or untranslated.

        With `PICTURES` in the environment a picture of each is left to be looked at by a person.
        """
        if name in self.house.looked_at:
            return
        self.house.looked_at.add(name)
        for size in (NARROW, WIDE):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]  # Playwright's own TypedDict
            self.page.evaluate("window.scrollTo(0, 0)")
            self.page.evaluate(SETTLED)
            for finding in self.page.evaluate((HERE / "eyes.js").read_text(encoding="utf-8"), list(ALLOWED_WORDS)):
                self.house.complaints.append(f"{name} {size['width']}: {finding}")
            if "PICTURES" in os.environ:
                picture_of = self.house.pictures / f"{name}-{size['width']}.png"
                self.page.screenshot(path=picture_of, full_page=True, style=FLAT)

    def text(self) -> str:
        return self.page.locator("main").inner_text()

    # -- working

    def do(self, project: str, step: str, look: str = "", **answers: Any) -> list[str]:
        """Open a step of a project from the inbox, fill it and submit it; returns what waits now."""
        self.open(project, step)
        return self.finish(step, look or step, **answers)

    def finish(self, step: str, look: str = "", **answers: Any) -> list[str]:
        """Fill the form that is open and submit it; returns what waits now."""
        self.fill(**answers)
        if look:
            self.look(f"form-{look}")
        self.page.get_by_role("button", name="提交", exact=True).click()
        return self.sent(step)

    def open(self, project: str, step: str) -> None:
        """Search the inbox for a project and open what waits there."""
        self.go("/inbox")
        self.page.fill("#q", project)
        self.page.get_by_role("button", name="查询").click()
        self.page.get_by_role("link", name=f"办理：{project} {step}").first.click()
        expect(self.page.locator("#pane-form")).to_be_visible()

    def sent(self, step: str) -> list[str]:
        """Return what the page after submitting says: who has it now, and until when."""
        problems = self.page.locator(".error-summary")
        heading = self.page.get_by_role("heading", name=f"“{step}”已提交")
        expect(heading.or_(problems).first).to_be_visible()
        assert not problems.count(), f"{self.login} {step}: {problems.inner_text()}"
        self.look("sent")
        return [words.strip() for words in self.page.locator("main .card").first.locator("li").all_inner_texts()]

    def enter(self, project: str, step: str, look: str = "", **answers: Any) -> None:
        """Make an entry on a step that stays open afterwards."""
        self.open(project, step)
        self.fill(**answers)
        self.look(f"form-{look or step}")
        self.page.get_by_role("button", name="提交", exact=True).click()
        expect(self.page.get_by_text("已登记。任务仍在办理中")).to_be_visible()

    def sign(self, project: str, step: str, opinion: str = "同意") -> list[str]:
        self.open(project, step)
        self.page.fill('[name="opinion"]', opinion)
        self.look(f"sign-{step}")
        self.page.get_by_role("button", name="同意并签字").click()
        return self.sent(step)

    def hold_meeting(self, title: str, held_on: str) -> None:
        """Enter a meeting with its minutes and their scan."""
        self.menu("会议")
        self.page.get_by_role("link", name="登记会议").click()
        self.fill(
            title=title,
            held_on=held_on,
            place="二楼会议室",
            chair="主持人甲",
            attendance="参会人甲、参会人乙",
            minutes="会议逐个研究了项目的分类和处置措施。",
        )
        self.answer("scan", "会议纪要.pdf")
        self.look("meeting-new")
        self.page.get_by_role("button", name="登记", exact=True).click()
        expect(self.page.get_by_text("会议已登记")).to_be_visible()
        self.look("meeting")

    def object_to(self, project: str, raised_by: str, content: str) -> None:
        """Enter an objection on the case's page while its period runs."""
        self.case(project)
        self.page.get_by_role("link", name="登记异议").click()
        self.fill(raised_by=raised_by, content=content)
        self.look("objection-new")
        self.page.get_by_role("button", name="登记", exact=True).click()
        expect(self.page.get_by_text("异议已登记")).to_be_visible()

    def case(self, project: str, tab: str = "") -> None:
        """Open a project's case from the register."""
        self.go("/projects")
        self.page.fill("#q", project)
        self.page.get_by_role("button", name="查询").click()
        self.page.locator("tbody tr").first.locator("a").last.click()
        if tab:
            self.page.locator("main").get_by_role("link", name=tab, exact=True).click()

    def move_clock(self, on: str) -> None:
        """Move the demonstration's clock to a date, at the same time of day."""
        self.page.fill("#demonstration-on", on)
        self.page.get_by_role("button", name="到指定日期").click()
        expect(self.page.get_by_text(f"演示时钟已拨到 {on}")).to_be_visible()

    def today(self) -> str:
        """Return the demonstration's date as every page shows it."""
        found = re.search(r"\d{4}-\d{2}-\d{2}", self.page.locator(".notice-bar").inner_text())
        assert found is not None
        return found[0]

    # -- forms

    def fill(self, **answers: Any) -> None:
        """Answer questions by name, then whatever else the form requires with something that holds."""
        for name, value in answers.items():
            self.answer(name, value)
        script = (HERE / "unanswered.js").read_text(encoding="utf-8")
        for _round in range(ROUNDS):
            asked = self.page.evaluate(script)
            if not asked:
                return
            for question in asked:
                self.answer(question["name"], self._made_up(question))
        raise AssertionError(f"{self.page.url}: {asked} cannot be answered")

    def _made_up(self, question: Mapping[str, Any]) -> Any:
        kinds: dict[str, Any] = {
            "radio": question["choice"],
            "checkbox": [question["choice"]] if question["choice"] else True,
            "select-one": question["choice"],
            "date": self.today(),
            "number": "1",
            "file": "材料.pdf",
        }
        return kinds.get(question["kind"], "现场逐项核实，情况属实")

    def answer(self, name: str, value: Any) -> None:
        """Answer one question: a word, a list of choices, a file's name, or rows and columns as nested values.

        The key “*” stands for every row.
        """
        if isinstance(value, Mapping) or is_rows(value):
            for part, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
                self.answer(f"{name}.{part}", inner)
        elif ".*." in name:
            before, _every, after = name.partition(".*.")
            for box in self._boxes(f'[name^="{before}."][name$=".{after}"]').all():
                self._give(str(box.get_attribute("name")), value)
        else:
            self._give(name, value)

    def _boxes(self, named: str) -> Locator:
        """Find the boxes of a question; a telephone's camera is another way into the same one."""
        return self.page.locator(f'main {named}:not([type="hidden"]):not([capture])')

    def _give(self, name: str, value: Any) -> None:
        boxes = self._boxes(f'[name="{name}"]')
        kind = boxes.first.evaluate("box => box.type")
        if kind == "file":
            content = picture() if str(value).endswith(".png") else PDF
            boxes.set_input_files([{"name": value, "mimeType": "application/octet-stream", "buffer": content}])
        elif kind == "radio":
            self._label(name, value).click()
        elif kind == "checkbox":
            self._tick(boxes, name, value)
        elif kind == "select-one":
            choose(boxes, value)
        else:
            boxes.fill(str(value))

    def _label(self, name: str, value: str) -> Locator:
        return self.page.locator(f'main [name="{name}"][value="{value}"] + label')

    def _tick(self, boxes: Locator, name: str, value: Any) -> None:
        if isinstance(value, bool):
            boxes.first.set_checked(value)
            return
        for box in boxes.all():
            own = str(box.get_attribute("value"))
            if (own in value) != box.is_checked():
                self._label(name, own).click()


def is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def choose(box: Locator, wanted: str) -> None:
    """Choose the entry of a list that has this value, or else the first that contains these words."""
    entries = box.locator("option")
    values = [str(value) for value in entries.evaluate_all("all => all.map(one => one.value)")]
    words = entries.all_inner_texts()
    if wanted not in values:
        wanted = next(value for value, text in zip(values, words, strict=True) if wanted in text)
    box.select_option(wanted)
