"""Count Annex 4's columns once more, by the database itself: what a table says must be what the rows are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, select
from sqlalchemy.orm import Session

from ledger.db import rows_of
from ledger.people import Unit
from ledger.projects import Project
from ledger.statistics import ANNEX4_CAUSES, TOTAL, UNASSIGNED, Cell, Statistics, Which, sent_with_batch, ten_thousands
from ledger.vocabulary import Category, Linkage, LinkageGap, Operation, Term


def differences(session: Session, condition: Which, statistics: Statistics) -> list[str]:
    """Return a Chinese line for each row of which the database counts one of the thirty columns otherwise."""
    return _otherwise(session.execute(_grouped().where(condition)), statistics)


def batch_differences(session: Session, batch_id: int, statistics: Statistics) -> list[str]:
    """Return what `differences` does of the projects sent with a 报送批次."""
    return _otherwise(rows_of(session, _OF_BATCH, batch=batch_id), statistics)


def _otherwise(rows: Iterable[Sequence[Any]], statistics: Statistics) -> list[str]:
    counted = _with_total([*rows])
    printed = {str(row[1]): row[2:] for row in statistics.rows}
    names = [*counted, *(name for name in printed if name not in counted)]
    return [f"统计表“{name}”一行与数据库的计数不一致" for name in names if printed.get(name) != counted.get(name)]


def _grouped() -> Select[Any]:
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
    columns: tuple[Any, ...] = (Project.responsible_unit_id, name, *sums)
    wanted: Select[Any] = select(*columns).outerjoin(Unit, Unit.id == Project.responsible_unit_id)
    return wanted.group_by(Project.responsible_unit_id, Unit.short_name)


def _with_total(rows: Sequence[Sequence[Any]]) -> dict[str, tuple[Cell, ...]]:
    found: dict[str, tuple[Cell, ...]] = {row[1]: (ten_thousands(row[2]), *map(int, row[3:])) for row in rows}
    money = sum((row[2] for row in rows), Decimal(0))
    return {**found, TOTAL: (ten_thousands(money), *(sum(int(row[n]) for row in rows) for n in range(3, 32)))}


def _names(chosen: ColumnElement[str], term: Term) -> ColumnElement[bool]:
    """Return the condition that a list kept as JSON names a term: by its text, which both databases read alike."""
    return chosen.contains(f'"{term}"', autoescape=True)


def _sum_where(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


_OF_BATCH = _grouped().where(Project.id.in_(sent_with_batch()))
