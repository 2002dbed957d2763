"""What a unit reports of itself each week and month, counted from the register: never typed (R2, R3, R6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from ledger.cases import WAITING, Case, WorkItem
from ledger.projects import Project
from ledger.statistics import Rates, rate_text, ten_thousands
from ledger.vocabulary import CaseStatus, Category, Linkage, Operation

FIGURES: Mapping[str, str] = {
    "project_count": "项目总数",
    "exited_count": "已退出",
    **{f"{category}_count": category.label for category in Category},
    "unclassified_count": "待认定",
    "stopped_count": "停产闲置",
    "difficult_count": "经营困难",
    "weak_linkage_count": "联农带农不充分",
    "revive_begun_count": "盘活：已动工",
    "revive_done_count": "盘活：已完成",
    "rebuild_begun_count": "重建：已动工",
    "rebuild_done_count": "重建：已完成",
    "open_item_count": "在办事项",
    "overdue_item_count": "超期事项",
}
"""Every figure by name, with what it is called, in the order of the report. Counts are of projects that stay."""
RATES: Mapping[str, str] = {
    "stopped": "停产闲置率",
    "difficult": "经营困难率",
    "weak_linkage": "未按约定联农带农率",
}
Figures = Mapping[str, int]
DONE_PERCENT = 100


def figures_of(session: Session, unit_ids: Collection[int], now: datetime) -> dict[int, dict[str, int]]:
    """Count the figures of responsible units at a moment, in two statements; a unit without projects has noughts."""
    found = {unit_id: dict.fromkeys(FIGURES, 0) for unit_id in unit_ids}
    names = [name for name in FIGURES if name not in ("open_item_count", "overdue_item_count")]
    sums = [func.coalesce(func.sum(case((_counted(name), 1), else_=0)), 0) for name in names]
    of_projects = (
        select(Project.responsible_unit_id, *sums)
        .where(Project.responsible_unit_id.in_(unit_ids))
        .group_by(Project.responsible_unit_id)
    )
    for unit_id, *counts in session.execute(of_projects):
        found[unit_id].update(zip(names, map(int, counts), strict=True))
    overdue = func.sum(case((WorkItem.due_at <= now, 1), else_=0))
    of_items = (
        select(WorkItem.unit_id, func.count(), overdue)
        .join(Case, Case.id == WorkItem.case_id)
        .where(WorkItem.unit_id.in_(unit_ids), WorkItem.completed_at.is_(None), WorkItem.status.in_(WAITING))
        .where(Case.status == CaseStatus.RUNNING)
        .group_by(WorkItem.unit_id)
    )
    for unit_id, count, late in session.execute(of_items):
        found[unit_id].update(open_item_count=count, overdue_item_count=int(late))
    return found


def _counted(name: str) -> ColumnElement[bool]:
    """Return the condition on a project that a figure counts."""
    stays = Project.exited_on.is_(None)
    if name == "exited_count":
        return Project.exited_on.is_not(None)
    return and_(stays, *_CONDITIONS.get(name, ()))


_CONDITIONS: Mapping[str, tuple[ColumnElement[bool], ...]] = {
    **{f"{category}_count": (Project.category == category,) for category in Category},
    "unclassified_count": (Project.category.is_(None),),
    "stopped_count": (Project.operation == Operation.STOPPED,),
    "difficult_count": (Project.operation == Operation.DIFFICULT,),
    "weak_linkage_count": (Project.linkage == Linkage.PARTIAL,),
    **{
        f"{category}_{name}_count": (Project.category == category, Project.progress_percent >= least)
        for category in (Category.REVIVE, Category.REBUILD)
        for name, least in (("begun", 1), ("done", DONE_PERCENT))
    },
}


def total_of(reported: Iterable[Figures]) -> dict[str, int]:
    """Add the figures of several units: the county's."""
    total = dict.fromkeys(FIGURES, 0)
    for figures in reported:
        for name in FIGURES:
            total[name] += figures.get(name, 0)
    return total


