"""The saved state of a case: the live tokens and the variables, in a few hundred bytes.

A version byte, a MAC over the rest, then msgpack of our own shape. Elements are numbers: their place
in the diagram whose SHA-256 stands in the state. Nothing in it is a program, and nothing a person typed
into a form gets here.
"""

import hmac
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from bpmn.engine import specs
from bpmn.engine.diagram import Diagram
from bpmn.engine.errors import StateRefused
from bpmn.engine.program import program_of
from bpmn.engine.tokens import Surroundings, Tokens, checked

VERSION = b"\x01"
MAC_SIZE = 32
DECIMAL = 1
"""The msgpack extension type of a decimal, kept as its text."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def dump(tokens: Tokens, key: bytes) -> bytes:
    """Write a run down, sealed with `key`."""
    diagram = tokens.program.diagram
    places = tokens.program.places
    rows: list[list[object]] = []
    numbers = {tokens.task_tree.id: -1}
    for task in parents_first(tokens):
        numbers[task.id] = len(rows)
        row: list[object] = [int(task.id), numbers[task.parent.id], places[task.task_spec.element.id]]
        rows.append([*row, note_of(task, places)] if task.internal_data else row)
    variables = {name: pack(value) for name, value in checked(tokens.data).items()}
    content: list[object] = [bytes.fromhex(diagram.sha256), tokens.serial, rows, variables]
    if diagram.callees:
        content.append({name: bytes.fromhex(sha256) for name, sha256 in diagram.callees.items()})
    body = msgspec.msgpack.encode(content)
    return VERSION + seal(body, key) + body


def case_key(key: bytes, case_id: int) -> bytes:
    """Return the key that seals the states of one case, so that no other case's state passes for its own."""
    return hmac.digest(key, b"sigeyipi case %d" % case_id, "sha256")


def seal(body: bytes, key: bytes) -> bytes:
    """Return the MAC of a state."""
    return hmac.digest(key, VERSION + body, "sha256")


def parents_first(tokens: Tokens) -> list[Task]:
    """Return every task but the root, each after the one it stands below."""
    ordered: list[Task] = []
    ahead = [tokens.task_tree]
    while ahead:
        children = ahead.pop().children
        ordered += children
        ahead += children
    return ordered


def note_of(task: Task, places: dict[str, int]) -> object:
    """Return what one task remembers: its flow, its due moment, its item, or the items left and the results."""
    kept = task.internal_data
    if "due" in kept:
        return (kept["due"] - EPOCH) // MICROSECOND
    if "item" in kept:
        return pack(kept["item"])
    if "results" in kept:
        return [pack(kept.get("left", [])), pack(kept["results"])]
    if "left" in kept:
        return pack(kept["left"])
    return places[kept["via"]]


def load(diagram: Diagram, state: bytes, key: bytes, surroundings: Surroundings) -> Tokens:
    """Read a run back; raises `StateRefused` when it is not exactly what `dump` wrote for this diagram."""
    sha256, serial, rows, variables, *called = opened(state, key)
    if sha256.hex() != diagram.sha256:
        raise StateRefused("流程状态属于另一个版本的流程图。")
    if pins(called) != dict(diagram.callees):
        raise StateRefused("流程状态里被调用的流程是另一个版本。")
    tokens = Tokens(program_of(diagram), surroundings, serial)
    tokens.data.update(variables)
    tasks: list[Task] = []
    for row in rows:
        parent = tokens.task_tree if row[1] < 0 else tasks[row[1]]
        tasks.append(revive(tokens, diagram.order[row[2]], parent, row))
    return tokens


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


def revive(tokens: Tokens, element: str, parent: Task, row: list[Any]) -> Task:
    """Put one task back as it was: at rest, what a task is doing follows from what it is."""
    spec = tokens.program.steps[element]
    if isinstance(spec, specs.Multiple) and parent.task_spec is spec:
        spec = spec.instance
    if isinstance(spec, specs.ByHand):
        state = TaskState.READY
    elif isinstance(spec, specs.Catch | specs.Parallel | specs.Inclusive):
        state = TaskState.WAITING
    else:
        state = TaskState.STARTED
    task = tokens.place(spec, parent, state, str(row[0]))
    if len(row) > 3:
        read_note(task, row[3], tokens.program.diagram)
    return task


def read_note(task: Task, note: Any, diagram: Diagram) -> None:
    """Undo `note_of`."""
    match task.task_spec:
        case specs.Catch(when=expression) if expression is not None:
            task.internal_data["due"] = EPOCH + note * MICROSECOND
        case specs.Instance():
            task.internal_data["item"] = note
        case specs.Multiple(completion=condition) if condition is not None:
            task.internal_data["results"] = note[1]
            if task.task_spec.element.multiple == "sequential":
                task.internal_data["left"] = note[0]
        case specs.Multiple():
            task.internal_data["left"] = note
        case _:
            task.internal_data["via"] = diagram.order[note]


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
