"""我的账号 and the second step of signing in over HTTP (safety rules 9 and 10)."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from ledger.db import transaction
from ledger.demonstration import PASSWORD
from ledger.installation import installation
from ledger.people import User
from ledger.second_factors import SecondFactor
from tests.webapp.conftest import Person, Site
from tests.webapp.test_people import acts
from webapp.request import real_now


def make_real(site: Site) -> None:
    """Let the site be no demonstration: administrators need a second proof there."""
    with transaction(site.ground.sessions) as session:
        installation(session).demonstration = False


def code(secret: str, at: datetime) -> str:
    return TOTP(base64.b32decode(secret), 6, SHA1(), 30).generate(int(at.timestamp())).decode()


def secret_on(page: str) -> str:
    found = re.search(r'user-select-all">([A-Z2-7]{32})<', page)
    assert found is not None
    return found[1]


def forget_the_step(site: Site) -> None:
    """Let the code of this half minute count again: the test does not wait for the next."""
    with transaction(site.ground.sessions) as session:
        session.query(SecondFactor).update({"last_step": 0})


def enrolled(site: Site) -> tuple[Person, str, list[str]]:
    """Sign the system administrator in for the first time; returns the person, the secret, the recovery codes."""
    make_real(site)
    person = site.visitor()
    assert person.sign_in("xitong").headers["Location"] == "/login/code"
    secret = secret_on(person.get("/login/code").get_data(as_text=True))
    assert person.get("/people").status_code == 302, "the password alone opens nothing"
    page = person.post("/login/code", {"code": code(secret, real_now())}).get_data(as_text=True)
    codes = re.findall(r'class="col">([a-z0-9-]+)<', page)
    assert len(codes) == 8
    assert person.post("/login/code").status_code == 303
    assert person.get("/people").status_code == 200
    return person, secret, codes


def test_an_administrator_sets_the_code_up_at_the_first_sign_in(both_sites: Site) -> None:
    site = both_sites
    _, secret, codes = enrolled(site)
    forget_the_step(site)
    again = site.visitor()
    again.sign_in("xitong")
    page = again.get("/login/code").get_data(as_text=True)
    assert secret not in page
    assert again.post("/login/code", {"code": "000000"}).status_code == 422
    assert again.post("/login/code", {"code": code(secret, real_now())}).status_code == 303
    assert again.get("/people").status_code == 200
    lost = site.visitor()
    lost.sign_in("xitong")
    assert lost.post("/login/code", {"code": codes[3]}).status_code == 303
    other = site.visitor()
    other.sign_in("xitong")
    assert other.post("/login/code", {"code": codes[3]}).status_code == 422
    assert [act for act in acts(site) if "factor" in act or "recovery" in act] == [
        "second_factor_set",
        "recovery_code_used",
    ]


def test_wrong_codes_lock_like_wrong_passwords(both_sites: Site) -> None:
    site = both_sites
    _, secret, _ = enrolled(site)
    forget_the_step(site)
    person = site.visitor()
    person.sign_in("xitong")
    for _ in range(5):
        assert person.post("/login/code", {"code": "000000"}).status_code == 422
    assert person.post("/login/code", {"code": code(secret, real_now())}).status_code == 422
    assert site.visitor().sign_in("xitong").status_code == 422


def test_a_half_open_sign_in_ends_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret, _ = enrolled(site)
    forget_the_step(site)
    person = site.visitor()
    person.sign_in("xitong")
    later = real_now() + timedelta(minutes=6)
    monkeypatch.setattr("webapp.request.real_now", lambda: later)
    late = person.post("/login/code", {"code": code(secret, later)})
    assert late.status_code == 422
    assert "5 分钟" in late.get_data(as_text=True)


def test_business_people_may_use_a_code_and_do_without_again(site: Site) -> None:
    person = site.town()
    assert person.post("/account/factor", {"password": "wrong"}).status_code == 422
    secret = secret_on(person.post("/account/factor", {"password": PASSWORD}).get_data(as_text=True))
    page = person.post("/account/factor/confirm", {"code": code(secret, real_now())}).get_data(as_text=True)
    assert 'id="recovery-codes"' in page
    assert site.visitor().sign_in("sangzhezhen.jingban").headers["Location"] == "/login/code"
    assert person.post("/account/factor/drop", {"password": PASSWORD}).status_code == 303
    assert site.visitor().sign_in("sangzhezhen.jingban").headers["Location"] == "/inbox"


def test_one_ends_ones_other_sessions_and_nobody_elses(both_sites: Site) -> None:
    site = both_sites
    here, there, stranger = site.town(), site.town(), site.bureau()
    page = here.get("/account").get_data(as_text=True)
    other = re.search(r'name="session" value="([0-9a-f]{64})"', page)
    assert other is not None
    assert page.count(">本次登录<") == 1
    assert stranger.post("/account/sessions/end", {"session": other[1]}).status_code == 404
    assert there.get("/inbox").status_code == 200
    assert here.post("/account/sessions/end", {"session": other[1]}).status_code == 303
    assert there.get("/inbox").status_code == 302
    assert here.get("/inbox").status_code == 200
    assert acts(site)[-1] == "sessions_ended"


def test_failures_stand_in_ones_own_trail(site: Site) -> None:
    site.visitor().sign_in("sangzhezhen.jingban", "wrong")
    assert "登录失败" in site.town().get("/account").get_data(as_text=True)


def test_an_old_password_must_be_changed_and_cannot_come_again(
    both_sites: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = both_sites
    person = site.town()
    new = {"old": PASSWORD, "new": "Xinmima-2023!", "again": "Xinmima-2023!"}
    assert person.post("/password", new).status_code == 303
    person.sign_in("sangzhezhen.jingban", "Xinmima-2023!")
    back = {"old": "Xinmima-2023!", "new": PASSWORD, "again": PASSWORD}
    assert "最近 5 次" in person.post("/password", back).get_data(as_text=True)
    later = real_now() + timedelta(days=91)
    monkeypatch.setattr("webapp.request.real_now", lambda: later)
    old = site.visitor()
    assert old.sign_in("sangzhezhen.jingban", "Xinmima-2023!").status_code == 303
    assert old.get("/inbox").headers["Location"] == "/password"
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.query(User).filter_by(login="sangzhezhen.jingban").one().must_change_password


def test_a_lost_telephone_takes_the_security_administrator(site: Site) -> None:
    """Who resets passwords cannot drop the code, and nobody drops the own: no one takes an account alone."""
    system, secret, _ = enrolled(site)
    number = site.user_id("xitong")
    with transaction(site.ground.sessions) as session:
        installation(session).demonstration = True  # lets the security administrator in without a code of the own
    security = site.visitor()
    assert security.sign_in("anquan").status_code == 303
    assert system.post(f"/people/{number}/factor/drop").status_code == 403
    assert security.post(f"/people/{site.user_id('anquan')}/factor/drop").status_code == 403
    assert security.post(f"/people/{number}/factor/drop").status_code == 303
    assert system.get("/people").status_code == 302
    make_real(site)
    again = site.visitor()
    again.sign_in("xitong")
    assert secret_on(again.get("/login/code").get_data(as_text=True)) != secret
