"""How each element behaves, as SpiffWorkflow task specs whose faulty parts are replaced.

SpiffWorkflow keeps the tasks, their states and the order of calls (update, ready, run, complete).
Three things are ours, because the stock ones lose work (docs/decisions/engine.md):

* No future is predicted. A task's followers are made when it completes, so ten parallel blocks cost
  ten tasks and not eight thousand.
* The tree of tasks is the tree of scopes: below the root stand the tokens of the process, below a
  sub-process its tokens, below an activity its boundary events, below a joint activity its
  instances. A finished task leaves the tree, so that it never grows and every search is complete.
* A token remembers the sequence flow it came by; joins count flows and consume what they counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from bpmn.engine.errors import DeclaredError, RunawayDiagram, StepFailed
from bpmn.engine.moments import timer_expression
from bpmn.expressions import Expression, ExpressionError, compile_expression

if TYPE_CHECKING:
    from bpmn.engine.diagram import Element
    from bpmn.engine.program import Program
    from bpmn.engine.tokens import Tokens

INSTANCE_LIMIT = 100


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One sequence flow as its source sees it."""

    flow: str
    condition: Expression | None
    target: Step


class Step(BpmnSpecMixin):  # type: ignore[misc] # the library is untyped
    """An element that is passed as soon as a token arrives; the others override what differs."""

    by_hand = False

    def __init__(self, program: Program, element: Element, name: str | None = None) -> None:
        super().__init__(program, name or element.id, bpmn_name=element.name, manual=self.by_hand)
        self.program = program
        self.element = element
        self.ways: tuple[Way, ...] = ()
        self.watchers: tuple[Step, ...] = ()

    def arrive(self, task: Task, tokens: Tokens) -> bool:
        """Take in a token; True when it may go on at once (or wait for a person)."""
        self.watch(task, tokens)
        return True

    def watch(self, task: Task, tokens: Tokens) -> None:
        """Open the boundary events of an activity that begins."""
        for watcher in self.watchers:
            tokens.enter(watcher, task)

    def act(self, task: Task, tokens: Tokens) -> None:
        """Do the element's own work."""

    def ways_out(self, tokens: Tokens) -> tuple[Way, ...]:
        """Choose the flows the token leaves by."""
        return self.ways

    def child_gone(self, task: Task, tokens: Tokens) -> None:
        """React to a token below `task` that is through."""

    # What follows answers SpiffWorkflow's calls; nothing of the library's own behaviour is left in it.

    def test(self) -> None:
        """Diagrams are checked before they get here."""

    def _predict(self, my_task: Task, *_: object, **__: object) -> None:
        """Predict nothing: see the head of this module."""

    def _update_hook(self, my_task: Task) -> bool:
        return self.arrive(my_task, my_task.workflow)

    def _on_ready_hook(self, my_task: Task) -> None:
        if not self.manual:
            my_task.workflow.queue.append(my_task)

    def _run_hook(self, my_task: Task) -> bool:
        self.act(my_task, my_task.workflow)
        return True

    def _on_complete_hook(self, my_task: Task) -> None:
        tokens: Tokens = my_task.workflow
        tokens.leave(my_task, self.ways_out(tokens))


class ByHand(Step):
    """A user or manual task: waits for a person."""

    by_hand = True


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


class EventGateway(Step):
    """Waits for the first of several events, which stand below it meanwhile."""

    def arrive(self, task: Task, tokens: Tokens) -> bool:
        task._set_state(TaskState.STARTED)
        for way in self.ways:
            tokens.enter(way.target, task)
        return False


class Choice(Step):
    """An exclusive gateway: the first flow in the file whose condition holds, else the default."""

    def ways_out(self, tokens: Tokens) -> tuple[Way, ...]:
        chosen = next((way for way in self.ways if tokens.holds(self.element, way)), None)
        return (chosen or self.fallback(),)

    def fallback(self) -> Way:
        way = next((way for way in self.ways if way.condition is None), None)
        if way is None:
            raise StepFailed(self.element, "没有一个出口的条件成立，也没有默认出口。")
        return way


class Parallel(Step):
    """A parallel gateway: goes on when every incoming flow has brought a token, and takes one of each."""

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


class End(Step):
    """An end event; a terminating one takes every other token of its scope with it, an error its whole scope."""

    def _on_complete_hook(self, my_task: Task) -> None:
        tokens: Tokens = my_task.workflow
        scope = my_task.parent
        tokens.leave(my_task, ())
        tokens.ended.append(self.element.id)
        if self.element.event == "terminate":
            for other in tokens.inside(scope):
                if other is not my_task:
                    tokens.remove(other)
        elif self.element.event == "error":
            tokens.throw(my_task, self.element.error or "")


class SubProcess(Step):
    """A sub-process, embedded or called: begins anew at each entry, ends when its last token is through."""

    def arrive(self, task: Task, tokens: Tokens) -> bool:
        self.open(task, tokens)
        tokens.enter(self.program.start_of(self.element.id), task)
        return False

    def open(self, task: Task, tokens: Tokens) -> None:
        """Begin without a token inside; the caller puts one there."""
        task._set_state(TaskState.STARTED)
        self.watch(task, tokens)

    def child_gone(self, task: Task, tokens: Tokens) -> None:
        if task.state == TaskState.STARTED and not tokens.inside(task):
            task._ready()


class Multiple(Step):
    """A joint activity: one instance for each item of a collection, at once or one after another.

    With a completion condition it remembers the results of the instances that are done, and is done
    itself as soon as the condition holds after one of them is done or dropped.
    """

    def __init__(self, program: Program, element: Element) -> None:
        super().__init__(program, element)
        self.collection = compile_expression(element.attributes["collection"])
        self.completion = compile_expression(element.completion) if element.completion is not None else None
        self.instance = Instance(program, element, f"{element.id}[]")

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
        child = tokens.place(self.instance, task)
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

    def _on_complete_hook(self, my_task: Task) -> None:
        my_task._drop_children(force=True)
