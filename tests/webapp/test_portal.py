"""Signing in through the county's portal, against a portal on this machine (issue 10, item 1; OpenID Connect Core 1.0).

Only an open account of ours comes in; whatever does not fit together opens nothing and leaves the password as the way.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from ledger.db import open_ledger, transaction
from ledger.installation import installation
from ledger.journal import Entry
from ledger.people import SignIn, User
from ledger.portal_settings import Portal
from ledger.settings import Settings
from tests.conftest import KEYS
from tests.issuer import (
    CLIENT,
    NEXT_KEY,
    OTHER_KEY,
    SECRET,
    Issuer,
    Sign,
    running_issuer,
    signed,
    signed_with_the_public_key,
    unsigned,
)
from tests.walk import Ground
from tests.webapp.conftest import Person, Site, site_over
from tests.webapp.test_account import make_real
from tests.webapp.test_auth import LOGIN, acts, cookie
from webapp import create_app, portal_door
from webapp.portal import PortalUnusable
from webapp.request import real_now

_HIDDEN = re.compile(r'name="(code|state|iss|error)" value="([^"]*)"')
AWAY, NOBODY, DISTRUSTED = "暂时连不上", "没有对应的账号", "没有通过"


@pytest.fixture(scope="module")
def running() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(running: Issuer) -> Issuer:
    """The portal as it is when nothing is wrong."""
    for name, value in vars(Issuer(running.url)).items():
        setattr(running, name, value)
    return running


def settings_of(site: Site, url: str, **more: Any) -> Settings:
    portal = Portal(issuer=url, client_id=CLIENT, client_secret=SECRET, timeout_seconds=2, **more)
    return Settings(data=site.ground.papers.parent, public_url="http://localhost/", portal=portal)


@pytest.fixture(scope="module")
def shared(
    built_sqlite: tuple[Path, Ground], running: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """One small county's site for all tests, joined to the portal: most of them leave nothing in it."""
    path, built = built_sqlite
    folder = tmp_path_factory.mktemp("joined")
    shutil.copy(path, folder / "ledger.sqlite")
    sessions = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}", KEYS)
    site = site_over(replace(built, sessions=sessions, papers=folder / "papers"), real_now())
    yield Site(create_app(sessions, settings_of(site, running.url)), site.ground)
    sessions.kw["bind"].dispose()


@pytest.fixture
def joined(shared: Site, issuer: Issuer) -> Site:
    """The site with nobody signed in, every account open, and nothing known of the portal yet."""
    with transaction(shared.ground.sessions) as session:
        session.execute(delete(SignIn))
        session.execute(update(User).values(disabled_at=None, locked_until_at=None, must_change_password=False))
        installation(session).demonstration = True
    portal = shared.app.extensions["sigeyipi_portal"]
    portal._known = portal._failed_at = None
    for limiter in shared.app.extensions["limiter"]:
        limiter.reset()  # the tests together sign in oftener than an address may
    return shared


def brought_back(person: Person, issuer: Issuer, following: str = "") -> dict[str, str]:
    """Go to the portal, sign in there and come back; returns what the page would send."""
    sent = person.get(f"/login/portal?next={following}")
    assert sent.status_code == 303
    page = person.get(issuer.let_in(sent.headers["Location"]).removeprefix("http://localhost"))
    assert "data-at-once" in page.text
    return dict(_HIDDEN.findall(page.text))


def sign_in(site: Site, issuer: Issuer, following: str = "") -> tuple[Person, TestResponse]:
    person = site.visitor()
    return person, person.post("/login/portal/back", brought_back(person, issuer, following))


def last(site: Site) -> tuple[str, int | None, dict[str, Any]]:
    """Return the newest journal row: act, person, detail."""
    with transaction(site.ground.sessions, writes=False) as session:
        row = session.scalars(select(Entry).order_by(Entry.id.desc()).limit(1)).one()
        return row.act, row.user_id, orjson.loads(row.detail)


def sign_in_count(site: Site) -> int:
    return site.count(SignIn)


def change(site: Site, login: str, **values: Any) -> None:
    with transaction(site.ground.sessions) as session:
        user = session.scalars(select(User).where(User.login == login)).one()
        for name, value in values.items():
            setattr(user, name, value)


