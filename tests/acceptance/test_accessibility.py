"""WCAG A and AA on every page by axe, nothing clipped on a phone, no name that runs (issues 5 and 10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page
from playwright.sync_api import TimeoutError as TooLong
from sqlalchemy import update

from ledger.db import transaction
from ledger.people import User
from ledger.projects import Project
from tests.acceptance.answered import answers
from tests.acceptance.every_page import BUREAU, FOR_A_PC, LEFT_OUT, MISSING, PIECES, Looker, furnished
from tests.acceptance.houses import served
from tests.acceptance.people import ALLOWED_WORDS, NARROW, SETTLED, WIDE
from tests.walk import Ground
from tests.webapp.conftest import Person, Site, site_over

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
EYES = Path(__file__).with_name("eyes.js")
FINGERS = Path(__file__).with_name("fingers.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LAID_ANEW = ["color-contrast", "scrollable-region-focusable", "aria-hidden-focus"]
"""What a narrow page can break: its cards lie on another ground, what was a table may be scrolled or gone."""
ASKED = """([rules, shell, piece]) => axe.run(
  shell ? document : {exclude: ['.side', '.top', '.notice-bar']},
  {runOnly: rules, resultTypes: ['violations'], preload: false,
   rules: Object.fromEntries(
     ['document-title', 'html-has-lang', 'target-size'].map(each => [each, {enabled: !piece}]))})
  .then(one => one.violations.map(each => [each.id, each.nodes.map(node => node.html)]))"""
MOUNTED = "() => [...document.querySelectorAll('[data-island]')].every(one => one.dataset.ready || one.dataset.failed)"
HOSTILE = " <img src=x onerror=alert(1)> \"'><script>alert(2)</script> {{7*7}}"
REFUSED = re.compile(r"status of (404|422)")
TECHNICAL = "没有译成中文"  # identifiers of the interface, sign-in names and journal entries are shown as they are
LONG_VALUE = "被裁切："  # a box of one line with a longer value: one moves inside it
PATIENCE = 60_000  # milliseconds
ANSWERED = "/answered"  # where the browser is shown what answered a form


@dataclass
class Look:
    """The page of one person and what is wrong with what they see on it."""

    site: Flask
    address: str
    login: str
    page: Page
    complaints: list[str] = field(default_factory=list)
    visited: set[str] = field(default_factory=set)

    def at(self, path: str) -> None:
        """Open an address and look at it."""
        answer = self.page.goto(self.address + path)
        wanted = HTTPStatus.NOT_FOUND if path == MISSING else HTTPStatus.OK
        if answer is None or answer.status != wanted:
            self.complaints.append(f"{self.login} {path} status {answer and answer.status}")
            return
        self._look(path)

    def at_refusal(self, path: str) -> None:
        """Send a form off with nothing filled in and look at what is said."""
        self.page.goto(self.address + path)
        self.page.wait_for_function(MOUNTED)
        with self.page.expect_navigation() as navigation:
            self.page.get_by_role("button", name="提交", exact=True).click()
        assert navigation.value.status == HTTPStatus.UNPROCESSABLE_ENTITY
        self._look(path)

    def at_answer(self, name: str, text: str) -> None:
        """Look at a page that answered a form."""
        self.page.route(
            f"**{ANSWERED}", lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8")
        )
        self.page.goto(self.address + ANSWERED)
        self.page.unroute(f"**{ANSWERED}")
        self.page.wait_for_function(MOUNTED)
        self._inspect(name)

    def _look(self, path: str) -> None:
        route = self.site.url_map.bind("").match(path.partition("?")[0], "GET")[0]
        try:
            if route not in PIECES:  # a part of a page comes without the scripts
                self.page.wait_for_function(MOUNTED)
        except TooLong:
            self.complaints.append(f"{self.login} {path}: what the page draws by itself does not come")
        shell = not self.visited  # menu and head are the same on every page and looked at once
        self.visited.add(route)
        self._inspect(path, route, shell=shell)

    def _inspect(self, path: str, route: str = "", *, shell: bool = False) -> None:
        wrong = violations(self.page, RULES, shell, route in PIECES)
        if route not in FOR_A_PC | PIECES:
            wrong += on_a_phone(self.page)
        self.complaints += [f"{self.login} {path} {one}" for one in wrong]


def violations(page: Page, rules: list[str], shell: bool, piece: bool = False) -> list[str]:
    """Return what axe finds against some of its rules, with or without what surrounds every page."""
    found: list[Any] = page.evaluate(ASKED, [rules, shell, piece])
    return [f"{rule}: {html[:160]}" for rule, nodes in found for html in nodes]


def on_a_phone(page: Page) -> list[str]:
    """Return what is clipped, overlaps, sticks out, is too small for a finger or breaks a rule on a phone."""
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # Playwright's own TypedDict
    page.evaluate(SETTLED)
    findings = page.evaluate(EYES.read_text(encoding="utf-8"), list(ALLOWED_WORDS))
    small = page.evaluate(FINGERS.read_text(encoding="utf-8"))
    broken = violations(page, LAID_ANEW, shell=False)
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    seen = [one for one in findings if not one.startswith(TECHNICAL) and one != LONG_VALUE]
    return [*seen, *(f"360: {one}" for one in (*small, *broken))]


def named_with_malice(site: Site) -> None:
    """Let people and projects have names that a careless page would run."""
    with transaction(site.ground.sessions) as session:
        session.execute(update(Project).values(name=Project.name + HOSTILE))
        session.execute(update(User).where(User.login == BUREAU).values(name=HOSTILE))


def _is_wrong(told: ConsoleMessage) -> bool:
    """Say whether the console tells of a fault; the refusals that are asked for on purpose are none."""
    return told.type == "error" and not REFUSED.search(told.text)


@contextmanager
def looking(browser: Browser, site: Flask, address: str, looker: Looker, heard: list[str]) -> Iterator[Look]:
    """Open the page of somebody signed in. It is closed whatever happens, or the server would wait.

    What the browser complains of, a breach of the content security policy too, and every dialog goes to `heard`.
    """
    context = browser.new_context(viewport=WIDE, locale="zh-CN")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    try:
        context.add_cookies(list(cookies(looker.person, address)))  # type: ignore[arg-type]
        context.add_init_script(path=AXE)
        page = context.new_page()
        page.on("console", lambda told: heard.append(f"{page.url} {told.text}") if _is_wrong(told) else None)
        page.on("pageerror", lambda problem: heard.append(f"{page.url} {problem}"))
        page.on("dialog", lambda dialog: (heard.append(f"{page.url} asks {dialog.message}"), dialog.dismiss()))
        yield Look(site, address, looker.login, page)
    finally:
        context.close()


def cookies(person: Person, address: str) -> Iterator[dict[str, str]]:
    """Yield what the person's browser keeps of the sign-in."""
    for name in ("sigeyipi", str(person.client.application.config["SESSION_COOKIE_NAME"])):
        cookie = person.client.get_cookie(name)
        if cookie is not None:
            yield {"name": name, "value": cookie.value, "url": address}


