"""A first drawing of a diagram that came without one, so that everybody can see and change what was taken in.

Steps stand in columns by the longest way to them and in rows by their branch, lanes above each other. A flow to the
next column runs through the gap between the two; a longer one, and one that leads back, runs below everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bpmn.engine import Diagram, Element, read_diagram
from bpmn.engine.xml import Bounds, Node, Page, Point, read_tree, with_drawing

_COLUMN, _ROW, _LEFT, _TOP = 180, 120, 120, 100
_TURNS, _TURN = 4, 8  # flows that turn in one gap stand this far apart
_CHANNEL = 14
_TASK, _GATEWAY, _EVENT = (100, 80), (50, 50), (36, 36)


def drawn(text: str) -> str:
    """Return a diagram with every element drawn: as it is, or drawn anew where something has no figure."""
    diagram, root = read_diagram(text.encode()), read_tree(text.encode())
    figures = {node.get("bpmnElement") for node in root.walk() if node.tag in ("BPMNShape", "BPMNEdge")}
    if figures >= diagram.elements.keys():
        return text
    scopes = [None, *(each.id for each in diagram.elements.values() if each.kind == "subProcess")]
    return with_drawing(text, [_page(diagram, scope, _lanes(root, scope or diagram.process_id)) for scope in scopes])


def _lanes(root: Node, scope: str) -> dict[str, str]:
    """Return the lane of each node of a scope, by ids, in the order of the file."""
    owner = next(each for each in root.walk() if each.get("id") == scope)
    lanes = [lane for lane_set in owner.all("laneSet") for lane in lane_set.all("lane")]
    return {ref.text.strip(): lane.get("id") for lane in lanes for ref in lane.walk() if ref.tag == "flowNodeRef"}


@dataclass
class _Grid:
    """Where the nodes of one page stand: column and row, a lane's rows together."""

    diagram: Diagram
    nodes: Sequence[Element]
    column: dict[str, int] = field(default_factory=dict)
    row: dict[str, int] = field(default_factory=dict)
    _rank: dict[str, int] = field(default_factory=dict)

    def ahead(self, node: Element) -> list[str]:
        """Return where one comes from a node, over what stands on its edge too."""
        sources = (node, *self.diagram.boundary_events(node.id))
        flows = [self.diagram.elements[flow] for each in sources for flow in each.outgoing]
        return [str(flow.target) for flow in flows]

    def place(self, lanes: Mapping[str, str]) -> None:
        order = self._in_order()
        for node in order:
            for target in self.ahead(node):
                if self._rank[target] > self._rank[node.id]:
                    self.column[target] = max(self.column.get(target, 0), self.column.setdefault(node.id, 0) + 1)
        used: set[tuple[int, int]] = set()
        first = 0
        for lane in dict.fromkeys([*lanes.values(), ""]):
            own = [node for node in order if lanes.get(node.id, "") == lane]
            for node in own:
                before = [self.row[each] for each in self._before(node) if each in self.row]
                row = max(first, before[0] if before else first)
                while (self.column.setdefault(node.id, 0), row) in used:
                    row += 1
                used.add((self.column[node.id], row))
                self.row[node.id] = row
            first = max((self.row[node.id] + 1 for node in own), default=first)

    def _in_order(self) -> list[Element]:
        """Return the nodes so that every way forwards goes on in the list; flows that close a circle lead back."""
        seen: set[str] = set()
        done: list[str] = []
        begins = sorted(self.nodes, key=lambda each: each.kind != "startEvent")
        for begin in begins:
            ahead = [(begin, iter(self.ahead(begin)))] if begin.id not in seen else []
            seen.add(begin.id)
            while ahead:
                node, targets = ahead[-1]
                target = next((each for each in targets if each not in seen), None)
                if target is None:
                    done.append(node.id)
                    ahead.pop()
                else:
                    seen.add(target)
                    found = self.diagram.elements[target]
                    ahead.append((found, iter(self.ahead(found))))
        self._rank = {name: number for number, name in enumerate(reversed(done))}
        return sorted(self.nodes, key=lambda each: self._rank[each.id])

    def _before(self, node: Element) -> list[str]:
        sources = [str(self.diagram.elements[flow].source) for flow in node.incoming]
        return [self.diagram.elements[each].attached_to or each for each in sources]


