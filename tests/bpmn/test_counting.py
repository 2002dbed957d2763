"""What a diagram may ask about time: publicity periods (T1), campaign dates, working days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from bpmn.counting import Counting, NotPosted
from ledger.working_days import Calendar
from tests.walk import local

YEAR_2023 = Calendar({}, frozenset({2023}))
DATES = {"disposal": date(2023, 11, 30), "decision": date(2023, 11, 25)}


def counting(calendar: Calendar = YEAR_2023, **variables: Any) -> Counting:
    return Counting(calendar, DATES, local(2023, 11, 24, 20), variables)


@pytest.mark.parametrize(
    ("unit", "site", "days", "end"),
    [
        ("2023-11-27", "2023-11-27", 5, local(2023, 12, 5, 0)),
        ("2023-11-24", "2023-11-27", 5, local(2023, 12, 5, 0)),  # the later posting counts
        ("2023-11-27", "2023-11-20", 5, local(2023, 12, 5, 0)),
        ("2023-11-25", "2023-11-24", 5, local(2023, 12, 2, 0)),  # posted on a Saturday
        ("2023-11-27", "2023-11-27", 3, local(2023, 12, 5, 0)),  # five is the least
        ("2023-11-27", "2023-11-27", 7, local(2023, 12, 7, 0)),
    ],
)
def test_t1_publicity_end(unit: str, site: str, days: int, end: Any) -> None:
    given = counting(unit_posted_on=unit, site_posted_on=site)
    assert given.publicity_end(days) == end


def test_t1_without_both_postings_there_is_no_period() -> None:
    with pytest.raises(NotPosted):
        counting(unit_posted_on="2023-11-27", site_posted_on=None).publicity_end(5)


def test_campaign_dates_end_at_midnight_also_on_free_days() -> None:
    assert counting().campaign_end("decision") == local(2023, 11, 26, 0)  # a Saturday


def test_working_days_and_today() -> None:
    assert counting().working_days_end(1) == local(2023, 11, 28, 0)  # from Friday evening
    assert counting().today() == date(2023, 11, 24)


def test_t1_a_year_without_calendar_is_provisional() -> None:
    given = counting(Calendar({}, frozenset()), unit_posted_on="2023-11-27", site_posted_on="2023-11-27")
    assert given.publicity(5).provisional
    assert not counting(unit_posted_on="2023-11-27", site_posted_on="2023-11-27").publicity(5).provisional
    assert given.publicity(5).end - date(2023, 11, 27) == timedelta(days=7)
