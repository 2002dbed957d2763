"""项目台账 as a list: what a person may see, searched and filtered, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from ledger.cases import Case
from ledger.people import Unit
from ledger.projects import Classification, Project
from ledger.scope import Actor, visible_projects
from ledger.vocabulary import CaseStatus

NOT_PUSHED = "none"  # a project without a case, beside the values of CaseStatus
EXITED = "exited"


@dataclass(frozen=True)
class ProjectFilter:
    """What a person looks for; empty values ask for nothing."""

    text: str = ""
    unit_id: int | None = None
    category: str = ""
    level: str = ""
    state: str = ""  # CaseStatus, NOT_PUSHED or EXITED
    year: int | None = None  # of implementation
    township_id: int | None = None


def register_page(
    session: Session, actor: Actor, wanted: ProjectFilter, after: str, limit: int
) -> tuple[Sequence[Project], int]:
    """Return up to `limit` visible projects whose number follows `after`, and how many match in all."""
    conditions = [visible_projects(actor), *conditions_of(wanted)]
    total = session.scalars(select(func.count()).select_from(Project).where(*conditions)).one()
    query = select(Project).where(*conditions, Project.number > after).order_by(Project.number).limit(limit)
    places = (joinedload(Project.responsible_unit), joinedload(Project.township), joinedload(Project.village))
    return session.scalars(query.options(*places)).all(), total


def conditions_of(wanted: ProjectFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on `Project` that a search asks for; empty when it asks for none."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.text:
        conditions.append(text_condition(wanted.text))
    if wanted.unit_id is not None:
        conditions.append(Project.responsible_unit_id == wanted.unit_id)
    if wanted.year is not None:
        conditions.append(Project.implementation_year == wanted.year)
    if wanted.township_id is not None:
        conditions.append(Project.township_id == wanted.township_id)
    if wanted.category:
        conditions.append(Project.category == wanted.category)
    if wanted.level:
        conditions.append(Project.level == wanted.level)
    if wanted.state:
        conditions.append(_state_condition(wanted.state))
    return conditions


def text_condition(text: str) -> ColumnElement[bool]:
    """Return the condition of the search box: name, number, township or pinyin initials."""
    place = exists().where(Unit.id == Project.township_id, Unit.short_name.contains(text, autoescape=True))
    return or_(
        Project.name.contains(text, autoescape=True),
        Project.number.contains(text, autoescape=True),
        Project.pinyin_initials.contains(text.lower(), autoescape=True),
        place,
    )


def _state_condition(state: str) -> ColumnElement[bool]:
    if state == NOT_PUSHED:
        return ~exists().where(Case.project_id == Project.id)
    if state == EXITED:
        return Project.exited_on.is_not(None)
    return exists().where(Case.project_id == Project.id, Case.status == state)


def visible_project(session: Session, actor: Actor, project_id: int) -> Project | None:
    """Return the project when `actor` may see it, else None: unknown and foreign look the same."""
    return session.scalars(
        select(Project)
        .where(Project.id == project_id, visible_projects(actor))
        .options(joinedload(Project.responsible_unit), joinedload(Project.township), joinedload(Project.village))
    ).one_or_none()


def cases_of_project(session: Session, project_id: int) -> Sequence[Case]:
    """Return a project's cases, the newest campaign first."""
    query = select(Case).where(Case.project_id == project_id).options(joinedload(Case.campaign))
    return session.scalars(query.order_by(Case.id.desc())).all()


def cases_of_projects(session: Session, campaign_id: int, project_ids: Sequence[int]) -> Sequence[Case]:
    """Return the cases that projects have in a campaign."""
    query = select(Case).where(Case.campaign_id == campaign_id, Case.project_id.in_(project_ids))
    return session.scalars(query.order_by(Case.id)).all()


def latest_cases(session: Session, project_ids: Sequence[int]) -> dict[int, Case]:
    """Return the newest case of each project that has one."""
    query = select(Case).where(Case.project_id.in_(project_ids)).order_by(Case.id)
    return {case.project_id: case for case in session.scalars(query)}


def classifications_of(session: Session, project_id: int) -> Sequence[Classification]:
    """Return the dated history of a project's class, oldest first."""
    query = select(Classification).where(Classification.project_id == project_id)
    return session.scalars(query.order_by(Classification.id)).all()


def responsible_units(session: Session, actor: Actor) -> Sequence[Unit]:
    """Return the units that run the projects a person sees, for the filter."""
    running = select(Project.responsible_unit_id).where(visible_projects(actor))
    return session.scalars(select(Unit).where(Unit.id.in_(running)).order_by(Unit.id)).all()


def state_label(case: Case | None) -> str:
    return CaseStatus(case.status).label if case is not None else "未推送"
