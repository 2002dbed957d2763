"""A year's calendar is entered: what rested on weekends alone is counted again, what a person set stays (T1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import select, update

from bpmn.recounting import recount
from bpmn.runtime import change_timer
from ledger.cases import Timer, WorkItem
from ledger.db import end_of_day, transaction
from ledger.journal import Entry
from ledger.vocabulary import Role
from ledger.working_days import CalendarYear, SpecialDay, enter_year, load_calendar, missing_year, with_year
from tests.walk import Ground, Walk, local

pytestmark = pytest.mark.usefixtures("quick_prints")

# 2023 is known everywhere; here it is forgotten and entered again with a holiday of its own on Tuesday to Thursday
HOLIDAY = {date(2023, 11, 28): False, date(2023, 11, 29): False, date(2023, 11, 30): False}


def forget_2023(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        session.execute(SpecialDay.__table__.delete())  # type: ignore[attr-defined]
        session.execute(CalendarYear.__table__.delete().where(CalendarYear.year == 2023))  # type: ignore[attr-defined]
        session.execute(update(CalendarYear).where(CalendarYear.year == 2004).values(revision=100))


def posted(ground: Ground) -> Walk:
    """Walk a case into its publicity period: both notices on Monday 11-27."""
    walk = Walk(ground, ground.projects[1])
    walk.to("notice_unit")
    walk.now = local(2023, 11, 27, 10)
    walk.complete("notice_unit", posted_on="2023-11-27")
    walk.complete("notice_site", posted_on="2023-11-27")
    return walk


def timer_of(walk: Walk) -> Timer:
    with walk.session() as session:
        return session.scalars(select(Timer).where(Timer.case_id == walk.case_id, Timer.ended_at.is_(None))).one()


def enter(walk: Walk, *, write: bool = True) -> list[tuple[str, datetime, datetime]]:
    with walk.acting(Role.SYSTEM_ADMIN, walk.ground.county.county.id) as acting:
        known = load_calendar(acting.session)
        moved = recount(acting, known, with_year(known, 2023, HOLIDAY), write=write)
        if write:
            enter_year(acting.session, 2023, {day: (works, "假日") for day, works in HOLIDAY.items()}, "通知")
    return [(each.name, each.before, each.after) for each in moved]


def test_t1_an_open_publicity_period_is_counted_again_and_fires_by_it(ground: Ground) -> None:
    forget_2023(ground)
    walk = posted(ground)
    before = timer_of(walk)
    assert (before.provisional, before.due_at) == (True, end_of_day(date(2023, 12, 4)))  # weekends alone
    told = enter(walk, write=False)
    assert timer_of(walk).due_at == before.due_at  # only told
    assert enter(walk) == told == [(told[0][0], end_of_day(date(2023, 12, 4)), end_of_day(date(2023, 12, 7)))]
    after = timer_of(walk)
    assert (after.provisional, after.due_at) == (False, end_of_day(date(2023, 12, 7)))
    walk.now = end_of_day(date(2023, 12, 4))
    assert walk.fire() == 0
    assert timer_of(walk).id == after.id  # the run itself waits for the new end
    walk.now = end_of_day(date(2023, 12, 7))
    assert [walk.fire(), walk.fire()] == [1, 1]  # the period's end, and the opening of disposal behind it
    assert "disposal_plan" in walk.waiting()
    with walk.session() as session:
        entry = session.scalars(select(Entry).where(Entry.act == "recount")).one()
        assert "1个期限重新计算" in entry.detail


def test_t1_open_items_move_and_what_a_person_set_stays(ground: Ground) -> None:
    forget_2023(ground)
    walk = posted(ground)
    with walk.acting(Role.HANDLER, ground.county.bureau.id) as acting:
        change_timer(acting, walk.case_id, timer_of(walk).id, date(2023, 12, 11), "遇雪")
    other = Walk(ground, ground.projects[0], now=local(2023, 11, 27, 10))  # 签收 within 2 working days
    item = other.item("receive")
    assert item.due_at == end_of_day(date(2023, 11, 29))
    told = enter(walk)
    assert [(name, after) for name, _before, after in told] == [(item.name, end_of_day(date(2023, 12, 4)))]
    assert other.item("receive").due_at == end_of_day(date(2023, 12, 4))
    assert timer_of(walk).due_at == end_of_day(date(2023, 12, 11))
    with transaction(ground.sessions) as session:
        assert session.scalars(select(CalendarYear.source).where(CalendarYear.year == 2023)).one() == "通知"
        assert not load_calendar(session).is_provisional(date(2023, 11, 28))
        session.execute(update(WorkItem).values(due_at=item.due_at))
    assert enter(walk) == []  # the same notice again moves nothing


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        (date(2026, 10, 31), None),
        (date(2026, 11, 1), 2027),
        (date(2025, 12, 31), None),
        (date(2027, 1, 1), 2027),
    ],
)
def test_t1_next_year_is_missed_from_the_first_of_november(
    sqlite_ground: Ground, today: date, missing: int | None
) -> None:
    with transaction(sqlite_ground.sessions, writes=False) as session:
        calendar = load_calendar(session)
    assert missing_year(replace(calendar, years=frozenset(range(2004, 2027))), today) == missing
