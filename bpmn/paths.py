"""What the paths of a diagram give away without running it: dead ends, empty loops, tokens without number.

The question whether every marking can finish is `bpmn.exploration`'s.
"""

from collections.abc import Iterator, Mapping

from bpmn.engine import Element, Problem
from bpmn.engine.diagram import catcher_of
from bpmn.engine.problems import error

WAITING = frozenset({"userTask", "manualTask", "intermediateCatchEvent", "eventBasedGateway", "callActivity"})
"""A called process is judged where it is drawn; one that runs through at once is found by exploration."""


class Paths:
    """The sequence flows of a diagram as a graph; an activity also leads to the events on its edge."""

    def __init__(self, elements: Mapping[str, Element]) -> None:
        self.elements = elements
        self.nodes = [element for element in elements.values() if element.kind != "sequenceFlow"]
        self.after: dict[str, list[str]] = {node.id: [] for node in self.nodes}
        self.before: dict[str, list[str]] = {node.id: [] for node in self.nodes}
        for element in elements.values():
            ends = (element.attached_to, element.id) if element.attached_to else (element.source, element.target)
            if ends[0] in self.after and ends[1] in self.after:
                self.after[ends[0]].append(ends[1])
                self.before[ends[1]].append(ends[0])

    def reached(self, starts: list[str], ways: Mapping[str, list[str]], but: frozenset[str] = frozenset()) -> set[str]:
        """Return what can be reached from `starts` without entering `but`."""
        found: set[str] = set()
        ahead = [start for start in starts if start not in but]
        while ahead:
            place = ahead.pop()
            if place not in found:
                found.add(place)
                ahead += [step for step in ways[place] if step not in but]
        return found

    def inside(self, parent: str | None) -> list[Element]:
        """Return the nodes of one scope."""
        return [node for node in self.nodes if node.parent == parent]

    def passes(self, node: Element) -> bool:
        """Tell whether a token can get through a node, not by an error, without anybody or anything waited for."""
        if node.kind != "subProcess":
            return node.kind not in WAITING
        starts = [n.id for n in self.inside(node.id) if n.kind == "startEvent"]
        waiting = frozenset(n.id for n in self.inside(node.id) if not self.passes(n))
        through = self.reached(starts, self.after, waiting)
        return any(self.elements[place].kind == "endEvent" and not self.elements[place].error for place in through)

    def at_once(self) -> dict[str, list[str]]:
        """Return where a token may be at once after it came to a node: into sub-processes, out of them by errors."""
        ways: dict[str, list[str]] = {}
        for node in self.nodes:
            ways[node.id] = [self.elements[flow].target or "" for flow in node.outgoing] if self.passes(node) else []
            catchers = (catcher_of(node, code, self.elements) for code in node.throws)
            ways[node.id] += [catcher.id for catcher in catchers if catcher is not None]
            if node.kind == "subProcess":
                ways[node.id] += [inner.id for inner in self.inside(node.id) if inner.kind == "startEvent"]
        return ways


def path_problems(elements: Mapping[str, Element]) -> list[Problem]:
    """Return what the paths give away; the diagram must have passed the engine's own rules."""
    paths = Paths(elements)
    return [problem for look in (unreachable, endless, empty_loops, multiplying) for problem in look(paths)]


def told(node: Element, code: str, message: str, remedy: str) -> Problem:
    """Build an error of one node."""
    return error(code, message.format(f"“{node.name or node.id}”"), remedy, node.id, node.name)


def unreachable(paths: Paths) -> Iterator[Problem]:
    starts = [node.id for node in paths.nodes if node.kind == "startEvent"]
    reached = paths.reached(starts, paths.after)
    for node in paths.nodes:
        if node.id not in reached:
            yield told(node, "unreachable", "从开始走不到{}。", "请接上连线，或删去它。")


def endless(paths: Paths) -> Iterator[Problem]:
    ends = [node.id for node in paths.nodes if node.kind == "endEvent"]
    finishing = paths.reached(ends, paths.before)
    for node in paths.nodes:
        # An activity that only an event on its edge leads on from is covered: the event is a way of its own.
        if node.id not in finishing:
            yield told(node, "no_end_ahead", "从{}走不到结束事件。", "请接上通往结束的连线。")


def empty_loops(paths: Paths) -> Iterator[Problem]:
    ways = paths.at_once()
    for node in paths.nodes:
        if node.id in paths.reached(ways[node.id], ways):
            message = "{}在一个没有任何等待的回路里，会空转。"
            yield told(node, "empty_loop", message, "回路里至少要有一个由人办理的任务或等待的事件。")


def multiplying(paths: Paths) -> Iterator[Problem]:
    """A fork two of whose branches come back to it, past no join, doubles its tokens with each round."""
    joins = frozenset(
        node.id
        for node in paths.nodes
        if node.kind in ("parallelGateway", "inclusiveGateway") and len(paths.before[node.id]) > 1
    )
    for node in paths.nodes:
        if node.kind not in ("parallelGateway", "inclusiveGateway") or node.id in joins:
            continue
        returning = [step for step in paths.after[node.id] if node.id in paths.reached([step], paths.after, joins)]
        if len(returning) > 1:
            message = "并行分支不经汇合就回到{}，同时办理的事项会无限增多。"
            yield told(node, "multiplying", message, "请先用同类网关汇合各分支，再画回路。")
