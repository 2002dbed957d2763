"""Every table of the ledger in one place, for migrations and for tests that look at all of them."""

from __future__ import annotations

from ledger import (
    api_tokens,
    approvals,
    campaigns,
    case_moves,
    cases,
    comments,
    copies,
    import_runs,
    installation,
    journal,
    meetings,
    message_choices,
    outbox,
    papers,
    people,
    phrases,
    procedures,
    projects,
    reminder_rules,
    saved_filters,
    tallies,
    webhooks,
    working_days,
)
from ledger.db import Base

MODULES = (
    api_tokens,
    approvals,
    campaigns,
    case_moves,
    cases,
    comments,
    copies,
    import_runs,
    installation,
    journal,
    meetings,
    message_choices,
    outbox,
    papers,
    people,
    phrases,
    procedures,
    projects,
    reminder_rules,
    saved_filters,
    tallies,
    webhooks,
    working_days,
)
METADATA = Base.metadata
