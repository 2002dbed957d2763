"""Where a case stands: the live tokens of one run, as a SpiffWorkflow workflow whose tree never grows.

Beside the tokens there are the case's variables: a few small scalars and lists of them, nothing a person typed freely.
Here too are the elements every diagram has, as SpiffWorkflow task specs whose faulty parts are replaced; the others
are in `bpmn.engine.specs`. SpiffWorkflow keeps the tasks, their states and the order of calls (update, ready, run,
complete). Three things are ours, because the stock ones lose work (docs/decisions/engine.md):

* No future is predicted: a task's followers are made when it completes, so ten parallel blocks cost ten tasks.
* The tree of tasks is the tree of scopes: below the root stand the tokens of the process, below a sub-process its
  tokens, below an activity its boundary events, below a joint activity its instances. A finished task leaves the
  tree, so that it never grows and every search is complete.
* A token remembers the sequence flow it came by; joins count flows and consume what they counted.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

from bpmn.engine.errors import Deadlocked, RunawayDiagram, StepFailed, VariableRefused
from bpmn.expressions import Expression, ExpressionError

if TYPE_CHECKING:
    from bpmn.engine.diagram import Element
    from bpmn.engine.program import Program
    from bpmn.engine.surroundings import Surroundings

STEP_BUDGET = 500
"""Automatic steps one act may cause; a diagram that needs more runs in circles."""
TOKEN_LIMIT = 300
NAME_LIMIT = 60
COUNT_LIMIT = 100
TEXT_LIMIT = 200
LIST_LIMIT = 100


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One sequence flow as its source sees it."""

    flow: str
    condition: Expression | None
    target: Step
    plain: tuple[str, str | bool] | None = None
    """A condition that compares one variable with one word or truth, as most do: it is looked up, not walked."""


class Step(BpmnSpecMixin):  # type: ignore[misc] # the library is untyped
    """An element that is passed as soon as a token arrives; the others override what differs."""

    by_hand = False
    at_rest = TaskState.STARTED  # what a task of a saved run is doing follows from what it is
    waits_outside = False  # for a person, a moment or a message
    joins = False  # its tokens remember by which flow they came
    joins_last = False  # and go on only when nothing automatic is left
    part: Step | None = None  # of a joint activity: what each participant does

    def __init__(self, program: Program, element: Element, name: str | None = None) -> None:
        super().__init__(program, name or element.id, bpmn_name=element.name, manual=self.by_hand)
        self.program = program
        self.element = element
        self.ways: tuple[Way, ...] = ()
        self.watchers: tuple[Step, ...] = ()
        self.first: Step | None = None  # the start event inside a sub-process

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

    def note(self, task: Task, places: Mapping[str, int]) -> object:
        """Return what a waiting task remembers, as the state keeps it."""
        return places[task.internal_data["via"]]

    def recall(self, task: Task, note: Any) -> None:
        """Undo `note`."""
        task.internal_data["via"] = self.program.diagram.order[note]

    # What follows answers SpiffWorkflow's calls.

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
    at_rest = TaskState.READY
    waits_outside = True


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
        assert self.first is not None  # the rules ask for a start event in each
        tokens.enter(self.first, task)
        return False

    def open(self, task: Task, tokens: Tokens) -> None:
        """Begin without a token inside; the caller puts one there."""
        task._set_state(TaskState.STARTED)
        self.watch(task, tokens)

    def child_gone(self, task: Task, tokens: Tokens) -> None:
        if task.state == TaskState.STARTED and not tokens.inside(task):
            task._ready()


class Token(Task):  # type: ignore[misc] # the library is untyped
    """A task that only remembers its state: the library's own writes a log record with the case's data each time."""

    def _set_state(self, value: int) -> None:
        self._state = value


