"""R1–R4: when rounds open and are due, against days counted by hand and by a calendar program of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import chinese_calendar
import pytest

from ledger.round_dates import Occurrence, monthly, of_campaign, weekly
from ledger.vocabulary import RoundKind
from ledger.working_days import PUBLISHED_YEARS, Calendar, _special_days
from tests.scheduler.round_oracle import months, weeks

CALENDAR = Calendar(
    {day: works for year in PUBLISHED_YEARS for day, works, _name in _special_days(year)}, frozenset(PUBLISHED_YEARS)
)
CHINA = timezone(timedelta(hours=8))


def china(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"


def told(each: Occurrence) -> tuple[str, str, str]:
    return (each.name, china(each.opens_at), china(each.due_at))


def test_r2_an_ordinary_week_runs_from_friday_to_thursday_at_four() -> None:
    found = list(weekly(CALENDAR, date(2023, 11, 16), date(2023, 11, 30)))
    assert [told(each) for each in found] == [
        ("2023-W46", "2023-11-10 00:00", "2023-11-16 16:00"),
        ("2023-W47", "2023-11-17 00:00", "2023-11-23 16:00"),
        ("2023-W48", "2023-11-24 00:00", "2023-11-30 16:00"),
    ]
    assert {each.title for each in found} >= {"2023年11月23日周调度"}
    assert not any(each.provisional for each in found)


def test_r2_thursdays_of_a_long_holiday_fall_together_and_are_one() -> None:
    # National Day 2023: 29 September to 6 October free, 7 and 8 October worked
    found = list(weekly(CALENDAR, date(2023, 9, 20), date(2023, 10, 13)))
    assert [told(each) for each in found] == [
        ("2023-W38", "2023-09-15 00:00", "2023-09-21 16:00"),
        ("2023-W39", "2023-09-22 00:00", "2023-09-28 16:00"),
        ("2023-W41", "2023-10-07 00:00", "2023-10-12 16:00"),
    ]
    assert found[1].title == "2023年9月28日周调度，9月28日、10月5日合并"


def test_r2_a_free_thursday_is_due_the_working_day_before() -> None:
    # 22 June 2023 (Dragon Boat) is a Thursday
    assert [told(each)[2] for each in weekly(CALENDAR, date(2023, 6, 20), date(2023, 6, 23))] == ["2023-06-21 16:00"]
    free = [day for day in (date(2023, 1, 5) + timedelta(weeks=n) for n in range(208)) if not CALENDAR.is_working(day)]
    assert len(free) == 13  # spec R2


def test_r2_the_bureau_may_set_another_moment() -> None:
    moved = {"2023-W47": datetime(2023, 11, 22, 2, tzinfo=UTC)}
    found = list(weekly(CALENDAR, date(2023, 11, 16), date(2023, 11, 30), moved))
    assert [told(each) for each in found] == [
        ("2023-W46", "2023-11-10 00:00", "2023-11-16 16:00"),
        ("2023-W47", "2023-11-17 00:00", "2023-11-22 10:00"),
        ("2023-W48", "2023-11-23 00:00", "2023-11-30 16:00"),
    ]


@pytest.mark.parametrize(
    ("month", "due"),
    [
        ("2023-12", "2023-12-08 00:00"),  # Thursday the 7th, 24:00
        ("2023-10", "2023-10-08 00:00"),  # Saturday the 7th is worked
        ("2024-09", "2024-09-07 00:00"),  # the 7th is a free Saturday
        *((f"{year}-10", f"{year}-10-{day} 00:00") for year, day in ((2024, "09"), (2025, "10"), (2026, "09"))),
    ],
)
def test_r3_the_monthly_update_is_due_in_the_first_week_or_right_after_it(month: str, due: str) -> None:
    first = date.fromisoformat(f"{month}-01")
    found = [each for each in monthly(CALENDAR, first, first + timedelta(days=20)) if each.name == month]
    assert [told(each) for each in found] == [(month, f"{month}-01 00:00", due)]


def test_r1_r4_a_campaigns_rounds_follow_its_dates() -> None:
    dates = {"plan": date(2023, 11, 13), "mobilise": date(2023, 11, 19), "report": date(2023, 12, 15)}
    found = {each.kind: told(each)[1:] for each in of_campaign(CALENDAR, 3, 2023, dates)}
    assert found == {
        RoundKind.PLAN: ("2023-10-30 00:00", "2023-11-14 00:00"),
        RoundKind.MOBILISATION: ("2023-11-03 00:00", "2023-11-18 00:00"),  # a Sunday: the Friday before
        RoundKind.YEARLY: ("2023-12-01 00:00", "2023-12-16 00:00"),
    }


def test_r2_r3_every_moment_of_23_years_is_the_independent_programs() -> None:
    since, until = date(2004, 3, 1), date(2026, 12, 20)
    assert [told(each) for each in weekly(CALENDAR, since, until)] == weeks(since, until)
    assert [told(each) for each in monthly(CALENDAR, since, until)] == months(since, until)


def test_r2_a_year_not_entered_is_provisional() -> None:
    found = list(weekly(CALENDAR, date(2026, 12, 20), date(2027, 1, 20)))
    assert [(each.name, each.provisional) for each in found] == [
        ("2026-W52", False),
        ("2026-W53", False),
        ("2027-W01", True),
        ("2027-W02", True),
    ]
    assert chinese_calendar.is_workday(date(2026, 12, 24))
