"""One case's run through its diagram: load it, act on it, dump it, all within one transaction.

After an exception from any act a run is worth nothing: drop it, the saved state still holds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from bpmn.engine import specs, state
from bpmn.engine.diagram import Diagram, Element
from bpmn.engine.errors import MoveRefused, NotReady
from bpmn.engine.linking import link
from bpmn.engine.marking import Marking, marking_of
from bpmn.engine.program import program_of
from bpmn.engine.tokens import STEP_BUDGET, Surroundings, Tokens, checked

NOBODY: Mapping[str, Diagram] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ReadyTask:
    """An item for a person: `element` is the id of its user task, `instance` whose part it is when several act."""

    token: str
    element: str
    instance: object


@dataclass(frozen=True, slots=True)
class WaitingTimer:
    """A timer and when it is due (aware, UTC)."""

    token: str
    element: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """An event that waits for the message called `name`."""

    token: str
    element: str
    name: str


class Run:
    """The live tokens of one case and what may be done with them.

    Tokens are short strings that stay the same across save and load while the task lives and are never
    used again in the same case. `trail` and `ended` cover everything done since `start` or `load`.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self.diagram: Diagram = tokens.program.diagram

    @classmethod
    def start(
        cls,
        diagram: Diagram,
        variables: Mapping[str, object],
        surroundings: Surroundings,
        callees: Mapping[str, Diagram] = NOBODY,
    ) -> "Run":
        """Begin a case; raises `StepFailed`, `RunawayDiagram`, `VariableRefused`.

        `callees` holds the processes its call activities name, for a diagram that is not linked yet; their
        versions are pinned here. Raises what `link` raises.
        """
        program = program_of(whole(diagram, callees))
        tokens = Tokens(program, surroundings)
        tokens.learn(variables)
        tokens.enter(program.start_of(None), tokens.task_tree)
        tokens.settle()
        return cls(tokens)

    @classmethod
    def load(
        cls,
        diagram: Diagram,
        saved: bytes,
        key: bytes,
        surroundings: Surroundings,
        callees: Mapping[str, Diagram] = NOBODY,
    ) -> "Run":
        """Take up a saved case; raises `StateRefused` for a wrong seal, version, diagram or called process."""
        return cls(state.load(whole(diagram, callees), saved, key, surroundings))

    def dump(self, key: bytes) -> bytes:
        """Return the state to save, sealed with `key`; raises `VariableRefused`."""
        return state.dump(self._tokens, key)

    # -- what there is

    @property
    def variables(self) -> dict[str, object]:
        """The case's variables; what is set here is seen by the next condition."""
        return self._tokens.data  # type: ignore[no-any-return] # the library is untyped

    @property
    def ready(self) -> tuple[ReadyTask, ...]:
        """What waits for a person, oldest first."""
        found = (t for t in self._tokens.live() if isinstance(t.task_spec, specs.ByHand))
        return tuple(ReadyTask(t.id, t.task_spec.element.id, t.internal_data.get("item")) for t in found)

    @property
    def timers(self) -> tuple[WaitingTimer, ...]:
        """What waits for a moment, oldest first."""
        found = (t for t in self._tokens.live() if "due" in t.internal_data)
        return tuple(WaitingTimer(t.id, t.task_spec.element.id, t.internal_data["due"]) for t in found)

    @property
    def messages(self) -> tuple[WaitingMessage, ...]:
        """What waits for a message, oldest first."""
        found = (t for t in self._tokens.live() if waits_for_message(t))
        return tuple(WaitingMessage(t.id, t.task_spec.element.id, t.task_spec.element.message) for t in found)

    @property
    def marking(self) -> Marking:
        """Where the tokens stand."""
        return marking_of(self._tokens.task_tree)

    @property
    def finished(self) -> bool:
        """Whether no token is left."""
        return len(self._tokens.tasks) == 1

    @property
    def ended(self) -> tuple[str, ...]:
        """The end events reached, those of sub-processes too."""
        return tuple(self._tokens.ended)

    @property
    def trail(self) -> tuple[str, ...]:
        """Ids of the elements completed and the sequence flows taken, in order."""
        return tuple(self._tokens.trail)

    # -- what may be done

    def complete(self, token: str, variables: Mapping[str, object]) -> None:
        """Complete a ready item with the variables it decides; raises `NotReady` and what `start` raises."""
        task = self._live(token, lambda t: isinstance(t.task_spec, specs.ByHand), "这个事项已不在办理中。")
        self._tokens.learn(variables)
        if is_instance(task):
            task.task_spec.take(task, checked(variables))
        self._act(task.run)

    def fire(self, token: str) -> None:
        """Let a due timer go off; raises `NotReady` when it does not wait or is not due yet."""
        task = self._live(token, lambda t: "due" in t.internal_data, "这个定时已不在等待。")
        if task.internal_data["due"] > self._tokens.surroundings.now:
            raise NotReady("这个定时还没有到期。")
        self._act(lambda: self._happen(task))

    def deliver(self, message: str) -> bool:
        """Hand a message to the one that has waited longest for it; False when nobody waits."""
        token = next((waiting.token for waiting in self.messages if waiting.name == message), None)
        if token is not None:
            self.receive(token)
        return token is not None

    def receive(self, token: str) -> None:
        """Hand its message to one waiting event; raises `NotReady` when it does not wait."""
        task = self._live(token, waits_for_message, "这个事件已不在等待消息。")
        self._act(lambda: self._happen(task))

    def add_instance(self, token: str, item: object) -> None:
        """Ask one more in a joint activity; `token` is that of any of its instances."""
        (kept,) = checked({"item": item}).values()
        task = self._live(token, is_instance, "这个事项不是会办。")
        self._act(lambda: task.parent.task_spec.add(task.parent, kept, self._tokens))

    def drop_instance(self, token: str) -> None:
        """Ask one fewer in a joint activity; without the last one it is complete."""
        task = self._live(token, is_instance, "这个事项不是会办，或已经办完。")
        activity = task.parent

        def drop() -> None:
            self._tokens.remove(task)
            activity.task_spec.child_gone(activity, self._tokens)

        self._act(drop)

    def move(self, token: str, element: str) -> None:
        """Cancel the activity a token stands in and put one at `element`: send back, jump.

        The innermost sub-process around both stays; one around the token only is cancelled as a whole,
        one around the target only is begun anew. Whether the resulting marking is legal is not asked
        here. Raises `NotReady`, and `MoveRefused` when no token can be put there.
        """
        task = self._live(token, lambda _: True, "这个令牌已经不在。")
        target = self.diagram.elements.get(element)
        if target is None or not can_receive(target, self.diagram):
            raise MoveRefused(f"不能退回或跳转到“{(target and target.name) or element}”。")
        self._act(lambda: self._relocate(task, target))

    def reschedule(self, token: str, due_at: datetime) -> None:
        """Let a waiting timer be due at another moment (aware); raises `NotReady` when it does not wait."""
        task = self._live(token, lambda t: "due" in t.internal_data, "这个定时已不在等待。")
        task.internal_data["due"] = due_at.astimezone(UTC)

    def abandon(self) -> None:
        """Take every token away: the case ends where it is, without an end event."""
        for task in list(self._tokens.task_tree.children):
            self._tokens.remove(task)

    def _act(self, act: Callable[[], object]) -> None:
        self._tokens.steps_left = STEP_BUDGET
        act()
        self._tokens.settle()

    def _live(self, token: str, fits: Callable[[Task], bool], refusal: str) -> Task:
        task = self._tokens.tasks.get(token)
        if task is None or task is self._tokens.task_tree or not fits(task):
            raise NotReady(refusal)
        return task

    def _happen(self, task: Task) -> None:
        """Carry out an event that waited: alone, behind an event gateway, or on the edge of an activity."""
        tokens, event, host = self._tokens, task.task_spec, task.parent
        if isinstance(host.task_spec, specs.EventGateway):
            tokens.trail += [host.task_spec.element.id, event.element.incoming[0]]
            scope = host.parent
            tokens.remove(host)
            tokens.pass_on(event, scope)
        elif event.element.kind != "boundaryEvent":
            task._ready()
        else:
            scope = host.parent
            if event.element.interrupting:
                tokens.remove(host)
            elif event.element.event == "timer":
                tokens.remove(task)
            tokens.pass_on(event, scope)

    def _relocate(self, task: Task, target: Element) -> None:
        tokens = self._tokens
        chain = [*reversed(list(surrounding(task)))]
        path = [*reversed(list(enclosing(target, self.diagram.elements)))]
        depth = 1
        while depth < len(chain) - 1 and depth <= len(path) and chain[depth].task_spec.element.id == path[depth - 1]:
            depth += 1
        scope = chain[depth - 1]
        tokens.remove(chain[depth])
        for sub_process in path[depth - 1 :]:
            spec = tokens.program.steps[sub_process]
            scope = tokens.place(spec, scope)
            spec.open(scope, tokens)
        tokens.enter(tokens.program.steps[target.id], scope)


