"""Saves a run into the case table and loads it from there, as a transaction of the runtime would."""

from __future__ import annotations

from bpmn.engine import Run, Surroundings, case_key
from ledger.cases import Case
from ledger.db import SessionFactory, transaction
from ledger.taking import case_by_id
from tests.bpmn.random_runs import Keeping


def through_rows(sessions: SessionFactory, case_id: int) -> Keeping:
    """Return a keeping that commits the state to one case's row and reads it back in another transaction."""

    def keep(run: Run, surroundings: Surroundings) -> Run:
        with transaction(sessions) as session:
            key = case_key(session.info["keys"].mac, str(case_id))
            session.get_one(Case, case_id, with_for_update=True).state = run.dump(key)
        with transaction(sessions) as session:
            found = case_by_id(session, case_id, lock=True)
            assert found is not None
            return Run.load(run.diagram, found[0].state, key, surroundings)

    return keep
