"""Incidents: one per failing subject, tried again after 1, 2 and 4 minutes, then left to a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.db import SessionFactory, transaction
from ledger.demonstration import BEGINS_AT
from ledger.incidents import Failure, items_to_retry, open_incidents, resolve_incidents, troubled, write_incident
from ledger.vocabulary import IncidentKind

MINUTE = timedelta(minutes=1)
ATTEMPT = {"act": "complete"}


@pytest.mark.parametrize(
    ("kind", "attempt", "waits"),
    [
        (IncidentKind.TIMER, None, [1, 2, 4, None, None]),
        (IncidentKind.ITEM, ATTEMPT, [1, 2, 4, None, None]),
        (IncidentKind.ITEM, None, [None, None]),  # what was posted is gone
        (IncidentKind.MESSAGE, None, [None, None]),  # the outbox has tried eight times
        (IncidentKind.STATE, None, [None, None]),
    ],
)
def test_the_waits_double_and_end(
    sessions: SessionFactory, kind: IncidentKind, attempt: dict[str, str] | None, waits: list[int | None]
) -> None:
    subject = None if kind is IncidentKind.STATE else 7
    with transaction(sessions) as session:
        for count, minutes in enumerate(waits, 1):
            incident = write_incident(session, Failure(kind, subject, None, "原因", attempt), BEGINS_AT)
            expected = None if minutes is None else BEGINS_AT + minutes * MINUTE
            assert (incident.attempts, incident.retry_at) == (count, expected)
        assert len(open_incidents(session)) == 1


def test_what_is_mended_is_closed_and_its_answers_forgotten(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        known = write_incident(session, Failure(IncidentKind.ITEM, 7, None, "原因", ATTEMPT), BEGINS_AT)
        write_incident(session, Failure(IncidentKind.TIMER, 7, None, "原因"), BEGINS_AT)
        assert items_to_retry(session, BEGINS_AT) == []
        assert items_to_retry(session, BEGINS_AT + MINUTE) == [known.id]
        assert troubled(session, [6, 7]) == {7}
        resolve_incidents(session, IncidentKind.ITEM, 7, BEGINS_AT)
        assert (known.resolved_at, known.attempt) == (BEGINS_AT, None)
        assert [incident.kind for incident in open_incidents(session)] == [IncidentKind.TIMER]
