"""One person asks no faster than allowed, and takes nothing from anybody else (ASVS 2.4.1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.settings import Settings
from tests.webapp.conftest import Site
from webapp import create_app

ALLOWED = 12


@pytest.fixture
def slow(site: Site) -> Site:
    settings = Settings(data=site.ground.papers.parent, requests_per_minute=ALLOWED)
    return replace(site, app=create_app(site.ground.sessions, settings))


def test_who_asks_too_often_waits_and_others_do_not(slow: Site) -> None:
    hasty, calm = slow.town(), slow.bureau()
    answers = [hasty.get("/drafts") for _ in range(ALLOWED + 1)]
    assert [answer.status_code for answer in answers[:ALLOWED]] == [200] * ALLOWED
    refused = answers[ALLOWED]
    assert refused.status_code == 429
    assert "操作过于频繁" in refused.text
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert calm.get("/drafts").status_code == 200


def test_the_health_page_and_built_files_are_never_counted(slow: Site) -> None:
    visitor = slow.visitor()
    assert {visitor.get("/healthz").status_code for _ in range(ALLOWED + 2)} == {503}  # no clock runs here
    assert {visitor.get("/static/no.css").status_code for _ in range(ALLOWED + 2)} == {404}


def test_a_program_is_counted_by_its_token(slow: Site) -> None:
    client, heads = slow.app.test_client(), {"Authorization": "Bearer niemand"}
    statuses = [client.get("/api/v1/projects", headers=heads).status_code for _ in range(ALLOWED + 1)]
    assert statuses == [401] * ALLOWED + [429]
