"""Scenarios: ways through a procedure played once and played again in every draft, with what must come of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bpmn.engine import Diagram, RunawayDiagram, StepFailed, VariableRefused
from bpmn.playing import standing
from bpmn.rehearsal.moves import Move, read_moves
from bpmn.rehearsal.plays import Ground, play_moves
from ledger.rehearsals import Scenario

_BY_HAND = frozenset({"userTask", "manualTask"})


@dataclass(frozen=True)
class Led:
    """Where the moves of a scenario lead: `wrong` says which of them could not be made."""

    visited: tuple[str, ...]
    rests_at: tuple[str, ...]
    passed: tuple[str, ...]
    wrong: str = ""


@dataclass(frozen=True)
class Result:
    """A scenario played in a draft; it holds where nothing is wrong."""

    scenario: Scenario
    course: Led
    wrong: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.wrong


@dataclass(frozen=True)
class Coverage:
    """How much of a diagram was gone through, in whole %, and the steps nobody came to."""

    elements_percent: int
    flows_percent: int
    missed: tuple[str, ...]


def play_scenario(ground: Ground, moves: Sequence[Move]) -> Led:
    """Make the moves of a scenario in a draft, each on its day; a moment that comes later is waited for."""
    try:
        course = play_moves(ground, moves)
    except (StepFailed, RunawayDiagram, VariableRefused) as refused:
        return Led((), (), (), str(refused))
    elements, passed = ground.version.diagram.elements, tuple(course.play.trail)
    visited = tuple(each for each in passed if elements[each].kind in _BY_HAND)
    rests_at = tuple(sorted({element for _token, element in standing(course.play.run)}))
    return Led(visited, rests_at, passed, course.wrong)


def judge(ground: Ground, scenario: Scenario) -> Result:
    """Play a scenario in a draft, from the moment it was played at, and compare what comes of it with what must."""
    if scenario.began_at is not None:
        ground = replace(ground, began=scenario.began_at)
    led = play_scenario(ground, read_moves(scenario.steps))
    return Result(scenario, led, tuple(_faults(ground.version.diagram, scenario, led)))


def _faults(diagram: Diagram, scenario: Scenario, led: Led) -> Iterable[str]:
    if led.wrong:
        yield led.wrong
        return
    if tuple(scenario.visited) != led.visited:
        more = [each for each in dict.fromkeys(led.visited) if each not in scenario.visited]
        fewer = [each for each in dict.fromkeys(scenario.visited) if each not in led.visited]
        if more:
            yield f"多经过了{_names(diagram, more)}"
        if fewer:
            yield f"没有经过{_names(diagram, fewer)}"
        if not more and not fewer:
            yield "经过的环节一样，次数或先后不同"
    if tuple(scenario.rests_at) != led.rests_at:
        expected = f"停在{_names(diagram, scenario.rests_at)}" if scenario.rests_at else "结束"
        found = f"停在{_names(diagram, led.rests_at)}" if led.rests_at else "结束"
        yield f"应当{expected}，实际{found}"


def _names(diagram: Diagram, ids: Iterable[str]) -> str:
    known = diagram.elements
    return "、".join(f"“{(known[each].name if each in known else '') or each}”" for each in ids)


def coverage(diagram: Diagram, ways: Iterable[Iterable[str]]) -> Coverage:
    """Return how much of a diagram all ways together have gone through."""
    passed = {each for way in ways for each in way}
    elements = [each for each in diagram.elements.values() if each.kind != "sequenceFlow"]
    flows = [each for each in diagram.elements.values() if each.kind == "sequenceFlow"]
    missed = [each.name for each in elements if each.id not in passed and each.kind in _BY_HAND]
    return Coverage(_percent(elements, passed), _percent(flows, passed), tuple(missed))


def _percent(elements: Sequence[Any], passed: set[str]) -> int:
    return 100 * sum(each.id in passed for each in elements) // len(elements) if elements else 0
