"""Everybody follows every link from their first page, over HTTP; a page of each kind is opened in a browser."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import unescape
from unittest.mock import patch
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage
from sqlalchemy import select

from ledger.db import transaction
from ledger.people import Post, Unit, User, appoint
from ledger.scope import actor_of
from ledger.vocabulary import Role, UnitKind
from tests.acceptance.every_page import furnished
from tests.acceptance.malice import run_by, said_by_people, spread
from tests.acceptance.people import WIDE
from tests.audited import Quick
from tests.walk import Ground
from tests.webapp.conftest import Person, Site, site_over
from webapp import create_app

_LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"')
MOUNTED = "() => [...document.querySelectorAll('[data-island]')].every(one => one.dataset.ready || one.dataset.failed)"
PATIENCE = 60_000  # milliseconds


@dataclass
class Crawl:
    """What one person reached: the first address of each kind of page, and what was wrong."""

    login: str
    person: Person
    pages: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    asked: int = 0


def everybody(site: Site) -> Mapping[str, str]:
    """Return a sign-in name for each role in each kind of unit, the city's among them: role and kind → login."""
    with transaction(site.ground.sessions) as session:
        known = session.scalars(select(User).where(User.login == "ducha")).one()
        city = session.scalars(select(Unit).where(Unit.kind == UnitKind.CITY)).one()
        for role in (Role.HANDLER, Role.SUPERVISOR):
            login = f"shi.{role}".replace("_", "")
            new = User(login=login, name="市级甲", password_hash=known.password_hash, created_at=datetime.now(UTC))
            session.add(new)
            session.flush()
            appoint(session, new, city, role)
        rows = session.execute(select(Post.role, Unit.kind, User.login).join(Post.unit).join(Post.user)).all()
        return {f"{role} {kind}": login for role, kind, login in reversed(rows)}


def laid(ground: Ground) -> Site:
    """Let a county work, write the words into it, and open it behind a process that has counted no sign-in yet."""
    site = site_over(ground, datetime.now().astimezone())
    # an office file takes longer to write than all the rest of a step
    with patch("bpmn.prints.print_paper", lambda title, rows, *_: f"{title}{rows}".encode()):
        furnished(site)
    said_by_people(site.town(), 1)
    assert spread(site) > 500
    return replace(site, app=create_app(site.ground.sessions, site.app.extensions["sigeyipi_settings"]))


def crawl(site: Site, login: str, most: int) -> Crawl:
    """Follow the links of one person, at most so many of each kind of page; nothing breaks and none leads nowhere."""
    person = Quick(site.app.test_client())
    came = person.sign_in(login)
    assert came.status_code == 303, (login, came.status_code, came.text[-600:])
    with transaction(site.ground.sessions, writes=False) as session:
        actor = actor_of(session.scalars(select(User).where(User.login == login)).one())
    table, routes = site.app.extensions["sigeyipi_permissions"], site.app.url_map.bind("")
    found, seen, waiting, count = Crawl(login, person), {"/"}, deque(["/"]), Counter[str]()
    while waiting:
        path = waiting.popleft()
        endpoint = routes.match(urlsplit(path).path, "GET")[0]
        if endpoint == "static" or count[kind_of(endpoint, path)] >= most:
            continue
        count[kind_of(endpoint, path)] += 1
        if endpoint not in table or not (table[endpoint].public or table[endpoint].admits(actor)):
            found.wrong.append(f"{login}: a link to {path}, which the table gives to {table[endpoint].label}")
        answer = person.get(path)
        found.asked += 1
        if answer.status_code >= 400:
            found.wrong.append(f"{login}: {path} answers {answer.status_code}")
        if answer.mimetype == "text/html" and answer.status_code == 200:
            found.pages.setdefault(endpoint, path)
            found.wrong += [f"{login}: {path} has {each}" for each in run_by(answer.text)]
        new = [link for link in links(answer.text, path) if link not in seen] if answer.mimetype == "text/html" else []
        if answer.status_code in (302, 303) and answer.headers["Location"] not in seen:
            new.append(answer.headers["Location"])
        seen.update(new)
        waiting.extend(dict.fromkeys(new))
    return found


def kind_of(endpoint: str, path: str) -> str:
    """Return what tells two pages of one route apart: which of its tabs or lists."""
    return endpoint + "".join(sorted(re.findall(r"\b(?:tab|kind|list)=\w+", path)))


def links(page: str, here: str) -> Iterator[str]:
    """Yield the addresses of this site that a page links to."""
    for link in _LINK.findall(page):
        address = unescape(link).partition("#")[0]
        if address.startswith("?"):
            address = here.partition("?")[0] + address
        if address.startswith("/") and not address.startswith("//"):
            yield address


def heard_in(browser: Browser, app: Flask, address: str, crawled: Crawl, paths: list[str]) -> list[str]:
    """Open pages in a browser; return what it complains of: breaches of the policy, faults, dialogs."""
    heard: list[str] = []

    def hear(told: ConsoleMessage) -> None:
        if told.type == "error":
            heard.append(f"{crawled.login} {page.url} {told.text}")

    context = browser.new_context(viewport=WIDE, locale="zh-CN")  # type: ignore[arg-type]  # Playwright's own TypedDict
    context.set_default_timeout(PATIENCE)
    try:
        for name in ("sigeyipi", str(app.config["SESSION_COOKIE_NAME"])):
            cookie = crawled.person.client.get_cookie(name)
            if cookie is not None:
                context.add_cookies([{"name": name, "value": cookie.value, "url": address}])
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda problem: heard.append(f"{crawled.login} {page.url} {problem}"))
        page.on(
            "dialog", lambda asks: (heard.append(f"{crawled.login} {page.url} asks {asks.message}"), asks.dismiss())
        )
        for path in paths:
            page.goto(address + path)
            page.wait_for_function(MOUNTED)
    finally:
        context.close()
    return heard
