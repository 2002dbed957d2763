"""申请表 and 审批表 as plain rows (Annex 1–3): the project as it stands, its class, and who said what of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from forms.rendering import funding_lines, yuan
from handlers.facts import place
from handlers.outcome import Print, Step
from handlers.rules import label_of, labels_of, project_rows
from ledger.vocabulary import (
    Category,
    Cause,
    Function,
    Industry,
    Level,
    Linkage,
    LinkageGap,
    OperatingMode,
    Operation,
    PaperKind,
    Use,
)

NOBODY = "/"  # Annex 2 and 3 print boxes for opinions that nobody is concerned to give (F9)
TITLES = {
    Level.VILLAGE: "村本级主管和实施项目",
    Level.TOWNSHIP: "乡镇（街道）主管项目",
    Level.DEPARTMENT: "行业部门主管项目",
}
_VALUES = (
    ("balance_yuan", "货币资金结余"),
    ("receivable_yuan", "待收待返资金"),
    ("appraised_yuan", "资产估值"),
    ("other_value_yuan", "其他"),
)


def class_form(step: Step, project: Mapping[str, Any], opinions: Mapping[str, str]) -> Print:
    """Print the form of `project` (as it will stand) with the opinions of 村委会, 乡镇（街道） and 领导小组 given."""
    level = Level(project["level"]) if project.get("level") else Level.TOWNSHIP
    boxes = ("村委会意见", "乡镇（街道）意见", "县实施乡村振兴战略领导小组意见")
    rows = (
        ("表式", TITLES[level]),
        *project_rows(step),
        ("项目地点", place(project)),
        ("责任人及联系电话", f"{project.get('responsible_person') or ''} {project.get('telephone') or ''}".strip()),
        ("产业类型", label_of(Industry, project.get("industry"))),
        ("投资规模", funding_lines(project.get("funding") or {})),
        ("项目现值（估算）", "；".join(f"{label}{yuan(project.get(n) or Decimal(0))}" for n, label in _VALUES)),
        ("运营模式", label_of(OperatingMode, project.get("operating_mode"))),
        ("功能现状", label_of(Function, project.get("function"))),
        ("使用现状", label_of(Use, project.get("use"))),
        ("生产经营", _with(label_of(Operation, project.get("operation")), Cause, project.get("causes"))),
        ("联农带农情况", _with(label_of(Linkage, project.get("linkage")), LinkageGap, project.get("linkage_gaps"))),
        ("“四个一批”认定", label_of(Category, project.get("category"))),
        ("处置措施", project.get("measures") or ""),
        *((box, opinions.get(box, NOBODY)) for box in boxes),
    )
    return Print(PaperKind.APPLICATION, f"{project['name']}“四个一批”分类及处置措施审批表", rows)


def _with(word: str, terms: type[Cause] | type[LinkageGap], chosen: Sequence[str] | None) -> str:
    return f"{word}：{labels_of(terms, chosen)}" if chosen else word
