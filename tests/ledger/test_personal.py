"""Personal data goes when its purpose has ended, and not before (safety rule 13, M2)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from ledger.cases import Case
from ledger.db import transaction
from ledger.people import User
from ledger.personal import due_for_purge, held_on, purge
from ledger.projects import Project
from ledger.vocabulary import CaseStatus
from tests.walk import Ground, Walk


def test_only_what_was_closed_long_ago_is_cleared(ground: Ground) -> None:
    closed, running = Walk(ground, ground.projects[0]), Walk(ground, ground.projects[1])
    long_ago = ground.now - timedelta(days=6 * 365)
    before = ground.now - timedelta(days=5 * 365)
    with transaction(ground.sessions) as session:
        assert due_for_purge(session, before).is_empty
        ended = {"status": CaseStatus.ARCHIVED, "ended_at": long_ago}
        session.execute(update(Case).where(Case.project_id == closed.project.id).values(**ended))
        session.execute(update(User).where(User.login == "ducha").values(disabled_at=long_ago))
        session.execute(update(User).where(User.login == "shenji").values(disabled_at=ground.now))
        found = due_for_purge(session, before)
        assert (found.project_count, found.person_count) == (1, 1)
        assert purge(session, before) == found
        assert due_for_purge(session, before).is_empty
    with transaction(ground.sessions, writes=False) as session:
        kept = {row.id: row.telephone for row in session.scalars(select(Project))}
        people = {row.login: row.telephone for row in session.scalars(select(User))}
    assert kept[closed.project.id] is None
    assert kept[running.project.id] is not None
    assert people["ducha"] is None
    assert people["shenji"] is not None


def test_what_is_held_on_a_person_is_told_whole(ground: Ground) -> None:
    with transaction(ground.sessions, writes=False) as session:
        user = session.scalars(select(User).where(User.login == "xitong")).one()
        told = held_on(session, user.id)
    assert (told["登录名"], told["手机号码"], told["岗位"][0]["岗位"]) == ("xitong", "13800000002", "system_admin")