def is_refused(site: Site, person: Person, answer: TestResponse, sentence: str = DISTRUSTED) -> bool:
    """Say whether nobody came in: told so, recorded, no session, and the page still asks for a password."""
    inside = person.get("/inbox").status_code == 200
    told = answer.status_code == 422 and sentence in answer.text and 'name="password"' in answer.text
    return told and not inside and sign_in_count(site) == 0 and last(site)[0].startswith("sign_in_")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_whom_the_portal_vouches_for_is_signed_in(joined: Site, issuer: Issuer, algorithm: str) -> None:
    issuer.sign = signed(algorithm)
    person, answer = sign_in(joined, issuer, "/projects%3Fcategory%3Drevive")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/projects?category=revive")
    assert person.get("/inbox").status_code == 200
    assert last(joined) == ("sign_in", joined.user_id(LOGIN), {"by": "portal"})
    with transaction(joined.ground.sessions, writes=False) as session:
        row = session.scalars(select(SignIn)).one()
        assert str(row.portal_token).count(".") == 2
    assert cookie(answer, "sigeyipi") not in (None, row.token_hash)


def test_coming_back_by_address_alone_changes_nothing(joined: Site, issuer: Issuer) -> None:
    person, before = joined.visitor(), acts(joined)
    brought_back(person, issuer)
    assert (acts(joined), sign_in_count(joined)) == (before, 0)
    assert person.get("/inbox").status_code == 302


def test_nobody_is_led_elsewhere(joined: Site, issuer: Issuer) -> None:
    for following in ("//evil.example", "https://evil.example/", "/%5Cevil.example"):
        assert sign_in(joined, issuer, following)[1].headers["Location"] == "/inbox"


NOW = int(real_now().timestamp())
TOKENS: dict[str, tuple[Sign, dict[str, Any]]] = {
    "another nonce": (signed(), {"nonce": "x"}),
    "no nonce": (signed(), {"nonce": None}),
    "another issuer": (signed(), {"iss": "https://evil.example"}),
    "another audience": (signed(), {"aud": "other"}),
    "several audiences, meant for another": (signed(), {"aud": [CLIENT, "other"], "azp": "other"}),
    "no audience": (signed(), {"aud": None}),
    "expired": (signed(), {"iat": NOW - 7200, "exp": NOW - 3600}),
    "not valid yet": (signed(), {"nbf": NOW + 3600}),
    "no expiry": (signed(), {"exp": None}),
    "another access token": (signed(), {"at_hash": "AAAA"}),
    "no name": (signed(), {"preferred_username": None}),
    "a name that is none": (signed(), {"preferred_username": ["sangzhezhen.jingban"]}),
    "alg none": (unsigned, {}),
    "signed with the public key": (signed_with_the_public_key, {}),
    "signed by somebody else": (signed(key=OTHER_KEY), {}),
    "signed with an unknown key": (signed(kid="r9"), {}),
    "no token at all": (lambda _issuer, _claims: "x", {}),
}


@pytest.mark.parametrize("case", TOKENS)
def test_a_token_that_does_not_fit_opens_nothing(joined: Site, issuer: Issuer, case: str) -> None:
    issuer.sign, issuer.claims = TOKENS[case]
    person, answer = sign_in(joined, issuer)
    assert is_refused(joined, person, answer)
    assert last(joined)[0] == "sign_in_failed"
    assert last(joined)[2]["by"] == "portal"


def test_what_comes_back_must_fit_what_was_asked(joined: Site, issuer: Issuer) -> None:
    cases = {"state": {"state": "x"}, "issuer": {"iss": "https://evil.example"}, "no_code": {"code": ""}}
    cases |= {"access_denied": {"error": "access_denied", "code": ""}}
    for reason, changed in cases.items():
        person = joined.visitor()
        answer = person.post("/login/portal/back", {**brought_back(person, issuer), **changed})
        assert is_refused(joined, person, answer)
        assert last(joined)[2]["reason"] == reason
    assert "/token" not in issuer.asked, "no code that was brought so is worth a question"


