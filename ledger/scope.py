"""Who sees which projects and cases: one condition, put into every query that lists or opens them (safety rule 3).

Unknown and foreign look the same to who asks.

A unit sees its subtree; the bureau, the agriculture committee and the leading group's office see their county; a
place sees what is run on its ground; a reviewing body sees what it was asked about. No township sees another's.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, false, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from ledger.cases import WAITING, Case, WorkItem
from ledger.papers import ArchiveWaiver, Attachment
from ledger.people import COUNTY_WIDE, Actor, Unit, reach_of
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.vocabulary import Role

BUSINESS = frozenset({Role.HANDLER, Role.SIGNER, Role.SUPERVISOR})


def visible_projects(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Project` that holds for what `actor` may see; administrators' roles see nothing."""
    posts = [post for post in actor.posts if post.role in BUSINESS]
    if not posts:
        return false()
    reaches = {reach_of(post) for post in posts}
    below = select(Unit.id).where(or_(*(Unit.path.startswith(reach, autoescape=True) for reach in reaches)))
    whole = {post.county_id for post in posts if post.unit_kind in COUNTY_WIDE}
    own = {post.unit_id for post in posts}
    # says which table is the outer one: the statement around may itself join cases and items
    given = (Case.project_id == Project.id, WorkItem.case_id == Case.id, WorkItem.unit_id.in_(own))
    asked = exists().where(*given).correlate(Project)
    return or_(
        Project.county_id.in_(below) if None in whole else Project.county_id.in_(whole),
        Project.responsible_unit_id.in_(below),
        Project.township_id.in_(below),
        Project.village_id.in_(below),
        asked,
    )


def visible_case(session: Session, actor: Actor, case_id: int) -> Case | None:
    """Return the case with its project and campaign when `actor` may see it, else None."""
    return session.scalars(
        select(Case)
        .join(Case.project)
        .where(Case.id == case_id, visible_projects(actor))
        .options(
            contains_eager(Case.project).options(
                joinedload(Project.responsible_unit), joinedload(Project.township), joinedload(Project.village)
            ),
            joinedload(Case.campaign),
            joinedload(Case.procedure).load_only(Procedure.process_id, Procedure.number, Procedure.sha256),
        )
    ).one_or_none()


def case_id_of_visible_item(session: Session, actor: Actor, item_id: int) -> int | None:
    """Return the case of an item when `actor` may see it, else None."""
    return session.scalars(
        select(WorkItem.case_id)
        .join(Case, Case.id == WorkItem.case_id)
        .join(Project, Project.id == Case.project_id)
        .where(WorkItem.id == item_id, visible_projects(actor))
    ).one_or_none()


def case_items(session: Session, case_id: int) -> Sequence[WorkItem]:
    """Return all items of a case, oldest first, with their units and who completed them."""
    query = select(WorkItem).where(WorkItem.case_id == case_id).order_by(WorkItem.id)
    return session.scalars(query.options(joinedload(WorkItem.unit), joinedload(WorkItem.completed_by))).all()


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
