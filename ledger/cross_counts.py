"""Count Annex 4's chief columns once more, by the database itself: what a table says must be what the rows are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from ledger.people import Unit
from ledger.projects import Project
from ledger.statistics import TOTAL, UNASSIGNED, Cell, Statistics, Which, ten_thousands
from ledger.vocabulary import Category, Operation

_DIFFICULT_AT = 18  # column of 生产经营遇到困难项目数


def differences(session: Session, condition: Which, statistics: Statistics) -> list[str]:
    """Return a Chinese line for each row whose 投入, 项目数, classes or 困难 count the database counts otherwise."""
    counted = _counted(session, condition)
    printed = {str(row[1]): (*row[2:8], row[_DIFFICULT_AT]) for row in statistics.rows}
    names = [*counted, *(name for name in printed if name not in counted)]
    return [f"统计表“{name}”一行与数据库的计数不一致" for name in names if printed.get(name) != counted.get(name)]


def _counted(session: Session, condition: Which) -> dict[str, tuple[Cell, ...]]:
    sums = (
        func.sum(Project.funding_total_yuan),
        func.count(),
        *(_sum_where(Project.category == category) for category in Category),
        _sum_where(Project.operation == Operation.DIFFICULT),
    )
    name = func.coalesce(Unit.short_name, UNASSIGNED)
    wanted = select(Project.responsible_unit_id, name, *sums).outerjoin(Unit, Unit.id == Project.responsible_unit_id)
    grouped = wanted.where(condition).group_by(Project.responsible_unit_id, Unit.short_name)
    rows: list[Any] = [*session.execute(grouped)]
    found: dict[str, tuple[Cell, ...]] = {row[1]: (ten_thousands(row[2]), *map(int, row[3:])) for row in rows}
    money = sum((row[2] for row in rows), Decimal(0))
    return {**found, TOTAL: (ten_thousands(money), *(sum(int(row[n]) for row in rows) for n in range(3, 9)))}


def _sum_where(condition: Which) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
