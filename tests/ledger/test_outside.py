"""What is sent without signing in is counted by address and by notice, and forgotten after a day (P7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from ledger.db import transaction
from ledger.outside import PER_ADDRESS, PER_NOTICE, OutsideAttempt, TooMany, count_attempt
from tests.walk import Ground, Walk, local

NOON = local(2023, 11, 27, 12)


def attempt(ground: Ground, case_id: int, address: str, at: datetime) -> None:
    with transaction(ground.sessions) as session:
        count_attempt(session, address, case_id, at)


def test_p7_an_address_waits_for_an_hour_and_a_notice_for_a_day(sqlite_ground: Ground) -> None:
    first, second = (Walk(sqlite_ground, project).case_id for project in sqlite_ground.projects[:2])
    for _time in range(PER_ADDRESS):
        attempt(sqlite_ground, first, "10.0.0.1", NOON)
    with pytest.raises(TooMany, match="一小时后"):  # also at another notice
        attempt(sqlite_ground, second, "10.0.0.1", NOON + timedelta(minutes=59))
    attempt(sqlite_ground, first, "10.0.0.1", NOON + timedelta(minutes=60))
    for number in range(PER_NOTICE - PER_ADDRESS - 1):
        attempt(sqlite_ground, first, f"10.0.1.{number}", NOON + timedelta(hours=2))
    with pytest.raises(TooMany, match="今天收到的提交太多"):
        attempt(sqlite_ground, first, "10.0.2.1", NOON + timedelta(hours=3))
    attempt(sqlite_ground, second, "10.0.2.1", NOON + timedelta(hours=3))
    attempt(sqlite_ground, first, "10.0.2.1", NOON + timedelta(hours=27))
    with transaction(sqlite_ground.sessions, writes=False) as session:
        assert session.scalars(select(func.count()).select_from(OutsideAttempt)).one() == 1
