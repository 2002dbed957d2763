"""Whoever is signed in follows every link, past names and words that want to be run: none is, and nothing breaks.

Here one page of each kind over HTTP by each role, and each kind once in a browser; `make prove NAME=crawl`: all pages.
"""

from __future__ import annotations

from markupsafe import escape
from playwright.sync_api import Browser

from ledger.vocabulary import Role
from tests.acceptance.crawl import crawl, everybody, heard_in, laid
from tests.acceptance.houses import served
from tests.acceptance.malice import HOSTILE, run_by
from tests.walk import Ground

BY_TITLE = frozenset(Role) - {Role.HANDLER, Role.SIGNER}
KINDS = ("township", "village", "bureau", "office", "reviewer", "city")
"""Of those who work, the kinds of unit that see different pages; the long form asks as every role in every kind."""


def test_no_word_is_run_by_any_page_of_any_role(sqlite_ground: Ground, browser: Browser) -> None:
    site = laid(sqlite_ground)
    roles = {name: login for name, login in everybody(site).items() if is_typical(name)}
    assert len(roles) >= len(Role) + len(KINDS) - 2
    crawled = [crawl(site, login, most=1) for login in roles.values()]
    wrong = [each for one in crawled for each in one.wrong]
    visited: set[str] = set()
    with served(site.app) as address:
        for one in crawled:
            fresh = {endpoint: path for endpoint, path in one.pages.items() if endpoint not in visited}
            visited |= fresh.keys()
            wrong += heard_in(browser, site.app, address, one, list(fresh.values()))
    assert wrong == [], "\n".join(wrong)
    assert len(visited) > 90


def is_typical(name: str) -> bool:
    role, kind = name.split()
    return role in BY_TITLE or (role == Role.HANDLER and kind in KINDS) or name == "signer township"


def test_what_would_run_is_seen() -> None:
    careless = f"<p>{HOSTILE}</p><a href='javascript:alert(3)'>x</a>".replace("{{7*7}}", "49")
    seen = ["img onerror", "img src=x", "an inline script", "a href=javascript:alert(3)", "{{7*7}} was worked out"]
    assert list(run_by(careless)) == seen
    assert list(run_by(f"<p title='{escape(HOSTILE)}'>{escape(HOSTILE)}</p>")) == []
