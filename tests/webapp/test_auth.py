"""Signing in and out: sessions in a table, lock-out, form tokens, local addresses (safety rules 9 and 10)."""

from __future__ import annotations

import re
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from ledger.db import transaction
from ledger.demonstration import PASSWORD
from ledger.journal import Entry
from ledger.people import SignIn, User
from ledger.settings import Settings
from tests.walk import Ground
from tests.webapp.conftest import Person, Site
from webapp import create_app
from webapp.opening import local_address

LOGIN = "sangzhezhen.jingban"
NEW = "Xin-mima-2024"


def cookie(answer: TestResponse, name: str) -> str | None:
    jar = SimpleCookie()
    for header in answer.headers.getlist("Set-Cookie"):
        jar.load(header)
    return jar[name].value if name in jar else None


def acts(site: Site) -> list[str]:
    with transaction(site.ground.sessions, writes=False) as session:
        return list(session.scalars(select(Entry.act).order_by(Entry.id)))


def test_the_first_page_after_signing_in_is_the_inbox(both_sites: Site) -> None:
    person = both_sites.visitor()
    answer = person.sign_in(LOGIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox")
    assert person.get("/inbox").status_code == 200
    assert acts(both_sites)[-1] == "sign_in"


def test_the_cookie_is_random_hidden_from_scripts_and_stored_as_a_hash(site: Site) -> None:
    answers = [site.visitor().sign_in(LOGIN) for _ in range(2)]
    tokens = [cookie(answer, "sigeyipi") for answer in answers]
    assert tokens[0] != tokens[1]
    header = next(h for h in answers[0].headers.getlist("Set-Cookie") if h.startswith("sigeyipi="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))
    with transaction(site.ground.sessions, writes=False) as session:
        stored = set(session.scalars(select(SignIn.token_hash)))
    assert len(str(tokens[0])) >= 43  # 256 bits
    assert not stored & set(tokens)


def test_behind_https_the_cookie_is_bound_to_the_host(sqlite_ground: Ground) -> None:
    app = create_app(sqlite_ground.sessions, Settings(data=sqlite_ground.papers.parent, https=True))
    client = app.test_client()
    page = client.get("/login", base_url="https://localhost").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        "/login",
        base_url="https://localhost",
        data={"login": LOGIN, "password": PASSWORD, "csrf_token": token},
        headers={"Referer": "https://localhost/login"},
    )
    header = next(h for h in answer.headers.getlist("Set-Cookie") if h.startswith("__Host-sigeyipi="))
    assert "Secure" in header.split("; ")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert all(each.startswith("__Host-") for each in answer.headers.getlist("Set-Cookie"))


def test_an_unknown_name_and_a_wrong_password_look_the_same(site: Site) -> None:
    wrong, unknown = site.visitor().sign_in(LOGIN, "falsch"), site.visitor().sign_in("niemand", "falsch")
    assert wrong.status_code == unknown.status_code == 422
    pages = [answer.get_data(as_text=True) for answer in (wrong, unknown)]
    assert "用户名或密码不正确" in pages[0]
    assert pages[0].split('role="alert">')[1].split("<")[0] == pages[1].split('role="alert">')[1].split("<")[0]
    assert acts(site)[-2:] == ["sign_in_refused", "sign_in_failed"]


def test_five_failures_lock_the_account_for_a_quarter_of_an_hour(site: Site) -> None:
    for _ in range(5):
        site.visitor().sign_in(LOGIN, "falsch")
    assert site.visitor().sign_in(LOGIN).status_code == 422
    with transaction(site.ground.sessions) as session:
        user = session.scalars(select(User).where(User.login == LOGIN)).one()
        assert user.locked_until_at is not None
        user.locked_until_at -= timedelta(minutes=15)
    assert site.visitor().sign_in(LOGIN).status_code == 303


def test_more_than_thirty_attempts_a_minute_from_one_address_are_refused(site: Site) -> None:
    person = site.visitor()
    statuses = [person.sign_in(f"niemand{n}", "falsch").status_code for n in range(31)]
    assert statuses[-1] == 429


