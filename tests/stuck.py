"""What stands still for good: a case or round that has not ended, and waits for nobody and for no moment to come."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.cases import WAITING, Case, Timer, WorkItem
from ledger.people import Post
from ledger.projects import Project
from ledger.rounds import RoundItem, UnitRound

_A_PASS = timedelta(days=1)  # a clock passes at least once a day: a timer longer due than that will not fire


def stuck(session: Session, now: datetime) -> list[str]:
    """Return the names of what stands still; somebody is waited for only where a person holds the post."""
    held = {(unit_id, role) for unit_id, role in session.execute(select(Post.unit_id, Post.role))}
    items = session.scalars(select(WorkItem).where(WorkItem.status.in_(WAITING))).all()
    timers = session.scalars(select(Timer).where(Timer.ended_at.is_(None), Timer.due_at > now - _A_PASS)).all()
    steps = session.scalars(select(RoundItem).where(RoundItem.status.in_(WAITING))).all()
    moving = {item.case_id for item in items if (item.unit_id, item.role) in held} | {each.case_id for each in timers}
    waited = {step.round_id for step in steps if (step.unit_id, step.role) in held}
    running = select(Case.id, Project.number).join(Project, Project.id == Case.project_id)
    cases = session.execute(running.where(Case.ended_at.is_(None)).order_by(Case.id))
    rounds = session.execute(select(UnitRound.id, UnitRound.key).where(UnitRound.ended_at.is_(None)))
    return [number for case_id, number in cases if case_id not in moving] + sorted(
        key for round_id, key in rounds if round_id not in waited
    )
