"""异常处理 and 停滞项目: causes in Chinese, retried one or many; suspended and silent cases (issue 8 item 7)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bpmn.acts import urge
from bpmn.incidents import note_failure
from bpmn.supervision import suspend
from bpmn.tallying import renew_tallies
from bpmn.versions import version_of_case
from ledger.cases import Case, Incident, Timer
from ledger.db import day_of, transaction
from ledger.installation import shift_clock
from ledger.journal import Entry
from ledger.vocabulary import IncidentKind, Role
from tests.walk import Walk, fill
from tests.webapp.conftest import Person, Site, exported
from tests.webapp.test_process_map import links, supervisor, text


def failed(walk: Walk) -> int:
    """Leave a completion that failed with what was posted, as a request leaves it."""
    item = walk.item("receive")
    with walk.acting(item.role, item.unit_id) as acting:
        shown, user_id = walk.prepare(acting, item, {}), acting.actor.user_id
        posted = fill(shown, walk.answers_for(shown), day_of(walk.now))
    attempt = {"act": "complete", "item_id": item.id, "revision": item.revision, "user_id": user_id, "posted": posted}
    about = {"case_id": walk.case_id, "subject_id": item.id}
    broken = RuntimeError("测算表除以零")
    return note_failure(walk.ground.sessions, IncidentKind.ITEM, broken, walk.now, **about, attempt=attempt)


def administrator(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def open_numbers(site: Site) -> set[int]:
    with transaction(site.ground.sessions, writes=False) as session:
        return set(session.scalars(select(Incident.id).where(Incident.resolved_at.is_(None))))


def test_what_failed_is_told_with_its_cause_and_retried_together(site: Site) -> None:
    walks = [site.walk(0), site.walk(1)]
    numbers = [failed(walk) for walk in walks]
    person = administrator(site)
    page = text(person, "/incidents")
    assert "程序出错，没有办成（RuntimeError：测算表除以零）" in page
    assert all(walk.project.number in page and walk.project.name not in page for walk in walks)
    assert "没有未处理的异常" in text(person, "/incidents?kind=message")
    told = [(row[1], row[3]) for row in exported(person.post("/incidents")) if row[0] == "没有办成"]
    assert told == [(number, walk.project.number) for number, walk in zip(numbers, walks, strict=True)][::-1]
    assert site.bureau().post("/incidents").status_code == 403
    answer = person.post("/incidents/retry", {"incident": numbers, "reason": "已修复"})
    assert answer.status_code == 303
    assert open_numbers(site) == set()
    assert [walk.waiting() for walk in walks] == [["field_survey"], ["field_survey"]]
    with transaction(site.ground.sessions, writes=False) as session:
        assert len(session.scalars(select(Entry).where(Entry.act == "retry")).all()) == 2
    assert "最近七天处理好的异常（2 项）" in text(person, "/incidents")


def test_a_rows_own_button_retries_that_row_alone(site: Site) -> None:
    first, second = failed(site.walk(0)), failed(site.walk(1))
    person = administrator(site)
    assert f'name="only" value="{first}"' in text(person, "/incidents")
    person.post("/incidents/retry", {"incident": [second], "only": first, "reason": "已修复"})
    assert open_numbers(site) == {second}


def test_a_timer_is_told_by_its_name_on_the_diagram(site: Site) -> None:
    walk = site.walk(0)
    with transaction(site.ground.sessions) as session:
        timer = Timer(case_id=walk.case_id, token="t", element="publicity", due_at=walk.now, created_at=walk.now)
        timer.provisional = False
        session.add(timer)
        session.flush()
        case = session.get_one(Case, walk.case_id)
        timer_id, name = timer.id, version_of_case(case).diagram.elements["publicity"].name
    about = {"case_id": walk.case_id, "subject_id": timer_id}
    note_failure(site.ground.sessions, IncidentKind.TIMER, RuntimeError("坏了"), walk.now, **about)
    page, rows = text(administrator(site), "/incidents"), exported(administrator(site).post("/incidents"))
    assert name in page
    assert "publicity" not in page
    assert name in {row[5] for row in rows}


def test_a_retry_wants_a_choice_and_a_reason(site: Site) -> None:
    number = failed(site.walk(0))
    person = administrator(site)
    person.post("/incidents/retry", {"reason": "已修复"})
    person.post("/incidents/retry", {"incident": [number], "reason": " "})
    person.post("/incidents/retry", {"incident": ["x"], "reason": "已修复"})
    assert open_numbers(site) == {number}


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN])
def test_incidents_are_the_system_administrators(site: Site, role: Role) -> None:
    person = site.person(site.ground.county.county.id, role)
    assert person.get("/incidents").status_code == 403
    assert person.post("/incidents/retry").status_code == 403


def test_a_case_nobody_acted_on_for_ten_working_days_is_silent(site: Site) -> None:
    """From Monday 11-06 ten working days are over on Monday 11-20; who urges has acted."""
    silent, urged, resting = (site.walk(number) for number in range(3))
    with resting.acting(Role.HANDLER, site.ground.county.bureau.id) as acting:
        suspend(acting, resting.case_id, "等待上级意见")
    silent.pass_days(11)
    site.catch_up(silent)
    renew_tallies(site.ground.sessions, silent.now)
    assert links(text(site.bureau(), "/stalled")) == set()
    urged.now = silent.now
    with urged.acting(Role.HANDLER, site.ground.county.bureau.id) as acting:
        urge(acting, urged.item("receive").id)
    silent.pass_days(3)
    with transaction(site.ground.sessions) as session:
        shift_clock(session, 3 * 24 * 3600)
    renew_tallies(site.ground.sessions, silent.now)
    assert links(text(site.bureau(), "/stalled")) == {f"/cases/{silent.case_id}"}
    assert links(text(site.bureau(), "/stalled?kind=suspended")) == {f"/cases/{resting.case_id}"}
    assert silent.project.number in text(administrator(site), "/incidents")


def test_o1_a_town_is_told_of_its_own_stalled_cases_only(site: Site) -> None:
    walks = [site.walk(number) for number in range(len(site.ground.projects))]
    walks[0].pass_days(30)
    site.catch_up(walks[0])
    renew_tallies(site.ground.sessions, walks[0].now)
    town = site.ground.county.townships["桑柘镇"]
    own = {
        f"/cases/{walk.case_id}"
        for walk in walks
        if town.id in (walk.project.responsible_unit_id, walk.project.township_id)
    }
    person = supervisor(site, town.id)
    assert links(text(person, "/stalled")) == own
    assert person.get(f"/stalled?area={site.ground.county.county.id}").status_code == 404
    assert person.post("/stalled").status_code == 200


def test_lists_and_boards_read_alike_on_both_databases(both_sites: Site) -> None:
    walks = [both_sites.walk(number) for number in range(3)]
    walks[0].pass_days(30)
    both_sites.catch_up(walks[0])
    renew_tallies(both_sites.ground.sessions, walks[0].now)
    person = both_sites.bureau()
    every = {f"/cases/{walk.case_id}" for walk in walks}
    for path in (
        *("/stalled", "/map/steps/receive?late=1", "/board/late", "/board/projects?light=red"),
        "/board/projects?status=running",
    ):
        assert links(text(person, path)) == every, path
    for path in ("/board", "/board/screen", "/map?from=2023-11&to=2023-12", "/board/projects?progress=-2_-2"):
        text(person, path)
    assert links(text(person, "/board/projects?progress=3_5&category=none&operation=stopped&branch=1")) == set()
