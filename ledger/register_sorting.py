"""项目台账 sorted by a column: a page at a time by where the page before ended, and what a line shows besides.

Every column has one value a project is sorted by, never empty, and the project's own number after it: so no page
repeats or leaves out a line, whatever many projects have alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, defer, joinedload

from ledger.cases import WAITING, Case, WorkItem
from ledger.journal import Entry
from ledger.listing import PlaceRefused
from ledger.projects import Project
from ledger.register import ProjectFilter, conditions_of, latest_cases
from ledger.scope import Actor, visible_projects
from ledger.vocabulary import Category, Term

STEMS = (
    *("receive", "reassign", "field_survey", "assessment", "joint_review", "preliminary_opinion", "party_meeting"),
    *("application", "village_opinion", "unit_opinion", "submission", "acceptance_check", "decision", "reply"),
    *("notice_unit", "notice_site", "objection", "consultation", "disposal_plan", "disposal", "exit_recovery"),
    *("evaluation", "reclassification", "filing", "archiving"),
)
"""The steps in the order of the procedure."""
_OWN_STEP, _NO_STEP = len(STEMS) + 1, len(STEMS) + 2  # a step of an installation's own; a case that waits for nobody
_ROWS = 2**31  # the databases refuse to look for a larger number


class Column(Term):
    """What the register is sorted by."""

    NUMBER = "number", "项目编号"
    NAME = "name", "名称"
    UNIT = "unit", "承办单位"
    MONEY = "money", "投资规模"
    CLASS = "class", "类别"
    STEP = "step", "当前环节"
    CHANGED = "changed", "最近变动"


@dataclass(frozen=True)
class Sorting:
    column: Column = Column.NUMBER
    descending: bool = False

    def __str__(self) -> str:
        """Write it as an address holds it."""
        return ("-" if self.descending else "") + str(self.column)


def read_sorting(text: str) -> Sorting:
    """Read what `str` wrote; anything else sorts by 项目编号."""
    name = text.removeprefix("-")
    return Sorting(Column(name), text.startswith("-")) if name in set(Column) else Sorting()


@dataclass(frozen=True)
class RegisterRow:
    """One line: the project, its newest case, what that waits for, and when something was last done on it."""

    project: Project
    case: Case | None
    steps: tuple[str, ...] = ()
    changed_at: datetime | None = None


@dataclass(frozen=True)
class RegisterPage:
    """`next` is the place the following page begins at, "" at the end."""

    rows: tuple[RegisterRow, ...]
    total: int
    next: str


@dataclass(frozen=True)
class Part:
    """Which part of the register is read: from behind `after`, at most `size` lines."""

    size: int
    sorting: Sorting = field(default_factory=Sorting)
    after: str = ""


def sorted_page(session: Session, actor: Actor, wanted: ProjectFilter, part: Part) -> RegisterPage:
    """Return a page of the projects `actor` may see; PlaceRefused when `after` is no place of this sorting."""
    conditions = [visible_projects(actor), *conditions_of(wanted)]
    total = session.scalars(select(func.count()).select_from(Project).where(*conditions)).one()
    key = _KEYS[part.sorting.column]()
    if part.after:
        conditions.append(_beyond(key, part.sorting, part.after))
    order = (key.desc(), Project.id.desc()) if part.sorting.descending else (key, Project.id)
    places = (joinedload(Project.responsible_unit), joinedload(Project.township), joinedload(Project.village))
    # no line shows a name or a telephone: unsealing them would cost more than the rows
    sealed = (defer(Project.responsible_person), defer(Project.telephone))
    query = select(Project, key.label("key")).where(*conditions).order_by(*order).limit(part.size + 1)
    found = session.execute(query.options(*places, *sealed)).all()
    shown = found[: part.size]
    following = f"{shown[-1][0].id}~{shown[-1].key}" if len(found) > part.size else ""
    return RegisterPage(_rows(session, [row[0] for row in shown]), total, following)


def _beyond(key: ColumnElement[Any], sorting: Sorting, after: str) -> ColumnElement[bool]:
    number, _, written = after.partition("~")
    try:
        row, value = int(number), _READ.get(sorting.column, int)(written)
        if not 0 <= row < _ROWS:
            raise ValueError(after)
    except (ValueError, InvalidOperation) as error:
        raise PlaceRefused("翻页位置无效，请从第一页重新查看") from error
    if sorting.descending:
        return or_(key < value, and_(key == value, Project.id < row))
    return or_(key > value, and_(key == value, Project.id > row))


def _amount(written: str) -> Decimal:
    amount = Decimal(written)
    if not amount.is_finite():
        raise ValueError(written)
    return amount


_READ: Mapping[Column, Callable[[str], Any]] = {Column.NUMBER: str, Column.NAME: str, Column.MONEY: _amount}
"""How a place is read back; the other columns are sorted by numbers."""


def _by_class() -> ColumnElement[Any]:
    """The classes as the forms print them, those without one at the end."""
    ranks = {str(one): rank for rank, one in enumerate(Category)}
    return case(ranks, value=Project.category, else_=len(ranks))


def _by_step() -> ColumnElement[Any]:
    """The first step that waits, in the order of the procedure; what was never pushed before all, ended cases last."""
    ranks = {stem: rank for rank, stem in enumerate(STEMS, 1)}
    first = func.min(case(ranks, value=WorkItem.stem, else_=_OWN_STEP))
    waiting = (Case.project_id == Project.id, WorkItem.status.in_(WAITING))
    waits = select(first).join(Case, Case.id == WorkItem.case_id).where(*waiting).correlate(Project).scalar_subquery()
    pushed = exists().where(Case.project_id == Project.id).correlate(Project)
    return func.coalesce(waits, case((pushed, _NO_STEP), else_=0))


def _by_change() -> ColumnElement[Any]:
    """The number of the last journal row about a case of the project: these only grow."""
    of_project = Case.project_id == Project.id
    last = select(func.max(Entry.id)).join(Case, Case.id == Entry.case_id).where(of_project).correlate(Project)
    return func.coalesce(last.scalar_subquery(), 0)


_KEYS: Mapping[Column, Callable[[], ColumnElement[Any]]] = {
    Column.NUMBER: lambda: Project.number,  # type: ignore[dict-item, return-value]  # a column is an expression
    Column.NAME: lambda: Project.pinyin_initials,  # type: ignore[dict-item, return-value]
    Column.UNIT: lambda: func.coalesce(Project.responsible_unit_id, 0),
    Column.MONEY: lambda: Project.funding_total_yuan,  # type: ignore[dict-item, return-value]
    Column.CLASS: _by_class,
    Column.STEP: _by_step,
    Column.CHANGED: _by_change,
}


def _rows(session: Session, projects: Sequence[Project]) -> tuple[RegisterRow, ...]:
    cases = latest_cases(session, [project.id for project in projects])
    ids = [each.id for each in cases.values()]
    steps = _steps(session, ids)
    changed = _changes(session, ids)
    return tuple(
        RegisterRow(each, own, steps.get(own.id, ()), changed.get(own.id)) if own else RegisterRow(each, None)
        for each, own in ((each, cases.get(each.id)) for each in projects)
    )


def _steps(session: Session, case_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the names of the steps each case waits for, each once: whom a joint review asks is not told here."""
    waiting = select(WorkItem.case_id, WorkItem.name).where(
        WorkItem.case_id.in_(case_ids), WorkItem.status.in_(WAITING)
    )
    found: dict[int, tuple[str, ...]] = {}
    for case_id, name in session.execute(waiting.order_by(WorkItem.id)):
        if name not in found.get(case_id, ()):
            found[case_id] = (*found.get(case_id, ()), name)
    return found


def _changes(session: Session, case_ids: Sequence[int]) -> dict[int, datetime]:
    last = select(func.max(Entry.id)).where(Entry.case_id.in_(case_ids)).group_by(Entry.case_id)
    rows = session.execute(select(Entry.case_id, Entry.at).where(Entry.id.in_(last)))
    return {case_id: at for case_id, at in rows if case_id is not None}
