"""Cases as a list for programs: what a person may see, filtered, a page at a time by the case's number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, contains_eager, defer, joinedload

from ledger.cases import WAITING, Case, WorkItem
from ledger.projects import Project
from ledger.register import text_condition
from ledger.scope import Actor, visible_projects


@dataclass(frozen=True)
class CaseFilter:
    """What is looked for; empty values ask for nothing."""

    text: str = ""
    campaign_id: int | None = None
    project_id: int | None = None
    unit_id: int | None = None  # the responsible unit
    status: str = ""  # CaseStatus
    stem: str = ""  # a step the case waits for
    category: str = ""


def cases_page(
    session: Session, actor: Actor, wanted: CaseFilter, after_id: int, limit: int
) -> tuple[Sequence[Case], int]:
    """Return up to `limit` visible cases numbered above `after_id`, and how many match in all."""
    conditions = [visible_projects(actor), *_conditions(wanted)]
    total = session.scalars(select(func.count()).select_from(Case).join(Case.project).where(*conditions)).one()
    query = select(Case).join(Case.project).where(*conditions, Case.id > after_id).order_by(Case.id).limit(limit)
    places = (joinedload(Project.responsible_unit), joinedload(Project.township), joinedload(Project.village))
    loaded = query.options(contains_eager(Case.project).options(*places), joinedload(Case.campaign), defer(Case.state))
    return session.scalars(loaded).all(), total


def _conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    equal: tuple[tuple[Any, int | str | None], ...] = (
        (Case.campaign_id, wanted.campaign_id),
        (Case.project_id, wanted.project_id),
        (Project.responsible_unit_id, wanted.unit_id),
        (Case.status, wanted.status or None),
        (Project.category, wanted.category or None),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.text:
        conditions.append(text_condition(wanted.text))
    if wanted.stem:
        waits = (WorkItem.case_id == Case.id, WorkItem.stem == wanted.stem, WorkItem.status.in_(WAITING))
        conditions.append(exists().where(*waits))
    return conditions