def forgotten(app: Flask, visited: set[str]) -> list[str]:
    """Return the pages nobody looked at and the routes that are named as left out for nothing."""
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())}
    named = {endpoint for endpoints in LEFT_OUT.values() for endpoint in endpoints}
    left = {endpoint for endpoint in pages - visited if not endpoint.startswith("api.")}
    return sorted([*(f"not looked at: {each}" for each in left - named), *(f"named: {each}" for each in named - left)])


@pytest.mark.usefixtures("quick_prints")
def test_every_page_is_accessible_and_whole(sqlite_ground: Ground, browser: Browser) -> None:
    site = site_over(sqlite_ground, datetime.now().astimezone())
    complaints: list[str] = []
    visited: set[str] = set()
    named_with_malice(site)
    lookers = furnished(site)
    with served(site.app) as address:
        for looker in lookers:
            with looking(browser, site.app, address, looker, complaints) as look:
                for path in looker.paths:
                    look.at(path)
                if looker.emptied:
                    look.at_refusal(looker.emptied)
            complaints += look.complaints
            visited |= look.visited
        with looking(
            browser, site.app, address, Looker("", site.bureau()), complaints
        ) as look:  # sees what the pages draw by themselves
            for answer in answers(site):
                look.at_answer(answer.name, answer.text)
        complaints += look.complaints
    complaints += forgotten(site.app, visited)
    assert complaints == [], "\n".join(complaints)