def whole(diagram: Diagram, callees: Mapping[str, Diagram]) -> Diagram:
    """Return the diagram with what it calls laid in, as whoever reads versions has done already."""
    return link(diagram, callees) if diagram.calls and not diagram.callees else diagram


def waits_for_message(task: Task) -> bool:
    """Tell whether a task is a waiting message event."""
    return bool(task.state == TaskState.WAITING and task.task_spec.element.event == "message")


def is_instance(task: Task) -> bool:
    """Tell whether a task is one participant's part of a joint activity."""
    return isinstance(task.task_spec, specs.Instance)


def can_receive(target: Element, diagram: Diagram) -> bool:
    """Tell whether a token may be put on an element from outside."""
    if target.kind in ("sequenceFlow", "startEvent", "boundaryEvent"):
        return False
    if target.kind in ("parallelGateway", "inclusiveGateway"):
        return len(target.incoming) < 2
    sources = (diagram.elements[diagram.elements[flow].source or ""] for flow in target.incoming)
    return all(source.kind != "eventBasedGateway" for source in sources)


def surrounding(task: Task) -> Iterable[Task]:
    """Yield the activity a task belongs to, then the scopes around it up to the root."""
    inner = task
    while task.parent is not None:
        parent = task.parent
        spec = parent.task_spec
        is_scope = parent.parent is None or (isinstance(spec, specs.SubProcess) and task.task_spec not in spec.watchers)
        if is_scope:
            yield inner
        inner = parent
        task = parent
    yield task


def enclosing(element: Element, elements: Mapping[str, Element]) -> Iterable[str]:
    """Yield the sub-processes around an element, innermost first."""
    while element.parent is not None:
        yield element.parent
        element = elements[element.parent]
