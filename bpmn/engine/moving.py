"""Put a token where no flow leads it: an event that happened, a step sent back or jumped to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from SpiffWorkflow.task import Task

from bpmn.engine.diagram import Diagram, Element
from bpmn.engine.specs import EventGateway
from bpmn.engine.tokens import SubProcess, Tokens


def happen(tokens: Tokens, task: Task) -> None:
    """Carry out an event that waited: alone, behind an event gateway, or on the edge of an activity."""
    event, host = task.task_spec, task.parent
    if isinstance(host.task_spec, EventGateway):
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


def relocate(tokens: Tokens, task: Task, target: Element) -> None:
    """Take away the activity a token stands in and put one at `target`, within the scopes both have around them."""
    chain = [*reversed(list(surrounding(task)))]
    path = [*reversed(list(enclosing(target, tokens.program.diagram.elements)))]
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
        is_scope = parent.parent is None or (isinstance(spec, SubProcess) and task.task_spec not in spec.watchers)
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
