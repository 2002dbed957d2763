"""T3 over some weeks of cases and rounds: every message on its day and slot, by an independent oracle."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from ledger.cases import WorkItem
from ledger.db import transaction
from tests.reminded_quarter import Quarter
from tests.walk import Ground, Walk, local


@pytest.mark.usefixtures("quick_prints")
def test_t3_every_message_is_on_its_day_and_slot(sqlite_ground: Ground) -> None:
    for project in sqlite_ground.projects:
        Walk(sqlite_ground, project)
    with transaction(sqlite_ground.sessions, writes=False) as session:
        waiting = session.scalars(select(WorkItem.id).order_by(WorkItem.id)).all()
    quarter = Quarter(
        sqlite_ground.sessions,
        sqlite_ground.papers,
        sqlite_ground.county,
        local(2023, 11, 6, 9),
        date(2023, 12, 8),  # `make prove NAME=quarter` plays the whole one
        late=20,
        never=10,
        receive_after={item_id: timedelta(hours=17 * n + 3) for n, item_id in enumerate(waiting)},
    )
    quarter.play()
    figures = quarter.compare()
    assert figures["texts_a_person_and_week_most"] <= 5  # one a working day
    assert figures["texts"] > 50
