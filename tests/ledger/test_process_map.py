"""The map's percentiles and sums agree with a plain reckoning over the same passages."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

from ledger.db import SessionFactory, transaction
from ledger.process_map import MapFilter, StepFigures, step_figures, worst_steps
from ledger.tallies import PassageTally, StandingTally

NOW = datetime(2023, 11, 20, 1, 0, tzinfo=UTC)
STEPS, CATEGORIES, MONTHS = ("survey", "review"), ("", "upgrade"), (202310, 202311, 202312)


def nearest_rank(days: list[int], share: float) -> int:
    return sorted(days)[math.ceil(share * len(days) - 1e-9) - 1]


def test_median_and_p90_are_the_nearest_ranks(sessions: SessionFactory) -> None:
    chosen = random.Random(8)
    passages = [
        (area, campaign, category, month, step, days, chosen.randrange(1, 4))
        for area in (1, 2)
        for campaign in (1, 2)
        for category in CATEGORIES
        for month in MONTHS
        for step in STEPS
        for days in chosen.sample(range(20), 6)
    ]
    with transaction(sessions) as session:
        for area, campaign, category, month, step, days, count in passages:
            session.add(
                PassageTally(
                    area_id=area, procedure_id=1, campaign_id=campaign, category=category, month=month, element=step,
                    days=days, count=count,
                )
            )  # fmt: skip
    for wanted, kept in (
        (MapFilter(1, (1,)), lambda p: p[0] == 1),
        (MapFilter(2, (1,), campaign_id=2), lambda p: p[:2] == (2, 2)),
        (MapFilter(1, (1,), category="upgrade"), lambda p: p[0] == 1 and p[2] == "upgrade"),
        (MapFilter(1, (1,), first_month=202311, last_month=202311), lambda p: p[0] == 1 and p[3] == 202311),
    ):
        with transaction(sessions, writes=False) as session:
            found = step_figures(session, wanted, NOW)
        for step in STEPS:
            days = [each for p in passages if kept(p) and p[4] == step for each in [p[5]] * p[6]]
            expected = StepFigures(0, 0, len(days), nearest_rank(days, 0.5), nearest_rank(days, 0.9))
            assert found[step] == expected, wanted
    with transaction(sessions, writes=False) as session:
        assert step_figures(session, MapFilter(1, (7,)), NOW) == {}


def test_late_is_what_is_due_by_now(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        for hours, count in ((-1, 2), (0, 3), (1, 4)):
            late_at = NOW + timedelta(hours=hours)
            session.add(
                StandingTally(
                    area_id=1,
                    procedure_id=1,
                    campaign_id=1,
                    category="",
                    element="survey",
                    late_at=late_at,
                    count=count,
                )
            )
    with transaction(sessions, writes=False) as session:
        assert step_figures(session, MapFilter(1, (1,)), NOW)["survey"] == StepFigures(9, 5)


def test_the_worst_steps_are_those_with_most_late_then_the_slowest() -> None:
    figures = {
        "a": StepFigures(9, 1, 5, 1, 2),
        "b": StepFigures(9, 3, 5, 1, 2),
        "c": StepFigures(9, 1, 5, 1, 9),
        "d": StepFigures(99, 0, 5, 1, 9),
    }
    assert worst_steps(figures, "abcd") == ["b", "c", "a"]
    assert worst_steps(figures, "abcd", 1) == ["b"]
