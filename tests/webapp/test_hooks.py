"""事件通知 on its page: from a person's address to the receiver, over the clock and the outbox (issue 4 §5)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from ledger.channel_settings import Channelling, Webhooks
from ledger.db import transaction
from ledger.journal import Entry
from ledger.settings import Settings
from scheduler.clock import clock_of
from tests.scheduler.providers import provider
from tests.webapp.conftest import Site
from webapp import create_app


def allowed(site: Site, *hosts: str) -> Site:
    channels = Channelling(webhooks=Webhooks(hosts=hosts))
    settings = Settings(data=site.ground.papers.parent, channels=channels)
    return Site(create_app(site.ground.sessions, settings), site.ground)


def test_an_event_reaches_the_receiver_signed_and_once(both_sites: Site) -> None:
    with provider(lambda *_: (204, b"")) as receiver:
        site = allowed(both_sites, f"127.0.0.1:{receiver.port}")
        town = site.town()
        page = town.post("/hooks", {"url": f"{receiver.url}/events"}).text
        secret = re.search(r"<code[^>]*>([\w-]{40,})</code>", page)
        assert secret is not None
        assert secret[1] not in town.get("/hooks").text
        site.walk()
        settings = site.app.extensions["sigeyipi_settings"]
        clock = clock_of(site.ground.sessions, settings)
        for _ in range(2):
            clock.pass_once(datetime.now(UTC))
            clock.send(clock.outgoing[0])
    assert len(receiver.requests) == 1
    assert b'"event":"start"' in receiver.requests[0][2]
    assert "已送达 1" in town.get("/hooks").text
    stranger = site.town("保家镇")
    assert "/events" not in stranger.get("/hooks").text
    assert stranger.post("/hooks/1/end").status_code == 404
    assert town.post("/hooks/1/end").status_code == 303
    assert "还没有接收地址" in town.get("/hooks").text
    with transaction(site.ground.sessions, writes=False) as session:
        acts = session.scalars(select(Entry.act).where(Entry.act.startswith("hook")).order_by(Entry.id)).all()
        assert acts == ["hook_created", "hook_ended"]
        assert all(secret[1] not in detail for detail in session.scalars(select(Entry.detail)))


@pytest.mark.parametrize("url", ["", "https://evil.test/", "ftp://a.test/", "javascript:alert(1)"])
def test_an_address_that_is_not_allowed_is_refused(site: Site, url: str) -> None:
    answer = allowed(site, "a.test").town().post("/hooks", {"url": url})
    assert (answer.status_code, "系统管理员允许的范围" in answer.text) == (422, True)


def test_nothing_is_offered_where_no_host_is_named(site: Site) -> None:
    town = site.town()
    assert "没有开通事件通知" in town.get("/hooks").text
    assert town.post("/hooks", {"url": "https://a.test/"}).status_code == 422
