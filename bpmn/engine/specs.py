"""How the rarer elements behave: automatic tasks, events that wait, joins, joint activities.

The others, and what all have in common, are in `bpmn.engine.tokens`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from bpmn.engine.errors import DeclaredError, RunawayDiagram, StepFailed
from bpmn.engine.moments import timer_expression
from bpmn.engine.tokens import ByHand, Choice, Step, Tokens, Way
from bpmn.expressions import ExpressionError, compile_expression

if TYPE_CHECKING:
    from bpmn.engine.diagram import Element
    from bpmn.engine.program import Program

INSTANCE_LIMIT = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Call(Step):
    """A service or business-rule task: has the surroundings do its work and keeps what they return."""

    def act(self, task: Task, tokens: Tokens) -> None:
        try:
            result = tokens.surroundings.perform(self.element, MappingProxyType(tokens.data))
        except DeclaredError as error:
            if error.code not in self.element.throws:
                raise StepFailed(self.element, f"处理程序报告了没有声明的错误“{error.code}”。") from error
            task.internal_data["error"] = error.code
            return
        if result is not None:
            tokens.learn(cast(Mapping[str, object], result))

    def _on_complete_hook(self, my_task: Task) -> None:
        if "error" in my_task.internal_data:
            my_task.workflow.throw(my_task, my_task.internal_data["error"])
        else:
            super()._on_complete_hook(my_task)


class Catch(Step):
    """A timer or message event: waits until it is fired or delivered."""

    at_rest = TaskState.WAITING
    waits_outside = True

    def __init__(self, program: Program, element: Element) -> None:
        super().__init__(program, element)
        self.when = timer_expression(element.timer or "") if element.event == "timer" else None

    def arrive(self, task: Task, tokens: Tokens) -> bool:
        if self.when is not None:
            try:
                task.internal_data["due"] = tokens.surroundings.due_of(self.when, tokens.data)
            except ExpressionError as error:
                raise StepFailed(self.element, str(error)) from error
        task._set_state(TaskState.WAITING)
        return False

    def note(self, task: Task, places: Mapping[str, int]) -> object:
        return (task.internal_data["due"] - EPOCH) // MICROSECOND

    def recall(self, task: Task, note: Any) -> None:
        task.internal_data["due"] = EPOCH + note * MICROSECOND


class EventGateway(Step):
    """Waits for the first of several events, which stand below it meanwhile."""

    def arrive(self, task: Task, tokens: Tokens) -> bool:
        task._set_state(TaskState.STARTED)
        for way in self.ways:
            tokens.enter(way.target, task)
        return False


class Parallel(Step):
    """A parallel gateway: goes on when every incoming flow has brought a token, and takes one of each."""

    at_rest = TaskState.WAITING
    joins = True

    def arrive(self, task: Task, tokens: Tokens) -> bool:
        if len(self.element.incoming) < 2:
            return True
        task._set_state(TaskState.WAITING)
        here = tokens.waiting_at(self, task.parent)
        if here.keys() < set(self.element.incoming):
            return False
        tokens.consume(task, here)
        return True


class Inclusive(Choice):
    """An inclusive gateway: joins once no other token can still come, forks to all flows that hold."""

    at_rest = TaskState.WAITING
    joins = joins_last = True

    def arrive(self, task: Task, tokens: Tokens) -> bool:
        if len(self.element.incoming) < 2:
            return True
        # Whether others can still come is only known when everything automatic is done: Tokens.settle asks then.
        task._set_state(TaskState.WAITING)
        return False

    def is_due(self, scope: Task, tokens: Tokens) -> bool:
        """Tell whether the tokens waiting here in `scope` may go on (BPMN 2.0.2, 13.4.3)."""
        here = tokens.waiting_at(self, scope)
        missing = [flow for flow in self.element.incoming if flow not in here]
        if not here or not missing:
            return bool(here)
        may_fill = frozenset[str]().union(*(self.program.upstream(self.element, flow) for flow in missing))
        may_repeat = frozenset[str]().union(*(self.program.upstream(self.element, flow) for flow in here))
        others = (child.task_spec.element.id for child in scope.children if child.task_spec is not self)
        return not any(place in may_fill and place not in may_repeat for place in others)

    def ways_out(self, tokens: Tokens) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if tokens.holds(self.element, way)) or (self.fallback(),)


class Multiple(Step):
    """A joint activity: one instance for each item of a collection, at once or one after another.

    With a completion condition it remembers the results of the instances that are done, and is done
    itself as soon as the condition holds after one of them is done or dropped.
    """

    part: Instance

    def __init__(self, program: Program, element: Element) -> None:
        super().__init__(program, element)
        self.collection = compile_expression(element.attributes["collection"])
        self.completion = compile_expression(element.completion) if element.completion is not None else None
        self.part = Instance(program, element, f"{element.id}[]")

    def arrive(self, task: Task, tokens: Tokens) -> bool:
        items = tokens.items_of(self.element, self.collection)
        if not isinstance(items, list | tuple):
            raise StepFailed(self.element, "会办人员的集合不是列表。")
        if len(items) > INSTANCE_LIMIT:
            raise RunawayDiagram(f"环节“{self.element.name or self.element.id}”的会办人员超过 {INSTANCE_LIMIT}。")
        if not items:
            return True
        task._set_state(TaskState.STARTED)
        self.watch(task, tokens)
        if self.completion is not None:
            task.internal_data["results"] = []
        if self.element.multiple == "sequential":
            task.internal_data["left"] = list(items[1:])
            items = items[:1]
        for item in items:
            self.open(task, item, tokens)
        return False

    def open(self, task: Task, item: object, tokens: Tokens) -> None:
        """Begin one instance."""
        child = tokens.place(self.part, task)
        child.internal_data["item"] = item
        child._ready()

    def add(self, task: Task, item: object, tokens: Tokens) -> None:
        """Ask one more."""
        if len(tokens.inside(task)) + len(task.internal_data.get("left", ())) >= INSTANCE_LIMIT:
            raise RunawayDiagram(f"会办人员最多 {INSTANCE_LIMIT}。")
        if self.element.multiple == "sequential":
            task.internal_data["left"].append(item)
        else:
            self.open(task, item, tokens)

    def child_gone(self, task: Task, tokens: Tokens) -> None:
        if task.state != TaskState.STARTED:
            return
        left: list[Any] = task.internal_data.get("left", [])
        open_count = len(tokens.inside(task)) + len(left)
        if not open_count or self.is_enough(task, open_count, tokens):
            task._ready()
        elif left and not tokens.inside(task):
            self.open(task, left.pop(0), tokens)

    def note(self, task: Task, places: Mapping[str, int]) -> object:
        kept = task.internal_data
        return [kept.get("left", []), kept["results"]] if "results" in kept else kept["left"]

    def recall(self, task: Task, note: Any) -> None:
        if self.completion is None:
            task.internal_data["left"] = note
            return
        task.internal_data["results"] = note[1]
        if self.element.multiple == "sequential":
            task.internal_data["left"] = note[0]

    def is_enough(self, task: Task, open_count: int, tokens: Tokens) -> bool:
        """Tell whether the completion condition holds; those dropped are no longer counted."""
        if self.completion is None:
            return False
        results = task.internal_data["results"]
        counts = {"nr_total": len(results) + open_count, "nr_done": len(results), "nr_open": open_count}
        return tokens.is_true(self.element, self.completion, {**tokens.data, **counts, "results": results})


class Instance(ByHand):
    """One participant's part of a joint activity; the activity itself appears in the trail, not its parts."""

    def take(self, task: Task, variables: Mapping[str, object]) -> None:
        """Keep what a participant decides for the completion condition.

        Only what this one has given counts, never the case's variable, in which another's answer may stand.
        """
        results = task.parent.internal_data.get("results")
        if results is not None:
            results.append(variables.get(self.element.attributes.get("result", "")))

    def note(self, task: Task, places: Mapping[str, int]) -> object:
        return task.internal_data["item"]

    def recall(self, task: Task, note: Any) -> None:
        task.internal_data["item"] = note

    def _on_complete_hook(self, my_task: Task) -> None:
        my_task._drop_children(force=True)
