"""Count Annex 4's columns once more, by the database itself: what a table says must be what the rows are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, select
from sqlalchemy.orm import Session

from ledger.people import Unit
from ledger.projects import Project
from ledger.statistics import ANNEX4_CAUSES, TOTAL, UNASSIGNED, Cell, Statistics, Which, ten_thousands
from ledger.vocabulary import Category, Linkage, LinkageGap, Operation, Term


def differences(session: Session, condition: Which, statistics: Statistics) -> list[str]:
    """Return a Chinese line for each row of which the database counts one of the thirty columns otherwise."""
    counted = _counted(session, condition)
    printed = {str(row[1]): row[2:] for row in statistics.rows}
    names = [*counted, *(name for name in printed if name not in counted)]
    return [f"统计表“{name}”一行与数据库的计数不一致" for name in names if printed.get(name) != counted.get(name)]


def _counted(session: Session, condition: Which) -> dict[str, tuple[Cell, ...]]:
    stopped, difficult = (Project.operation == each for each in (Operation.STOPPED, Operation.DIFFICULT))
    causes, gaps = (cast(each, String) for each in (Project.causes, Project.linkage_gaps))
    sums = (
        func.sum(Project.funding_total_yuan),
        func.count(),
        *(_sum_where(Project.category == category) for category in Category),
        *(_sum_where(and_(stopped, _names(causes, cause))) for cause in ANNEX4_CAUSES),
        _sum_where(difficult),
        *(_sum_where(and_(difficult, _names(causes, cause))) for cause in ANNEX4_CAUSES),
        *(_sum_where(and_(Project.linkage == Linkage.PARTIAL, _names(gaps, gap))) for gap in LinkageGap),
    )
    name = func.coalesce(Unit.short_name, UNASSIGNED)
    wanted = select(Project.responsible_unit_id, name, *sums).outerjoin(Unit, Unit.id == Project.responsible_unit_id)
    grouped = wanted.where(condition).group_by(Project.responsible_unit_id, Unit.short_name)
    rows: list[Any] = [*session.execute(grouped)]
    found: dict[str, tuple[Cell, ...]] = {row[1]: (ten_thousands(row[2]), *map(int, row[3:])) for row in rows}
    money = sum((row[2] for row in rows), Decimal(0))
    return {**found, TOTAL: (ten_thousands(money), *(sum(int(row[n]) for row in rows) for n in range(3, 32)))}


def _names(chosen: ColumnElement[str], term: Term) -> ColumnElement[bool]:
    """Return the condition that a list kept as JSON names a term: by its text, which both databases read alike."""
    return chosen.contains(f'"{term}"', autoescape=True)


def _sum_where(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
