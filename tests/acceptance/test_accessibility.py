"""WCAG A and AA on every page by axe, and no clipped or overlapping text on a phone (issue 5).

No page runs what a hostile name says, or breaks its own content security policy (issue 10).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from ledger.db import transaction
from ledger.demonstration import PASSWORD
from ledger.people import User
from ledger.projects import Project
from tests.acceptance.every_page import BUREAU, FOR_A_PC, furnished
from tests.acceptance.houses import served
from tests.acceptance.people import ALLOWED_WORDS, NARROW, WIDE
from tests.walk import Ground
from tests.webapp.conftest import Site, site_over

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
EYES = Path(__file__).with_name("eyes.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ASKED = """([rules, shell]) => axe.run(shell ? document : {exclude: ['.side', '.top', '.notice-bar']},
  {runOnly: rules, resultTypes: ['violations'], preload: false})"""
MOUNTED = "() => [...document.querySelectorAll('[data-island]')].every(one => one.dataset.ready || one.dataset.failed)"
HOSTILE = " <img src=x onerror=alert(1)> \"'><script>alert(2)</script> {{7*7}}"
TECHNICAL = "没有译成中文"  # identifiers of the interface, sign-in names and journal entries are shown as they are
LONG_VALUE = "被裁切："  # a box of one line with a longer value: one moves inside it


def violations(page: Page, shell: bool) -> list[str]:
    """Return what axe finds, each with the element; menu and head are the same on every page and looked at once."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(ASKED, [RULES, shell])
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


def unseen(page: Page) -> list[str]:
    """Return what is clipped, overlaps or sticks out on a phone."""
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # Playwright's own TypedDict
    findings = page.evaluate(EYES.read_text(encoding="utf-8"), list(ALLOWED_WORDS))
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    return [one for one in findings if not one.startswith(TECHNICAL) and one != LONG_VALUE]


def named_with_malice(site: Site) -> None:
    """Let people and projects have names that a careless page would run."""
    with transaction(site.ground.sessions) as session:
        session.execute(update(Project).values(name=Project.name + HOSTILE))
        session.execute(update(User).where(User.login == BUREAU).values(name=HOSTILE))


@contextmanager
def looking(browser: Browser, address: str, login: str, heard: list[str]) -> Iterator[Page]:
    """Open a window of somebody signed in; "" is nobody. It is closed whatever happens, or the server would wait.

    What the browser complains of, a breach of the content security policy too, and every dialog goes to `heard`.
    """
    context = browser.new_context(viewport=WIDE, locale="zh-CN")  # type: ignore[arg-type]
    try:
        page = context.new_page()
        page.on("console", lambda told: heard.append(f"{page.url} {told.text}") if told.type == "error" else None)
        page.on("pageerror", lambda problem: heard.append(f"{page.url} {problem}"))
        page.on("dialog", lambda dialog: (heard.append(f"{page.url} asks {dialog.message}"), dialog.dismiss()))
        if login:
            page.goto(f"{address}/login")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.get_by_role("button", name="登录").click()
            page.wait_for_url(lambda url: "/login" not in url)
        yield page
    finally:
        context.close()


def wrong(page: Page, address: str, shell: bool, phone: bool) -> list[str]:
    """Open an address and return everything that is wrong on its page."""
    answer = page.goto(address)
    if answer is None or answer.status != 200:
        return [f"status {answer and answer.status}"]
    page.wait_for_function(MOUNTED)
    return violations(page, shell) + (unseen(page) if phone else [])


@pytest.mark.usefixtures("quick_prints")
def test_every_page_is_accessible_and_whole(sqlite_ground: Ground, browser: Browser) -> None:
    site = site_over(sqlite_ground, datetime.now().astimezone())
    complaints: list[str] = []
    named_with_malice(site)
    addresses = furnished(site)
    with served(site.app) as address:
        for login, paths in addresses.items():
            with looking(browser, address, login, complaints) as page:
                for number, path in enumerate(paths):
                    route = site.app.url_map.bind("").match(path.partition("?")[0], "GET")[0]
                    found = wrong(page, address + path, shell=number == 0, phone=route not in FOR_A_PC)
                    complaints += [f"{login} {path} {one}" for one in found]
    assert complaints == [], "\n".join(complaints)