def _page(diagram: Diagram, scope: str | None, lanes: Mapping[str, str]) -> Page:
    """Lay one process or sub-process out."""
    inside = list(diagram.inside(scope))
    grid = _Grid(diagram, [each for each in inside if each.attached_to is None])
    grid.place(lanes)
    shapes = {node.id: _bounds(node, grid.column[node.id], grid.row[node.id]) for node in grid.nodes}
    on_edge: Counter[str] = Counter()
    for event in inside:
        if event.attached_to in shapes:
            left, top, width, height = shapes[event.attached_to]
            on_edge[event.attached_to] += 1
            shapes[event.id] = (left + width - 40 * on_edge[event.attached_to], top + height - 18, *_EVENT)
    lines = _lines(diagram, shapes, grid)
    bands = _bands(lanes, grid, shapes)
    return Page(scope or diagram.process_id, bands, shapes, lines)


def _bounds(node: Element, column: int, row: int) -> Bounds:
    width, height = _EVENT if node.kind.endswith("Event") else _GATEWAY if node.kind.endswith("Gateway") else _TASK
    return (_LEFT + column * _COLUMN + (100 - width) // 2, _TOP + row * _ROW + (80 - height) // 2, width, height)


def _bands(lanes: Mapping[str, str], grid: _Grid, shapes: Mapping[str, Bounds]) -> dict[str, Bounds]:
    """Return a lane's band: its rows, as wide as the page."""
    right = max(left + width for left, _, width, _ in shapes.values()) + 80
    bands = {}
    for lane in dict.fromkeys(lanes.values()):
        rows = [grid.row[node] for node in grid.row if lanes.get(node) == lane]
        if rows:
            top = _TOP + min(rows) * _ROW - 20
            bands[lane] = (_LEFT - 70, top, right - _LEFT + 70, (max(rows) - min(rows) + 1) * _ROW)
    return bands


def _lines(diagram: Diagram, shapes: Mapping[str, Bounds], grid: _Grid) -> dict[str, list[Point]]:
    turned: Counter[int] = Counter()
    below = max(top + height for _, top, _, height in shapes.values()) + 50
    lines: dict[str, list[Point]] = {}
    for flow in diagram.elements.values():
        if flow.kind != "sequenceFlow" or flow.source not in shapes or flow.target not in shapes:
            continue
        source = diagram.elements[str(flow.source)]
        host = grid.column[source.attached_to or source.id]
        begins, (x, y) = _way_out(source, shapes, turned[host])
        turned[host] += 1
        left, top, _, height = shapes[str(flow.target)]
        end = (left, top + height // 2)
        if grid.column[str(flow.target)] == host + 1:
            middle = [(x, y), (x, end[1])]
        else:
            turn = _LEFT + grid.column[str(flow.target)] * _COLUMN - 20 - _TURN * (turned[host] % _TURNS)
            middle = [(x, y), (x, below), (turn, below), (turn, end[1])]
            below += _CHANNEL
        lines[flow.id] = _straight([*begins, *middle, end])
    return lines


def _way_out(source: Element, shapes: Mapping[str, Bounds], turned: int) -> tuple[list[Point], Point]:
    """Return how a flow leaves a node, and where it turns in the gap beside its column."""
    left, top, width, height = shapes[source.id]
    if source.attached_to is None:
        gap = left + width // 2 + 50 + 20 + _TURN * (turned % _TURNS)
        return [(left + width, top + height // 2)], (gap, top + height // 2)
    host_left, _, host_width, _ = shapes[source.attached_to]
    gap = host_left + host_width + 20 + _TURN * (turned % _TURNS)
    down = top + height + 10
    return [(left + width // 2, top + height), (left + width // 2, down)], (gap, down)


def _straight(points: Sequence[Point]) -> list[Point]:
    """Leave out the points that a line passes without turning."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and any(kept[-2][axis] == kept[-1][axis] == point[axis] for axis in (0, 1)):
            kept[-1] = point
        else:
            kept.append(point)
    return kept
