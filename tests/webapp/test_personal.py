"""Personal data over HTTP: masked, shown for a reason, cleared by two people (safety rule 13, M2)."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from sqlalchemy import select, update

from ledger.cases import Case
from ledger.db import transaction
from ledger.journal import Entry
from ledger.projects import Project
from tests.webapp.conftest import Person, Site
from tests.webapp.test_people import acts, admin


def supervisor(site: Site) -> Person:
    person = site.visitor()
    assert person.sign_in("ducha").status_code == 303
    return person


def test_a_number_is_shown_once_for_a_reason_and_recorded(both_sites: Site) -> None:
    site = both_sites
    project = site.walk(0).project
    person, address = supervisor(site), f"/projects/{project.id}"
    whole = project.telephone or ""
    page = person.get(address).get_data(as_text=True)
    assert whole not in page
    assert f"{whole[:3]}****{whole[-4:]}" in page
    person.post(f"{address}/telephone", {"reason": "  "})
    assert "telephone_revealed" not in acts(site)
    assert whole in person.post(f"{address}/telephone", {"reason": "核实异议"}).get_data(as_text=True)
    with transaction(site.ground.sessions, writes=False) as session:
        row = session.scalars(select(Entry).order_by(Entry.id.desc()).limit(1)).one()
    assert (row.act, row.who) == ("telephone_revealed", "县督查甲")
    assert json.loads(row.detail)["reason"] == "核实异议"
    assert whole not in row.detail


def test_a_foreign_project_shows_no_number(site: Site) -> None:
    project = site.walk(0).project
    stranger = site.town("保家镇")
    assert stranger.post(f"/projects/{project.id}/telephone", {"reason": "好奇"}).status_code == 404
    assert "telephone_revealed" not in acts(site)


def test_one_downloads_what_is_held_on_oneself(site: Site) -> None:
    answer = site.town().get("/account/data")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert json.loads(answer.get_data())["登录名"] == "sangzhezhen.jingban"


def test_two_administrators_clear_away_what_was_closed_long_ago(both_sites: Site) -> None:
    site = both_sites
    walk = site.walk(0)
    walk.to("joint_review")
    project = walk.project
    system, security = admin(site), admin(site, "anquan")
    assert system.post("/purge", {"reason": "保存期满"}).status_code == 422
    with transaction(site.ground.sessions) as session:
        long_ago = site.ground.now - timedelta(days=6 * 365)
        session.execute(update(Case).where(Case.project_id == project.id).values(ended_at=long_ago))
    assert security.get("/purge").status_code == 403
    assert system.post("/purge", {"reason": "保存期满"}).status_code == 303
    page = security.get("/approvals").get_data(as_text=True)
    assert "1 个项目的责任人和电话" in page
    number = re.search(r'name="approval" value="(\d+)"', page)
    assert number is not None
    system.post("/approvals", {"approval": number[1], "verdict": "approve"})
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.scalars(select(Project.telephone).where(Project.id == project.id)).one() is not None
    security.post("/approvals", {"approval": number[1], "verdict": "approve"})
    with transaction(site.ground.sessions, writes=False) as session:
        assert session.scalars(select(Project.telephone).where(Project.id == project.id)).one() is None
    assert acts(site)[-1] == "purged"
    survey = f"/items/{walk.items('field_survey')[0].id}"
    for page in (f"/projects/{project.id}", f"/cases/{walk.case_id}", f"/cases/{walk.case_id}?tab=trail", survey):
        answer = site.town().get(page, follow_redirects=True)
        assert (answer.status_code, str(project.telephone) in answer.get_data(as_text=True)) == (200, False), page
