"""The tallies of the map and the boards agree with the rows they are counted from, whatever happened (R6, issue 8)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bpmn import tallying
from bpmn.acts import send_back
from bpmn.supervision import resume, suspend
from bpmn.tallying import renew_tallies
from ledger import tally_sources
from ledger.archive import archive_rows
from ledger.cases import WAITING, Case, WorkItem
from ledger.db import Base, day_of, transaction
from ledger.projects import Project
from ledger.tallies import (
    NEVER,
    ArchiveStanding,
    ArchiveTally,
    CaseTally,
    PassageTally,
    ProjectTally,
    RateDay,
    SourceShare,
    Standing,
    StandingTally,
    Tallied,
    TallyMark,
)
from ledger.vocabulary import CaseStatus, ItemStatus, Role
from tests.walk import Ground, Walk

TALLIES: tuple[type[Base], ...] = (
    ProjectTally,
    CaseTally,
    StandingTally,
    PassageTally,
    Standing,
    ArchiveTally,
    ArchiveStanding,
    SourceShare,
)


def rows(ground: Ground, kind: type[Base]) -> Counter[tuple[Any, ...]]:
    with transaction(ground.sessions, writes=False) as session:
        return Counter(tuple(row) for row in session.execute(select(*kind.__table__.columns)))


def in_area(ground: Ground, kind: Any, area_id: int, *names: str) -> Counter[Any]:
    """Return the counts of an area, added up by some columns."""
    found: Counter[Any] = Counter()
    with transaction(ground.sessions, writes=False) as session:
        for row in session.scalars(select(kind).where(kind.area_id == area_id)):
            key = tuple(getattr(row, name) for name in names)
            found[key[0] if len(key) == 1 else key] += row.count
    return found


def walked(ground: Ground) -> list[Walk]:
    """Bring five projects to five places; the last one stays where it was pushed."""
    walks = [Walk(ground, project) for project in ground.projects]
    for walk, stem in zip(walks, ("party_meeting", "joint_review", "field_survey", "reassign"), strict=False):
        if stem == "reassign":
            walk.complete("receive", verdict="back", reason="不归本单位管理")
        else:
            walk.to(stem)
    return walks


def test_a_countys_tallies_are_what_lies_in_its_cases(ground: Ground, quick_prints: None) -> None:
    walks = walked(ground)
    assert renew_tallies(ground.sessions, ground.now) == len(ground.projects)
    county = ground.county.county.id
    standing: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for walk in walks:
        standing.update({item.element for item in walk.items() if item.status in WAITING})
        passed.update(item.element for item in walk.items() if item.status == ItemStatus.DONE)
    found = in_area(ground, StandingTally, county, "element")
    assert {step: count for step, count in found.items() if step in standing} == standing
    assert found["survey_review"] == 2  # a phase: one case reviewed by three bodies, one surveyed
    assert found["study_submission"] == 1
    done = in_area(ground, PassageTally, county, "element")
    assert {step: count for step, count in done.items() if step in passed} == passed
    assert done["survey_review"] == 1  # only the case that has left it
    assert sum(in_area(ground, ProjectTally, county, "category").values()) == len(ground.projects)
    rows_of = Counter[tuple[str, int, str]]()
    with transaction(ground.sessions, writes=False) as session:
        for walk in walks:
            case = session.get_one(Case, walk.case_id)
            for row in archive_rows(session, case):
                rows_of[str(case.project.level), row.row, str(row.standing)] += 1
    assert in_area(ground, ArchiveTally, county, "level", "row", "standing") == rows_of
    assert {standing for _level, _row, standing in rows_of} == {"t", "l"}
    assert in_area(ground, CaseTally, county, "status") == {CaseStatus.RUNNING: len(ground.projects)}


def test_what_is_added_is_what_counting_anew_gives(ground: Ground, quick_prints: None) -> None:
    walks = walked(ground)
    renew_tallies(ground.sessions, ground.now)
    first = walks[0]
    first.pass_days(3)
    item = first.item("party_meeting")
    with first.acting(item.role, item.unit_id) as acting:
        send_back(acting, item.id, item.revision, "field_survey", "材料不实")
    walks[1].pass_days(1)
    walks[1].to("party_meeting")
    walks[1].complete("party_meeting")
    with transaction(ground.sessions) as session:
        session.get_one(Project, walks[2].project.id).exited_on = day_of(ground.now)
    assert renew_tallies(ground.sessions, first.now) >= 3
    kept = [rows(ground, kind) for kind in TALLIES]
    with transaction(ground.sessions) as session:
        for kind in (*TALLIES, Tallied, TallyMark):
            session.execute(delete(kind))
    assert renew_tallies(ground.sessions, first.now) == len(ground.projects)
    assert [rows(ground, kind) for kind in TALLIES] == kept
    assert all(kept)


def test_nothing_new_is_not_counted_again(sqlite_ground: Ground) -> None:
    Walk(sqlite_ground, sqlite_ground.projects[0])
    assert renew_tallies(sqlite_ground.sessions, sqlite_ground.now) == len(sqlite_ground.projects)
    assert renew_tallies(sqlite_ground.sessions, sqlite_ground.now + timedelta(hours=1)) == 0


def test_all_is_counted_anew_however_many_there_are(sqlite_ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of the calendar asks for every project: no more than so many at once, but all of them in the end."""
    monkeypatch.setattr(tally_sources, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(tallying, "MOST_AT_ONCE", 2)
    whole = len(sqlite_ground.projects)
    assert renew_tallies(sqlite_ground.sessions, sqlite_ground.now) == whole
    with transaction(sqlite_ground.sessions) as session:
        keep_calendar_revision(session)
    assert renew_tallies(sqlite_ground.sessions, sqlite_ground.now) == whole
    assert renew_tallies(sqlite_ground.sessions, sqlite_ground.now) == 0


def test_a_clock_that_was_stopped_midway_goes_on_the_next_time(
    sqlite_ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew_tallies(sqlite_ground.sessions, sqlite_ground.now)
    with transaction(sqlite_ground.sessions) as session:
        keep_calendar_revision(session)
    monkeypatch.setattr(tallying, "BATCH", 2)
    answers = iter((True, False))
    assert renew_tallies(sqlite_ground.sessions, sqlite_ground.now, lambda: next(answers)) == 2
    assert renew_tallies(sqlite_ground.sessions, sqlite_ground.now) == len(sqlite_ground.projects) - 2


def keep_calendar_revision(session: Session) -> None:
    """Say that the working days were changed."""
    session.execute(update(TallyMark).values(calendar_revision=TallyMark.calendar_revision - 1))


def test_working_time_leaves_out_free_days_and_the_day_of_arrival(sqlite_ground: Ground) -> None:
    """From Monday 2023-11-06 to the Monday after there are five working days; what is done at once took none."""
    slow, quick = (Walk(sqlite_ground, project) for project in sqlite_ground.projects[:2])
    quick.complete("receive")
    slow.pass_days(7)
    slow.complete("receive")
    renew_tallies(sqlite_ground.sessions, slow.now)
    found = in_area(sqlite_ground, PassageTally, sqlite_ground.county.county.id, "element", "month", "days")
    assert found == {("receive", 202311, 0): 1, ("receive", 202311, 5): 1}


def test_days_of_rest_are_nobodys_working_time(sqlite_ground: Ground) -> None:
    """Came on Monday, suspended on Tuesday, resumed on Friday, done on the Monday after: two days of five."""
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    bureau = sqlite_ground.county.bureau.id
    walk.pass_days(1)
    with walk.acting(Role.HANDLER, bureau) as acting:
        suspend(acting, walk.case_id, "等待上级意见")
    walk.pass_days(3)
    with walk.acting(Role.HANDLER, bureau) as acting:
        resume(acting, walk.case_id, "已核实")
    walk.pass_days(3)
    walk.complete("receive")
    renew_tallies(sqlite_ground.sessions, walk.now)
    found = in_area(sqlite_ground, PassageTally, sqlite_ground.county.county.id, "element", "days")
    assert found == {("receive", 2): 1}


def test_a_project_lies_in_everything_above_it_and_on_its_ground(sqlite_ground: Ground) -> None:
    """Run by a department on a town's ground: county, department, town and village count it, another town does not."""
    with transaction(sqlite_ground.sessions, writes=False) as session:
        run = next(p for p in session.scalars(select(Project)) if p.level == "department")
    renew_tallies(sqlite_ground.sessions, sqlite_ground.now)
    with transaction(sqlite_ground.sessions, writes=False) as session:
        known = session.get_one(Tallied, run.id).shares["areas"]
    areas = dict(known)
    county = sqlite_ground.county
    held = {county.county.id, county.county.parent_id, run.responsible_unit_id, run.township_id, run.village_id}
    assert set(areas) == {each for each in held if each is not None}
    assert areas[county.county.id] == run.responsible_unit_id
    assert areas[run.township_id] == (run.village_id or 0)


def test_a_case_is_late_when_the_first_thing_in_it_is(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    renew_tallies(sqlite_ground.sessions, walk.now)
    with transaction(sqlite_ground.sessions, writes=False) as session:
        (tally,) = session.scalars(select(CaseTally).where(CaseTally.area_id == sqlite_ground.county.county.id))
        due = session.scalars(select(WorkItem.due_at).where(WorkItem.case_id == walk.case_id)).one()
    assert tally.late_at == due < NEVER


def test_r6_each_day_keeps_what_its_rates_rest_on(ground: Ground) -> None:
    county = ground.county.county.id
    with transaction(ground.sessions) as session:
        stopped, difficult, *_ = session.scalars(select(Project).order_by(Project.id))
        stopped.operation, difficult.operation = "stopped", "difficult"
    renew_tallies(ground.sessions, ground.now)
    with transaction(ground.sessions) as session:
        gone = session.scalars(select(Project).where(Project.operation == "stopped")).one()
        gone.exited_on = day_of(ground.now)
    walk = Walk(ground, ground.projects[0])
    renew_tallies(ground.sessions, walk.now + timedelta(days=1))
    with transaction(ground.sessions, writes=False) as session:
        kept = session.scalars(select(RateDay).where(RateDay.area_id == county).order_by(RateDay.on)).all()
    figures = [(day.project_count, day.stopped_count, day.difficult_count, day.weak_linkage_count) for day in kept]
    assert figures == [(5, 1, 1, 0), (4, 0, 1, 0)]


def test_a_case_that_ended_stands_nowhere(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    walk.complete("receive", verdict="back", reason="不归本单位管理")
    walk.complete("reassign", verdict="withdraw", reason="不是经营性项目")
    renew_tallies(sqlite_ground.sessions, walk.now)
    with transaction(sqlite_ground.sessions, writes=False) as session:
        assert session.get_one(Case, walk.case_id).ended_at is not None
        assert session.scalars(select(Standing)).all() == []
    assert in_area(sqlite_ground, CaseTally, sqlite_ground.county.county.id, "status") == {CaseStatus.WITHDRAWN: 1}
