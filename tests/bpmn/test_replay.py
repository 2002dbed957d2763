"""The journal replayed in order gives the saved state, the inbox and the timers (issue 3 item 8).

The walks of `test_runtime` end in the same check; here cases wander through everything people and the clock can do.
"""

from __future__ import annotations

import random

import pytest
from sqlalchemy import update

from bpmn.engine import StateRefused
from ledger.cases import Case
from ledger.db import transaction
from ledger.vocabulary import Category
from tests.bpmn.redrawn import LONGER, newly
from tests.replay import assert_case
from tests.walk import Ground
from tests.wander import Wanderer

pytestmark = pytest.mark.usefixtures("quick_prints")

ACTS = 30


def test_a_wandering_case_is_what_its_journal_says(sqlite_ground: Ground) -> None:
    newly(sqlite_ground, LONGER)
    seen: set[str] = set()
    for number, category in enumerate((Category.UPGRADE, Category.REBUILD, Category.REVIVE, Category.CONSOLIDATE)):
        wander = Wanderer(sqlite_ground, sqlite_ground.projects[number], category, rnd=random.Random(number))
        wander.acts(ACTS)
        seen.update(assert_case(sqlite_ground.sessions, wander.case_id))
    assert len(seen) >= 10  # kinds of acts
    assert {"migrate", "migrate_back", "hand_over"} <= seen


def test_a_case_that_moved_without_its_journal_is_found(sqlite_ground: Ground) -> None:
    one, other = (Wanderer(sqlite_ground, project) for project in sqlite_ground.projects[:2])
    other.complete("receive")
    ahead = other.case.state
    with transaction(sqlite_ground.sessions) as session:
        session.execute(update(Case).where(Case.id == one.case_id).values(state=ahead))
    with pytest.raises((AssertionError, StateRefused)):
        assert_case(sqlite_ground.sessions, one.case_id)
    assert assert_case(sqlite_ground.sessions, other.case_id) == ["start", "complete"]
