"""One case's run through its diagram: load it, act on it, dump it, all within one transaction.

After an exception from any act a run is worth nothing: drop it, the saved state still holds.

The saved state is the live tokens and the variables, in a few hundred bytes: a version byte, a MAC over the rest,
then msgpack of our own shape. Elements are numbers: their place in the diagram whose SHA-256 stands in the state.
Nothing in it is a program, and nothing a person typed into a form gets here.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from bpmn.engine.diagram import Diagram
from bpmn.engine.errors import MoveRefused, NotReady, StateRefused
from bpmn.engine.linking import link
from bpmn.engine.marking import Marking, marking_of
from bpmn.engine.moving import can_receive, happen, relocate
from bpmn.engine.program import program_of
from bpmn.engine.surroundings import Surroundings
from bpmn.engine.tokens import STEP_BUDGET, Tokens, checked

VERSION = b"\x01"
MAC_SIZE = 32
DECIMAL = 1
"""The msgpack extension type of a decimal, kept as its text."""
PACKED = (Decimal, list)
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
    ) -> Run:
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
    ) -> Run:
        """Take up a saved case; raises `StateRefused` for a wrong seal, version, diagram or called process."""
        return cls(_loaded(whole(diagram, callees), saved, key, surroundings))

    def dump(self, key: bytes) -> bytes:
        """Return the state to save, sealed with `key`; raises `VariableRefused`."""
        return _dumped(self._tokens, key)

    # -- what there is

    @property
    def variables(self) -> dict[str, object]:
        """The case's variables; what is set here is seen by the next condition."""
        return self._tokens.data  # type: ignore[no-any-return] # the library is untyped

    @property
    def ready(self) -> tuple[ReadyTask, ...]:
        """What waits for a person, oldest first."""
        found = [t for t in self._tokens.live() if t.task_spec.by_hand]
        return tuple([ReadyTask(t.id, t.task_spec.element.id, t.internal_data.get("item")) for t in found])

    @property
    def timers(self) -> tuple[WaitingTimer, ...]:
        """What waits for a moment, oldest first."""
        found = [t for t in self._tokens.live() if "due" in t.internal_data]
        return tuple([WaitingTimer(t.id, t.task_spec.element.id, t.internal_data["due"]) for t in found])

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
        task = self._live(token, lambda t: t.task_spec.by_hand, "这个事项已不在办理中。")
        self._tokens.learn(variables)
        if is_instance(task):
            task.task_spec.take(task, checked(variables))
        self._act(task.run)

    def fire(self, token: str) -> None:
        """Let a due timer go off; raises `NotReady` when it does not wait or is not due yet."""
        task = self._live(token, lambda t: "due" in t.internal_data, "这个定时已不在等待。")
        if task.internal_data["due"] > self._tokens.surroundings.now:
            raise NotReady("这个定时还没有到期。")
        self._act(lambda: happen(self._tokens, task))

    def deliver(self, message: str) -> bool:
        """Hand a message to the one that has waited longest for it; False when nobody waits."""
        token = next((waiting.token for waiting in self.messages if waiting.name == message), None)
        if token is not None:
            self.receive(token)
        return token is not None

    def receive(self, token: str) -> None:
        """Hand its message to one waiting event; raises `NotReady` when it does not wait."""
        task = self._live(token, waits_for_message, "这个事件已不在等待消息。")
        self._act(lambda: happen(self._tokens, task))

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
        self._act(lambda: relocate(self._tokens, task, target))

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


def whole(diagram: Diagram, callees: Mapping[str, Diagram]) -> Diagram:
    """Return the diagram with what it calls laid in, as whoever reads versions has done already."""
    return link(diagram, callees) if diagram.calls and not diagram.callees else diagram


def waits_for_message(task: Task) -> bool:
    """Tell whether a task is a waiting message event."""
    return bool(task.state == TaskState.WAITING and task.task_spec.element.event == "message")


def is_instance(task: Task) -> bool:
    """Tell whether a task is one participant's part of a joint activity."""
    return getattr(task.parent.task_spec, "part", None) is task.task_spec


# -- the saved state


