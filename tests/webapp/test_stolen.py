"""A cookie or a token that somebody copied is worth nothing once its person's rights ended (safety 9, issue 10)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from ledger.api_tokens import create_token
from ledger.db import transaction
from ledger.demonstration import PASSWORD
from ledger.people import Post
from tests.audited import Quick
from tests.webapp.conftest import Person, Site

NEW = "Xin-mima-2024"
DEAD, ALIVE = 401, 200  # of the token; the cookie is dead every time


def quick(site: Site, login: str) -> Person:
    person = Quick(site.app.test_client())
    assert person.sign_in(login).status_code == 303
    return person


def sign_out(_site: Site, person: Person, _login: str) -> None:
    person.post("/logout")


def change_password(_site: Site, person: Person, _login: str) -> None:
    person.post("/password", {"old": PASSWORD, "new": NEW, "again": NEW})


def end_this_session(site: Site, _person: Person, login: str) -> None:
    elsewhere = quick(site, login)
    other = re.search(r'name="session" value="([0-9a-f]{64})"', elsewhere.get("/account").text)
    assert other is not None
    elsewhere.post("/account/sessions/end", {"session": other[1]})


def reset(site: Site, _person: Person, login: str) -> None:
    quick(site, "xitong").post(f"/people/{site.user_id(login)}/reset")


def disable(site: Site, _person: Person, login: str) -> None:
    quick(site, "xitong").post(f"/people/{site.user_id(login)}/disable")


def disable_and_enable(site: Site, _person: Person, login: str) -> None:
    for act in ("disable", "enable"):
        quick(site, "xitong").post(f"/people/{site.user_id(login)}/{act}")


def give_role(site: Site, _person: Person, login: str) -> None:
    appoint(site, login, kept=True, unit=str(site.ground.county.townships["桑柘镇"].id), role="signer")


def take_role(site: Site, _person: Person, login: str) -> None:
    appoint(site, login, kept=False)


def appoint(site: Site, login: str, *, kept: bool, **added: str) -> None:
    """Let two administrators change a person's posts."""
    number = site.user_id(login)
    with transaction(site.ground.sessions, writes=False) as session:
        posts = session.scalars(select(Post).where(Post.user_id == number)).all()
        own = [f"{post.unit_id}:{post.role}" for post in posts] if kept else []
    quick(site, "xitong").post(f"/people/{number}/posts", {"post": own, "reason": "岗位调整", **added})
    second = quick(site, "anquan")
    asked = re.findall(r'name="approval" value="(\d+)"', second.get("/approvals").text)
    second.post("/approvals", {"approval": asked[-1], "verdict": "approve"})


def hand_over(site: Site, _person: Person, login: str) -> None:
    quick(site, "xitong").post(f"/handovers/{site.user_id(login)}", {"receiver": "0", "reason": "调离"})


ENDS: dict[str, tuple[Callable[[Site, Person, str], None], int]] = {
    "sangzhezhen.jingban": (sign_out, ALIVE),
    "sangzhezhen.shenhe": (change_password, ALIVE),
    "baojiazhen.jingban": (end_this_session, ALIVE),
    "baojiazhen.shenhe": (reset, DEAD),
    "lujiaozhen.jingban": (disable, DEAD),
    "lujiaozhen.shenhe": (disable_and_enable, DEAD),
    "linyeju.jingban": (give_role, DEAD),
    "linyeju.shenhe": (take_role, DEAD),
    "shuiliju.jingban": (hand_over, DEAD),
}
"""What ends a session, each for somebody else; what one does to one's own sessions leaves one's programs at work."""


def test_a_stolen_cookie_is_dead_whatever_ended_its_session(both_sites: Site) -> None:
    site = both_sites
    for login, (end, token_afterwards) in ENDS.items():
        person = quick(site, login)
        token, cookie = token_of(site, login), person.client.get_cookie("sigeyipi")
        assert cookie is not None
        thief = Person(site.app.test_client())
        thief.client.set_cookie("sigeyipi", cookie.value)
        own, stolen = person.client, thief.client
        assert [client.get("/account").status_code for client in (own, stolen)] == [200, 200], login
        assert bearer(stolen, token) == 200
        end(site, person, login)
        stolen.set_cookie("sigeyipi", cookie.value)
        own.set_cookie("sigeyipi", cookie.value)
        for client in (own, stolen):
            answers = [client.get(path).status_code for path in ("/account", "/inbox", "/counts", "/password")]
            assert answers == [302] * 4, (end.__name__, answers)
            assert Person(client).post("/notices/read").status_code == 401, end.__name__
            assert client.get("/api/v1/me").status_code == 401
        assert bearer(stolen, token) == token_afterwards, end.__name__


def token_of(site: Site, login: str) -> str:
    with transaction(site.ground.sessions) as session:
        return create_token(session, site.user_id(login), "测试", 30, datetime.now(UTC))[0]


def bearer(client: FlaskClient, token: str) -> int:
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("login", ["xitong", "anquan", "shenji"])
def test_a_token_of_who_became_an_administrator_opens_no_business(site: Site, login: str) -> None:
    """A token asks for its person's posts each time: those of administrators reach no project, item or case."""
    headers = {"Authorization": f"Bearer {token_of(site, login)}"}
    client = site.app.test_client()
    statuses = {client.get(f"/api/v1/{path}", headers=headers).status_code for path in ("projects", "cases", "units")}
    assert statuses == {403}
