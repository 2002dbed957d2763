"""分类统计表 (Annex 4), 管理台账 (Annex 5) and the three rates, counted from the projects themselves.

Both tables are views of the same rows: with the same condition they agree in 项目数, the four classes and 投资.
Money is stored in 元; these tables are read in 万元.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select, true
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import instance_dict

from ledger.cases import Case
from ledger.db import rows_of
from ledger.meetings import BatchCase
from ledger.people import Unit
from ledger.projects import Project
from ledger.taking import Part, laid, parts_of
from ledger.vocabulary import (
    Category,
    Cause,
    Function,
    Industry,
    LedgerOperation,
    Linkage,
    LinkageGap,
    OperatingMode,
    Operation,
    ProjectProblem,
    Term,
    UnitKind,
    Use,
)

Which = ColumnElement[bool]  # a condition on Project: which projects a table is about
Cell = str | int | Decimal | None
TEN_THOUSAND = 10_000
_CENT = Decimal("0.01")
UNASSIGNED = "未分派"
TOTAL = "合计"
# Annex 4 prints the ten causes in an order of its own (F9)
ANNEX4_CAUSES = (
    Cause.CHOICE,
    Cause.FUNDS,
    Cause.MANAGEMENT,
    Cause.LABOUR,
    Cause.MATERIALS,
    Cause.TECHNOLOGY,
    Cause.PRICES,
    Cause.FACILITIES,
    Cause.DISASTER,
    Cause.OTHER,
)
ANNEX4_HEADS = (
    *("序号", "地区", "项目实际投入（万元）", "项目数", "巩固项目", "提升项目", "盘活项目", "另起炉灶项目"),
    *(f"停产闲置原因：{cause.label}" for cause in ANNEX4_CAUSES),
    "生产经营遇到困难项目数",
    *(f"生产经营遇到困难原因：{cause.label}" for cause in ANNEX4_CAUSES),
    *(gap.label for gap in LinkageGap),
)
ANNEX5_HEADS = (
    *("序号", "项目名称", "项目编号", "实施年度", "四个一批分类", "责任单位", "责任人及联系电话", "产业类型"),
    *("投资规模（万元）小计", "专项资金", "其他资金", "建设内容", "项目地点", "运营模式"),
    *("结余资金", "待收待返资金", "资产估值", "其他", "功能现状", "使用现状", "生产经营情况", "存在问题", "原因分析"),
    *("发挥联农带农作用", "未充分发挥联农带农作用原因", "处置整改措施", "处置整改进展情况", "备注"),
)
ENTRUSTED_IN_LEDGER = "委托经营"  # what Annex 5 writes for 委托运营 (F9)


def ten_thousands(yuan: Decimal) -> Decimal:
    """Return `yuan` in 万元, exact (元 with two decimals need six), without trailing zeros."""
    exact = yuan / TEN_THOUSAND
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()


def annex5_rows(
    projects: Sequence[Project], telephone: Callable[[Project], str] = lambda project: project.telephone or ""
) -> list[tuple[Cell, ...]]:
    """Return a row of 28 cells per project of `projects_where`, exited ones too (F5).

    `telephone` says how much of a number is shown (M2).
    """
    return [_ledger_row(number, project, telephone(project)) for number, project in enumerate(projects, 1)]


@dataclass(frozen=True)
class Section:
    """The rows of Annex 4 that one kind of unit has, and what they come to."""

    label: str  # of the sum
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...]

    @property
    def lines(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows and their sum; what nobody runs yet is one row and needs none."""
        return self.rows if self.label == UNASSIGNED else (*self.rows, self.total)


@dataclass(frozen=True)
class Statistics:
    """Annex 4: the units by kind, and the total counted over all projects at once."""

    sections: tuple[Section, ...]
    total: tuple[Cell, ...]

    @property
    def subtotalled(self) -> bool:
        """Whether townships and departments have sums of their own: one kind alone needs none."""
        return len({section.label for section in self.sections} - {UNASSIGNED}) > 1

    @property
    def rows(self) -> list[tuple[Cell, ...]]:
        """The units' rows and the total below."""
        return [*(row for section in self.sections for row in section.rows), self.total]

    @property
    def lines(self) -> list[tuple[Cell, ...]]:
        """The rows as they are printed, sums of the kinds included."""
        if not self.subtotalled:
            return self.rows
        return [*(line for section in self.sections for line in section.lines), self.total]


_KINDS = ("乡镇（街道）小计", "行业部门小计", UNASSIGNED)  # in the order they are printed


