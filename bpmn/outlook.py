"""What can come after a step, as its page tells it: read off the diagram, conditions left open."""

from __future__ import annotations

from functools import lru_cache

from bpmn.engine import Diagram, Element

_STOPS = ("userTask", "intermediateCatchEvent")  # where a case waits for somebody, a date or a message


def next_steps(diagram: Diagram, element_id: str) -> tuple[Element, ...]:
    """Return where a case can wait next, in the diagram's order; nothing when only the end follows."""
    found: dict[str, Element] = {}
    seen: set[str] = set()
    waiting = _after(diagram, diagram.elements[element_id])
    while waiting:
        element = waiting.pop()
        if element.id in seen:
            continue
        seen.add(element.id)
        if element.kind in _STOPS:
            found[element.id] = element
        else:
            waiting += _after(diagram, element)
    return tuple(found[each] for each in diagram.order if each in found)


@lru_cache(maxsize=4096)
def may_come_to(diagram: Diagram, start: str, goal: str) -> bool:
    """Tell whether a case that stands at one element can come to another, in whatever way; cached by the diagram."""
    seen: set[str] = set()
    ahead = [diagram.elements[start]]
    while ahead:
        element = ahead.pop()
        if element.id not in seen:
            seen.add(element.id)
            ahead += [*_after(diagram, element), *_over_edges(diagram, element)]
    return goal in seen


@lru_cache(maxsize=1024)
def turns_by_itself(diagram: Diagram, start: str, goal: str) -> bool:
    """Tell whether a case goes from one wait to another with nobody doing anything; cached by the diagram."""
    seen: set[str] = set()
    ahead = [diagram.elements[start]]
    while ahead:
        element = ahead.pop()
        if element.id not in seen and element.kind != "userTask":
            seen.add(element.id)
            ahead += _after(diagram, element)
    return goal in seen


def _over_edges(diagram: Diagram, element: Element) -> list[Element]:
    """Return the events on the edge of an element and of every phase around it."""
    around: list[Element] = []
    here: Element | None = element
    while here is not None:
        around += diagram.boundary_events(here.id)
        here = diagram.elements[here.parent] if here.parent else None
    return around


def _after(diagram: Diagram, element: Element) -> list[Element]:
    """Return what the token meets next: inside an opened phase, along the flows, or after the phase that ends."""
    return [diagram.start_of(element.id)] if element.kind == "subProcess" else _along(diagram, element)


def _along(diagram: Diagram, element: Element) -> list[Element]:
    if element.kind == "endEvent":
        return _along(diagram, diagram.elements[element.parent]) if element.parent else []
    targets = [diagram.elements[flow].target for flow in element.outgoing]
    return [diagram.elements[target] for target in targets if target is not None]
