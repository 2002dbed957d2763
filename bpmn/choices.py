"""Steers a run without a case behind it: conditions and errors fall as answered, timers are due at once.

The exploration tries every combination of answers; that way the real engine runs, and not a model of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from bpmn.engine import DeclaredError, Element, Run, Surroundings
from bpmn.expressions import Expression

ANY_DAY = datetime(2023, 11, 6, tzinfo=UTC)
REPRESENTATIVES = ["甲", "乙"]
"""Two participants stand for any number: one acts first, one last."""


@dataclass(slots=True)
class Answers:
    """How the conditions and declared errors of one try fall: as `given`, then no to all; `asked` has every one."""

    given: list[bool] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)

    def next(self) -> bool:
        """Answer one more condition."""
        number = len(self.asked)
        self.asked.append(number < len(self.given) and self.given[number])
        return self.asked[-1]


def combinations() -> Iterator[Answers]:
    """Yield answers to try until each combination of those asked for has had its turn."""
    untried: list[list[bool]] = [[]]
    while untried:
        answers = Answers(untried.pop())
        yield answers
        for number in range(len(answers.given), len(answers.asked)):
            untried.append([*answers.asked[:number], True])


@dataclass(frozen=True)
class FreeSurroundings(Surroundings):
    """Surroundings without a case: conditions are answered, timers due at once, handlers fail or do nothing."""

    answers: Answers

    def value_of(self, element: Element, expression: Expression, variables: Mapping[str, object]) -> object:
        if not expression.names and not expression.calls:
            return super().value_of(element, expression, variables)
        return self.answers.next()

    def items_of(self, element: Element, expression: Expression, variables: Mapping[str, object]) -> object:
        return REPRESENTATIVES

    def due_of(self, expression: Expression, variables: Mapping[str, object]) -> datetime:
        return self.now

    def perform(self, element: Element, variables: Mapping[str, object]) -> object:
        for code in element.throws:
            if self.answers.next():
                raise DeclaredError(code)
        return None


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can happen next, and the element it happens to."""

    element: str
    take_place: Callable[[Run], None]


def acts(run: Run) -> list[Act]:
    """Return everything that can happen to a case next."""
    found = [Act(task.element, partial(Run.complete, token=task.token, variables={})) for task in run.ready]
    found += [Act(timer.element, partial(Run.fire, token=timer.token)) for timer in run.timers]
    found += [Act(message.element, partial(Run.receive, token=message.token)) for message in run.messages]
    return found