def annex4_rows(projects: Sequence[Project]) -> list[tuple[Cell, ...]]:
    """Return a row of 32 cells per responsible unit and the total below (F4); a project counts under each cause."""
    return annex4_of(projects).rows


def annex4_of(projects: Sequence[Project]) -> Statistics:
    """Count Annex 4 by township and department; a department's project stands once, in the department's row."""
    by_kind: dict[str, dict[int | None, list[Project]]] = {label: {} for label in _KINDS}
    for project in projects:
        by_kind[_kind(project)].setdefault(project.responsible_unit_id, []).append(project)
    sections, number = [], 0
    for label, units in by_kind.items():
        if units:
            counted = enumerate(units.values(), number + 1)
            rows = tuple(_statistics_row(n, _unit_name(own[0]), own) for n, own in counted)
            whole = [project for own in units.values() for project in own]
            sections.append(Section(label, rows, _statistics_row(None, label, whole)))
            number += len(rows)
    return Statistics(tuple(sections), _statistics_row(None, TOTAL, projects))


def county_of(projects: Sequence[Project]) -> str:
    """Return the county's name as the titles of its tables begin; nothing where there is no project."""
    return projects[0].county.short_name if projects else ""


def _kind(project: Project) -> str:
    unit = project.responsible_unit
    return _KINDS[2] if unit is None else _KINDS[0] if unit.kind == UnitKind.TOWNSHIP else _KINDS[1]


_UNITS = {name: aliased(Unit, name=name) for name in ("county", "responsible_unit", "township", "village")}
_NAMED = ("name", "short_name", "kind", "county_id", "staffed")
_PARTS = (Part(Project), *(Part(Unit, *_NAMED, of=each) for each in _UNITS.values()))


def projects_where(session: Session, condition: Which) -> Sequence[Project]:
    """Return the projects a table is about with their units, in the order of 责任单位 and 项目编号.

    The rows are laid into the session as they are: to turn hundreds into objects takes the ORM several times as long.
    """
    session.flush()  # what is read replaces what the session holds
    return _laid(session, session.connection().execute(_WHOLE.where(condition)))


def projects_of_batch(session: Session, batch_id: int) -> Sequence[Project]:
    """Return the projects sent with a 报送批次, as `projects_where` does."""
    session.flush()
    return _laid(session, rows_of(session, _BATCH, batch=batch_id))


def sent_with_batch() -> Select[int]:
    """Return the query for the projects sent with the 报送批次 given as `batch`."""
    sent = select(Case.project_id).join(BatchCase, BatchCase.case_id == Case.id)
    return sent.where(BatchCase.batch_id == bindparam("batch"))


def project_alone(session: Session, project_id: int) -> Sequence[Project]:
    """Return one project as `projects_where` does."""
    session.flush()
    return _laid(session, rows_of(session, _ALONE, project=project_id))


def _laid(session: Session, rows: Iterable[Sequence[Any]]) -> list[Project]:
    found: list[Project] = []
    units: dict[int | None, Unit | None] = {None: None}
    for row in rows:
        columns, *named = parts_of(_PARTS, row)
        for each in named:
            if each["id"] not in units:
                units[each["id"]] = laid(session, Unit, each)
        project = laid(session, Project, columns)
        instance_dict(project).update((name, units[each["id"]]) for name, each in zip(_UNITS, named, strict=True))
        found.append(project)
    return found


def _whole() -> Select[Any]:
    read = select(*(column for part in _PARTS for column in part.columns)).select_from(Project)
    for name, unit in _UNITS.items():
        read = read.outerjoin(unit, unit.id == getattr(Project, f"{name}_id"))
    owner = _UNITS["responsible_unit"].code
    # what waits unassigned comes last on every database
    return read.order_by(case((owner.is_(None), 1), else_=0), owner, Project.number)


_WHOLE = _whole()
_BATCH = _WHOLE.where(Project.id.in_(sent_with_batch()))
_ALONE = _WHOLE.where(Project.id == bindparam("project"))


