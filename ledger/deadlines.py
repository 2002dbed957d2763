"""Which open items are due soon or overdue, and who is to be told: what a day's reminders are made of (T3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ledger.cases import WAITING, Case, WorkItem
from ledger.people import Post, Substitution, Unit, User
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.vocabulary import CaseStatus, Role


@dataclass(frozen=True)
class DueItem:
    """An open item with a moment that matters: when it is due, or its earlier milestone."""

    item_id: int
    name: str
    project_name: str
    unit_id: int
    unit_path: str
    role: str
    due_at: datetime
    milestone_at: datetime | None
    procedure_id: int = 0
    element: str = ""
    unit_name: str = ""
    campaign_id: int = 0
    of_round: bool = False  # a round's step: its number is one of `RoundItem`

    @property
    def about(self) -> tuple[int, int]:
        """Return its number among items and its number among rounds' steps; one of them is 0."""
        return (0, self.item_id) if self.of_round else (self.item_id, 0)


def items_due(session: Session, until: datetime) -> Sequence[DueItem]:
    """Return open items of running cases whose due moment or milestone lies at or before `until`, earliest first."""
    rows = session.execute(
        select(
            WorkItem.id,
            WorkItem.name,
            Project.name,
            WorkItem.unit_id,
            Unit.path,
            WorkItem.role,
            WorkItem.due_at,
            WorkItem.milestone_at,
            Case.procedure_id,
            WorkItem.element,
            Unit.short_name,
            Case.campaign_id,
        )
        .join(Case, Case.id == WorkItem.case_id)
        .join(Project, Project.id == Case.project_id)
        .join(Unit, Unit.id == WorkItem.unit_id)
        .where(
            WorkItem.completed_at.is_(None),
            WorkItem.status.in_(WAITING),
            Case.status == CaseStatus.RUNNING,
            or_(WorkItem.due_at <= until, WorkItem.milestone_at <= until),
        )
        .order_by(WorkItem.due_at, WorkItem.id)
    )
    return [DueItem(*tuple(row)) for row in rows]


def versions_running(session: Session) -> Sequence[Procedure]:
    """Return the versions that running cases are on."""
    on = select(Case.procedure_id).where(Case.status == CaseStatus.RUNNING).distinct()
    return session.scalars(select(Procedure).where(Procedure.id.in_(on)).order_by(Procedure.id)).all()


def still_open(session: Session, item_ids: Collection[int]) -> set[int]:
    """Return which items still wait: nobody is told of one that is done."""
    waiting = (WorkItem.id.in_(item_ids), WorkItem.completed_at.is_(None), WorkItem.status.in_(WAITING))
    running = (*waiting, Case.status == CaseStatus.RUNNING)
    return set(session.scalars(select(WorkItem.id).join(Case, Case.id == WorkItem.case_id).where(*running)))


@dataclass(frozen=True)
class NewItem:
    """An open item that came lately; `returned` when it was sent back, with the reason on its page."""

    item_id: int
    name: str
    project_name: str
    unit_id: int
    role: str
    due_at: datetime
    created_at: datetime
    returned: bool
    unit_name: str = ""
    campaign_id: int = 0
    of_round: bool = False

    @property
    def about(self) -> tuple[int, int]:
        """Return what `DueItem.about` does."""
        return (0, self.item_id) if self.of_round else (self.item_id, 0)


def items_new(session: Session, since: datetime, until: datetime) -> Sequence[NewItem]:
    """Return open items of running cases that came after `since`, up to `until`, in the order they came."""
    rows = session.execute(
        select(
            WorkItem.id,
            WorkItem.name,
            Project.name,
            WorkItem.unit_id,
            WorkItem.role,
            WorkItem.due_at,
            WorkItem.created_at,
            WorkItem.returned_reason != "",
            Unit.short_name,
            Case.campaign_id,
        )
        .join(Case, Case.id == WorkItem.case_id)
        .join(Project, Project.id == Case.project_id)
        .join(Unit, Unit.id == WorkItem.unit_id)
        .where(
            WorkItem.completed_at.is_(None),
            WorkItem.status.in_(WAITING),
            Case.status == CaseStatus.RUNNING,
            WorkItem.created_at > since,
            WorkItem.created_at <= until,
        )
        .order_by(WorkItem.id)
    )
    return [NewItem(*row) for row in rows]


@dataclass(frozen=True)
class Holder:
    """A person who can be told, with one post."""

    user_id: int
    unit_id: int
    unit_path: str
    role: str


def holders(session: Session, roles: Collection[Role], on: date | None = None) -> Sequence[Holder]:
    """Return everybody who holds one of `roles` in an open unit and may sign in; `on` a day also who stands in."""
    rows = session.execute(
        select(Post.user_id, Post.unit_id, Unit.path, Post.role)
        .join(User, User.id == Post.user_id)
        .join(Unit, Unit.id == Post.unit_id)
        .where(Post.role.in_(roles), User.disabled_at.is_(None), Unit.closed_at.is_(None))
        .order_by(Post.user_id)
    )
    found = [Holder(*row) for row in rows]
    return found if on is None else [*found, *_substitutes(session, roles, on)]


def _substitutes(session: Session, roles: Collection[Role], on: date) -> list[Holder]:
    current = (Substitution.ended_at.is_(None), Substitution.first_on <= on, Substitution.last_on >= on)
    wanted = select(Substitution).where(*current, Substitution.role.in_(roles)).order_by(Substitution.id)
    return [
        Holder(each.substitute_id, each.unit_id, each.unit.path, each.role)
        for each in session.scalars(wanted)
        if each.holds_on(on) and each.substitute.disabled_at is None
    ]
