"""A person's tokens: shown once, kept as a hash, ended for good, written down; nobody else's."""

from __future__ import annotations

import re

from sqlalchemy import select

from ledger.api_tokens import MOST_TOKENS, ApiToken
from ledger.db import transaction
from ledger.journal import Entry
from tests.webapp.conftest import Person, Site

ASKED = {"name": "每周导出台账", "days": "90"}


def token_of(page: str) -> str:
    found = re.search(r"sgyp_[\w-]{20,}", page)
    assert found is not None
    return found[0]


def me(site: Site, token: str) -> int:
    return site.app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_is_shown_once_and_works_until_it_is_revoked(both_sites: Site) -> None:
    town, stranger = both_sites.town(), both_sites.town("保家镇")
    token = token_of(town.post("/tokens", ASKED).text)
    assert "sgyp_" not in town.get("/tokens").text
    assert me(both_sites, token) == 200
    with transaction(both_sites.ground.sessions, writes=False) as session:
        row = session.scalars(select(ApiToken)).one()
        assert token not in (row.token_hash, row.name)
    assert stranger.post(f"/tokens/{row.id}/revoke").status_code == 404
    assert me(both_sites, token) == 200
    assert town.post(f"/tokens/{row.id}/revoke").status_code == 303
    assert me(both_sites, token) == 401
    assert town.post(f"/tokens/{row.id}/revoke").status_code == 404
    with transaction(both_sites.ground.sessions, writes=False) as session:
        acts = session.scalars(select(Entry.act).where(Entry.act.startswith("token"))).all()
        details = "".join(session.scalars(select(Entry.detail)))
    assert acts == ["token_created", "token_revoked"]
    assert token not in details


def test_a_token_without_a_purpose_or_beyond_the_limit_is_refused(site: Site) -> None:
    town = site.town()
    for wrong, sentence in (
        ({"name": "", "days": "90"}, "用途"),
        ({"name": "长" * 41, "days": "90"}, "用途"),
        ({"name": "导出", "days": "9999"}, "有效期"),
        ({"name": "导出", "days": "x"}, "有效期"),
    ):
        answer = town.post("/tokens", wrong)
        assert (answer.status_code, sentence in answer.text) == (422, True)
    for _ in range(MOST_TOKENS):
        assert town.post("/tokens", ASKED).status_code == 200
    assert "最多同时有" in town.post("/tokens", ASKED).text


def test_administrators_have_no_tokens(site: Site) -> None:
    administrator = Person(site.app.test_client())
    administrator.sign_in("xitong")
    assert administrator.get("/tokens").status_code == 403
    assert administrator.post("/tokens", ASKED).status_code == 403
