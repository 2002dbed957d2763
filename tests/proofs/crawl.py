"""Every role in every kind of unit follows every link past hostile words; each kind of page in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

from tests.acceptance.crawl import crawl, everybody, heard_in, laid
from tests.acceptance.houses import served
from tests.benchmarks.figures import place
from tests.conftest import CHROMIUM_FLAGS
from tests.walk import lay_ground

MOST = 8  # pages of one kind: lists link to each other without end


def prove(_seed: int) -> Iterator[dict[str, object]]:
    """Yield what each role reached; AssertionError names the first things that are wrong."""
    with place("sqlite") as here, sync_playwright() as playwright:
        site = laid(lay_ground(here.sessions, here.folder / "papers"))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS))
        with served(site.app) as address:
            for role, login in everybody(site).items():
                one = crawl(site, login, MOST)
                wrong = one.wrong + heard_in(browser, site.app, address, one, list(one.pages.values()))
                assert not wrong, (role, wrong[:5])
                yield {"role": role, "asked": one.asked, "looked_at": len(one.pages), "wrong": 0}
        browser.close()
