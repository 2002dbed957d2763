"""The demonstration's clock: moves due dates and timers, never sessions or audit times (issue 2, "must show")."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ledger.db import transaction
from ledger.installation import Installation
from ledger.journal import Entry
from tests.webapp.conftest import Site


def test_the_bar_shows_the_clock_and_moves_it(site: Site) -> None:
    town = site.town()
    assert "演示时钟</strong> 2023-11-06" in town.get("/inbox").text
    assert town.post("/demonstration/clock", {"by": "day", "back": "/inbox"}).headers["Location"] == "/inbox"
    assert "演示时钟</strong> 2023-11-07" in town.get("/inbox").text
    town.post("/demonstration/clock", {"by": "date", "on": "2023-11-10"})
    town.post("/demonstration/clock", {"by": "working_day"})  # a Friday: the next one is Monday
    assert "演示时钟</strong> 2023-11-13" in town.get("/inbox").text
    with transaction(site.ground.sessions, writes=False) as session:
        moved = session.scalars(select(Entry).where(Entry.act == "clock_moved")).all()
    assert len(moved) == 3
    assert all(entry.recorded_at.year > 2023 for entry in moved)


@pytest.mark.parametrize("on", ["", "2023-11-05", "2023-11-06", "2025-11-06", "unsinn"])
def test_it_moves_forwards_and_not_too_far(site: Site, on: str) -> None:
    town = site.town()
    town.post("/demonstration/clock", {"by": "date", "on": on})
    page = town.get("/inbox").text
    assert "演示时钟只能向前拨" in page
    assert "演示时钟</strong> 2023-11-06" in page


def test_what_became_due_happens_at_once(site: Site) -> None:
    """The publicity period ends with the fifth working day after the later posting (T1)."""
    walk = site.walk()
    walk.to("notice_unit")
    walk.complete("notice_unit")
    walk.complete("notice_site")
    town = site.town()
    town.post("/demonstration/clock", {"by": "date", "on": "2023-11-13"})
    assert "公告期满" not in town.get(f"/cases/{walk.case_id}?tab=trail").text
    town.post("/demonstration/clock", {"by": "date", "on": "2023-11-14"})
    assert "公告期满，共5个工作日" in town.get(f"/cases/{walk.case_id}?tab=trail").text


def test_a_real_installation_has_no_such_clock(site: Site) -> None:
    with transaction(site.ground.sessions) as session:
        session.scalars(select(Installation)).one().demonstration = False
    town = site.town()
    assert "演示时钟" not in town.get("/inbox").text
    assert town.post("/demonstration/clock", {"by": "day"}).status_code == 404


def test_health_is_red_until_the_clock_beats(site: Site) -> None:
    visitor = site.visitor()
    assert visitor.get("/healthz").status_code == 503
    site.town().post("/demonstration/clock", {"by": "day"})  # a pass of the clock beats in real time
    answer = visitor.get("/healthz")
    assert (answer.status_code, answer.get_json()["ok"]) == (200, True)
