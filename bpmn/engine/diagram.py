"""A diagram as the engine and the pages see it: every element by id, read once and never changed.

`bpmn.engine.reading.read_diagram` is the way in; this module only indexes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bpmn.engine.problems import DiagramProblems, Problem, error
from bpmn.engine.xml import BPMN, SGYP, Node

ACTIVITIES = frozenset(
    {"task", "userTask", "manualTask", "serviceTask", "businessRuleTask", "subProcess", "callActivity"}
)
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS

EVENT_DEFINITIONS: Mapping[str, str] = {
    "timerEventDefinition": "timer",
    "messageEventDefinition": "message",
    "terminateEventDefinition": "terminate",
    "errorEventDefinition": "error",
}


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """A node or a sequence flow of a diagram.

    `lane` is the name of its lane, inherited by what stands in a sub-process without lanes; `parent`
    the id of the enclosing sub-process; `attributes` our own ones by their short names (handler, due,
    article, role, signed, who, milestone, collection, item, result, decision, throws). A `task` without
    a type is a `manualTask`: it is for a person.
    """

    id: str
    name: str
    kind: str
    lane: str | None
    parent: str | None
    documentation: str
    attributes: Mapping[str, str]
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    source: str | None = None
    target: str | None = None
    condition: str | None = None
    default: str | None = None
    called: str | None = None
    """The id of the process a call activity calls."""
    event: str | None = None
    timer: str | None = None
    timer_is_duration: bool = False
    message: str | None = None
    error: str | None = None
    """The code of the error an error event throws or catches."""
    attached_to: str | None = None
    interrupting: bool = True
    multiple: str | None = None
    """`parallel` or `sequential` for a multi-instance activity."""
    completion: str | None = None
    """When a multi-instance activity is done before everybody is."""

    @property
    def throws(self) -> tuple[str, ...]:
        """The codes of the errors that may come out of this element."""
        if self.kind == "endEvent":
            return (self.error,) if self.error else ()
        return tuple(self.attributes.get("throws", "").split()) if self.kind == "serviceTask" else ()


@dataclass(frozen=True, slots=True, eq=False)
class Diagram:
    """One parsed version; shared by all cases that run on it."""

    sha256: str
    process_id: str
    name: str
    elements: Mapping[str, Element]
    order: tuple[str, ...] = field(repr=False)
    """Ids in the order of the file: a saved state speaks of elements by their place here."""
    calls: frozenset[str] = frozenset()
    """Ids of the processes its call activities name."""
    callees: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 by process id of every process in it, once it is linked with them (`bpmn.engine.linking`)."""

    def inside(self, parent: str | None) -> Iterator[Element]:
        """Yield the nodes standing directly in the process (None) or in a sub-process."""
        return (e for e in self.elements.values() if e.parent == parent and e.kind != "sequenceFlow")

    def start_of(self, parent: str | None) -> Element:
        """Return the start event of the process (None) or of a sub-process."""
        return next(e for e in self.inside(parent) if e.kind == "startEvent")

    def boundary_events(self, activity: str) -> tuple[Element, ...]:
        """Return the events attached to an activity."""
        return tuple(e for e in self.elements.values() if e.attached_to == activity)


def catcher_of(element: Element, code: str, elements: Mapping[str, Element]) -> Element | None:
    """Return the boundary event that catches an error thrown in `element`: its own, else the nearest around it."""
    catchers = {e.attached_to: e for e in elements.values() if e.kind == "boundaryEvent" and e.error == code}
    here: Element | None = element
    while here is not None:
        if here.id in catchers:
            return catchers[here.id]
        here = elements.get(here.parent or "")
    return None


def process_of(root: Node) -> Node:
    """Return the one executable process; raises `DiagramProblems` when there is none or more than one."""
    require_bpmn(root)
    processes = root.all("process")
    if len(processes) != 1:
        raise DiagramProblems((process_count(len(processes)),))
    return processes[0]


def require_bpmn(root: Node) -> None:
    """Refuse what is no BPMN diagram at all; raises `DiagramProblems`."""
    if root.space != BPMN or root.tag != "definitions":
        raise DiagramProblems((error("not_bpmn", "文件不是 BPMN 2.0 流程图。", "请上传扩展名为 .bpmn 的流程文件。"),))


def process_count(count: int) -> Problem:
    message = f"文件里应当恰好有一个流程，现有 {count} 个。"
    return error("process_count", message, "请每个文件只画一个流程。")


def each_process(root: Node) -> list[Node]:
    """Return the tree once for each of its processes, without the others: what is wrong can be told of every one."""
    processes = root.all("process")
    others = [child for child in root.children if child not in processes]
    return [replace(root, children=(*others, process)) for process in processes]


