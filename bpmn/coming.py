"""Who comes next and by when, as an item's page says it before the item is submitted (interface 10).

Unit and day are worked out as for a new item: by the same lanes, due rules, campaign dates and calendar. Which of
several steps comes is left open, because the answers decide it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpmn.casefile import CaseFile, NobodyThere, assignee_of
from bpmn.engine import Element
from bpmn.moving_on import due_in
from bpmn.outlook import next_steps
from ledger.cases import WorkItem
from ledger.vocabulary import ItemStatus, Role
from ledger.working_days import Due

CLOCK_UNIT = "系统计时"


@dataclass(frozen=True)
class Coming:
    """A step that can come next: who does it, and when it is due if it comes today; a wait of the clock has no day."""

    name: str
    units: str
    due: Due | None


def coming(file: CaseFile, item: WorkItem) -> tuple[Coming, ...]:
    """Return the steps that can come after an item, in the diagram's order; nothing when only the end follows."""
    if item.signed and item.status == ItemStatus.OPEN:
        return (Coming("审核签字", f"{item.unit.short_name}{Role.SIGNER.label}", Due(item.due_at, item.compressed)),)
    if item.returns_to:
        return (_coming(file, file.element(item.returns_to)),)
    return tuple(_coming(file, element) for element in next_steps(file.version.diagram, item.element))


def _coming(file: CaseFile, element: Element) -> Coming:
    if element.kind != "userTask":
        return Coming(element.name, CLOCK_UNIT, None)
    return Coming(element.name, _units(file, element), due_in(file, element))


def _units(file: CaseFile, element: Element) -> str:
    """Name the units a step would go to; a lane that means nobody yet is told as it is drawn."""
    asked = file.run.variables.get(element.attributes.get("collection", ""))
    instances = [str(each) for each in asked] if isinstance(asked, list) else [None]
    try:
        units = [assignee_of(element, each, file.places, file.run.variables).unit for each in instances]
    except NobodyThere:
        return element.attributes.get("who") or element.lane or ""
    return "、".join(dict.fromkeys(unit.short_name for unit in units))
