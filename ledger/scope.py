"""Who sees which projects and cases: one condition, put into every query that lists or opens them (safety rule 3).

A unit sees its subtree; the bureau, the agriculture committee and the leading group's office see their county; a
place sees what is run on its ground; a reviewing body sees what it was asked about. No township sees another's.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, false, or_, select

from ledger.cases import Case, WorkItem
from ledger.people import COUNTY_WIDE, Actor, Unit, reach_of
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
