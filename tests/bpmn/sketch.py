"""Writes small diagrams for the engine's tests: nodes and flows as Python values, no drawing."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from html import escape

from bpmn.engine import Run, Surroundings

KEY = b"a key for tests, 32 bytes long.."
BEGIN = datetime(2023, 11, 6, 1, tzinfo=UTC)

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:sgyp="urn:sigeyipi:bpmn:1" id="D"'
    ' targetNamespace="urn:test">\n'
)

Flow = tuple[str, ...]
"""(source, target[, condition[, id]]); an empty condition means none."""


def node(kind: str, identifier: str, inner: str = "", **attributes: str) -> str:
    """Write one node; `sgyp__handler` stands for `sgyp:handler`."""
    written = "".join(f' {key.replace("__", ":")}="{escape(value)}"' for key, value in attributes.items())
    return f'<bpmn:{kind} id="{identifier}"{written}>{inner}</bpmn:{kind}>'


def user(identifier: str, **attributes: str) -> str:
    """Write a user task."""
    return node("userTask", identifier, **attributes)


def several(identifier: str, collection: str = "people", how: str = "", early: str = "") -> str:
    """Write a joint user task; `early` is the condition under which it is done before everybody is."""
    condition = f"<bpmn:completionCondition>{escape(early)}</bpmn:completionCondition>" if early else ""
    repeat = f'<bpmn:multiInstanceLoopCharacteristics sgyp:collection="{collection}" sgyp:item="who"{how}>'
    return node("userTask", identifier, f"{repeat}{condition}</bpmn:multiInstanceLoopCharacteristics>")


def timer(text: str, tag: str = "timeDate") -> str:
    """Write a timer definition."""
    return f"<bpmn:timerEventDefinition><bpmn:{tag}>{escape(text)}</bpmn:{tag}></bpmn:timerEventDefinition>"


def fault(code: str) -> str:
    """Write an error definition; `sketch` knows the errors no_reply and too_late."""
    return f'<bpmn:errorEventDefinition errorRef="{code}_error"/>'


MESSAGE = '<bpmn:messageEventDefinition messageRef="news_message"/>'


def flows_of(flows: Iterable[Flow], prefix: str = "") -> str:
    """Write sequence flows; without an id of its own a flow is called source_target."""
    written = []
    for source, target, *more in flows:
        condition = (
            f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{escape(more[0])}</bpmn:conditionExpression>'
            if more and more[0]
            else ""
        )
        identifier = more[1] if len(more) > 1 else f"{prefix}{source}_{target}"
        ends = f'sourceRef="{source}" targetRef="{target}"'
        written.append(f'<bpmn:sequenceFlow id="{identifier}" {ends}>{condition}</bpmn:sequenceFlow>')
    return "\n".join(written)


def sub(identifier: str, nodes: Iterable[str], flows: Iterable[Flow]) -> str:
    """Write an embedded sub-process."""
    return node("subProcess", identifier, "\n".join(nodes) + flows_of(flows))


def sketch(nodes: Iterable[str], flows: Iterable[Flow], process: str = "P") -> bytes:
    """Write a whole diagram around its inner nodes; `s` is the start event and `e` the end event."""
    body = "\n".join([node("startEvent", "s"), *nodes, node("endEvent", "e")])
    return (
        f'{HEAD}<bpmn:message id="news_message" name="news"/>\n'
        '<bpmn:error id="no_reply_error" errorCode="no_reply"/><bpmn:error id="too_late_error" errorCode="too_late"/>\n'
        f'<bpmn:process id="{process}" isExecutable="true">\n{body}\n'
        f"{flows_of(flows)}\n</bpmn:process>\n</bpmn:definitions>\n"
    ).encode()


def around(days: float = 0, **functions: Callable[..., object]) -> Surroundings:
    """Return surroundings so many days after the beginning."""
    return Surroundings(BEGIN + timedelta(days=days), functions)


def ready(run: Run) -> list[str]:
    """Return the elements ready for a person, instances as element:item."""
    return sorted(t.element if t.instance is None else f"{t.element}:{t.instance}" for t in run.ready)


def finish(run: Run, what: str, variables: Mapping[str, object] | None = None) -> None:
    """Complete the oldest ready item named as `ready` names it."""
    for task in run.ready:
        if what in (task.element, f"{task.element}:{task.instance}"):
            run.complete(task.token, variables or {})
            return
    raise AssertionError(f"{what} is not ready: {ready(run)}")


def again(run: Run, surroundings: Surroundings | None = None) -> Run:
    """Save a run and load it back."""
    return Run.load(run.diagram, run.dump(KEY), KEY, surroundings or around())


def orders(*items: str) -> Iterable[tuple[str, ...]]:
    """Return every order of some items."""
    return itertools.permutations(items)