def _ledger_row(number: int, project: Project, telephone: str) -> tuple[Cell, ...]:
    unit = project.responsible_unit
    partial = project.linkage == Linkage.PARTIAL
    return (
        number,
        project.name,
        project.number,
        project.implementation_year,
        _label(Category, project.category),
        project.responsible_body or (unit.name if unit else project.unit_text),
        f"{project.responsible_person or ''} {telephone}".strip(),
        _label(Industry, project.industry),
        ten_thousands(project.funding_total_yuan),
        ten_thousands(project.funding_earmarked_yuan),
        ten_thousands(project.funding_other_yuan),
        project.construction,
        _place(project),
        _ledger_mode(project.operating_mode),
        _worth(project.balance_yuan),
        _worth(project.receivable_yuan),
        _worth(project.appraised_yuan),
        _worth(project.other_value_yuan),
        _label(Function, project.function),
        _label(Use, project.use),
        _label(LedgerOperation, project.operation_ledger or project.operation),  # the identifiers are the same (F9)
        _labels(ProjectProblem, project.problems),
        _labels(Cause, project.causes),
        _label(Linkage, project.linkage),
        _label(LinkageGap, project.linkage_gaps[0]) if partial and project.linkage_gaps else "",
        project.measures,
        project.progress,
        project.remark,
    )


def _statistics_row(number: int | None, name: str, projects: Sequence[Project]) -> tuple[Cell, ...]:
    stopped = [project for project in projects if project.operation == Operation.STOPPED]
    difficult = [project for project in projects if project.operation == Operation.DIFFICULT]
    weak = [project for project in projects if project.linkage == Linkage.PARTIAL]
    return (
        number,
        name,
        ten_thousands(sum((project.funding_total_yuan for project in projects), Decimal(0))),
        len(projects),
        *(sum(project.category == category for project in projects) for category in Category),
        *(sum(cause in project.causes for project in stopped) for cause in ANNEX4_CAUSES),
        len(difficult),
        *(sum(cause in project.causes for project in difficult) for cause in ANNEX4_CAUSES),
        *(sum(gap in project.linkage_gaps for project in weak) for gap in LinkageGap),
    )


def _unit_name(project: Project) -> str:
    return project.responsible_unit.short_name if project.responsible_unit else UNASSIGNED


def _ledger_mode(mode: str | None) -> str:
    return ENTRUSTED_IN_LEDGER if mode == OperatingMode.ENTRUSTED else _label(OperatingMode, mode)


def _place(project: Project) -> str:
    """Return 项目地点 as the survey wrote it, else as the project was assigned."""
    pairs = ((project.township_text, project.township), (project.village_text, project.village))
    return "".join(text or (unit.short_name if unit else "") for text, unit in pairs)


def _worth(yuan: Decimal | None) -> Decimal | None:
    return None if yuan is None else ten_thousands(yuan)


def _label(terms: type[Term], identifier: str | None) -> str:
    return terms(identifier).label if identifier else ""


def _labels(terms: type[Term], identifiers: Iterable[str]) -> str:
    chosen = set(identifiers)
    return "、".join(term.label for term in terms if term in chosen)


@dataclass(frozen=True)
class Rates:
    """The three rates (R6) over the projects that have not exited."""

    project_count: int
    stopped_count: int
    difficult_count: int
    weak_linkage_count: int

    @property
    def stopped(self) -> Decimal | None:
        """停产闲置率, between 0 and 1; None where there is no project."""
        return self._of(self.stopped_count)

    @property
    def difficult(self) -> Decimal | None:
        """经营困难率."""
        return self._of(self.difficult_count)

    @property
    def weak_linkage(self) -> Decimal | None:
        """未按约定联农带农率."""
        return self._of(self.weak_linkage_count)

    def _of(self, count: int) -> Decimal | None:
        return Decimal(count) / self.project_count if self.project_count else None


def rates(session: Session, condition: ColumnElement[bool]) -> Rates:
    """Count the projects of the three rates; an exited project is in no rate from the day of its decision (R6)."""
    counted = (
        Project.operation == Operation.STOPPED,
        Project.operation == Operation.DIFFICULT,
        Project.linkage == Linkage.PARTIAL,
    )
    sums = (func.coalesce(func.sum(case((each, 1), else_=0)), 0) for each in counted)
    staying = select(func.count(), *sums).select_from(Project).where(condition, Project.exited_on.is_(None))
    return Rates(*(int(count) for count in session.execute(staying).one()))


def rate_text(rate: Decimal | None) -> str:
    """Write a rate as tables print it: 12.50%, and “—” where there is no project."""
    return "—" if rate is None else f"{(rate * 100).quantize(_CENT, ROUND_HALF_UP)}%"


def of_unit(unit_id: int) -> ColumnElement[bool]:
    """Return the condition that holds for the projects a unit runs."""
    return Project.responsible_unit_id == unit_id


def everything() -> ColumnElement[bool]:
    """Return the condition that holds for every project."""
    return true()


def both(one: ColumnElement[bool], other: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that holds where both do."""
    return and_(one, other)
