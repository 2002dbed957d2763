"""Which element of a new version is which of the old one: by its id, else by its handler, else by its name.

Only what is alone in its kind is taken for the same; everything else is for a person to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bpmn.engine import GIVEN_UP, Diagram, Element, Wishes, work_of
from bpmn.engine.diagram import ACTIVITIES
from bpmn.refusals import ActRefused

Trait = Callable[[Element], str]


def wishes_for(old: Diagram, new: Diagram, given: Mapping[str, str], *, fresh_timers: bool = False) -> Wishes:
    """Return where every element of `old` went in `new`; `given` are those a person names, `GIVEN_UP` for none.

    Raises ActRefused for an element that is in neither diagram.
    """
    for element, target in given.items():
        if element not in old.elements:
            raise ActRefused(f"旧版流程里没有编号为“{element}”的环节")
        if target != GIVEN_UP and (target not in new.elements or new.elements[target].kind == "sequenceFlow"):
            raise ActRefused(f"新版流程里没有编号为“{target}”的环节")
    targets = {element.id: element.id for element in nodes(old) if element.id in new.elements}
    for trait in (work_of, lambda element: element.name):
        lost = [element for element in nodes(old) if element.id not in {*targets, *given}]
        taken = {*targets.values(), *given.values()}
        targets |= matches(lost, [element for element in nodes(new) if element.id not in taken], trait)
    return Wishes({**targets, **given}, frozenset(given), fresh_timers)


def nodes(diagram: Diagram) -> list[Element]:
    return [element for element in diagram.elements.values() if element.kind != "sequenceFlow"]


def matches(lost: Iterable[Element], fresh: Iterable[Element], trait: Trait) -> dict[str, str]:
    """Pair elements that share a trait nobody else of their kind has, on either side."""
    ours, theirs = alone(lost, trait), alone(fresh, trait)
    return {element.id: theirs[key].id for key, element in ours.items() if key in theirs}


def alone(elements: Iterable[Element], trait: Trait) -> dict[tuple[str, str], Element]:
    """Return the elements that have a trait, by kind and trait, without those that share one."""
    found: dict[tuple[str, str], list[Element]] = {}
    for element in elements:
        if trait(element):
            kind = "task" if element.kind in ACTIVITIES - {"subProcess", "callActivity"} else element.kind
            found.setdefault((kind, trait(element)), []).append(element)
    return {key: same[0] for key, same in found.items() if len(same) == 1}
