"""An installation of an earlier schema with cases under way is brought up to date, and they go on (safety: upgrade).

The earlier ledger is made by taking the newest steps of the schema back: what it then holds is what a release before
them held.
"""

from __future__ import annotations

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import select

from ledger.audit import verify
from ledger.db import transaction
from ledger.journal import Entry
from ledger.migrations import alembic_config, upgrade
from ledger.vocabulary import Level
from tests.conftest import KEYS
from tests.walk import Ground, Walk, project_of_level

STEPS_BACK = 4  # of the newest, which can be taken back; an older schema comes back with its backup


@pytest.mark.usefixtures("quick_prints")
def test_cases_under_way_go_on_after_an_upgrade(ground: Ground) -> None:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    walk.to("party_meeting")
    before = _rows(ground)
    engine = ground.sessions.kw["bind"]
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config = alembic_config(connection)
        steps = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
        command.downgrade(config, steps[STEPS_BACK])
    upgrade(engine.url, KEYS)
    assert _rows(ground) == before
    walk.to("archiving")
    walk.complete("archiving")
    assert walk.case.ended_at is not None
    with transaction(ground.sessions, writes=False) as session:
        assert verify(session).faults == []


def _rows(ground: Ground) -> list[tuple[int, str, str]]:
    with transaction(ground.sessions, writes=False) as session:
        return [(row.id, row.act, row.mac) for row in session.scalars(select(Entry).order_by(Entry.id))]
