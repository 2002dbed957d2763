"""One pass over what is due: each timer by itself, a broken one leaves its case and an incident."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from ledger.cases import Case, Timer
from ledger.db import transaction
from ledger.incidents import open_incidents
from ledger.journal import Moment
from ledger.projects import Project
from scheduler.sweep import Ground as Sweeping
from scheduler.sweep import Swept, sweep
from tests.walk import Ground, Walk, local

pytestmark = pytest.mark.usefixtures("quick_prints")


def sweeping(ground: Ground) -> Sweeping:
    return Sweeping(ground.sessions, ground.papers)


def at(walk: Walk) -> Moment:
    return Moment(walk.now, walk.now)


def waiting_case(ground: Ground, project: Project) -> Walk:
    walk = Walk(ground, project)
    walk.to("notice_unit")
    walk.complete("notice_unit")
    walk.complete("notice_site")
    return walk


def test_t1_due_timers_fire_and_what_they_open_follows(ground: Ground) -> None:
    walk = waiting_case(ground, ground.projects[1])
    assert sweep(sweeping(ground), at(walk)) == Swept(0, 0)
    walk.now = local(2023, 12, 1, 0)  # after the publicity period; the campaign's disposal date has just ended
    assert sweep(sweeping(ground), at(walk)) == Swept(2, 0)  # the period's end, and the opening it led to
    assert walk.waiting() == ["disposal_plan"]
    assert sweep(sweeping(ground), at(walk)) == Swept(0, 0)


def test_a_broken_case_leaves_an_incident_and_the_others_go_on(ground: Ground) -> None:
    broken, sound = waiting_case(ground, ground.projects[1]), waiting_case(ground, ground.projects[4])
    state = broken.case.state
    with transaction(ground.sessions) as session:
        session.execute(update(Case).where(Case.id == broken.case_id).values(state=state[:-1] + b"\x00"))
    broken.now = local(2023, 12, 1, 0)
    assert sweep(sweeping(ground), at(broken)) == Swept(2, 1)
    assert sound.waiting() == ["disposal_plan"]
    with transaction(ground.sessions, writes=False) as session:
        (incident,) = open_incidents(session)
        assert (incident.kind, incident.case_id, incident.attempts) == ("timer", broken.case_id, 1)
        assert incident.retry_at == broken.now + timedelta(minutes=1)
        assert session.get_one(Case, broken.case_id).state == state[:-1] + b"\x00"
    assert sweep(sweeping(ground), at(broken)) == Swept(0, 0)  # it rests until its retry
    broken.now += timedelta(minutes=1)
    assert sweep(sweeping(ground), at(broken)) == Swept(0, 1)
    with transaction(ground.sessions) as session:
        (incident,) = open_incidents(session)
        assert (incident.attempts, incident.retry_at) == (2, broken.now + timedelta(minutes=2))
        session.execute(update(Case).where(Case.id == broken.case_id).values(state=state))
    broken.now += timedelta(minutes=2)
    assert sweep(sweeping(ground), at(broken)) == Swept(2, 0)
    with transaction(ground.sessions, writes=False) as session:
        assert open_incidents(session) == []
        assert session.scalars(select(Timer).where(Timer.ended_at.is_(None))).all() == []


def test_a_pass_told_to_stop_begins_nothing(sqlite_ground: Ground) -> None:
    walk = waiting_case(sqlite_ground, sqlite_ground.projects[1])
    walk.now = local(2023, 12, 1, 0)
    assert sweep(sweeping(sqlite_ground), at(walk), lambda: False) == Swept(0, 0)
