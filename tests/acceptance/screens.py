"""`make screens`: the ten main pages as pictures in docs/screens, on a PC and on a phone, with what is wrong on them.

A county at work is laid in a folder of its own; each page is drawn at 1366 and 360 pixels, and text that is clipped,
overlaps, sticks out or is no Chinese is told. Ends with 1 when anything is.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ledger.db import open_ledger
from ledger.migrations import upgrade
from ledger.vocabulary import Category
from tests.acceptance.every_page import BUREAU, CLERK, OFFICE, SYSTEM, furnished
from tests.acceptance.houses import served
from tests.acceptance.people import ALLOWED_WORDS, NARROW, WIDE, House
from tests.conftest import CHROMIUM_FLAGS, KEYS
from tests.walk import Walk, lay_ground
from tests.webapp.conftest import site_over

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
EYES = Path(__file__).with_name("eyes.js")
MOUNTED = "() => [...document.querySelectorAll('[data-island]')].every(one => one.dataset.ready || one.dataset.failed)"
LARGEST = 180_000  # bytes of a picture
CUT = 620  # pixels of a page's height on a PC: what is seen first, and a picture of moderate size
WAITING = (
    *("receive", "field_survey", "joint_review", "preliminary_opinion", "party_meeting", "application") * 3,
    *("submission", "decision") * 3,
    *("reply", "notice_unit"),
)
CATEGORIES = tuple(Category)


def chosen(addresses: dict[str, list[str]]) -> Iterator[tuple[str, str, str]]:
    """Yield name, sign-in and address of the ten main pages."""
    form = next(path for path in addresses[CLERK] if path.startswith("/items/"))
    case = next(path for path in addresses[CLERK] if path.endswith("?tab=overview")).removesuffix("?tab=overview")
    meeting = next(path for path in addresses[OFFICE] if path.removeprefix("/meetings/").isdecimal())
    yield from (("01-inbox", CLERK, "/inbox"), ("02-form", CLERK, form), ("03-case", CLERK, case))
    yield from (("04-trail", CLERK, f"{case}?tab=trail"), ("05-diagram", CLERK, f"{case}?tab=diagram"))
    yield from (("06-projects", BUREAU, "/projects"), ("07-meeting", OFFICE, meeting), ("08-board", BUREAU, "/board"))
    yield from (("09-map", BUREAU, "/map"), ("10-design", SYSTEM, "/design"))


def look(page: Page, name: str) -> Iterator[str]:
    """Draw the page that is open at both widths and yield what is wrong on it."""
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # Playwright's own TypedDict
        page.evaluate("window.scrollTo(0, 0)")
        for finding in page.evaluate(EYES.read_text(encoding="utf-8"), list(ALLOWED_WORDS)):
            yield f"{name} {size['width']}: {finding}"
        part = {"x": 0, "y": 0, "width": size["width"], "height": CUT if size is WIDE else size["height"]}
        picture = page.screenshot(path=FOLDER / f"{name}-{size['width']}.png", clip=part)  # type: ignore[arg-type]
        if len(picture) > LARGEST:
            yield f"{name} {size['width']}: {len(picture)} bytes"


def main() -> int:
    """Draw all and print what is wrong; returns the exit status."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        url = f"sqlite:///{Path(name) / 'ledger.sqlite'}"
        upgrade(url, KEYS)
        sessions = open_ledger(url, KEYS)
        ground = lay_ground(sessions, Path(name) / "papers", projects=len(WAITING) + 5)
        site = site_over(replace(ground, projects=ground.projects[:5]), datetime.now().astimezone())
        for project, step in zip(ground.projects[5:], WAITING, strict=True):
            Walk(ground, project, category=CATEGORIES[project.id % len(CATEGORIES)]).to(step)
        addresses = {looker.login: looker.paths for looker in furnished(site)}
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS))
        with served(site.app) as address:
            house = House(address, browser, FOLDER, looked_at={"sign-in"})
            for page_name, login, path in chosen(addresses):
                person = house.person(login)
                person.page.set_viewport_size(WIDE)  # type: ignore[arg-type]
                person.go(path)
                person.page.wait_for_function(MOUNTED)
                found += look(person.page, page_name)
            found += house.complaints
            house.close()
        browser.close()
        sessions.kw["bind"].dispose()
    sys.stdout.write("\n".join([*found, f"{len(found)} findings"]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
