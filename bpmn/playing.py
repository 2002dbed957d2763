"""What a made-up case may look at and do next in a draft: its variables, its clock, the choices that conditions ask.

Nothing here has a row in any table; `bpmn.rehearsal.plays` plays such a case with the draft's forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from bpmn.casefile import CONSULTED
from bpmn.condition_words import answer_words, fixed_words
from bpmn.counting import Counting
from bpmn.engine import Diagram, Element, ReadyTask, Run, StepFailed, Surroundings
from bpmn.expressions import PUBLISHED, compile_expression
from bpmn.steps import OBJECTION
from bpmn.surroundings import decided
from bpmn.versions import Version
from bpmn.wording import VARIABLES, due_text
from forms.definition import shipped_forms
from handlers.automatic import AUTOMATIC, Passing
from handlers.plain import stem_of
from ledger.db import day_of
from ledger.working_days import MOMENTS, Calendar

_BY_HAND = frozenset({"userTask", "manualTask"})
_CONSTANT = re.compile(r"\b(\w+)\s*[!=]=\s*['\"]([^'\"]*)['\"]")
_BETWEEN = 14  # days between the dates of the made-up campaign
_POSTED = ("unit_posted_on", "site_posted_on")


@dataclass(frozen=True)
class PlaySurroundings(Surroundings):
    """Time as the diagram counts it; automatic steps as they are.

    Decision tables answer once forms are filled in (`version`); where choices are only picked, they answer nothing.
    """

    version: Version | None = None
    findings: Sequence[str] = ()

    def perform(self, element: Element, variables: Mapping[str, object]) -> object:
        if element.kind == "businessRuleTask":
            return None if self.version is None else decided(self.version, element, variables, self.findings)
        step = AUTOMATIC.get(element.attributes["handler"])
        if step is None:
            raise StepFailed(element, f"没有名为“{element.attributes['handler']}”的处理程序。")
        return step(Passing(element.name, element.documentation, "预演项目", variables)).variables


@dataclass(frozen=True)
class Asked:
    """A variable that the conditions after a step look at, with what it may be: (value, label)."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Waiting:
    """Something that can happen next: a person's step, a moment or a message."""

    token: str
    element: Element
    kind: str  # task, timer or message
    words: str
    asked: tuple[Asked, ...] = ()


def made_up_dates(begins_on: date) -> dict[str, date]:
    """Return the dates of a made-up campaign."""
    return {name: begins_on + timedelta(days=_BETWEEN * number) for number, name in enumerate(MOMENTS, 1)}


def around(calendar: Calendar, began_on: date, now: datetime) -> tuple[Counting, PlaySurroundings]:
    """Return what a played case may look at."""
    counting = Counting(calendar, made_up_dates(began_on), now)
    return counting, PlaySurroundings(now, counting.functions)


def deciding(around: PlaySurroundings, version: Version, findings: Sequence[str]) -> PlaySurroundings:
    """Return surroundings in which the decision tables of a version answer."""
    return replace(around, version=version, findings=findings)


def first_variables(now: datetime, reviewers: Sequence[int]) -> dict[str, Any]:
    """Return a made-up case's variables: nothing decided yet, who reviews it, both notices posted today."""
    known: dict[str, Any] = dict.fromkeys(PUBLISHED)
    known |= {"level": "township", "round": 1, "reviewing_bodies": list(reviewers), "consulted": list(CONSULTED)}
    return known | dict.fromkeys((*_POSTED, "plan_due_on", "exit_due_on"), day_of(now).isoformat())


def waiting(run: Run) -> list[Waiting]:
    """Return everything that can happen next."""
    elements = run.diagram.elements
    found = [
        Waiting(
            each.token,
            elements[each.element],
            "task",
            _task_words(elements[each.element], each),
            tuple(variables_after(run.diagram, each.element)),
        )
        for each in run.ready
    ]
    found += [Waiting(each.token, elements[each.element], "timer", _moment(each.due_at)) for each in run.timers]
    found += [Waiting(each.token, elements[each.element], "message", "等待消息") for each in run.messages]
    return found


def standing(run: Run) -> list[tuple[str, str]]:
    """Return the token and the element of everything that waits, without what may be chosen there."""
    found = [(each.token, each.element) for each in run.ready]
    found += [(each.token, each.element) for each in run.timers]
    return found + [(each.token, each.element) for each in run.messages]


def _moment(due_at: datetime) -> str:
    return f"等到 {day_of(due_at - timedelta(microseconds=1)).isoformat()} 24:00"


def _task_words(element: Element, task: ReadyTask) -> str:
    who = element.attributes.get("who") or element.lane or "责任单位"
    due = element.attributes.get("due")
    words = [who, *([f"（{task.instance}）"] if task.instance else []), *([f"　期限：{due_text(due)}"] if due else [])]
    return "".join(words)


def variables_after(diagram: Diagram, element_id: str) -> Iterator[Asked]:
    """Yield the variables that conditions look at between a step and the next ones."""
    conditions, known = list(_conditions_after(diagram, element_id)), constants_after(diagram, element_id)
    stem = stem_of(diagram.elements[element_id].attributes)
    said = answer_words(stem, shipped_forms().get(stem, {}))
    names = sorted({name for text in conditions for name in compile_expression(text).names} & PUBLISHED)
    for name in names:
        constants = known.get(name, ())
        words = {**fixed_words(name), **said.get(name, {})}
        options = [(value, words.get(value, value)) for value in constants] if constants else [("true", "是")]
        other = [("other", "其他")] if constants else [("false", "否")]
        yield Asked(name, VARIABLES[name], (*options, *other))


def constants_after(diagram: Diagram, element_id: str) -> dict[str, list[str]]:
    """Return by variable the values that conditions between a step and the next ones compare it with."""
    found: dict[str, set[str]] = {}
    for text in _conditions_after(diagram, element_id):
        for name, value in _CONSTANT.findall(text):
            found.setdefault(name, set()).add(value)
    return {name: sorted(values) for name, values in found.items()}


def _conditions_after(diagram: Diagram, element_id: str) -> Iterator[str]:
    elements, seen = diagram.elements, set[str]()
    ahead = [element_id]
    while ahead:
        here = elements[ahead.pop()]
        if here.id in seen:
            continue
        seen.add(here.id)
        if here.kind == "subProcess" and here.id != element_id:
            ahead.append(diagram.start_of(here.id).id)
            continue
        if here.kind == "endEvent" and here.parent:
            here = elements[here.parent]
        if here.id != element_id and here.kind in _BY_HAND:
            continue
        for flow in (elements[each] for each in here.outgoing):
            if flow.condition:
                yield flow.condition
            if flow.target:
                ahead.append(flow.target)


def chosen_value(text: str) -> Any:
    """Return a variable's value from the page's choice."""
    return {"true": True, "false": False, "": None}.get(text, text)


def take_place(run: Run, token: str, values: Mapping[str, str], now: datetime) -> None:
    """Let one thing happen; raises NotReady for what does not wait, StepFailed and RunawayDiagram.

    A message that an objection is raised leaves the case with an open one, as registering it does.
    """
    kind = next((each.kind for each in waiting(run) if each.token == token), "task")
    if kind == "timer":
        run.fire(token)
    elif kind == "message":
        name = next(each.name for each in run.messages if each.token == token)
        if name == OBJECTION:
            run.variables["objection_open"] = True
        run.receive(token)
    else:
        posted = dict.fromkeys(_POSTED, day_of(now).isoformat())
        given = {name: chosen_value(text) for name, text in values.items() if name in PUBLISHED}
        run.complete(token, {**posted, **given})
