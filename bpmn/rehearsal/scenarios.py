"""Scenarios: ways through a procedure chosen once and played again in every draft, with what must come of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bpmn.engine import Diagram, NotReady, Run, RunawayDiagram, StepFailed, VariableRefused
from bpmn.playing import Waiting, around, first_variables, take_place, waiting
from ledger.db import day_of
from ledger.rehearsals import Scenario
from ledger.working_days import Calendar

MOST_STEPS = 200
_LONGEST = 60  # characters of a name or a choice
_DAYS = 3_000
_KEY = b"a scenario played in a draft...."
_BY_HAND = frozenset({"userTask", "manualTask"})


class ScenarioRefused(ValueError):
    """这个场景不能保存."""


@dataclass(frozen=True)
class Step:
    """One choice: what happened at which element (of which body), with which values, how many days after the start."""

    element: str
    instance: str
    values: Mapping[str, str]
    day: int

    def as_json(self) -> dict[str, Any]:
        return {"element": self.element, "instance": self.instance, "values": dict(self.values), "day": self.day}


@dataclass(frozen=True)
class Course:
    """Where the steps of a scenario lead: `wrong` says which of them could not be done."""

    visited: tuple[str, ...]
    rests_at: tuple[str, ...]
    passed: tuple[str, ...]
    wrong: str = ""


@dataclass(frozen=True)
class Result:
    """A scenario played in a draft; it holds where nothing is wrong."""

    scenario: Scenario
    course: Course
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


def read_steps(written: Any) -> list[Step]:
    """Read steps that a page or a row holds; raises ScenarioRefused for anything else."""
    if not isinstance(written, list) or len(written) > MOST_STEPS:
        raise ScenarioRefused(f"场景的步骤有误，或超过 {MOST_STEPS} 步")
    return [_read_step(each) for each in written]


def _read_step(each: Any) -> Step:
    match each:
        case {"element": str(element), "instance": str(instance), "values": dict(values), "day": int(day)}:
            texts = [element, instance, *values, *values.values()]
            if all(isinstance(text, str) and len(text) <= _LONGEST for text in texts) and 0 <= day <= _DAYS:
                return Step(element, instance, values, day)
    raise ScenarioRefused("场景的步骤有误")


def step_of(run: Run, token: str, values: Mapping[str, str], day: int) -> Step | None:
    """Return the step that lets a waiting token go on; None for one that does not wait."""
    found = next((each for each in waiting(run) if each.token == token), None)
    return None if found is None else Step(found.element.id, _instance(run, token), dict(values), day)


def _instance(run: Run, token: str) -> str:
    return next((str(each.instance or "") for each in run.ready if each.token == token), "")


def play_scenario(diagram: Diagram, calendar: Calendar, steps: Sequence[Step], began: datetime) -> Course:
    """Play the steps in a diagram, each on its day; a moment that comes later is waited for."""
    passed: list[str] = []
    try:
        counting, surroundings = around(calendar, day_of(began), began)
        counting.variables = first_variables(began)
        run = Run.start(diagram, first_variables(began), surroundings)
        passed += run.trail
        now = began
        for number, step in enumerate(steps, 1):
            now = max(now, began + timedelta(days=step.day))
            wait = _waiting_for(run, step)
            if wait is None:
                return _course(run, passed, f"第 {number} 步应办{_name(diagram, step)}，这时等着的是{_standing(run)}")
            due = {each.token: each.due_at for each in run.timers}
            now = max(now, due.get(wait.token, now))
            counting, surroundings = around(calendar, day_of(began), now)
            run = Run.load(diagram, run.dump(_KEY), _KEY, surroundings)
            counting.variables = run.variables
            take_place(run, wait.token, step.values, now)
            passed += run.trail
    except (StepFailed, RunawayDiagram, NotReady, VariableRefused) as refused:
        return Course((), (), tuple(passed), str(refused))
    return _course(run, passed, "")


def _waiting_for(run: Run, step: Step) -> Waiting | None:
    here = [each for each in waiting(run) if each.element.id == step.element]
    return next((each for each in here if _instance(run, each.token) == step.instance), None)


def _course(run: Run, passed: Sequence[str], wrong: str) -> Course:
    elements = run.diagram.elements
    visited = tuple(each for each in passed if elements[each].kind in _BY_HAND)
    return Course(visited, tuple(sorted({each.element.id for each in waiting(run)})), tuple(passed), wrong)


def _name(diagram: Diagram, step: Step) -> str:
    found = diagram.elements.get(step.element)
    return f"“{(found and found.name) or step.element}”" + (f"（{step.instance}）" if step.instance else "")


def _standing(run: Run) -> str:
    names = dict.fromkeys(each.element.name or each.element.id for each in waiting(run))
    return "、".join(f"“{name}”" for name in names) or "（流程已结束）"


def judge(diagram: Diagram, calendar: Calendar, scenario: Scenario, began: datetime) -> Result:
    """Play a scenario in a diagram and compare what comes of it with what must come of it."""
    course = play_scenario(diagram, calendar, read_steps(scenario.steps), began)
    return Result(scenario, course, tuple(_faults(diagram, scenario, course)))


def _faults(diagram: Diagram, scenario: Scenario, course: Course) -> Iterable[str]:
    if course.wrong:
        yield course.wrong
        return
    if tuple(scenario.visited) != course.visited:
        more = [each for each in dict.fromkeys(course.visited) if each not in scenario.visited]
        fewer = [each for each in dict.fromkeys(scenario.visited) if each not in course.visited]
        if more:
            yield f"多经过了{_names(diagram, more)}"
        if fewer:
            yield f"没有经过{_names(diagram, fewer)}"
        if not more and not fewer:
            yield "经过的环节一样，次数或先后不同"
    if tuple(scenario.rests_at) != course.rests_at:
        expected = f"停在{_names(diagram, scenario.rests_at)}" if scenario.rests_at else "结束"
        found = f"停在{_names(diagram, course.rests_at)}" if course.rests_at else "结束"
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
