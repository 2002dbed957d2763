"""Every route in a loop: no form without its token, no answer without the headers (issue 10, ASVS 3.4, 3.5, 14.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from ledger.settings import Settings
from tests.webapp.conftest import Person, Site
from tests.webapp.test_authorisation import asked
from tests.webapp.test_looking import contents
from webapp import create_app
from webapp.request import CONTENT_SECURITY_POLICY

SANDBOX = "sandbox; default-src 'none'"  # of what somebody uploaded
SAFE = {"GET", "HEAD", "OPTIONS"}
BY_SECRET = {
    "receipts.aliyun",
    "receipts.tencent",
    "messaging.yunmas",
}  # a platform has no session: its address holds a secret
LOOKERS = ("sangzhezhen.jingban", "xiangcunzhenxingju.jingban", "xitong", "shenji")


def lacking(answer: TestResponse, *, https: bool = False) -> list[str]:
    """Return the headers that an answer lacks or that say something else."""
    heads, found = answer.headers, list[str]()
    wanted = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"}
    wanted["Cross-Origin-Opener-Policy"] = "same-origin"
    found += [f"{name}: {heads.get(name)}" for name, value in wanted.items() if heads.get(name) != value]
    if heads.get("Content-Security-Policy") not in (CONTENT_SECURITY_POLICY, SANDBOX):
        found.append(f"Content-Security-Policy: {heads.get('Content-Security-Policy')}")
    kept = heads.get("Cache-Control", "")
    built = answer.request.path.startswith("/static/") and answer.status_code == 200
    if ("no-store" in kept) == built:
        found.append(f"Cache-Control: {kept}")
    if https and "max-age=31536000" not in heads.get("Strict-Transport-Security", ""):
        found.append("Strict-Transport-Security")
    downloaded = not re.match(
        r"text/html|application/(json|problem)|text/plain|image/svg", answer.mimetype or "text/html"
    )
    if downloaded and not built and "attachment" not in heads.get("Content-Disposition", ""):
        found.append(f"a {answer.mimetype} that is no attachment")
    return found


def faults(answers: Iterator[tuple[str, TestResponse]], *, https: bool = False) -> list[str]:
    found = []
    for said, answer in answers:
        found += [f"{said} {answer.status_code} {each}" for each in lacking(answer, https=https)]
        answer.close()
    return found


def test_no_form_is_taken_without_its_token(site: Site) -> None:
    """Whoever makes a browser send a form has its cookies and not its token; for programs no cookie counts."""
    site.walk(0).to("joint_review")
    person, wrong, count = site.town(), [], 0
    before = contents(site)
    for rule, method, address in asked(site):
        if method in SAFE or rule.endpoint in BY_SECRET:
            continue
        count += 1
        for token in ({}, {"csrf_token": "x"}):
            answer = person.client.open(address, method=method, data=token, buffered=True)
            expected = 401 if rule.endpoint.startswith("api.") else 400
            if answer.status_code != expected:
                wrong.append((method, address, answer.status_code))
    assert wrong == []
    assert count > 150
    assert contents(site) == before


@pytest.mark.usefixtures("quick_prints")
@pytest.mark.parametrize("login", LOOKERS)
def test_what_is_shown_and_taken_away_carries_the_headers(site: Site, login: str) -> None:
    site.walk(0).to("party_meeting")
    person = site.visitor()
    assert person.sign_in(login).status_code == 303
    paths = ["/static/favicon.svg", "/static/no.css", *(at for _rule, method, at in asked(site) if method == "GET")]
    assert faults((path, person.get(path)) for path in paths) == []


def test_behind_https_every_refusal_carries_them_too(site: Site) -> None:
    """Nobody is signed in: 302 to the sign-in page, 400, 401, 404, 405, 413 and what is public, on every route."""
    app = create_app(site.ground.sessions, Settings(data=site.ground.papers.parent, https=True))
    client, secure = app.test_client(), "https://localhost"

    def answers() -> Iterator[tuple[str, TestResponse]]:
        for _rule, method, address in asked(site):
            yield f"{method} {address}", client.open(address, method=method, base_url=secure)
            yield f"PUT {address}", client.put(address, base_url=secure)
        yield "long", client.post("/login", base_url=secure, data={"login": "字" * 900_000})
        yield "none", client.get("/nichts", base_url=secure)
        yield "file", client.get("/static/favicon.svg", base_url=secure)

    seen = [(said, answer) for said, answer in answers()]
    assert {302, 400, 401, 404, 405, 413} <= {answer.status_code for _said, answer in seen}
    assert faults(iter(seen), https=True) == []


def test_a_fault_of_ours_and_a_flood_carry_them(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("webapp.auth.set_password", fail)
    new = {"old": "Yanshi-2023!", "new": "Xin-mima-2024", "again": "Xin-mima-2024"}
    failed = site.town().post("/password", new)
    few = create_app(site.ground.sessions, Settings(data=site.ground.papers.parent, requests_per_minute=1))
    hasty = Person(few.test_client())
    hasty.get("/drafts")
    refused = hasty.get("/drafts")
    assert (failed.status_code, refused.status_code) == (500, 429)
    assert faults(iter([("500", failed), ("429", refused)])) == []
