"""台账快照: kept once, never changed, read as it was and compared with what is (R3)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from ledger.db import transaction
from ledger.journal import Entry, Moment
from ledger.projects import Project
from ledger.scope import CLOCK
from ledger.snapshots import (
    Snapshot,
    Wanted,
    differences,
    due_snapshots,
    is_whole,
    prepare,
    present_state,
    state_on,
    take_snapshot,
)
from ledger.statistics import ANNEX5_HEADS
from ledger.vocabulary import SnapshotKind
from ledger.working_days import load_calendar
from tests.walk import Ground, local

DAY = date(2023, 11, 6)


def keep(ground: Ground, kind: SnapshotKind, on: date, key: str, at: datetime | None = None) -> int | None:
    moment = Moment(at or local(2023, 11, 7), local(2023, 11, 7))
    with transaction(ground.sessions) as session:
        county = ground.county.county.id
        return take_snapshot(session, county, Wanted(kind, on, key), prepare(session, county), CLOCK, moment)


def change(ground: Ground, number: int, **values: object) -> str:
    with transaction(ground.sessions) as session:
        project = session.scalars(select(Project).order_by(Project.number)).all()[number]
        for name, value in values.items():
            setattr(project, name, value)
        return project.number


def test_r3_a_snapshot_can_be_neither_changed_nor_taken_away(ground: Ground) -> None:
    assert keep(ground, SnapshotKind.REQUEST, DAY, "one") is not None
    for statement in ("UPDATE snapshot SET note = 'x'", "DELETE FROM snapshot"):
        with pytest.raises(DatabaseError, match="kept as it was"), transaction(ground.sessions) as session:
            session.execute(text(statement))
    with transaction(ground.sessions, writes=False) as session:
        assert [is_whole(each) for each in session.scalars(select(Snapshot))] == [True]


def test_r3_the_same_month_is_kept_once(ground: Ground) -> None:
    assert keep(ground, SnapshotKind.MONTHLY, DAY, "month 2023-11") is not None
    change(ground, 0, remark="后来改的")
    assert keep(ground, SnapshotKind.MONTHLY, DAY, "month 2023-11") is None
    with transaction(ground.sessions, writes=False) as session:
        acts = session.scalars(select(Entry.act).where(Entry.act == "snapshot")).all()
    assert len(acts) == 1


def test_r3_a_day_that_changed_nothing_is_not_kept_again(sqlite_ground: Ground) -> None:
    assert keep(sqlite_ground, SnapshotKind.DAILY, DAY, "day 1") is not None
    assert keep(sqlite_ground, SnapshotKind.DAILY, DAY + timedelta(days=1), "day 2") is None
    change(sqlite_ground, 0, remark="变了")
    assert keep(sqlite_ground, SnapshotKind.DAILY, DAY + timedelta(days=2), "day 3") is not None


def test_r3_a_past_day_shows_what_was_and_what_changed_since(sqlite_ground: Ground) -> None:
    change(sqlite_ground, 0, category="revive")
    keep(sqlite_ground, SnapshotKind.DAILY, DAY, "day 1")
    number = change(sqlite_ground, 0, category="rebuild", telephone="13800001234")
    county = sqlite_ground.county.county.id
    with transaction(sqlite_ground.sessions, writes=False) as session:
        before, now = (
            state_on(session, county, DAY + timedelta(days=9)),
            present_state(session, county, local(2023, 12, 1)),
        )
        early = state_on(session, county, DAY - timedelta(days=1))
    assert before is not None
    assert early is None
    (found,) = differences(before, now)
    assert (found.number, found.came, found.went) == (number, False, False)
    assert found.cells[0] == ("四个一批分类", "盘活", "重建")
    head, _old, telephone = found.cells[-1]
    assert head == "责任人及联系电话"
    assert telephone.endswith("138****1234")  # M2
    assert (before.counts["revive"], now.counts["revive"], now.counts["rebuild"]) == (1, 0, 1)
    assert len(before.ledger[0]) == len(ANNEX5_HEADS)


def test_r3_projects_that_came_and_went(sqlite_ground: Ground) -> None:
    county = sqlite_ground.county.county.id
    with transaction(sqlite_ground.sessions, writes=False) as session:
        whole = present_state(session, county, local(2023, 12, 1))
    fewer = type(whole)(whole.on, whole.ledger[1:], whole.statistics, whole.counts)
    assert [each.came for each in differences(fewer, whole)] == [True]
    assert [each.went for each in differences(whole, fewer)] == [True]


@pytest.mark.parametrize(
    ("today", "monthly"),
    [
        (date(2023, 12, 7), False),  # a Thursday: the last working day of the week, still running
        (date(2023, 12, 8), True),
        (date(2024, 10, 8), False),  # October 1–7 is a holiday: the first working day after is due
        (date(2024, 10, 9), True),
    ],
)
def test_r3_the_month_is_kept_once_its_date_has_passed(sqlite_ground: Ground, today: date, monthly: bool) -> None:
    with transaction(sqlite_ground.sessions, writes=False) as session:
        due = due_snapshots(load_calendar(session), today)
    assert [each.kind == SnapshotKind.MONTHLY for each in due] == ([True, False] if monthly else [False])
    assert {each.on for each in due} == {today - timedelta(days=1)}