class Tokens(Workflow):  # type: ignore[misc] # the library is untyped
    """The tree of live tasks; `data` holds the variables, once for the whole case."""

    def __init__(self, program: Program, surroundings: Surroundings, serial: int = 0) -> None:
        super().__init__(program, deserializing=True)
        self.program = program
        self.surroundings = surroundings
        self.serial = serial
        self.task_tree = Token(self, program.start, None, state=TaskState.STARTED, id="0")
        self.queue: deque[Task] = deque()
        self.trail: list[str] = []
        self.ended: list[str] = []
        self.steps_left = STEP_BUDGET

    # -- putting and taking tokens

    def place(self, spec: Step, scope: Task, state: int = TaskState.FUTURE, token: str = "") -> Task:
        """Make a task for `spec` below `scope`; a new one gets the next number as its token."""
        if not token:
            self.serial += 1
            token = str(self.serial)
        if len(self.tasks) > TOKEN_LIMIT:
            raise RunawayDiagram(f"流程同时有 {TOKEN_LIMIT} 个以上的令牌，已停止。")
        return Token(self, spec, scope, state=state, id=token)

    def enter(self, spec: Step, scope: Task, flow: str | None = None) -> Task:
        """Let a token arrive at `spec`, by `flow` where it came by one."""
        task = self.place(spec, scope)
        if flow is not None and spec.joins:
            task.internal_data["via"] = flow
        spec._update(task)
        return task

    def pass_on(self, spec: Step, scope: Task) -> None:
        """Let a token leave `spec` in `scope` without having waited there: the event it stands for happened."""
        self.place(spec, scope)._ready()

    def leave(self, task: Task, ways: tuple[Way, ...]) -> None:
        """Send a completed task's token on its ways and write them into the trail."""
        task._drop_children(force=True)
        self.trail.append(task.task_spec.element.id)
        for way in ways:
            self.trail.append(way.flow)
            self.enter(way.target, task.parent, way.flow)

    def throw(self, task: Task, code: str) -> None:
        """Hand an error to the event that catches it and cancel the activity that one stands on.

        Raises `StepFailed` when none does.
        """
        source = task.task_spec
        catcher = source.program.catcher_of(source.element, code)
        if catcher is None:
            raise StepFailed(source.element, f"没有边界事件接住错误“{code}”。")
        host = task
        while host.task_spec.element.id != catcher.element.attached_to:
            host = host.parent
        scope = host.parent
        self.remove(host)
        self.pass_on(catcher, scope)

    def remove(self, task: Task) -> None:
        """Take a task and all below it out of the tree."""
        self._remove_task(task.id)

    def _task_completed_notify(self, task: Task) -> None:
        if task.id not in self.tasks:
            return  # an error it threw has cancelled it together with what it stood in
        scope = task.parent
        self.remove(task)
        if isinstance(scope.task_spec, Step):
            scope.task_spec.child_gone(scope, self)

    def _task_removed_notify(self, task: Task) -> None:
        """Tell nobody: there are no listeners."""

    # -- looking at tokens

    def inside(self, scope: Task) -> list[Task]:
        """Return the tasks directly below `scope` but the boundary events watching it."""
        watching = getattr(scope.task_spec, "watchers", ())
        return [child for child in scope.children if child.task_spec not in watching]

    def waiting_at(self, join: Step, scope: Task) -> dict[str, Task]:
        """Return, by incoming flow, the oldest token waiting at a join in this scope."""
        here: dict[str, Task] = {}
        for child in scope.children:
            if child.task_spec is join and child.state == TaskState.WAITING:
                here.setdefault(child.internal_data["via"], child)
        return here

    def consume(self, task: Task, here: Mapping[str, Task]) -> None:
        """Take what a join counted, but for `task`, which goes on for all of them."""
        for other in here.values():
            if other is not task:
                self.remove(other)

    def live(self) -> list[Task]:
        """Return every task but the root, oldest first."""
        tasks = [task for task in self.tasks.values() if task is not self.task_tree]
        return sorted(tasks, key=lambda task: int(task.id)) if len(tasks) > 1 else tasks

    # -- computing

    def learn(self, variables: Mapping[str, object]) -> None:
        """Set variables; raises `VariableRefused`."""
        self.data.update(checked(variables))

    def items_of(self, element: Element, expression: Expression) -> object:
        """Compute whom a joint activity asks; raises `StepFailed`."""
        try:
            return self.surroundings.items_of(element, expression, self.data)
        except ExpressionError as error:
            raise StepFailed(element, str(error)) from error

    def is_true(self, element: Element, condition: Expression, variables: Mapping[str, object]) -> bool:
        """Compute a condition of `element`; raises `StepFailed`."""
        try:
            return bool(self.surroundings.value_of(element, condition, variables))
        except ExpressionError as error:
            raise StepFailed(element, str(error)) from error

    def holds(self, element: Element, way: Way) -> bool:
        """Tell whether a conditional way out of `element` is open."""
        if way.plain is not None:
            name, wanted = way.plain
            value = self.data.get(name)
            if type(value) is type(wanted):
                return bool(value == wanted)
        return way.condition is not None and self.is_true(element, way.condition, self.data)

    def settle(self) -> None:
        """Do everything automatic until only people, timers and messages can go on.

        Raises `StepFailed` and `RunawayDiagram`; the run is unusable afterwards.
        """
        while True:
            while self.queue:
                task = self.queue.popleft()
                if self.tasks.get(task.id) is not task or task.state != TaskState.READY:
                    continue
                self.steps_left -= 1
                if self.steps_left < 0:
                    raise RunawayDiagram(f"一步内自动执行超过 {STEP_BUDGET} 个环节，流程可能在空转。")
                task.run()
            join = self._join_due()
            if join is None:
                self._require_a_way_on()
                return
            self.consume(join, self.waiting_at(join.task_spec, join.parent))
            join._ready()

    def _require_a_way_on(self) -> None:
        """Refuse a marking in which nothing can ever happen again; the case stays where it was."""
        stuck = None
        for task in self.live():
            if task.task_spec.waits_outside:
                return
            stuck = stuck or (task if task.state == TaskState.WAITING else None)
        if stuck is not None:
            raise Deadlocked(stuck.task_spec.element, "等不到其余的分支，流程会卡住。")

    def _join_due(self) -> Task | None:
        for task in self.live() if self.program.joins_last else ():
            if task.task_spec.joins_last and task.state == TaskState.WAITING:
                here = self.waiting_at(task.task_spec, task.parent)
                if task in here.values() and task.task_spec.is_due(task.parent, self):
                    return task
        return None


