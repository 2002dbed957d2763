"""The door of the interface: tokens and nothing else, problems as RFC 9457, bodies checked before anything is done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from ledger.api_tokens import ApiToken
from ledger.db import transaction
from ledger.people import User
from tests.webapp.api.conftest import Program, Programs
from tests.webapp.conftest import Site


def test_nobody_gets_in_without_a_token_and_a_cookie_counts_for_nothing(site: Site) -> None:
    for program in (Program(site.app.test_client(), "sgyp_falsch"), Program(site.town().client, "")):
        answer = program.get("/me")
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json == {
            "type": "about:blank",
            "title": "没有有效的令牌",
            "status": 401,
            "detail": "请在 Authorization 请求头里写有效的令牌。",
            "instance": "/api/v1/me",
        }
    assert site.town().client.post("/api/v1/items/1/complete", json={}).status_code == 401


def test_a_token_ends_when_it_is_revoked_expired_or_its_person_disabled(
    both_sites: Site, both_programs: Programs
) -> None:
    now = datetime.now(UTC)
    for change in (
        lambda token, _user: setattr(token, "revoked_at", now),
        lambda token, _user: setattr(token, "expires_at", now),
        lambda _token, user: setattr(user, "disabled_at", now),
    ):
        program = both_programs("桑柘镇")
        assert program.get("/me").status_code == 200
        with transaction(both_sites.ground.sessions) as session:
            token = session.scalars(select(ApiToken).order_by(ApiToken.id.desc())).first()
            assert token is not None
            assert token.used_at is not None
            change(token, session.get_one(User, token.user_id))
        assert program.get("/me").status_code == 401


def test_unknown_addresses_and_methods_are_told_as_problems(programs: Programs) -> None:
    town = programs("桑柘镇")
    for answer, status in ((town.get("/unsinn"), 404), (town.post("/me", {}), 405), (town.get("/cases/98765"), 404)):
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert answer.json is not None
        assert answer.json["status"] == status


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({}, "revision", "缺少这一项"),
        ({"revision": "1", "answers": {}}, "revision", "类型应为 integer"),
        ({"revision": 1, "answers": {}, "more": 1}, "", "有接口说明里没有的项"),
        ({"revision": 1, "answers": {"taken": {"a": 1}}}, "answers.taken", "不符合"),
        ({"revision": 1, "answers": {"note": "a\0b"}}, "", "不能保存的字符"),
        ([], "", "类型应为 object"),
    ],
)
def test_a_body_that_is_not_as_described_does_nothing(
    site: Site, programs: Programs, given: object, field: str, sentence: str
) -> None:
    walk = site.walk()
    answer = programs("桑柘镇").post(f"/items/{walk.item('receive').id}/complete", given)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json is not None
    assert any(each["field"] == field and sentence in each["detail"] for each in answer.json["errors"])
    assert walk.waiting() == ["receive"]


def test_what_is_no_json_is_refused(site: Site, programs: Programs) -> None:
    town, item = programs("桑柘镇"), site.walk().item("receive")
    path, headers = f"/api/v1/items/{item.id}/complete", town.headers
    assert town.client.post(path, data="a=1", headers=headers).status_code == 415
    assert town.client.post(path, data="{", headers=headers, content_type="application/json").status_code == 400
