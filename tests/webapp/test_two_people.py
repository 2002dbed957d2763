"""双人复核: what one administrator asks for lapses after a week, does nothing then, and may be asked for anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from ledger.approvals import LIVES, Approval, ApprovalKind
from ledger.cases import Case
from ledger.db import transaction
from ledger.paper_templates import PaperTemplate
from ledger.people import Post
from ledger.projects import Project
from ledger.working_days import CalendarYear
from tests.webapp.conftest import Person, Site
from tests.webapp.test_paper_designs import brought
from tests.webapp.test_people import acts, admin
from tests.webapp.test_working_calendar import TEXT


@dataclass(frozen=True)
class Wanted:
    """A two-person act: how it is asked for, what it changes once, the act it leaves."""

    ask: Callable[[Site, Person], TestResponse]
    changed: Callable[[Session], Any]
    act: str


def _ask_posts(site: Site, system: Person) -> TestResponse:
    town, county = site.ground.county.townships["桑柘镇"].id, site.ground.county.county.id
    kept = {"post": [f"{county}:supervisor"], "unit": town, "role": "handler", "reason": "下派"}
    return system.post(f"/people/{site.user_id('ducha')}/posts", kept)


def _ask_calendar(site: Site, system: Person) -> TestResponse:
    return system.post("/calendar", {"year": "2027", "text": TEXT, "source": "国办发明电"})


def _count(*wanted: Any) -> Callable[[Session], Any]:
    return lambda session: session.scalars(select(func.count()).where(*wanted)).one()


WANTED = {
    ApprovalKind.POSTS: Wanted(_ask_posts, _count(Post.id.is_not(None)), "posts_changed"),
    ApprovalKind.PURGE: Wanted(
        lambda _site, system: system.post("/purge", {"reason": "保存期满"}),
        _count(Project.telephone.is_(None)),
        "purged",
    ),
    ApprovalKind.TEMPLATE: Wanted(
        lambda _site, system: brought(system), _count(PaperTemplate.in_force_at.is_not(None)), "template_approved"
    ),
    ApprovalKind.CALENDAR: Wanted(_ask_calendar, _count(CalendarYear.year == 2027), "calendar_entered"),
}


def test_every_kind_stands_here() -> None:
    assert WANTED.keys() == set(ApprovalKind)


@pytest.mark.parametrize("kind", ApprovalKind)
def test_a_wish_lapses_after_a_week_and_is_asked_for_anew(site: Site, kind: ApprovalKind) -> None:
    wanted, walk = WANTED[kind], site.walk(0)
    with transaction(site.ground.sessions) as session:  # so that there is something to clear away
        long_ago = site.ground.now - timedelta(days=6 * 365)
        session.execute(update(Case).where(Case.id == walk.case_id).values(ended_at=long_ago))
    system, security = admin(site), admin(site, "anquan")

    def approve(number: int) -> str:
        sent = {"approval": str(number), "verdict": "approve"}
        return security.post("/approvals", sent, follow_redirects=True).get_data(as_text=True)

    def state() -> Any:
        with transaction(site.ground.sessions, writes=False) as session:
            return wanted.changed(session)

    before = state()
    assert wanted.ask(site, system).status_code == 303
    with transaction(site.ground.sessions) as session:
        first = session.scalars(select(Approval)).one()
        first.asked_at, first.expires_at = first.asked_at - LIVES, first.expires_at - LIVES
    assert "已超过 7 天未复核，已失效" in approve(first.id)
    assert (state(), wanted.act in acts(site)) == (before, False)
    assert f'name="approval" value="{first.id}"' not in security.get("/approvals").get_data(as_text=True)
    assert wanted.ask(site, system).status_code == 303
    with transaction(site.ground.sessions, writes=False) as session:
        second = session.scalars(select(Approval.id).order_by(Approval.id.desc())).first()
    assert second is not None
    assert second != first.id
    approve(second)
    assert (state() != before, wanted.act in acts(site)) == (True, True)


def test_a_template_that_nobody_approved_is_shown_as_lapsed(site: Site) -> None:
    system = admin(site)
    brought(system)
    with transaction(site.ground.sessions) as session:
        waiting = session.scalars(select(Approval)).one()
        waiting.asked_at, waiting.expires_at = waiting.asked_at - LIVES, waiting.expires_at - LIVES
    page = system.get("/templates/review_opinion").get_data(as_text=True)
    assert ("已失效" in page, "等待复核" in page) == (True, False)