def test_a_code_counts_once_and_for_the_browser_it_was_given_to(joined: Site, issuer: Issuer) -> None:
    person = joined.visitor()
    brought = brought_back(person, issuer)
    thief = joined.visitor()
    assert is_refused(joined, thief, thief.post("/login/portal/back", brought))
    assert person.post("/login/portal/back", brought).status_code == 303
    again = person.post("/login/portal/back", brought)
    assert (again.status_code, last(joined)[2]["reason"]) == (422, "late")
    replay = joined.visitor()
    fresh = brought_back(replay, issuer)
    answer = replay.post("/login/portal/back", {**fresh, "code": brought["code"]})
    assert (answer.status_code, last(joined)[2]["reason"]) == (422, "code")
    assert sign_in_count(joined) == 1


@pytest.mark.parametrize("case", ["unknown", "disabled", "locked", "nul"])
def test_only_an_open_account_comes_in(joined: Site, issuer: Issuer, case: str) -> None:
    reason, known = ("unknown", False) if case in ("unknown", "nul") else (case, True)
    issuer.person = {"unknown": "wang.wu", "nul": "a\0b"}.get(case, LOGIN)
    if case == "disabled":
        change(joined, LOGIN, disabled_at=real_now())
    elif case == "locked":
        change(joined, LOGIN, locked_until_at=real_now() + timedelta(minutes=5))
    people = joined.count(User)
    person, answer = sign_in(joined, issuer)
    assert is_refused(joined, person, answer, NOBODY)
    act = "sign_in_refused" if known else "sign_in_failed"
    assert last(joined) == (act, joined.user_id(LOGIN) if known else None, {"by": "portal", "reason": reason})
    assert joined.count(User) == people, "nobody is entered by the portal"


def test_an_administrator_still_gives_a_code(joined: Site, issuer: Issuer) -> None:
    make_real(joined)
    issuer.person = "xitong"
    person, answer = sign_in(joined, issuer)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/code")
    assert person.get("/people").status_code == 302
    assert sign_in_count(joined) == 0


def test_a_password_is_due_only_from_who_uses_one(joined: Site, issuer: Issuer) -> None:
    change(joined, LOGIN, must_change_password=True)
    assert sign_in(joined, issuer)[0].get("/inbox").status_code == 200
    person = joined.visitor()
    person.sign_in(LOGIN)
    assert person.get("/inbox").headers["Location"] == "/password"


def test_signing_out_ends_both_sessions(joined: Site, issuer: Issuer) -> None:
    person, _answer = sign_in(joined, issuer)
    out = person.post("/logout")
    assert (out.status_code, out.headers["Location"]) == (303, "/logout/portal")
    assert person.get("/inbox").status_code == 302
    page = person.get("/logout/portal").text
    found = re.search(r'content="0;url=([^"]+)"', page)
    assert found is not None
    address = urlsplit(found[1].replace("&amp;", "&"))
    asked = parse_qs(address.query)
    assert (f"{address.scheme}://{address.netloc}{address.path}", asked["client_id"]) == (f"{issuer.url}/end", [CLIENT])
    assert asked["id_token_hint"][0].count(".") == 2
    assert asked["post_logout_redirect_uri"] == ["http://localhost/login"]
    with transaction(joined.ground.sessions, writes=False) as session:
        assert session.scalars(select(SignIn.portal_token)).all() == [None]
    assert person.get("/logout/portal").headers["Location"] == "/login"
    person.sign_in(LOGIN)
    assert person.post("/logout").headers["Location"] == "/login", "who gave a password has no session at the portal"


@pytest.mark.parametrize("end", [None, "https://evil.example/end"])
def test_a_portal_without_a_way_out_is_left_alone(joined: Site, issuer: Issuer, end: str | None) -> None:
    issuer.offers = {"end_session_endpoint": end}
    person, _answer = sign_in(joined, issuer)
    person.post("/logout")
    assert person.get("/logout/portal").headers["Location"] == "/login"


