"""Due rules (T2, spec/procedure.md): counted by hand on the calendar of November 2023."""

from datetime import UTC, date, datetime

import pytest

from ledger.working_days import Calendar, UnknownDueRule, due_of, read_due_rule

PLAIN = Calendar({}, frozenset({2023}))
DATES = {"survey": date(2023, 11, 21), "decision": date(2023, 11, 25), "first_results": date(2023, 12, 5)}
MONDAY_MORNING = datetime(2023, 11, 6, 1, 0, tzinfo=UTC)  # 09:00 in Asia/Shanghai


@pytest.mark.parametrize(
    ("rule", "created_at", "due_at", "compressed"),
    [
        # 24:00 in Asia/Shanghai is 16:00 UTC of the same day
        ("2wd", MONDAY_MORNING, datetime(2023, 11, 8, 16, tzinfo=UTC), False),
        ("campaign:survey", MONDAY_MORNING, datetime(2023, 11, 21, 16, tzinfo=UTC), False),
        # 2023-11-25 is a Saturday: the last working day before
        ("campaign:decision", MONDAY_MORNING, datetime(2023, 11, 24, 16, tzinfo=UTC), False),
        (
            "3wd cap campaign:survey",
            datetime(2023, 11, 20, 1, tzinfo=UTC),
            datetime(2023, 11, 21, 16, tzinfo=UTC),
            False,
        ),
        # past already: two working days after creation, or what `else` says
        ("campaign:survey", datetime(2023, 11, 22, 1, tzinfo=UTC), datetime(2023, 11, 24, 16, tzinfo=UTC), True),
        (
            "campaign:decision else 1wd",
            datetime(2023, 11, 27, 1, tzinfo=UTC),
            datetime(2023, 11, 28, 16, tzinfo=UTC),
            True,
        ),
        # 16:30 UTC is already the next day in Asia/Shanghai
        ("2wd", datetime(2023, 11, 6, 16, 30, tzinfo=UTC), datetime(2023, 11, 9, 16, tzinfo=UTC), False),
        ("variable:plan_due_on", MONDAY_MORNING, datetime(2023, 11, 15, 16, tzinfo=UTC), False),
    ],
)
def test_t2_due_moments(rule: str, created_at: datetime, due_at: datetime, compressed: bool) -> None:
    due = due_of(read_due_rule(rule), created_at, DATES, {"plan_due_on": "2023-11-15"}, PLAIN)
    assert (due.at, due.compressed) == (due_at, compressed)


@pytest.mark.parametrize("rule", ["", "2", "2 wd", "campaign:harvest", "3wd cap", "P2D", "wd"])
def test_a_wrong_rule_is_named(rule: str) -> None:
    with pytest.raises(UnknownDueRule, match="期限"):
        read_due_rule(rule)
