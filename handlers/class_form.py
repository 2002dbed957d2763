"""申请表 and 审批表 (Annex 1–3): the project as it stands, its class, and who said what of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forms.papers.application import EMPTY, NOBODY, Opinion, form_facts
from forms.papers.catalogue import annex_name
from handlers.outcome import Print
from ledger.vocabulary import Level, PaperKind

TITLES = {
    Level.VILLAGE: "村本级主管和实施项目",
    Level.TOWNSHIP: "乡镇（街道）主管项目",
    Level.DEPARTMENT: "行业部门主管项目",
}
ANNEXES = {Level.VILLAGE: "附件1", Level.TOWNSHIP: "附件2", Level.DEPARTMENT: "附件3"}
APPLICATION, APPROVAL = "申请表", "审批表"  # the same form; 审批表 once the leading group's opinion is on it


@dataclass(frozen=True)
class Opinions:
    """The three boxes of the form; those nobody is concerned to fill get “/” (F9)."""

    village: Opinion = EMPTY
    township: Opinion = EMPTY
    group: Opinion = EMPTY

    def boxes(self, level: Level) -> tuple[Opinion, Opinion, Opinion]:
        """Return the boxes of the form of `level` in their printed order."""
        village = self.village if level is Level.VILLAGE else NOBODY
        return village, NOBODY if level is Level.DEPARTMENT else self.township, self.group


def class_form(project: Mapping[str, Any], opinions: Opinions, name: str, note: str = "") -> Print:
    """Print the form of `project` (as it will stand), called `name`; `full_measures` go to a further sheet."""
    level = Level(project["level"]) if project.get("level") else Level.TOWNSHIP
    title = f"{project['name']}“四个一批”分类及处置措施{name}{note}（{ANNEXES[level]}）"
    facts = form_facts(project, opinions.boxes(level), name)
    return Print(PaperKind.APPLICATION, title, template=annex_name(level), more=facts)