def build_diagram(root: Node, sha256: str) -> Diagram:
    """Index a tree that passed the rules."""
    process = process_of(root)
    elements = index(root)
    return Diagram(
        sha256=sha256,
        process_id=process.get("id"),
        name=process.get("name") or process.get("id"),
        elements=MappingProxyType(elements),
        order=tuple(elements),
        calls=frozenset(element.called for element in elements.values() if element.called is not None),
    )


def index(root: Node) -> dict[str, Element]:
    """Return every node and flow of the process by id; tolerant, so that the rules can speak of a broken diagram."""
    process = process_of(root)
    names = {m.get("id"): m.get("name") for m in root.all("message")}
    error_codes = {e.get("id"): e.get("errorCode") for e in root.all("error")}
    found: dict[str, Element] = {}
    flows = [node for node in process.walk() if node.space == BPMN and node.tag == "sequenceFlow"]
    incoming: dict[str, list[str]] = {}
    outgoing: dict[str, list[str]] = {}
    for flow in flows:
        outgoing.setdefault(flow.get("sourceRef"), []).append(flow.get("id"))
        incoming.setdefault(flow.get("targetRef"), []).append(flow.get("id"))

    def collect(scope: Node, parent: str | None, inherited: str | None) -> None:
        lanes = lanes_of(scope)
        for node in scope.children:
            if node.space != BPMN or (node.tag not in FLOW_NODES and node.tag != "sequenceFlow"):
                continue
            lane = lanes.get(node.get("id"), inherited)
            ends = tuple(incoming.get(node.get("id"), ())), tuple(outgoing.get(node.get("id"), ()))
            element = element_of(node, parent, lane, ends, names | error_codes)
            found[element.id] = element
            if node.tag == "subProcess":
                collect(node, element.id, lane)

    collect(process, None, None)
    return found


def lanes_of(scope: Node) -> dict[str, str]:
    """Return the innermost lane's name by element id for the lane sets of one scope."""
    lanes: dict[str, str] = {}
    for lane_set in scope.all("laneSet"):
        for lane in lane_set.walk():
            if lane.tag == "lane":
                lanes.update({reference.text.strip(): lane.get("name") for reference in lane.all("flowNodeRef")})
    return lanes


def element_of(
    node: Node,
    parent: str | None,
    lane: str | None,
    ends: tuple[tuple[str, ...], tuple[str, ...]],
    names: Mapping[str, str],
) -> Element:
    """Build one element; `ends` are the flows coming in and going out, `names` what events refer to by id."""
    repeat = node.find("multiInstanceLoopCharacteristics")
    event = next((child for child in node.children if child.tag in EVENT_DEFINITIONS and child.space == BPMN), None)
    condition = node.find("conditionExpression")
    return Element(
        id=node.get("id"),
        name=node.get("name"),
        kind="manualTask" if node.tag == "task" else node.tag,
        lane=lane or None,
        parent=parent,
        documentation="\n".join(d.text.strip() for d in node.all("documentation")),
        attributes=MappingProxyType(own_attributes(node) | (own_attributes(repeat) if repeat else {})),
        incoming=ends[0],
        outgoing=ends[1],
        source=node.get("sourceRef") or None,
        target=node.get("targetRef") or None,
        condition=condition.text.strip() if condition else None,
        default=node.get("default") or None,
        called=node.get("calledElement") if node.tag == "callActivity" else None,
        event=EVENT_DEFINITIONS[event.tag] if event else None,
        timer=timer_text(event) if event else None,
        timer_is_duration=event is not None and event.find("timeDuration") is not None,
        message=names.get(event.get("messageRef")) if event else None,
        error=names.get(event.get("errorRef")) or None if event else None,
        attached_to=node.get("attachedToRef") or None,
        interrupting=node.get("cancelActivity") != "false",
        multiple=("sequential" if repeat.get("isSequential") == "true" else "parallel") if repeat else None,
        completion=completion_text(repeat) if repeat else None,
    )


def own_attributes(node: Node) -> dict[str, str]:
    """Return the attributes of our own namespace by their short names."""
    prefix = f"{{{SGYP}}}"
    return {key.removeprefix(prefix): value.strip() for key, value in node.attributes.items() if key.startswith(prefix)}


def completion_text(repeat: Node) -> str | None:
    """Return when a multi-instance activity is done early, as written; empty when the condition is."""
    condition = repeat.find("completionCondition")
    return condition.text.strip() if condition else None


def timer_text(event: Node) -> str | None:
    """Return what a timer waits for, as written."""
    written = event.find("timeDate") or event.find("timeDuration")
    return written.text.strip() if written else None
