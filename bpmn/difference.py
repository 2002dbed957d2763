"""One line of a comparison of two versions: what happened to what, before and after."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.vocabulary import Term

FORM_PART, TABLE_PART = "表单", "决策表"


class ChangeKind(Term):
    """What happened to an element, in the words and colours of the comparison."""

    ADDED = "added", "新增"
    REMOVED = "removed", "删除"
    CHANGED = "changed", "修改"
    MOVED = "moved", "移动"


@dataclass(frozen=True)
class Difference:
    """One line of the comparison; `element` marks the picture and is empty where it does not show there."""

    kind: ChangeKind
    part: str  # 流程图, 表单“…” or 决策表“…”
    element: str
    name: str
    what: str
    before: str = ""
    after: str = ""
