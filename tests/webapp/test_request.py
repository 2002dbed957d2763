"""One request, one transaction, one `now`; the headers of every answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from ledger.db import transaction
from ledger.installation import Installation, installation
from ledger.people import User
from tests.webapp.conftest import Site
from webapp.request import CONTENT_SECURITY_POLICY, moment_of

REAL = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("path", ["/login", "/inbox", "/nichts", "/healthz", "/static/favicon.svg", "/cases/999"])
def test_every_answer_carries_the_headers(site: Site, path: str) -> None:
    headers = site.visitor().get(path).headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == (
        "public, max-age=31536000, immutable" if path.startswith("/static") else "no-store"
    )


@pytest.mark.parametrize("path", ["/login", "/api/v1/openapi.json", "/healthz", "/static/favicon.svg"])
def test_no_other_site_is_let_in_and_no_trace_is_answered(site: Site, path: str) -> None:
    client = site.visitor().client
    asked = client.get(path, headers={"Origin": "https://elsewhere.example"}, buffered=True)
    before = client.options(
        path, headers={"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    )
    assert [name for name, _ in (*asked.headers, *before.headers) if name.startswith("Access-Control-")] == []
    assert client.open(path, method="TRACE").status_code == 405


def test_only_the_demonstrations_clock_is_ahead() -> None:
    row = Installation(demonstration=True, clock_offset_seconds=86400, created_at=REAL)
    assert (moment_of(row, REAL).at - REAL).days == 1
    assert moment_of(row, REAL).real_at == REAL
    row.demonstration = False
    assert moment_of(row, REAL).at == REAL


def test_what_raises_changes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(_session: object, user: User, *_rest: object) -> None:
        user.name = "改了"
        raise ZeroDivisionError

    monkeypatch.setattr("webapp.auth.set_password", spoil)
    person = site.town()
    new = {"old": "Yanshi-2023!", "new": "Xin-mima-2024", "again": "Xin-mima-2024"}
    answer = person.post("/password", new)
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text
    assert "错误编号" in answer.text
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.scalars(select(User).where(User.name == "改了")).all() == []


def test_a_page_that_finds_the_database_busy_is_asked_once_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    person, calls = site.town(), []

    def busy_once(session: object) -> Installation:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("COMMIT", {}, Exception("database is locked"))
        return installation(session)  # type: ignore[arg-type]  # the session of the second attempt

    monkeypatch.setattr("webapp.request.installation", busy_once)
    assert person.get("/inbox").status_code == 200
    assert len(calls) == 2


def test_a_request_too_large_is_refused(site: Site) -> None:
    person = site.town()
    answer = person.post("/notices/read", {"text": "字" * 250_000})
    assert answer.status_code == 413
