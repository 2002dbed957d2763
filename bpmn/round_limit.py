"""A case that comes to the same place again and again is left to a person (engine rule 9).

退回 by a person is refused in words. What a diagram itself leads to, by a verdict or by a date, ends as an incident:
the case stays where it was, and the bureau looks at it.
"""

from __future__ import annotations

from collections.abc import Sequence

from bpmn.casefile import CaseFile
from bpmn.engine import RunawayDiagram
from bpmn.outlook import turns_by_itself
from ledger.cases import Timer, WorkItem
from ledger.passages import came_often, timers_at


def is_worn_out(file: CaseFile, element: str) -> bool:
    """Say whether a case came to a step as often as the county allows."""
    return came_often(file.session, file.case.id, element, file.acting.round_limit)


def require_rounds(file: CaseFile, again: Sequence[WorkItem]) -> None:
    """Refuse a line drawn back to a step a case came to too often; `again` are the new items that came so."""
    for element in {item.element for item in again}:
        if is_worn_out(file, element):
            raise RunawayDiagram(_told(file, element))


def require_waits(file: CaseFile, fired: Timer) -> None:
    """Refuse a timer that leads back to itself with nobody in between, when the case has waited there too often."""
    begun = {waiting.element for waiting in file.run.timers if waiting.token not in file.stood.timers}
    turning = {element for element in begun if turns_by_itself(file.version.diagram, element, fired.element)}
    for element in sorted(turning):
        if timers_at(file.session, file.case.id, element) >= file.acting.round_limit:
            raise RunawayDiagram(_told(file, element))


def _told(file: CaseFile, element: str) -> str:
    name, limit = file.element(element).name or element, file.acting.round_limit
    return f"本项目已经{limit}次到“{name}”，流程不再自动转回，请县乡村振兴局查明原因后调整环节。"
