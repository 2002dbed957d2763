"""What a diagram refers to beside its flows: lanes to nodes, associations to both ends, drawings to elements."""

from collections.abc import Iterator, Mapping

from bpmn.engine.diagram import Element, process_of
from bpmn.engine.problems import Problem, error, warning
from bpmn.engine.xml import BPMN, Node
from bpmn.expressions import shorten

NOT_DRAWN_AS_NODE = frozenset({"sequenceFlow", "association"})


def lane_reference_problems(root: Node, elements: Mapping[str, Element]) -> Iterator[Problem]:
    """Yield what lanes name that does not stand there, or stands in two of them."""
    process = process_of(root)
    for scope in (process, *(node for node in process.walk() if node.tag == "subProcess")):
        parent = None if scope is process else scope.get("id")
        here = {e.id for e in elements.values() if e.parent == parent and e.kind != "sequenceFlow"}
        for lane_set in scope.all("laneSet"):
            yield from lane_problems(lane_set, here, elements)


def lane_problems(lane_set: Node, here: set[str], elements: Mapping[str, Element]) -> Iterator[Problem]:
    """A lane names nodes of its own scope, each node stands in one lane: of several the last would win."""
    owners: dict[str, str] = {}
    for lane in lane_set.all("lane"):
        name = lane.get("name") or lane.get("id")
        for reference in sorted({node.text.strip() for node in lane.walk() if node.tag == "flowNodeRef"}):
            element = elements.get(reference)
            label = shorten((element and element.name) or reference)
            if reference not in here:
                message = f"泳道“{shorten(name)}”里的“{label}”不是这一层的环节，不会起作用。"
                yield error("lane_reference", message, "请重新从流程编辑器导出。", lane.get("id"), lane.get("name"))
            elif reference in owners:
                message = f"“{label}”同时在泳道“{owners[reference]}”和“{shorten(name)}”里。"
                where = (reference, element.name if element else "")
                yield error("lane_twice", message, "请只放进一个泳道。", *where)
            owners[reference] = shorten(name)


def line_problems(root: Node) -> Iterator[Problem]:
    """An association joins two things that exist; it never changes how a case runs."""
    known = {node.get("id") for node in root.walk() if node.space == BPMN and node.get("id")}
    for line in root.walk():
        if (
            line.space == BPMN
            and line.tag == "association"
            and not {line.get("sourceRef"), line.get("targetRef")} <= known
        ):
            message = f"注释连线“{shorten(line.get('id'))}”的起点或终点不存在。"
            yield warning("dangling_association", message, "请删去这条注释连线。", line.get("id")[:80])


def drawing_reference_problems(root: Node) -> Iterator[Problem]:
    """A shape or line of the drawing shows an element that exists, as the kind of figure it is."""
    kinds = {node.get("id"): node.tag for node in root.walk() if node.space == BPMN and node.get("id")}
    for figure in root.walk():
        if figure.tag not in ("BPMNShape", "BPMNEdge"):
            continue
        shown = figure.get("bpmnElement")
        kind = kinds.get(shown)
        if kind is None or (kind in NOT_DRAWN_AS_NODE) is (figure.tag == "BPMNShape"):
            message = f"第 {figure.line} 行：图形指向的元素“{shorten(shown)}”不存在或类型不符。"
            yield warning("drawing_reference", message, "请重新从流程编辑器导出。", shown[:80])