def test_signing_out_ends_the_session_for_good(site: Site) -> None:
    person = site.town()
    kept = person.client.get_cookie("sigeyipi")
    assert kept is not None
    assert person.post("/logout").status_code == 303
    person.client.set_cookie("sigeyipi", kept.value)
    assert person.get("/inbox").status_code == 302


def test_a_page_knows_when_its_sign_in_ends(site: Site) -> None:
    assert "data-idle-seconds" not in site.visitor().get("/login").text
    person = site.town()
    with transaction(site.ground.sessions) as session:
        sign_in = session.scalars(select(SignIn)).one()
        sign_in.created_at -= timedelta(hours=11, minutes=30)
    page = person.get("/inbox").text
    assert 'data-idle-seconds="1800"' in page
    left = re.search(r'data-left-seconds="(\d+)"', page)
    assert left is not None
    assert 1700 < int(left[1]) <= 1800


@pytest.mark.parametrize("column", ["seen_at", "created_at"])
def test_a_session_ends_when_idle_and_when_old(site: Site, column: str) -> None:
    person = site.town()
    with transaction(site.ground.sessions) as session:
        sign_in = session.scalars(select(SignIn)).one()
        setattr(
            sign_in, column, sign_in.created_at - {"seen_at": timedelta(minutes=31)}.get(column, timedelta(hours=13))
        )
    assert person.get("/inbox").status_code == 302


@pytest.mark.parametrize(
    ("login", "first"),
    [
        ("sangzhezhen.shenhe", "/inbox"),
        ("ducha", "/board"),
        ("xitong", "/design"),
        ("anquan", "/approvals"),
        ("shenji", "/audit"),
    ],
)
def test_everybody_begins_where_their_work_is(site: Site, login: str, first: str) -> None:
    person = site.visitor()
    assert person.sign_in(login).headers["Location"] == first
    assert person.get("/").headers["Location"] == first
    assert person.get(first).status_code == 200


def test_a_first_password_must_be_changed_before_anything_else(site: Site) -> None:
    with transaction(site.ground.sessions) as session:
        session.scalars(select(User).where(User.login == LOGIN)).one().must_change_password = True
    person = site.visitor()
    person.sign_in(LOGIN)
    assert person.get("/inbox").headers["Location"] == "/password"
    weak = person.post("/password", {"old": PASSWORD, "new": "kurz", "again": "anders"})
    assert weak.status_code == 422
    assert {"密码至少 8 位" in weak.text, "两次输入的新密码不一致" in weak.text} == {True}
    assert person.post("/password", {"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 303
    assert person.get("/password").status_code == 302  # every session ended
    assert site.visitor().sign_in(LOGIN, NEW).headers["Location"] == "/inbox"


@pytest.mark.parametrize("path", ["/login", "/logout", "/notices/read", "/demonstration/clock"])
def test_a_post_without_the_forms_token_is_refused(site: Site, path: str) -> None:
    person = site.town()
    assert person.client.post(path, data={"by": "day"}).status_code == 400


def test_another_persons_token_is_refused(site: Site) -> None:
    stranger, person = site.visitor(), site.town()
    answer = person.client.post("/notices/read", data={"csrf_token": stranger.token()})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("wanted", "followed"),
    [
        ("/items/3?tab=trail", "/items/3?tab=trail"),
        ("//evil.example/", None),
        ("https://evil.example/", None),
        ("/\\evil.example", None),
        ("/\t/evil.example", None),
        ("javascript:alert(1)", None),
        ("", None),
        (None, None),
    ],
)
def test_only_addresses_of_this_site_are_followed(wanted: str | None, followed: str | None) -> None:
    assert local_address(wanted) == followed


def test_signing_in_leads_back_to_the_page_asked_for(site: Site) -> None:
    person: Person = site.visitor()
    asked = person.get("/projects?q=桑柘")
    assert asked.headers["Location"].startswith("/login?next=/projects")
    answer = person.post("/login", {"login": LOGIN, "password": PASSWORD, "next": "/projects"})
    assert answer.headers["Location"] == "/projects"