def _dumped(tokens: Tokens, key: bytes) -> bytes:
    diagram = tokens.program.diagram
    places = tokens.program.places
    rows: list[list[object]] = []
    numbers = {tokens.task_tree.id: -1}
    for task in parents_first(tokens):
        numbers[task.id] = len(rows)
        spec = task.task_spec
        row: list[object] = [int(task.id), numbers[task.parent.id], places[spec.element.id]]
        rows.append([*row, pack(spec.note(task, places))] if task.internal_data else row)
    variables = {name: pack(v) if type(v) in PACKED else v for name, v in checked(tokens.data).items()}
    content: list[object] = [bytes.fromhex(diagram.sha256), tokens.serial, rows, variables]
    if diagram.callees:
        content.append({name: bytes.fromhex(sha256) for name, sha256 in diagram.callees.items()})
    body = msgspec.msgpack.encode(content)
    return VERSION + seal(body, key) + body


def parents_first(tokens: Tokens) -> list[Task]:
    """Return every task but the root, each after the one it stands below."""
    ordered: list[Task] = []
    ahead = [tokens.task_tree]
    while ahead:
        children = ahead.pop().children
        ordered += children
        ahead += children
    return ordered


def _loaded(diagram: Diagram, state: bytes, key: bytes, surroundings: Surroundings) -> Tokens:
    """Read a run back; raises `StateRefused` when it is not exactly what was written for this diagram."""
    sha256, serial, rows, variables, *called = opened(state, key)
    if sha256.hex() != diagram.sha256:
        raise StateRefused("流程状态属于另一个版本的流程图。")
    if pins(called) != diagram.callees:
        raise StateRefused("流程状态里被调用的流程是另一个版本。")
    tokens = Tokens(program_of(diagram), surroundings, serial)
    tokens.data.update(variables)
    tasks: list[Task] = []
    for row in rows:
        parent = tokens.task_tree if row[1] < 0 else tasks[row[1]]
        spec = tokens.program.steps[diagram.order[row[2]]]
        if spec.part is not None and parent.task_spec is spec:
            spec = spec.part
        task = tokens.place(spec, parent, spec.at_rest, str(row[0]))
        if len(row) > 3:
            spec.recall(task, row[3])
        tasks.append(task)
    return tokens


def case_key(key: bytes, case: str) -> bytes:
    """Return the key that seals the states of one case, so that no other case's state passes for its own.

    `case` is what tells it from all others and is known before its row is.
    """
    return hmac.digest(key, f"sigeyipi case {case}".encode(), "sha256")


def seal(body: bytes, key: bytes) -> bytes:
    """Return the MAC of a state."""
    return hmac.digest(key, VERSION + body, "sha256")


def pinned_callees(state: bytes, key: bytes) -> dict[str, str]:
    """Return the SHA-256 by process id of the processes a saved case calls; raises `StateRefused`."""
    return pins(opened(state, key)[4:])


def pins(called: list[Any]) -> dict[str, str]:
    """Read the pinned versions, which stand last where there are any."""
    return {name: sha256.hex() for name, sha256 in called[0].items()} if called else {}


def opened(state: bytes, key: bytes) -> list[Any]:
    """Return what is under the seal; raises `StateRefused` when it was not sealed with `key`."""
    if state[:1] != VERSION:
        raise StateRefused("流程状态的版本不对，不能读取。")
    mac, body = state[1 : 1 + MAC_SIZE], state[1 + MAC_SIZE :]
    if not hmac.compare_digest(mac, seal(body, key)):
        raise StateRefused("流程状态的校验码不符，可能被改动过。")
    return msgspec.msgpack.decode(body, type=list, ext_hook=unpack)


def pack(value: object) -> object:
    """Make decimals something msgpack keeps exactly."""
    if type(value) is Decimal:
        return msgspec.msgpack.Ext(DECIMAL, str(value).encode())
    return [pack(item) for item in value] if type(value) is list else value


def unpack(kind: int, data: memoryview) -> Decimal:
    """Undo `pack`."""
    if kind != DECIMAL:
        raise StateRefused("流程状态里有不认识的值。")
    return Decimal(bytes(data).decode())
