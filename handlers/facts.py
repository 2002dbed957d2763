"""What several steps show of a project before they ask: who and where, its money, its state, what the survey found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms.rendering import project_text
from handlers.outcome import Step

_STATE = (
    ("function", "功能现状"),
    ("use", "使用现状"),
    ("operation", "生产经营"),
    ("causes", "原因"),
    ("problems", "存在问题"),
    ("linkage", "联农带农作用"),
    ("linkage_gaps", "未充分发挥的原因"),
)
_VALUES = (
    ("balance_yuan", "货币资金结余"),
    ("receivable_yuan", "待收待返资金"),
    ("appraised_yuan", "资产估值"),
    ("other_value_yuan", "其他"),
)


def place(project: Mapping[str, Any]) -> str:
    """Return 项目地点 as the survey corrected it, else as the project was assigned."""
    township = project.get("township_text") or project.get("township") or ""
    return f"{township}{project.get('village_text') or project.get('village') or ''}"


def headline(step: Step) -> str:
    """Name the project in one line: name, number, place, year."""
    project = step.project
    year = f"{project['implementation_year']}年度"
    return f"{project['name']}（{project['number']}），{place(project)}，{year}"


def state(project: Mapping[str, Any]) -> str:
    """Return 项目现状 and 联农带农, one line each; what nobody filled in is left out."""
    return _lines(project, _STATE)


def value(project: Mapping[str, Any]) -> str:
    """Return the four amounts of 项目现值."""
    return _lines(project, _VALUES)


def _lines(project: Mapping[str, Any], columns: tuple[tuple[str, str], ...]) -> str:
    texts = ((label, project_text(name, project.get(name))) for name, label in columns)
    return "\n".join(f"{label}：{text}" for label, text in texts if text)


def found(project: Mapping[str, Any]) -> str:
    """Return the findings of the survey in the directive's words."""
    return project_text("findings", project.get("findings")) or "没有勾选任何一项"


def measures_proposed(step: Step) -> str:
    """Return what the unit asks for: its measures, or exit with its reason."""
    if step.variables.get("exit_proposed"):
        reason = step.answers.get("party_meeting", {}).get("exit_reason", "")
        return f"建议退出追偿：{reason}" if reason else "建议退出追偿"
    return str(step.project.get("measures") or "")
