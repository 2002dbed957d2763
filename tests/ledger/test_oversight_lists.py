"""Who is silent and what has not begun, read a page at a time (issue 8 items 3 and 7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, true, update
from sqlalchemy.orm import Session

from ledger.cases import Case
from ledger.db import transaction
from ledger.journal import Act, Moment
from ledger.listing import Bounds
from ledger.oversight_lists import Wanted, overseen_projects, silent_cases
from ledger.people import Unit
from ledger.projects import Project
from ledger.scope import Actor
from ledger.tallies import NEVER, NO_DISPOSAL, NOT_BEGUN, Standing
from ledger.vocabulary import CaseStatus, Role
from ledger.writing import record
from tests.walk import Ground, Walk, person

DAY = timedelta(days=1)


def stand(session: Session, case_id: int, *places: tuple[str, datetime, datetime]) -> None:
    session.execute(delete(Standing).where(Standing.case_id == case_id))
    for element, late_at, since_at in places:
        session.add(Standing(case_id=case_id, element=element, late_at=late_at, since_at=since_at))


def someone(session: Session, ground: Ground) -> Actor:
    return person(session, ground.county.bureau.id, Role.HANDLER)


def test_the_longest_silent_come_first_and_each_once(ground: Ground) -> None:
    walks = [Walk(ground, project) for project in ground.projects]
    twice, paused, fresh, acted, resting = (walk.case_id for walk in walks)
    start = ground.now
    cutoff, late = start + 20 * DAY, start + 5 * DAY
    with transaction(ground.sessions) as session:
        stand(session, paused, ("timer", NEVER, start), ("decision", late, start + 2 * DAY))
        stand(session, twice, ("survey", late, start + DAY), ("joint_review", late, start + DAY))
        stand(session, fresh, ("reply", late, cutoff + DAY))
        stand(session, acted, ("reply", late, start))
        stand(session, resting, ("reply", late, start))
        session.execute(update(Case).where(Case.id == resting).values(status=CaseStatus.SUSPENDED))
        seen_at = Moment(cutoff + DAY, cutoff + DAY)
        record(session, seen_at, someone(session, ground), Act("case_urged", case_id=acted))
    with transaction(ground.sessions, writes=False) as session:
        whole = silent_cases(session, true(), cutoff, "", 20)
        first = silent_cases(session, true(), cutoff, "", 1)
        second = silent_cases(session, true(), cutoff, first.next, 1)
    assert [(row.case_id, row.since_at) for row in whole.rows] == [
        (twice, start + DAY),
        (paused, start + 2 * DAY),  # a timer is nobody's silence
    ]
    assert [row.case_id for row in (*first.rows, *second.rows)] == [twice, paused]
    assert (whole.next, second.next) == ("", "")


@pytest.mark.parametrize(("asked", "found"), [(NOT_BEGUN, {0, 3}), (NO_DISPOSAL, {2, 4})])
def test_projects_at_disposal_without_a_percentage_have_not_begun(ground: Ground, asked: int, found: set[int]) -> None:
    cases = [Walk(ground, project).case_id for project in ground.projects[:4]]
    now = ground.now
    with transaction(ground.sessions) as session:
        for number, case_id in enumerate(cases):
            stand(session, case_id, ("reply" if number == 2 else "disposal", now + DAY, now))
        session.execute(update(Project).where(Project.id == ground.projects[1].id).values(progress_percent=0))
    with transaction(ground.sessions, writes=False) as session:
        area = session.get_one(Unit, ground.county.county.id)
        limits, wanted = Bounds(now, now, now), Wanted(progress=(asked, asked))
        page = overseen_projects(session, someone(session, ground), area, wanted, "", 20, limits)
    assert {row.project_id for row in page.rows} == {ground.projects[number].id for number in found}
