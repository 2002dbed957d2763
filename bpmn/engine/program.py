"""A diagram turned into SpiffWorkflow specs, once per version; no state, shared by all runs."""

from functools import lru_cache

from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec

from bpmn.engine import specs
from bpmn.engine.diagram import Diagram, Element, catcher_of
from bpmn.engine.tokens import ByHand, Choice, End, Step, SubProcess, Way
from bpmn.expressions import compile_expression

KINDS: dict[str, type[Step]] = {
    "startEvent": Step,
    "intermediateThrowEvent": Step,
    "endEvent": End,
    "userTask": ByHand,
    "manualTask": ByHand,
    "serviceTask": specs.Call,
    "businessRuleTask": specs.Call,
    "intermediateCatchEvent": specs.Catch,
    "boundaryEvent": specs.Catch,
    "exclusiveGateway": Choice,
    "parallelGateway": specs.Parallel,
    "inclusiveGateway": specs.Inclusive,
    "eventBasedGateway": specs.EventGateway,
    "subProcess": SubProcess,
    "callActivity": SubProcess,
}


class Program(WorkflowSpec):  # type: ignore[misc] # the library is untyped
    """The specs of one diagram by element id."""

    def __init__(self, diagram: Diagram) -> None:
        super().__init__(name=diagram.process_id, addstart=True)
        self.diagram = diagram
        self.steps: dict[str, Step] = {}
        self.places = {element: number for number, element in enumerate(diagram.order)}
        self._upstream: dict[tuple[str, str], frozenset[str]] = {}
        nodes = [element for element in diagram.elements.values() if element.kind != "sequenceFlow"]
        for element in nodes:
            kind = specs.Multiple if element.multiple else KINDS[element.kind]
            self.steps[element.id] = kind(self, element)
        self.joins_last = any(step.joins_last for step in self.steps.values())
        for element in nodes:
            step = self.steps[element.id]
            step.ways = tuple(self.way(diagram.elements[flow], element) for flow in element.outgoing)
            step.watchers = tuple(self.steps[e.id] for e in diagram.boundary_events(element.id) if e.event != "error")
            if isinstance(step, SubProcess):
                step.first = self.start_of(element.id)

    def way(self, flow: Element, source: Element) -> Way:
        """Turn a sequence flow into a way out of its source."""
        conditional = flow.condition and flow.id != source.default
        condition = compile_expression(flow.condition or "") if conditional else None
        return Way(flow.id, condition, self.steps[flow.target or ""], condition.plain if condition else None)

    def catcher_of(self, element: Element, code: str) -> Step | None:
        """Return the boundary event that catches an error thrown in `element`."""
        catcher = catcher_of(element, code, self.diagram.elements)
        return self.steps[catcher.id] if catcher else None

    def start_of(self, parent: str | None) -> Step:
        """Return the start event of the process or a sub-process."""
        return self.steps[self.diagram.start_of(parent).id]

    def upstream(self, join: Element, flow: str) -> frozenset[str]:
        """Return the elements from which `flow` can be reached without passing `join`."""
        key = join.id, flow
        if key not in self._upstream:
            self._upstream[key] = frozenset(self._search_upstream(join, flow))
        return self._upstream[key]

    def _search_upstream(self, join: Element, flow: str) -> set[str]:
        elements = self.diagram.elements
        found: set[str] = set()
        ahead = [elements[flow].source or ""]
        while ahead:
            place = ahead.pop()
            if place in found or place == join.id:
                continue
            found.add(place)
            ahead += [elements[incoming].source or "" for incoming in elements[place].incoming]
            if elements[place].attached_to:
                ahead.append(elements[place].attached_to or "")
        return found


@lru_cache(maxsize=64)
def program_of(diagram: Diagram) -> Program:
    """Return the specs of a diagram; cached by the diagram's identity."""
    return Program(diagram)