STRANGE: dict[str, dict[str, Any]] = {
    "another portal's description": {"issuer": "https://evil.example"},
    "tokens from elsewhere": {"token_endpoint": "http://127.0.0.2:1/token"},
    "keys from elsewhere": {"jwks_uri": "http://169.254.169.254/keys"},
    "a sign-in page elsewhere": {"authorization_endpoint": "https://evil.example/authorize"},
    "keys from a file": {"jwks_uri": "file:///etc/passwd"},
    "a name and password in the address": {"jwks_uri": "http://a@127.0.0.1/keys"},
}


@pytest.mark.parametrize("case", STRANGE)
def test_a_portal_that_points_elsewhere_is_not_followed(joined: Site, issuer: Issuer, case: str) -> None:
    issuer.offers = STRANGE[case]
    answer = joined.visitor().get("/login/portal")
    assert (answer.status_code, AWAY in answer.text) == (503, True)
    assert issuer.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    "given",
    [
        (302, {"Location": "http://127.0.0.1:1/"}, b""),
        (200, {}, b"x" * 300_000),
        (200, {}, b"[]"),
        (200, {}, b"<html>"),
        (500, {}, b"{}"),
    ],
    ids=["sends us elsewhere", "does not end", "is no object", "is a page", "is a fault"],
)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_a_portal_out_of_order_leaves_the_password(
    joined: Site, issuer: Issuer, path: str, given: tuple[int, dict[str, str], bytes]
) -> None:
    issuer.answer = lambda asked: given if asked == path else None
    person = joined.visitor()
    if path == "/token":
        answer = person.post("/login/portal/back", brought_back(person, issuer))
    else:
        answer = person.get("/login/portal")
    assert (answer.status_code, AWAY in answer.text, 'name="password"' in answer.text) == (503, True, True)
    assert sign_in_count(joined) == 0
    assert person.sign_in(LOGIN).status_code == 303


def test_a_portal_nobody_answers_at_is_asked_once_in_a_while(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_issuer() as gone:
        url = gone.url
    down = Site(create_app(site.ground.sessions, settings_of(site, url)), site.ground)
    attempts: list[str] = []
    ask = portal_door.PortalDoor._ask
    monkeypatch.setattr(portal_door.PortalDoor, "_ask", lambda *given: (attempts.append("ask"), ask(*given))[1])
    person = down.visitor()
    statuses = [person.get("/login/portal").status_code for _ in range(3)]
    assert (statuses, attempts) == ([503] * 3, ["ask"])
    assert person.sign_in(LOGIN).status_code == 303


def test_a_new_key_of_the_portal_is_looked_for(joined: Site, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer.published = issuer.published[:1]
    assert sign_in(joined, issuer)[1].status_code == 303
    issuer.published = [NEXT_KEY]
    issuer.sign = signed("ES256", NEXT_KEY)
    assert sign_in(joined, issuer)[1].status_code == 422, "not more than once a minute"
    monkeypatch.setattr(portal_door, "_ASKED_AGAIN", timedelta(0))
    assert sign_in(joined, issuer)[1].status_code == 303


def test_without_a_portal_there_is_none(site: Site) -> None:
    person = site.visitor()
    assert "统一身份认证" not in person.get("/login").text
    assert [person.get(path).status_code for path in ("/login/portal", "/login/portal/back")] == [404, 404]
    assert person.post("/login/portal/back").status_code == 404
    assert person.get("/logout/portal").headers["Location"] == "/login"


def test_the_button_keeps_where_one_wanted_to_go(joined: Site) -> None:
    page = joined.visitor().get("/login?next=/projects").text
    assert 'href="/login/portal?next=/projects"' in page
    assert "统一身份认证登录" in page


def test_a_portal_needs_its_extra_and_the_way_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="public_url"):
        Settings(portal=Portal(issuer="https://sso.example.gov.cn", client_id=CLIENT))
    with pytest.raises(ValueError, match="https"):
        Portal(issuer="http://sso.example.gov.cn", client_id=CLIENT)
    monkeypatch.delitem(sys.modules, "webapp.portal_door")
    monkeypatch.setitem(sys.modules, "authlib", None)
    for name in [name for name in sys.modules if name.startswith("authlib.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PortalUnusable, match="oidc"):
        create_app(site.ground.sessions, settings_of(site, "https://sso.example.gov.cn"))
