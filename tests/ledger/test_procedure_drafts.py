"""Drafts of procedures: what two windows save, and what is kept of it (F8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.db import transaction
from ledger.procedure_drafts import (
    DraftConflict,
    DraftStage,
    PartKind,
    Place,
    ProcedureDraft,
    author_ids,
    part_of,
    save_part,
    saves_of,
)
from ledger.vocabulary import Role
from tests.walk import Ground, person


def draft_in(ground: Ground) -> tuple[ProcedureDraft, Place]:
    with transaction(ground.sessions) as session:
        draft = ProcedureDraft(
            process_id="p", name="流程", stage=DraftStage.EDITING, created_at=ground.now, created_by="甲"
        )
        session.add(draft)
        session.flush()
        return draft, Place(draft.id, PartKind.DIAGRAM)


def test_the_second_window_is_told_and_nothing_of_the_first_is_lost(ground: Ground) -> None:
    _, place = draft_in(ground)
    with transaction(ground.sessions) as session:
        drawer = person(session, ground.county.county.id, Role.SYSTEM_ADMIN)
        other = person(session, ground.county.county.id, Role.SECURITY_ADMIN)
        assert save_part(session, place, "一", 0, drawer, ground.now).revision == 1
        assert save_part(session, place, "二", 1, drawer, ground.now).revision == 2
    with transaction(ground.sessions) as session:
        with pytest.raises(DraftConflict) as conflict:
            save_part(session, place, "三", 1, other, ground.now)
        assert (conflict.value.part.revision, conflict.value.part.saved_by) == (2, drawer.name)
        assert save_part(session, place, "二", 1, other, ground.now).revision == 2  # the same content disturbs nobody
    with transaction(ground.sessions, writes=False) as session:
        part = part_of(session, place)
        assert part is not None
        assert part.content == "二"


def test_what_one_person_saves_in_a_few_minutes_is_one_state(ground: Ground) -> None:
    draft, place = draft_in(ground)
    with transaction(ground.sessions) as session:
        drawer = person(session, ground.county.county.id, Role.SYSTEM_ADMIN)
        other = person(session, ground.county.county.id, Role.AUDIT_ADMIN)
        steps = [("起", drawer, 0), ("承", drawer, 1), ("转", drawer, 2), ("合", other, 3), ("又", other, 20)]
        for revision, (content, who, minutes) in enumerate(steps):
            save_part(session, place, content, revision, who, ground.now + timedelta(minutes=minutes))
    with transaction(ground.sessions, writes=False) as session:
        part = part_of(session, place)
        assert part is not None
        assert [save.content for save in saves_of(session, part.id, 10)] == ["又", "合", "转", "起"]
        assert author_ids(session, draft) == {drawer.user_id, other.user_id}
