"""Measures a drawn diagram from its file: what a reader would see hidden, crossed, cut or too small.

Coordinates are those of the file. A viewer draws Chinese text of `FONT` pixels, one `FONT` per character, and shrinks
a plane to the width of the page, never enlarging it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise

from lxml import etree

FONT = 14
LINE = 17
PREFIXES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
}
TASKS = {"userTask", "subProcess", "businessRuleTask", "serviceTask"}
LABELLED_INSIDE = TASKS | {"lane"}

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, bounds: etree._Element) -> Box:
        x, y, width, height = (float(bounds.get(key, "nan")) for key in ("x", "y", "width", "height"))
        return cls(x, y, x + width, y + height)

    def meets(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True)
class Shape:
    id: str
    kind: str
    name: str
    box: Box
    label: Box | None


@dataclass(frozen=True)
class Edge:
    id: str
    name: str
    source: str
    target: str
    points: tuple[Point, ...]
    label: Box | None

    @property
    def segments(self) -> list[Box]:
        """The stretches between waypoints; a vertical or horizontal one is a box without width or height."""
        return [Box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)) for (ax, ay), (bx, by) in pairwise(self.points)]


@dataclass(frozen=True)
class Plane:
    """One page of the drawing: the process itself or one opened sub-process."""

    id: str
    shapes: tuple[Shape, ...]
    edges: tuple[Edge, ...]
    lane_of: dict[str, str]

    @cached_property
    def nodes(self) -> tuple[Shape, ...]:
        return tuple(shape for shape in self.shapes if shape.kind != "lane")

    @cached_property
    def labels(self) -> list[tuple[str, str, Box]]:
        """Owner, text and box of every label drawn outside its shape."""
        owners = (*self.nodes, *self.edges)
        return [(owner.id, owner.name, owner.label) for owner in owners if owner.label is not None]


def planes(root: etree._Element) -> list[Plane]:
    """Return the pages of a diagram, the first being the one that opens."""
    elements = {str(found.get("id")): found for found in root.iter() if found.get("id")}
    lane_of = {
        str(reference.text): str(lane.get("id"))
        for lane in root.iterfind(".//bpmn:lane", PREFIXES)
        for reference in lane.iterfind("bpmn:flowNodeRef", PREFIXES)
    }
    return [plane_of(plane, elements, lane_of) for plane in root.iterfind(".//bpmndi:BPMNPlane", PREFIXES)]


def plane_of(plane: etree._Element, elements: dict[str, etree._Element], lane_of: dict[str, str]) -> Plane:
    shapes, edges = [], []
    for drawn in plane.iterfind("bpmndi:BPMNShape", PREFIXES):
        element = elements[str(drawn.get("bpmnElement"))]
        bounds = drawn.find("dc:Bounds", PREFIXES)
        assert bounds is not None
        kind = etree.QName(element).localname
        shapes.append(
            Shape(str(element.get("id")), kind, element.get("name", ""), Box.of(bounds), label_of(drawn)),
        )
    for drawn in plane.iterfind("bpmndi:BPMNEdge", PREFIXES):
        flow = elements[str(drawn.get("bpmnElement"))]
        points = tuple(
            (float(p.get("x", "nan")), float(p.get("y", "nan"))) for p in drawn.iterfind("di:waypoint", PREFIXES)
        )
        ends = str(flow.get("sourceRef")), str(flow.get("targetRef"))
        edges.append(Edge(str(flow.get("id")), flow.get("name", ""), *ends, points, label_of(drawn)))
    return Plane(str(plane.get("bpmnElement")), tuple(shapes), tuple(edges), lane_of)


def label_of(drawn: etree._Element) -> Box | None:
    bounds = drawn.find("bpmndi:BPMNLabel/dc:Bounds", PREFIXES)
    return None if bounds is None else Box.of(bounds)


def long_labels(plane: Plane, most: int) -> list[str]:
    """Names of more than `most` characters."""
    return [thing.id for thing in (*plane.shapes, *plane.edges) if len(thing.name) > most]


def unlabelled(plane: Plane) -> list[str]:
    """Named things whose name is drawn outside, without a box of their own big enough for the text."""
    found = []
    for thing in (*plane.shapes, *plane.edges):
        if not thing.name or (isinstance(thing, Shape) and thing.kind in LABELLED_INSIDE):
            continue
        box = thing.label
        if box is None or box.right - box.left < FONT * len(thing.name) or box.bottom - box.top < FONT:
            found.append(thing.id)
    return found


def cramped_names(plane: Plane) -> list[str]:
    """Tasks and lanes whose name does not fit: one line in a task (5 px inside its border), along the lane's side."""
    found = []
    for shape in plane.shapes:
        room = shape.box.bottom - shape.box.top if shape.kind == "lane" else shape.box.right - shape.box.left - 10
        if shape.kind in LABELLED_INSIDE and FONT * len(shape.name) > room:
            found.append(shape.id)
    return found


def width(plane: Plane) -> float:
    """How wide the page is with its labels."""
    boxes = [shape.box for shape in plane.shapes] + [box for _, _, box in plane.labels]
    xs = [x for edge in plane.edges for x, _ in edge.points]
    return max(*(box.right for box in boxes), *xs) - min(*(box.left for box in boxes), *xs)


