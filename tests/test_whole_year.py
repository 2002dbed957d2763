"""A short twin of `make prove NAME=rounds`: cases and rounds together, two schedulers; and that its checks can fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, update

from bpmn.casefile import Acting
from bpmn.round_periods import open_due
from ledger.cases import Timer, WorkItem
from ledger.db import transaction
from ledger.journal import Moment
from ledger.people import Post
from ledger.rounds import RoundItem, UnitRound
from ledger.scope import CLOCK
from tests.stuck import stuck
from tests.walk import Ground, Walk, local
from tests.whole_year import compare_dues, whole_year

pytestmark = pytest.mark.usefixtures("quick_prints")


def test_r1_to_r4_a_year_of_cases_and_rounds_is_the_oracles(ground: Ground) -> None:
    few = replace(ground, projects=ground.projects[:3])
    year = whole_year(few, date(2023, 12, 12), seed=1, late=20, never=10)
    year.play()
    figures = year.check()
    assert (figures["occurrences"], figures["stuck"]) == (9, 0)  # 5 weeks, a month, 3 of the campaign, by hand
    assert (figures["cases"], figures["timers_fired"] >= 3) == (3, True)  # each case has a publicity period
    assert year.grown(timedelta(days=20)) < 0.05


def test_what_nobody_is_waited_for_is_stuck(sqlite_ground: Ground) -> None:
    now = local(2023, 11, 17, 8)
    county, sessions = sqlite_ground.county, sqlite_ground.sessions
    walks = [Walk(sqlite_ground, project) for project in sqlite_ground.projects[:3]]
    numbers = [walk.project.number for walk in walks]
    with transaction(sessions) as session:
        open_due(Acting(session, CLOCK, Moment(now, now), sqlite_ground.papers), county.county.id)
        assert stuck(session, now) == []
        session.execute(update(WorkItem).where(WorkItem.case_id == walks[0].case_id).values(status="cancelled"))
        session.flush()
        assert stuck(session, now) == numbers[:1]  # its step is gone, and nothing came
        timer = {"case_id": walks[0].case_id, "token": "t", "element": "publicity", "created_at": now}
        session.add(Timer(**timer, due_at=now + timedelta(days=3)))
        session.flush()
        assert stuck(session, now) == []  # a moment to come is waited for
        assert stuck(session, now + timedelta(days=5)) == numbers[:1]  # the moment has passed and nothing happened
        last = session.get_one(UnitRound, 1)
        session.execute(delete(RoundItem).where(RoundItem.round_id == last.id))
        assert stuck(session, now) == [last.key]
        holder = walks[1].project.responsible_unit_id
        session.execute(delete(Post).where(Post.unit_id == holder))
        left = set(stuck(session, now))
        assert numbers[1] in left  # nobody holds the post it waits for
        assert numbers[2] not in left
        session.rollback()


def test_a_due_moment_that_is_another_is_told(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    with transaction(sqlite_ground.sessions) as session:
        assert compare_dues(session) == 1
        session.execute(update(WorkItem).values(due_at=walk.item("receive").due_at + timedelta(days=1)))
        session.expire_all()
        with pytest.raises(AssertionError, match="1 wrong"):
            compare_dues(session)
