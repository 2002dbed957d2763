"""A state is its own case's: two rows swapped by SQL are found (safety; issue 3 item 1 of what a case is)."""

from __future__ import annotations

import hmac

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bpmn.engine import StateRefused
from ledger.case_moves import CaseMove
from ledger.cases import Case
from ledger.db import transaction
from ledger.migrations import alembic_config
from tests.conftest import KEYS
from tests.interleavings.scenes import another_version, former_version
from tests.replay import assert_case
from tests.walk import Ground, Walk

pytestmark = pytest.mark.usefixtures("quick_prints")


def put_in(session: Session, case_id: int, state: bytes) -> None:
    session.execute(update(Case).where(Case.id == case_id).values(state=state))


def test_the_states_of_two_cases_cannot_be_swapped(ground: Ground) -> None:
    one, other = (Walk(ground, project) for project in ground.projects[:2])
    states = one.case.state, other.case.state
    with transaction(ground.sessions) as session:
        put_in(session, one.case_id, states[1])
        put_in(session, other.case_id, states[0])
    for walk in (one, other):
        with pytest.raises(StateRefused, match="校验码"):
            walk.complete("receive")
    with transaction(ground.sessions) as session:
        put_in(session, one.case_id, states[0])
    one.complete("receive")
    assert_case(ground.sessions, one.case_id)


def test_states_sealed_before_are_sealed_anew_and_changed_ones_stay_refused(ground: Ground) -> None:
    sound, changed = (Walk(ground, project) for project in ground.projects[:2])
    another_version(sound)()
    with transaction(ground.sessions) as session:
        put_in(session, sound.case_id, as_before(sound.case.state))
        put_in(session, changed.case_id, as_before(changed.case.state)[:-1] + b"\x00")
        move = session.scalars(select(CaseMove).where(CaseMove.case_id == sound.case_id)).one()
        move.state = as_before(move.state)
        session.flush()
        connection = session.connection()
        script = ScriptDirectory.from_config(alembic_config(connection)).get_revision("0038")
        with Operations.context(MigrationContext.configure(connection)):
            script.module.upgrade()
    sound.complete("receive")
    assert_case(ground.sessions, sound.case_id)
    with pytest.raises(StateRefused, match="校验码"):
        changed.complete("receive")


def test_a_move_made_before_is_undone_after(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    before = walk.case.state
    another_version(walk)()
    former_version(walk)()
    assert walk.case.state == before


def as_before(state: bytes) -> bytes:
    """Seal a state as it was sealed when all cases had one key."""
    body = state[33:]
    return state[:1] + hmac.digest(KEYS.mac, state[:1] + body, "sha256") + body