def text_pixels(plane: Plane, page_width: float) -> float:
    """Height of the drawn text when the plane is fitted to `page_width` pixels."""
    return FONT * min(1.0, page_width / width(plane))


def column_count(plane: Plane) -> int:
    """How many shapes at most stand one beside the other, none above another."""
    count, reached = 0, float("-inf")
    for box in sorted((node.box for node in plane.nodes), key=lambda box: box.right):
        if box.left >= reached:
            count, reached = count + 1, box.right
    return count


def slanted_edges(plane: Plane) -> list[str]:
    """Flows with a stretch that is neither horizontal nor vertical."""
    return [
        edge.id for edge in plane.edges if any(box.left != box.right and box.top != box.bottom for box in edge.segments)
    ]


def loose_edges(plane: Plane) -> list[str]:
    """Flows that do not begin and end on the border of the shapes they join."""
    boxes = {node.id: node.box for node in plane.nodes}

    def touches(point: Point, box: Box) -> bool:
        x, y = point
        on_side = x in (box.left, box.right) and box.top <= y <= box.bottom
        return on_side or (y in (box.top, box.bottom) and box.left <= x <= box.right)

    return [
        edge.id
        for edge in plane.edges
        if not (touches(edge.points[0], boxes[edge.source]) and touches(edge.points[-1], boxes[edge.target]))
    ]


def crossed_shapes(plane: Plane) -> list[tuple[str, str]]:
    """Flows that run through a shape, be it one they belong to."""
    return [
        (edge.id, node.id)
        for edge in plane.edges
        for node in plane.nodes
        if any(through(segment, node.box) for segment in edge.segments)
    ]


def through(segment: Box, box: Box) -> bool:
    """Whether a line has a point inside a box; touching the border is no harm."""
    return (
        segment.left < box.right
        and box.left < segment.right
        and segment.top < box.bottom
        and (box.top < segment.bottom)
    )


def crossed_edges(plane: Plane) -> list[tuple[str, str]]:
    """Pairs of flows that cross or lie on one another (meeting at one shape's border apart)."""
    return [
        (one.id, other.id)
        for one, other in combinations(plane.edges, 2)
        if any(touch(a, b) and not shared_end(one, other) for a in one.segments for b in other.segments)
        or any(overlie(a, b) for a in one.segments for b in other.segments)
    ]


def touch(a: Box, b: Box) -> bool:
    return a.left <= b.right and b.left <= a.right and a.top <= b.bottom and b.top <= a.bottom


def shared_end(one: Edge, other: Edge) -> bool:
    return bool({one.points[0], one.points[-1]} & {other.points[0], other.points[-1]})


def overlie(a: Box, b: Box) -> bool:
    """Whether two stretches run on the same line for more than a point."""
    if a.left == a.right == b.left == b.right:
        return min(a.bottom, b.bottom) > max(a.top, b.top)
    if a.top == a.bottom == b.top == b.bottom:
        return min(a.right, b.right) > max(a.left, b.left)
    return False


def hidden_labels(plane: Plane) -> list[tuple[str, str]]:
    """Labels that lie on a shape, on a line (their own too) or on another label."""
    found = []
    for owner, _, box in plane.labels:
        found += [(owner, node.id) for node in plane.nodes if box.meets(node.box)]
        found += [(owner, edge.id) for edge in plane.edges if any(through(line, box) for line in edge.segments)]
    for (owner, _, box), (other, _, second) in combinations(plane.labels, 2):
        if box.meets(second):
            found.append((owner, other))
    return found


def overlapping_shapes(plane: Plane) -> list[tuple[str, str]]:
    """Pairs of shapes, or of lanes, that share ground."""
    lanes = [shape for shape in plane.shapes if shape.kind == "lane"]
    return [
        (one.id, other.id)
        for group in (plane.nodes, lanes)
        for one, other in combinations(group, 2)
        if one.box.meets(other.box)
    ]


def outside_lanes(plane: Plane) -> list[str]:
    """Shapes and their labels that leave the lane they belong to, or belong to none while the plane has lanes."""
    lanes = {shape.id: shape.box for shape in plane.shapes if shape.kind == "lane"}
    if not lanes:
        return []
    return [node.id for node in plane.nodes if not all(lane_holds(lanes, plane, node))]


def lane_holds(lanes: dict[str, Box], plane: Plane, node: Shape) -> Iterator[bool]:
    lane = lanes.get(plane.lane_of.get(node.id, ""))
    for box in (node.box, node.label):
        if box is not None:
            yield lane is not None and lane.holds(box)


def undrawn(root: etree._Element) -> list[str]:
    """Flow nodes, flows and lanes of the process that the page of their own scope does not show."""
    pages = {plane.id: {thing.id for thing in (*plane.shapes, *plane.edges)} for plane in planes(root)}
    found = []
    for scope in root.iter(*(f"{{{PREFIXES['bpmn']}}}{tag}" for tag in ("process", "subProcess"))):
        inside = [child for child in scope if child.get("id") and etree.QName(child).localname != "laneSet"]
        inside += scope.iterfind("bpmn:laneSet//bpmn:lane", PREFIXES)
        found += [str(c.get("id")) for c in inside if c.get("id") not in pages.get(str(scope.get("id")), set())]
    return found
