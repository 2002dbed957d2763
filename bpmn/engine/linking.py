"""Joins a diagram with the processes its call activities name, each in the version that was given.

A called process is put into its call activity as if it were drawn there: the element `check` of the
process called by `audit` is `audit/check`, its scope is the call activity, and everything that knows
sub-processes knows it. A linked diagram carries the hash of every process in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from bpmn.engine.diagram import Diagram, Element
from bpmn.engine.problems import DiagramProblems, error
from bpmn.expressions import shorten

ELEMENT_LIMIT = 5_000
"""Nodes and flows of a diagram with all it calls."""


def link(diagram: Diagram, callees: Mapping[str, Diagram]) -> Diagram:
    """Return the diagram with every process it calls, directly or through others, from `callees`.

    `callees` holds diagrams as `read_diagram` gives them, by process id; more than needed does no harm.
    The same diagrams give the same object. Raises `DiagramProblems` when one is missing, calls come
    round in a circle, or the whole is too big.
    """
    if diagram.callees or not diagram.calls:
        return diagram
    needed: dict[str, Diagram] = {}
    count = measure(diagram, callees, (), needed, {})
    if count > ELEMENT_LIMIT:
        message = f"流程连同它调用的流程有 {count} 个元素，最多 {ELEMENT_LIMIT} 个。"
        raise DiagramProblems((error("too_big", message, "请减少调用活动，或拆分流程。", diagram.process_id),))
    return linked(diagram, tuple(needed[name] for name in sorted(needed)))


def measure(
    diagram: Diagram,
    callees: Mapping[str, Diagram],
    around: tuple[str, ...],
    needed: dict[str, Diagram],
    sizes: dict[str, int],
) -> int:
    """Return how many elements a diagram has with all it calls; adds these to `needed`."""
    path = (*around, diagram.process_id)
    count = len(diagram.elements)
    for call in calls_of(diagram):
        name = call.called or ""
        if name in path:
            message = f"调用活动“{shorten(call.name or call.id)}”调用的流程“{name}”又会调用回来，没有尽头。"
            raise DiagramProblems((error("recursion", message, "请去掉循环调用。", call.id, call.name),))
        if name not in callees:
            message = f"调用活动“{shorten(call.name or call.id)}”调用的流程“{name}”没有部署。"
            raise DiagramProblems((error("unknown_process", message, "请先部署被调用的流程。", call.id, call.name),))
        if name not in sizes:
            needed[name] = callees[name]
            sizes[name] = measure(callees[name], callees, path, needed, sizes)
        count += sizes[name]
    return count


def calls_of(diagram: Diagram) -> Iterator[Element]:
    """Yield the call activities of a diagram."""
    return (element for element in diagram.elements.values() if element.called is not None)


@lru_cache(maxsize=64)
def linked(diagram: Diagram, needed: tuple[Diagram, ...]) -> Diagram:
    """Put the called processes where they are called; cached by the diagrams' identity."""
    callees = {callee.process_id: callee for callee in needed}
    elements = {element.id: element for element in parts(diagram, callees)}
    return replace(
        diagram,
        elements=MappingProxyType(elements),
        order=tuple(elements),
        callees=MappingProxyType({name: callee.sha256 for name, callee in callees.items()}),
    )


def parts(diagram: Diagram, callees: Mapping[str, Diagram]) -> Iterator[Element]:
    """Yield the elements of a diagram, behind each call activity those of the process it calls."""
    for element in diagram.elements.values():
        yield element
        if element.called is not None:
            yield from (moved(part, element) for part in parts(callees[element.called], callees))


def moved(part: Element, call: Element) -> Element:
    """Return an element of a called process as it stands in the call activity."""

    def there(identifier: str | None) -> str | None:
        return f"{call.id}/{identifier}" if identifier else None

    return replace(
        part,
        id=f"{call.id}/{part.id}",
        parent=there(part.parent) or call.id,
        lane=part.lane or call.lane,
        incoming=tuple(f"{call.id}/{flow}" for flow in part.incoming),
        outgoing=tuple(f"{call.id}/{flow}" for flow in part.outgoing),
        source=there(part.source),
        target=there(part.target),
        default=there(part.default),
        attached_to=there(part.attached_to),
    )