def checked(variables: Mapping[str, object]) -> dict[str, object]:
    """Return the variables as they may be kept; raises `VariableRefused` naming the first that may not."""
    if len(variables) > COUNT_LIMIT:
        raise VariableRefused(f"流程变量超过 {COUNT_LIMIT} 个。")
    kept: dict[str, object] = {}
    for name, value in variables.items():
        if not is_name(name):
            raise VariableRefused(f"流程变量的名称“{str(name)[:NAME_LIMIT]}”不合规则。")
        if value is None or value is True or value is False:
            kept[name] = value
        elif isinstance(value, list | tuple):
            if len(value) > LIST_LIMIT or not all(is_scalar(item) for item in value):
                raise VariableRefused(f"流程变量 {name} 只能是至多 {LIST_LIMIT} 个简单值的列表。")
            kept[name] = list(value)
        elif is_scalar(value):
            kept[name] = value
        else:
            raise VariableRefused(f"流程变量 {name} 只能是简短的文字、数、是否、空值，或它们的列表。")
    return kept


@lru_cache(maxsize=4096)
def is_name(name: object) -> bool:
    """Tell whether a variable may be called so; cached, for it is asked of every variable at every step."""
    return isinstance(name, str) and name.isidentifier() and len(name) <= NAME_LIMIT


def is_scalar(value: object) -> bool:
    """Tell whether a value is a scalar the state keeps exactly."""
    if isinstance(value, str):
        return len(value) <= TEXT_LIMIT
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, Decimal):
        return value.is_finite() and len(str(value)) <= NAME_LIMIT
    return isinstance(value, float) and math.isfinite(value)
