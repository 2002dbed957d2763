"""Personal data goes when its purpose has ended, and not before (safety rule 13, M2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.cases import Case, Draft, Objection, WorkItem
from ledger.db import transaction
from ledger.former_answers import FormerAnswers
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


def told_of(session: Session, case_id: int) -> str:
    """Return everything sealed that a case keeps, as one text."""
    items = session.scalars(select(WorkItem.id).where(WorkItem.case_id == case_id)).all()
    sealed: list[Any] = [
        *session.scalars(select(WorkItem.answers).where(WorkItem.case_id == case_id)),
        *session.scalars(select(FormerAnswers.answers).where(FormerAnswers.item_id.in_(items))),
        *session.scalars(select(Draft.posted).where(Draft.item_id.in_(items))),
        *session.execute(select(Objection.raised_by, Objection.contact).where(Objection.case_id == case_id)),
    ]
    return str(sealed)


def test_answers_drafts_and_objections_tell_nobody_s_name_afterwards(ground: Ground) -> None:
    closed, running = Walk(ground, ground.projects[0]), Walk(ground, ground.projects[1])
    for walk in (closed, running):
        walk.to("joint_review")
    long_ago = ground.now - timedelta(days=6 * 365)
    with transaction(ground.sessions) as session:
        for walk in (closed, running):
            (survey,) = session.scalars(select(WorkItem).where(WorkItem.id == walk.items("field_survey")[0].id))
            session.add(FormerAnswers(item_id=survey.id, until_entry_id=1, answers=survey.answers))
            session.add(Draft(item_id=survey.id, user_id=1, posted={"telephone": ["13800000555"]}, saved_at=long_ago))
            who = {"raised_by": "村民甲", "contact": "13800000556", "content": "面积不实"}
            session.add(Objection(case_id=walk.case_id, **who, entered_at=long_ago, entered_by="桑柘镇经办甲"))
        session.execute(update(Case).where(Case.id == closed.case_id).values(ended_at=long_ago))
        session.flush()
        project = session.get_one(Project, closed.project.id)
        known = (str(project.telephone), str(project.responsible_person), "13800000555", "13800000556", "村民甲")
        before = told_of(session, running.case_id)
        assert [each for each in known if each not in told_of(session, closed.case_id)] == []
        purge(session, ground.now - timedelta(days=5 * 365))
    with transaction(ground.sessions, writes=False) as session:
        assert [each for each in known if each in told_of(session, closed.case_id)] == []
        assert "面积不实" in session.scalars(select(Objection.content).where(Objection.case_id == closed.case_id)).one()
        survey = session.get_one(WorkItem, closed.items("field_survey")[0].id)
        assert len(survey.answers) > 3  # what was found stays
        assert told_of(session, running.case_id) == before


def test_what_is_held_on_a_person_is_told_whole(ground: Ground) -> None:
    with transaction(ground.sessions, writes=False) as session:
        user = session.scalars(select(User).where(User.login == "xitong")).one()
        told = held_on(session, user.id)
    assert (told["登录名"], told["手机号码"], told["岗位"][0]["岗位"]) == ("xitong", "13800000002", "system_admin")
