"""Where a case stands: the live tokens of one run, as a SpiffWorkflow workflow whose tree never grows.

Beside the tokens there are the case's variables: a few small scalars and lists of them, nothing a person typed freely.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from SpiffWorkflow.workflow import Workflow

from bpmn.engine import specs
from bpmn.engine.diagram import Element
from bpmn.engine.errors import Deadlocked, RunawayDiagram, StepFailed, VariableRefused
from bpmn.engine.moments import due_moment
from bpmn.engine.program import Program
from bpmn.expressions import Expression, ExpressionError

STEP_BUDGET = 500
"""Automatic steps one act may cause; a diagram that needs more runs in circles."""
TOKEN_LIMIT = 300
NAME_LIMIT = 60
COUNT_LIMIT = 100
TEXT_LIMIT = 200
LIST_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run may look at: the moment (aware) and the functions its diagram may call.

    `functions` holds those of the expressions (`publicity_end`, `campaign_end`, `working_days_end`,
    `today`) and, by their names, the handlers of service tasks and the decisions of business-rule
    tasks; these get the variables and return those to set, or None.
    """

    now: datetime
    functions: Mapping[str, Callable[..., object]]

    def value_of(self, element: Element, expression: Expression, variables: Mapping[str, object]) -> object:
        """Compute a condition of `element`; raises `ExpressionError`."""
        return expression.value(variables, self.functions)

    def items_of(self, element: Element, expression: Expression, variables: Mapping[str, object]) -> object:
        """Compute whom a joint activity asks; raises `ExpressionError`."""
        return expression.value(variables, self.functions)

    def due_of(self, expression: Expression, variables: Mapping[str, object]) -> datetime:
        """Compute when a timer reached now is due, in UTC; raises `ExpressionError`."""
        return due_moment(expression, variables, self.functions, self.now)

    def perform(self, element: Element, variables: Mapping[str, object]) -> object:
        """Do the work of a service or business-rule task and return the variables it sets, or None.

        Raises `StepFailed` when nobody knows how, and `DeclaredError` where the handler does.
        """
        name = element.attributes["handler" if element.kind == "serviceTask" else "decision"]
        function = self.functions.get(name)
        if function is None:
            raise StepFailed(element, f"没有名为“{name}”的处理程序或决策表。")
        return function(variables)


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

    def place(self, spec: specs.Step, scope: Task, state: int = TaskState.FUTURE, token: str = "") -> Task:
        """Make a task for `spec` below `scope`; a new one gets the next number as its token."""
        if not token:
            self.serial += 1
            token = str(self.serial)
        if len(self.tasks) > TOKEN_LIMIT:
            raise RunawayDiagram(f"流程同时有 {TOKEN_LIMIT} 个以上的令牌，已停止。")
        return Token(self, spec, scope, state=state, id=token)

    def enter(self, spec: specs.Step, scope: Task, flow: str | None = None) -> Task:
        """Let a token arrive at `spec`, by `flow` where it came by one."""
        task = self.place(spec, scope)
        if flow is not None and isinstance(spec, specs.Parallel | specs.Inclusive):
            task.internal_data["via"] = flow
        spec._update(task)
        return task

    def pass_on(self, spec: specs.Step, scope: Task) -> None:
        """Let a token leave `spec` in `scope` without having waited there: the event it stands for happened."""
        self.place(spec, scope)._ready()

    def leave(self, task: Task, ways: tuple[specs.Way, ...]) -> None:
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
        if isinstance(scope.task_spec, specs.Step):
            scope.task_spec.child_gone(scope, self)

    def _task_removed_notify(self, task: Task) -> None:
        """Tell nobody: there are no listeners."""

    # -- looking at tokens

    def inside(self, scope: Task) -> list[Task]:
        """Return the tasks directly below `scope` but the boundary events watching it."""
        watching = getattr(scope.task_spec, "watchers", ())
        return [child for child in scope.children if child.task_spec not in watching]

    def waiting_at(self, join: specs.Step, scope: Task) -> dict[str, Task]:
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

    def live(self) -> Iterator[Task]:
        """Yield every task but the root, oldest first."""
        root = self.task_tree
        return (task for task in sorted(self.tasks.values(), key=lambda t: int(t.id)) if task is not root)

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

    def holds(self, element: Element, way: specs.Way) -> bool:
        """Tell whether a conditional way out of `element` is open."""
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
            if isinstance(task.task_spec, specs.ByHand | specs.Catch):
                return
            stuck = stuck or (task if task.state == TaskState.WAITING else None)
        if stuck is not None:
            raise Deadlocked(stuck.task_spec.element, "等不到其余的分支，流程会卡住。")

    def _join_due(self) -> Task | None:
        for task in self.live():
            if isinstance(task.task_spec, specs.Inclusive) and task.state == TaskState.WAITING:
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