def rates_of(figures: Figures) -> dict[str, Decimal | None]:
    """Return the three rates of figures, each between 0 and 1; None where there is no project (R6)."""
    counts = ("project_count", "stopped_count", "difficult_count", "weak_linkage_count")
    rates = Rates(*(figures.get(name, 0) for name in counts))
    return {name: getattr(rates, name) for name in RATES}


def lines_of(figures: Figures, before: Figures | None) -> list[tuple[str, str, str, str]]:
    """Return the report's lines: name, last time, this time, difference; “—” where there was no last time."""
    lines = [_line(label, name, figures, before) for name, label in FIGURES.items()]
    now, then = rates_of(figures), rates_of(before or {})
    for name, label in RATES.items():
        change = _points(now[name], then[name]) if before is not None else "—"
        lines.append((label, rate_text(then[name]), rate_text(now[name]), change))
    return lines


def _line(label: str, name: str, figures: Figures, before: Figures | None) -> tuple[str, str, str, str]:
    now = figures.get(name, 0)
    if before is None:
        return label, "—", str(now), "—"
    then = before.get(name, 0)
    return label, str(then), str(now), f"{now - then:+d}" if now != then else "0"


def _points(now: Decimal | None, then: Decimal | None) -> str:
    """Return the difference of two rates in percentage points."""
    if now is None or then is None:
        return "—"
    points = ((now - then) * 100).quantize(Decimal("0.01"))
    return f"{points:+}个百分点" if points else "0"


def progress_of(session: Session, unit_id: int) -> tuple[str, ...]:
    """Return a line for each 盘活 and 重建 project a unit runs: how far it is and what was last said of it (R2)."""
    classes = (Category.REVIVE, Category.REBUILD)
    columns = (Project.category, Project.name, Project.progress_percent, Project.progress)
    wanted = (Project.responsible_unit_id == unit_id, Project.category.in_(classes), Project.exited_on.is_(None))
    rows = session.execute(select(*columns).where(*wanted).order_by(Project.category, Project.number))
    return tuple(
        f"{Category(str(category)).label}　{name}：{percent or 0}%{f'，{progress}' if progress else ''}"
        for category, name, percent, progress in rows
    )


_LEDGER_COLUMNS: Mapping[str, str] = {
    "category": "四个一批分类",
    "industry": "产业类型",
    "operating_mode": "运营模式",
    "function": "功能现状",
    "use": "使用现状",
    "operation": "生产经营情况",
    "linkage": "联农带农情况",
}
"""Columns of Annex 5 that every project has a value for."""


def gaps_of(session: Session, unit_id: int) -> tuple[str, ...]:
    """Return a line for each column of the ledger that some of a unit's projects lack, with how many (R3)."""
    columns = [getattr(Project, name) for name in _LEDGER_COLUMNS]
    empty = [func.coalesce(func.sum(case((column.is_(None), 1), else_=0)), 0) for column in columns]
    counted = select(*empty).where(Project.responsible_unit_id == unit_id, Project.exited_on.is_(None))
    found = session.execute(counted).one()
    labels = _LEDGER_COLUMNS.values()
    return tuple(f"{label}：{count}个项目没有填写" for label, count in zip(labels, found, strict=True) if count)


def listed_of(session: Session, unit_id: int) -> tuple[tuple[str, str, str], ...]:
    """Return name, number and class of the projects a unit runs, by number (R1)."""
    columns = (Project.name, Project.number, Project.category)
    staying = (Project.responsible_unit_id == unit_id, Project.exited_on.is_(None))
    rows = session.execute(select(*columns).where(*staying).order_by(Project.number))
    return tuple((name, number, Category(category).label if category else "") for name, number, category in rows)


def invested_of(session: Session, unit_id: int) -> str:
    """Return 投资规模 of the projects a unit runs, in 万元 as printed."""
    staying = (Project.responsible_unit_id == unit_id, Project.exited_on.is_(None))
    total = session.scalars(select(func.coalesce(func.sum(Project.funding_total_yuan), 0)).where(*staying)).one()
    return str(ten_thousands(Decimal(total)))
