"""Carries the live tokens of a case into another version of its diagram; what has not changed is not touched.

A token keeps its name, its due moment and its part in a joint activity wherever the element it stands at is still
what it was. Sub-processes may have been drawn around it or taken away: each token is put into the scopes its element
stands in now. What cannot be carried exactly is refused with the reason, what changes on the way is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from bpmn.engine import specs
from bpmn.engine.diagram import Diagram, Element
from bpmn.engine.errors import RunawayDiagram, StepFailed
from bpmn.engine.moving import can_receive, enclosing
from bpmn.engine.program import program_of
from bpmn.engine.run import Run
from bpmn.engine.surroundings import Surroundings
from bpmn.engine.tokens import ByHand, Step, SubProcess, Tokens
from bpmn.expressions import shorten

GIVEN_UP = ""
"""The target of an element whose token is taken away: a parallel branch that is no longer wanted."""


class Weight(IntEnum):
    """How much a change weighs: nothing to look at, to be looked at by a person, impossible."""

    AUTO = 0
    CHECK = 1
    REFUSE = 2


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one token; `element` is the id in the old diagram, or in the new one for what begins there."""

    element: str
    name: str
    weight: Weight
    sentence: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who moves cases decides: where elements went, what stays of timers whose rule has changed.

    `targets` names for elements of the old diagram the one of the new they have become, `GIVEN_UP` for none;
    `explicit` are those a person has named. `fresh_timers` begins timers anew whose rule has changed.
    """

    targets: Mapping[str, str]
    explicit: frozenset[str] = frozenset()
    fresh_timers: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """The run on the new diagram, None when something stands against it, and everything that changes."""

    run: Run | None
    changes: tuple[Change, ...]


def carry(run: Run, diagram: Diagram, wishes: Wishes, surroundings: Surroundings) -> Carried:
    """Return the case's run on another version; the given run stays as it is."""
    return Transplant(run, diagram, wishes, surroundings).go()


def label(element: Element) -> str:
    return f"“{shorten(element.name or element.id)}”"


def work_of(element: Element) -> str:
    """Return what a person is asked at a task: the name of its handler or form."""
    return element.attributes.get("handler") or element.attributes.get("form") or ""


