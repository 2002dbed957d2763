"""Cases and what lies on them as pages show them; who may see a case is for `ledger.scope` to say."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from ledger.cases import WAITING, Case, StepEntry, WorkItem
from ledger.journal import Entry
from ledger.papers import ArchiveWaiver, Attachment
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.scope import Actor, visible_projects


def visible_case(session: Session, actor: Actor, case_id: int, *, asked: bool = False) -> Case | None:
    """Return the case with its project and campaign when `actor` may see it, else None.

    Whose unit was only asked an opinion sees the case where `asked` says that the page shows no more than that.
    """
    return session.scalars(
        select(Case)
        .join(Case.project)
        .where(Case.id == case_id, visible_projects(actor, wholly=not asked))
        .options(
            contains_eager(Case.project).options(
                joinedload(Project.responsible_unit), joinedload(Project.township), joinedload(Project.village)
            ),
            joinedload(Case.campaign),
            joinedload(Case.procedure).load_only(Procedure.process_id, Procedure.number, Procedure.sha256),
        )
    ).one_or_none()


def case_items(session: Session, case_id: int) -> Sequence[WorkItem]:
    """Return all items of a case, oldest first, with their units and who completed them."""
    query = select(WorkItem).where(WorkItem.case_id == case_id).order_by(WorkItem.id)
    return session.scalars(query.options(joinedload(WorkItem.unit), joinedload(WorkItem.completed_by))).all()


def case_entries(session: Session, case_id: int) -> dict[int, list[StepEntry]]:
    """Return the entries made on a case's items, by item, oldest first."""
    found: dict[int, list[StepEntry]] = {}
    for each in session.scalars(select(StepEntry).where(StepEntry.case_id == case_id).order_by(StepEntry.id)):
        found.setdefault(each.item_id, []).append(each)
    return found


def acts_on_project(session: Session, project_id: int, since_entry: int) -> Sequence[Entry]:
    """Return what happened to a project in any of its cases after a row of the journal, oldest first."""
    own = select(Case.id).where(Case.project_id == project_id)
    wanted = select(Entry).where(Entry.case_id.in_(own), Entry.id > since_entry)
    return session.scalars(wanted.order_by(Entry.id)).all()


def is_only_asked(session: Session, actor: Actor, project_id: int) -> bool:
    """Say whether the person's units see a project for nothing but the opinion they were asked for (P3)."""
    wholly = select(Project.id).where(Project.id == project_id, visible_projects(actor, wholly=True))
    return session.scalars(wholly).first() is None


def waiting_items(session: Session, case_id: int) -> Sequence[WorkItem]:
    """Return what a case waits for now."""
    query = select(WorkItem).where(WorkItem.case_id == case_id, WorkItem.status.in_(WAITING))
    return session.scalars(query.options(joinedload(WorkItem.unit)).order_by(WorkItem.id)).all()


def item_papers(session: Session, item_id: int) -> Sequence[Attachment]:
    """Return what lies on one item, ready to be listed."""
    query = select(Attachment).where(Attachment.item_id == item_id, Attachment.removed_at.is_(None))
    loaded = query.options(joinedload(Attachment.paper), joinedload(Attachment.attached_by))
    return session.scalars(loaded.order_by(Attachment.id)).all()


def waiver_of(session: Session, case_id: int, row: int) -> ArchiveWaiver | None:
    """Return the request to take a row of Annex 6 as not applicable, when there is one."""
    return session.scalars(
        select(ArchiveWaiver).where(ArchiveWaiver.case_id == case_id, ArchiveWaiver.row == row)
    ).one_or_none()
