"""What a round's diagram (R1–R4) may not hold, and what only a round's diagram may hold.

A round has no timers, messages, tables or joint steps of its own: when it opens and is due the calendar says, and whom
it asks is one unit. So its diagrams stay small enough to be read at a glance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bpmn.engine import Diagram, Element, Problem
from bpmn.engine.problems import error
from handlers import ROUND_STEMS
from ledger.vocabulary import RoundKind

ROUND_PROCESSES: Mapping[RoundKind, str] = {
    RoundKind.PLAN: "work_plan",
    RoundKind.MOBILISATION: "mobilisation",
    RoundKind.WEEKLY: "weekly_report",
    RoundKind.MONTHLY: "monthly_update",
    RoundKind.YEARLY: "yearly_report",
}
"""The process each kind of round runs, by its id."""
ALLOWED = frozenset(
    {
        *("startEvent", "endEvent", "userTask", "manualTask", "serviceTask", "sequenceFlow"),
        *("exclusiveGateway", "parallelGateway", "inclusiveGateway"),
    }
)


def round_problems(diagram: Diagram) -> Iterator[Problem]:
    """Yield what stands in a round's diagram and cannot, or in another's and belongs to a round."""
    of_round = diagram.process_id in ROUND_PROCESSES.values()
    for element in diagram.elements.values():
        if of_round and not _small(element):
            sentence = f"周期流程“{diagram.name}”里不能有“{element.name or element.id}”这样的元素。"
            yield error("round_element", sentence, "周期流程只用人工任务、抄送和网关。", element.id, element.name)
        if not of_round and element.attributes.get("handler") in ROUND_STEMS:
            sentence = f"“{element.name or element.id}”的处理程序只能用在周期流程里。"
            yield error("round_handler", sentence, "请换一个处理程序。", element.id, element.name)


def _small(element: Element) -> bool:
    return element.kind in ALLOWED and not element.multiple and element.timer is None and not element.message
