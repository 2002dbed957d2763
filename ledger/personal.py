"""Personal data: what is held on a person, and what is cleared away when its purpose has ended (safety rule 13).

A project's responsible person, and who objected, are known to those who work on it until its cases have been closed
for some years: in the register, in the answers given at each step and in what was typed and never handed in. A person's
own number and address go when the account has been disabled as long. What has been printed stays in the archive.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from ledger.cases import Case, Draft, Objection, StepEntry, WorkItem
from ledger.former_answers import FormerAnswers
from ledger.journal import Entry
from ledger.people import SignIn, User
from ledger.projects import Project

_MOST = 5_000  # rows of the trail told to a person
_NAMED = frozenset({"responsible_person", "telephone"})  # what the forms call them, as the register does
CLEARED = "（已按规定清除）"
_NUMBER = re.compile(r"(?<!\d)(1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")


def tells_number(text: str) -> bool:
    """Say whether a text holds a mobile number or an identity number: it goes where no one masks it."""
    return _NUMBER.search(text) is not None


@dataclass(frozen=True)
class Purge:
    """What would be cleared, or was."""

    project_count: int
    person_count: int

    @property
    def is_empty(self) -> bool:
        return not (self.project_count or self.person_count)


def due_for_purge(session: Session, before: datetime) -> Purge:
    """Count what has served its purpose since `before`."""
    projects = session.scalars(select(func.count(Project.id)).where(*_done_with(before))).one()
    people = session.scalars(select(func.count(User.id)).where(*_gone(before))).one()
    return Purge(projects, people)


def purge(session: Session, before: datetime) -> Purge:
    """Clear names and numbers of what was closed before `before`; returns what was cleared."""
    projects = session.scalars(select(Project.id).where(*_done_with(before))).all()
    people = session.scalars(select(User.id).where(*_gone(before))).all()
    for project_id in projects:
        _clear_cases(session, session.get_one(Project, project_id))
    session.execute(update(Project).where(Project.id.in_(projects)).values(responsible_person=None, telephone=None))
    session.execute(update(User).where(User.id.in_(people)).values(telephone=None, email=None))
    return Purge(len(projects), len(people))


def _clear_cases(session: Session, project: Project) -> None:
    """Take the names and numbers out of all that a project's cases keep beside the register."""
    known = {each for each in (project.responsible_person, project.telephone) if each}
    cases = select(Case.id).where(Case.project_id == project.id)
    items = select(WorkItem.id).where(WorkItem.case_id.in_(cases))
    session.execute(delete(Draft).where(Draft.item_id.in_(items)))
    session.execute(update(Objection).where(Objection.case_id.in_(cases)).values(raised_by=CLEARED, contact=""))
    for table, of_it in (
        (WorkItem, WorkItem.case_id.in_(cases)),
        (StepEntry, StepEntry.case_id.in_(cases)),
        (FormerAnswers, FormerAnswers.item_id.in_(items)),
    ):
        for number, answers in session.execute(select(table.id, table.answers).where(of_it)).all():
            kept = _without(answers, known)
            if kept != answers:
                session.execute(update(table).where(table.id == number).values(answers=kept))


def _without(answers: Any, known: Collection[str]) -> Any:
    """Return answers without the fields that name somebody, whatever a form of the county's own calls them."""
    if not isinstance(answers, dict):
        return answers
    return {
        name: value
        for name, value in answers.items()
        if name not in _NAMED and not (isinstance(value, str) and value in known)
    }


def _done_with(before: datetime) -> tuple[ColumnElement[bool], ...]:
    own = Case.project_id == Project.id
    recent = exists().where(own, or_(Case.ended_at.is_(None), Case.ended_at >= before))
    held = or_(Project.telephone.is_not(None), Project.responsible_person.is_not(None))
    return held, exists().where(own), ~recent


def _gone(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return User.disabled_at < before, or_(User.telephone.is_not(None), User.email.is_not(None))


def held_on(session: Session, user_id: int) -> dict[str, Any]:
    """Return what is held on a person: the account, posts, sessions, and the rows of the trail in that name."""
    user = session.get_one(User, user_id)
    sign_ins = session.scalars(select(SignIn).where(SignIn.user_id == user_id).order_by(SignIn.created_at)).all()
    entries = session.scalars(
        select(Entry).where(Entry.user_id == user_id).order_by(Entry.id.desc()).limit(_MOST)
    ).all()
    return {
        "登录名": user.login,
        "姓名": user.name,
        "手机号码": user.telephone,
        "电子邮箱": user.email,
        "登记时间": user.created_at,
        "停用时间": user.disabled_at,
        "岗位": [{"单位": post.unit.name, "岗位": post.role} for post in user.posts],
        "登录": [
            {
                "开始": each.created_at,
                "最近": each.seen_at,
                "结束": each.ended_at,
                "地址": each.address,
                "程序": each.agent,
            }
            for each in sign_ins
        ],
        "操作记录": [
            {"时间": each.recorded_at, "行为": each.act, "项目流程": each.case_id, "环节": each.element}
            for each in entries
        ],
    }
