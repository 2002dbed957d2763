"""T1: State Council working days, against dates that two independent calendars agree on (calendar.json)."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ledger.db import SessionFactory, transaction
from ledger.working_days import Calendar, CalendarYear, SpecialDay, load_calendar, seed_calendar, special_days

CASES = json.loads((Path(__file__).parent.parent / "cases" / "data" / "calendar.json").read_text())
KNOWN_ENDS = [posting for posting in CASES["five_working_days"] if "last_day" in posting]


@pytest.fixture
def calendar(sessions: SessionFactory) -> Calendar:
    with transaction(sessions) as session:
        seed_calendar(session)
        session.flush()
        return load_calendar(session)


def test_t1_special_days(calendar: Calendar) -> None:
    for year in CASES["special_days"].values():
        assert all(calendar.is_working(date.fromisoformat(day)) for day in year["work_on_weekend"])
        assert not any(calendar.is_working(date.fromisoformat(day)) for day in year["off_on_weekday"])


def test_t1_five_working_days_after_a_posting(calendar: Calendar) -> None:
    for posting in KNOWN_ENDS:
        period = calendar.period(date.fromisoformat(posting["posted"]), 5)
        assert [day.isoformat() for day in period.days] == posting["counted"]
        assert (period.end.isoformat(), period.provisional) == (posting["last_day"], False)


def test_t1_a_date_past_the_published_calendar_is_provisional(calendar: Calendar) -> None:
    period = calendar.period(date(2026, 12, 28), 5)
    assert period.provisional
    # weekends only: 29, 30, 31, then Friday 1 January counts as worked, then Monday the 4th
    assert period.end == date(2027, 1, 4)


def test_a_day_entered_later_is_noticed(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        seed_calendar(session)
        session.flush()
        assert load_calendar(session).is_working(date(2027, 1, 1))
        session.add(SpecialDay(day=date(2027, 1, 1), working=False, name="元旦"))
        session.add(CalendarYear(year=2027, source="国务院办公厅通知"))
        session.flush()
        entered = load_calendar(session)
    assert not entered.is_working(date(2027, 1, 1))
    assert not entered.is_provisional(date(2027, 1, 1))


def test_seeding_twice_changes_nothing(sessions: SessionFactory) -> None:
    def content() -> list[Any]:
        with transaction(sessions) as session:
            seed_calendar(session)
            session.flush()
            return list(session.execute(select(SpecialDay.day, SpecialDay.working)))

    assert content() == content()


def test_counting_days_both_ways() -> None:
    plain = Calendar({}, frozenset({2023}))
    friday, tuesday = date(2023, 11, 24), date(2023, 11, 28)
    assert plain.count(friday, tuesday) == 2
    assert plain.count(tuesday, friday) == -2
    assert plain.last_working_day(date(2023, 11, 26)) == friday


@pytest.mark.parametrize(
    ("rests", "days"),
    [
        ((), 6),  # 27, 28, 29, 30 November, 1 and 4 December
        (((28, 30),), 4),  # the 29th and 30th are nobody's
        (((20, 28),), 4),  # began before: the 27th and 28th are nobody's
        (((30, 60),), 4),  # goes on after the end
        (((10, 20), (28, 29), (60, 70)), 5),  # only what lies inside counts
        (((1, 70),), 0),
    ],
)
def test_days_at_rest_are_not_spent(rests: tuple[tuple[int, int], ...], days: int) -> None:
    first = date(2023, 11, 1)
    given = [(first + timedelta(days=begun - 1), first + timedelta(days=ended - 1)) for begun, ended in rests]
    assert Calendar({}, frozenset({2023})).spent(date(2023, 11, 24), date(2023, 12, 4), given) == days


def test_a_period_has_at_least_one_day() -> None:
    with pytest.raises(ValueError, match="0 working days"):
        Calendar({}, frozenset()).period(date(2023, 11, 24), 0)


def test_t1_seeded_holidays_have_their_chinese_names(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        seed_calendar(session)
        named = {row.day: row.name for row in special_days(session, 2023)}
    assert named[date(2023, 9, 29)] in ("中秋", "中秋节")
    assert named[date(2023, 1, 28)] == "春节"  # a Saturday worked for it
    assert all(name and not name.isascii() for name in named.values())
