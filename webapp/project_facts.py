"""A project's facts as read on a page: labels for identifiers, 元 for amounts, a masked telephone number (M2)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ledger.findings import Finding
from ledger.projects import Project
from ledger.scope import Actor
from ledger.vocabulary import (
    Cause,
    Function,
    Industry,
    Level,
    Linkage,
    LinkageGap,
    OperatingMode,
    Operation,
    ProjectProblem,
    Role,
    Term,
    Use,
)
from webapp.layout import label_of, yuan_text

Facts = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def facts_of(project: Project, actor: Actor) -> Facts:
    """Return titled groups of (label, text), as the form's sections name them."""
    return (
        ("基本情况", _basics(project, actor)),
        ("项目现值（估算）", _values(project)),
        ("项目现状", _condition(project)),
        ("认定与处置", _disposal(project)),
    )


def telephone_text(project: Project, actor: Actor) -> str:
    """Return the number whole for those who handle the project, else masked: 138****0000."""
    number = project.telephone or ""
    handles = project.responsible_unit_id is not None and actor.holds(Role.HANDLER, project.responsible_unit_id)
    return number if handles or not number else f"{number[:3]}****{number[-4:]}"


def _basics(project: Project, actor: Actor) -> tuple[tuple[str, str], ...]:
    unit, township, village = project.responsible_unit, project.township, project.village
    return (
        ("项目编号", project.number),
        ("实施年度", str(project.implementation_year)),
        ("主管层级", label_of(Level, project.level)),
        ("承办单位", unit.short_name if unit else "待分派"),
        ("镇（乡、街道）", township.short_name if township else project.township_text or "—"),
        ("村（居）", village.short_name if village else project.village_text or "—"),
        ("责任单位", project.responsible_body or "—"),
        ("责任人", project.responsible_person or "—"),
        ("联系电话", telephone_text(project, actor) or "—"),
        ("产业类型", label_of(Industry, project.industry)),
        ("建设内容", project.construction or "—"),
    )


def _values(project: Project) -> tuple[tuple[str, str], ...]:
    return (
        ("货币资金结余", _yuan(project.balance_yuan)),
        ("待收待返资金", _yuan(project.receivable_yuan)),
        ("资产估值", _yuan(project.appraised_yuan)),
        ("其他", _yuan(project.other_value_yuan)),
    )


def _condition(project: Project) -> tuple[tuple[str, str], ...]:
    return (
        ("运营模式", label_of(OperatingMode, project.operating_mode)),
        ("功能现状", label_of(Function, project.function)),
        ("使用现状", label_of(Use, project.use)),
        ("生产经营", label_of(Operation, project.operation)),
        ("原因", _labels(Cause, project.causes)),
        ("存在问题", _labels(ProjectProblem, project.problems)),
        ("联农带农", label_of(Linkage, project.linkage)),
        ("未充分发挥原因", _labels(LinkageGap, project.linkage_gaps)),
        ("现场发现", _labels(Finding, project.findings, "；")),
        ("调研日期", project.surveyed_on.isoformat() if project.surveyed_on else "—"),
    )


def _disposal(project: Project) -> tuple[tuple[str, str], ...]:
    percent = project.progress_percent
    return (
        ("处置措施", project.measures or "—"),
        ("处置进展", project.progress or "—"),
        ("完成比例", "—" if percent is None else f"{percent}%"),
        ("备注", project.remark or "—"),
    )


def _yuan(amount: Decimal | None) -> str:
    return "—" if amount is None else f"{yuan_text(amount)} 元"


def _labels(vocabulary: type[Term], identifiers: Sequence[str], between: str = "、") -> str:
    return between.join(vocabulary(identifier).label for identifier in identifiers) or "—"