@dataclass
class Transplant:
    """One case on its way."""

    run: Run
    diagram: Diagram
    wishes: Wishes
    surroundings: Surroundings
    changes: list[Change] = field(default_factory=list)
    moves: list[tuple[Step, Task]] = field(default_factory=list)
    scopes: dict[str, Task] = field(default_factory=dict)
    """The sub-processes open on the new diagram, by element."""
    origins: dict[str, Task] = field(default_factory=dict)
    """The sub-processes open on the old diagram, by the element they have become."""

    def __post_init__(self) -> None:
        self.old = self.run._tokens
        self.program = program_of(self.diagram)
        self.tokens = Tokens(self.program, self.surroundings, self.old.serial)
        self.tokens.data.update(self.old.data)

    def go(self) -> Carried:
        """Carry every token over, let what became possible happen, and judge nothing but the engine's own errors."""
        try:
            self.find_scopes(self.old.task_tree)
            self.carry_scope(self.old.task_tree)
            self.tell_closed()
            if not self.refused:
                self.join_completed()
                for spec, scope in self.moves:
                    self.tokens.enter(spec, scope)
                self.tokens.settle()
        except (StepFailed, RunawayDiagram) as failure:
            element = self.program.steps[failure.element].element if isinstance(failure, StepFailed) else None
            self.tell(element or next(iter(self.diagram.elements.values())), Weight.REFUSE, str(failure))
        return Carried(None if self.refused else Run(self.tokens), tuple(self.changes))

    @property
    def refused(self) -> bool:
        return any(change.weight is Weight.REFUSE for change in self.changes)

    def tell(self, element: Element, weight: Weight, sentence: str) -> None:
        self.changes.append(Change(element.id, element.name, weight, sentence))

    # -- where things are now

    def target_of(self, element: Element) -> Step | None:
        """Return what an element of the old diagram has become."""
        return self.program.steps.get(self.wishes.targets.get(element.id, GIVEN_UP))

    def find_scopes(self, scope: Task) -> None:
        """Note which open sub-processes are still there."""
        for child in self.old.inside(scope):
            if isinstance(child.task_spec, SubProcess):
                spec = self.target_of(child.task_spec.element)
                if isinstance(spec, SubProcess):
                    self.origins.setdefault(spec.element.id, child)
                self.find_scopes(child)

    def scope_of(self, element: Element) -> Task:
        """Return the scope an element stands in, opening the sub-processes around it as far as they are not."""
        scope = self.tokens.task_tree
        for outer in reversed(list(enclosing(element, self.diagram.elements))):
            if outer not in self.scopes:
                self.scopes[outer] = self.open_scope(self.program.steps[outer], scope)
            scope = self.scopes[outer]
        return scope

    def open_scope(self, spec: Step, around: Task) -> Task:
        """Open a sub-process: as the one it was, or as one drawn around what already waits."""
        origin = self.origins.get(spec.element.id)
        if origin is None:
            self.tell(spec.element, Weight.CHECK, f"正在办理的环节移入子流程{label(spec.element)}。")
            scope = self.tokens.place(spec, around)
            assert isinstance(spec, SubProcess)  # nothing else is around an element
            spec.open(scope, self.tokens)
            return scope
        before = origin.task_spec.element
        if before.called != spec.element.called:
            sentence = f"{label(spec.element)}调用的流程由“{before.called}”改为“{spec.element.called}”。"
            self.tell(spec.element, Weight.CHECK, sentence)
        scope = self.tokens.place(spec, around, TaskState.STARTED, origin.id)
        self.carry_watchers(origin, scope)
        return scope

    def tell_closed(self) -> None:
        """Tell of sub-processes that were open and are not drawn any more."""
        still = {id(origin) for element, origin in self.origins.items() if element in self.scopes}
        for task in self.old.live():
            if isinstance(task.task_spec, SubProcess) and id(task) not in still:
                element = task.task_spec.element
                self.tell(element, Weight.CHECK, f"子流程{label(element)}不再包住正在办理的环节。")

    # -- carrying

    def carry_scope(self, scope: Task) -> None:
        """Carry the tokens that stand in a scope."""
        for child in self.old.inside(scope):
            if isinstance(child.task_spec, SubProcess):
                self.carry_scope(child)
            else:
                self.carry_token(child)

    def carry_token(self, task: Task) -> None:
        """Carry one token to where its element is now."""
        old = task.task_spec.element
        spec = self.target_of(old)
        if spec is None:
            self.lose(task)
            return
        if old.id in self.wishes.explicit and not self.fits(task, spec):
            self.move(old, spec)
            return
        reason = self.unlike(task, spec)
        if reason is not None:
            self.tell(old, Weight.REFUSE, f"{label(old)}{reason}，请指定由哪个环节接续办理。")
            return
        if old.id in self.wishes.explicit and spec.element.id != old.id:
            self.tell(old, Weight.CHECK, f"{label(old)}按指定由{label(spec.element)}接续，已填的内容保留。")
        self.place(task, spec)

    def fits(self, task: Task, spec: Step) -> bool:
        """Tell whether a token can stay what it is: the same kind of element, and for a person the same work."""
        same = not self.is_by_hand(task) or work_of(task.task_spec.element) == work_of(spec.element)
        return same and self.unlike(task, spec) is None

    def is_by_hand(self, task: Task) -> bool:
        return isinstance(task.task_spec, ByHand | specs.Multiple)

    def lose(self, task: Task) -> None:
        """Give a token up where a person has said so; an event gateway may live on in one of its events."""
        old = task.task_spec.element
        left = [child for child in task.children if isinstance(self.target_of(child.task_spec.element), specs.Catch)]
        if old.id in self.wishes.explicit:
            self.tell(old, Weight.CHECK, f"{label(old)}按指定取消，不再办理。")
        elif isinstance(task.task_spec, specs.EventGateway) and len(left) == 1:
            self.tell(old, Weight.CHECK, f"{label(old)}不再等待几个事件，只等待{label(left[0].task_spec.element)}。")
            self.carry_token(left[0])
        else:
            self.tell(old, Weight.REFUSE, f"新版流程里没有{label(old)}，请指定由哪个环节接续办理。")

    def move(self, old: Element, spec: Step) -> None:
        """Begin anew at another step, as a person has said."""
        if not can_receive(spec.element, self.diagram):
            self.tell(old, Weight.REFUSE, f"{label(old)}不能改由{label(spec.element)}接续，请另选一个环节。")
            return
        self.tell(old, Weight.CHECK, f"{label(old)}按指定改由{label(spec.element)}重新办理。")
        self.moves.append((spec, self.scope_of(spec.element)))

    def unlike(self, task: Task, spec: Step) -> str | None:
        """Say why a token cannot stand at what its element has become; None when it can."""
        was = task.task_spec
        if isinstance(was, ByHand) and isinstance(spec, specs.Multiple):
            return "由一人办理改为多人会办"
        if isinstance(was, specs.Multiple) and isinstance(spec, ByHand):
            return "由多人会办改为一人办理"
        kinds = (ByHand, specs.Multiple, specs.Catch, specs.EventGateway, specs.Parallel, specs.Inclusive)
        if not any(isinstance(was, kind) and isinstance(spec, kind) for kind in kinds):
            return f"的类型在新版里变为 {spec.element.kind}"
        if isinstance(was, specs.Catch) and was.element.event != spec.element.event:
            return "等待的事件类型有变化"
        if isinstance(was, specs.Parallel | specs.Inclusive) and self.way_in(task, spec) is None:
            return "的入口有变化，已到达的分支无处可去"
        return None

    def way_in(self, task: Task, spec: Step) -> str | None:
        """Return the flow by which a token waiting at a join would have come there now."""
        via = task.internal_data["via"]
        if via in spec.element.incoming:
            return str(via)
        source = self.wishes.targets.get(self.run.diagram.elements[via].source or "", GIVEN_UP)
        flows = [flow for flow in spec.element.incoming if self.diagram.elements[flow].source == source]
        return flows[0] if len(flows) == 1 else None

    def place(self, task: Task, spec: Step) -> None:
        """Put a token down as what it was."""
        scope = self.scope_of(spec.element)
        match task.task_spec:
            case specs.Multiple():
                self.place_joint(task, spec, scope)
            case ByHand():
                self.place_task(task, spec, scope)
            case specs.EventGateway():
                self.place_gateway(task, spec, scope)
            case specs.Catch():
                self.place_event(task, spec, scope)
            case _:
                joined = self.tokens.place(spec, scope, TaskState.WAITING, task.id)
                joined.internal_data["via"] = self.way_in(task, spec)

    def place_task(self, task: Task, spec: Step, scope: Task) -> None:
        """Put down what one person has to do; another form makes it another item."""
        same = work_of(task.task_spec.element) == work_of(spec.element)
        if not same:
            self.tell_other_work(task, spec)
        carried = self.tokens.place(spec, scope, TaskState.READY, task.id if same else "")
        self.carry_watchers(task, carried)

    def tell_other_work(self, task: Task, spec: Step) -> None:
        old = task.task_spec.element
        self.tell(old, Weight.CHECK, f"{label(old)}换了表单，在{label(spec.element)}按新表单重新办理。")

    def place_joint(self, task: Task, spec: Step, scope: Task) -> None:
        """Put down a joint activity with the parts still open, the results given and those not asked yet."""
        assert isinstance(spec, specs.Multiple)
        old, new = task.task_spec.element, spec.element
        carried = self.tokens.place(spec, scope, TaskState.STARTED, task.id)
        self.carry_watchers(task, carried)
        parts = [child for child in task.children if isinstance(child.task_spec, specs.Instance)]
        waiting = list(task.internal_data.get("left", ()))
        if spec.completion is not None:
            carried.internal_data["results"] = list(task.internal_data.get("results", ()))
        if old.multiple != new.multiple:
            self.tell(old, Weight.CHECK, f"{label(old)}由{HOW[old.multiple]}改为{HOW[new.multiple]}，已派发的照办。")
        if (old.completion or None) != (new.completion or None):
            self.tell(old, Weight.CHECK, f"{label(old)}提前办结的条件有变化，自下一份意见起按新条件计算。")
        if new.multiple == "sequential":
            carried.internal_data["left"] = waiting
            waiting = []
        same = work_of(old) == work_of(new)
        if not same:
            self.tell_other_work(task, spec)
        for part in parts:
            open_part = self.tokens.place(spec.part, carried, TaskState.READY, part.id if same else "")
            open_part.internal_data["item"] = part.internal_data["item"]
        for item in waiting:
            spec.open(carried, item, self.tokens)

    def place_gateway(self, task: Task, spec: Step, scope: Task) -> None:
        """Put down an event gateway with the events it waits for now."""
        carried = self.tokens.place(spec, scope, TaskState.STARTED, task.id)
        self.carry_events(carried, {self.became(child): child for child in task.children}, spec)

    def carry_events(self, gateway: Task, known: Mapping[str, Task], spec: Step) -> None:
        """Put the events behind a gateway down: those that waited as they were, new ones begin now."""
        for way in spec.ways:
            was = known.get(way.target.element.id)
            if was is not None and self.unlike(was, way.target) is None:
                self.place_catch(was, way.target, gateway)
            else:
                self.tell(way.target.element, Weight.CHECK, f"现在起还等待{label(way.target.element)}。")
                self.tokens.enter(way.target, gateway)
        here = {way.target.element.id for way in spec.ways}
        for element, was in known.items():
            if element not in here:
                old = was.task_spec.element
                self.tell(old, Weight.CHECK, f"不再等待{label(old)}。")

    def became(self, task: Task) -> str:
        """Return the element a task's own has become; its old id where it is gone."""
        spec = self.target_of(task.task_spec.element)
        return spec.element.id if spec is not None else f"-{task.task_spec.element.id}"

    def place_event(self, task: Task, spec: Step, scope: Task) -> None:
        """Put down an event that waits by itself; drawn behind a gateway now, the others are waited for too."""
        sources = [self.diagram.elements[flow].source or "" for flow in spec.element.incoming]
        gateway = next((self.program.steps[s] for s in sources if self.diagram.elements[s].kind == GATEWAY), None)
        if gateway is None:
            self.place_catch(task, spec, scope)
        else:
            opened = self.tokens.place(gateway, scope, TaskState.STARTED)
            self.carry_events(opened, {spec.element.id: task}, gateway)

    def place_catch(self, task: Task, spec: Step, parent: Task) -> None:
        """Put down one waiting event with its due moment, or begun anew where that is asked."""
        old, new = task.task_spec.element, spec.element
        if old.event == "timer" and (old.timer, old.timer_is_duration) != (new.timer, new.timer_is_duration):
            how = "重新计算" if self.wishes.fresh_timers else "不变"
            self.tell(old, Weight.CHECK, f"{label(old)}的期限规则由“{old.timer}”改为“{new.timer}”，本项目的期限{how}。")
            if self.wishes.fresh_timers:
                self.tokens.enter(spec, parent)
                return
        if old.message != new.message:
            self.tell(old, Weight.CHECK, f"{label(old)}等待的消息由“{old.message}”改为“{new.message}”。")
        if old.interrupting != new.interrupting:
            how = "中断" if new.interrupting else "不中断"
            self.tell(old, Weight.CHECK, f"{label(old)}发生后改为{how}所在的环节。")
        carried = self.tokens.place(spec, parent, TaskState.WAITING, task.id)
        if "due" in task.internal_data:
            carried.internal_data["due"] = task.internal_data["due"]

    def carry_watchers(self, task: Task, carried: Task) -> None:
        """Put down the events on an activity's edge; one that has happened is not waited for again."""
        old, new = task.task_spec, carried.task_spec
        live = {self.became(child): child for child in task.children if child.task_spec in old.watchers}
        known = {self.wishes.targets.get(watcher.element.id, GIVEN_UP) for watcher in old.watchers}
        for watcher in new.watchers:
            was = live.pop(watcher.element.id, None)
            if was is not None and self.unlike(was, watcher) is None:
                self.place_catch(was, watcher, carried)
            elif was is not None or watcher.element.id not in known:
                self.tell(watcher.element, Weight.CHECK, f"{label(new.element)}上现在起等待{label(watcher.element)}。")
                self.tokens.enter(watcher, carried)
        for was in live.values():
            gone = was.task_spec.element
            self.tell(gone, Weight.CHECK, f"{label(old.element)}上不再等待{label(gone)}。")

    def join_completed(self) -> None:
        """Let parallel joins go on for which a branch is no longer drawn that was still missing."""
        for task in list(self.tokens.live()):
            join = task.task_spec
            if isinstance(join, specs.Parallel) and self.tokens.tasks.get(task.id) is task:
                here = self.tokens.waiting_at(join, task.parent)
                if task in here.values() and here.keys() >= set(join.element.incoming):
                    self.tokens.consume(task, here)
                    task._ready()


HOW: Mapping[str | None, str] = {"parallel": "同时会办", "sequential": "依次会办"}
GATEWAY = "eventBasedGateway"
