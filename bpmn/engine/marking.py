"""A marking: where the tokens of a case stand, scope by scope, and nothing else about the case.

Two runs with equal markings can go on in the same ways, whatever happened to them before; the age,
the number and the owner of a token are left out.
"""

from __future__ import annotations

from typing import NamedTuple

from SpiffWorkflow.task import Task

from bpmn.engine import specs


class Mark(NamedTuple):
    """One token: `via` the flow by which it came to a join, `parts` how many still have to act in a joint activity.

    `inside` holds the tokens of a sub-process, the events an event gateway waits for, and the boundary
    events that watch an activity.
    """

    element: str
    via: str
    parts: int
    inside: tuple[Mark, ...]


Marking = tuple[Mark, ...]
"""The marks of one scope in their natural order; empty when the case is finished."""


def marking_of(scope: Task) -> Marking:
    """Return the marking below a task."""
    inner = getattr(scope.task_spec, "part", None)
    return tuple(sorted(mark_of(child) for child in scope.children if child.task_spec is not inner))


def mark_of(task: Task) -> Mark:
    """Return what stands at one task."""
    parts = len(task.internal_data.get("left", ()))
    if isinstance(task.task_spec, specs.Multiple):
        parts += sum(child.task_spec is task.task_spec.part for child in task.children)
    return Mark(task.task_spec.element.id, task.internal_data.get("via", ""), parts, marking_of(task))


def without_parts(marking: Marking) -> Marking:
    """Return the marking with joint activities alike, however many still have to act in them."""
    return tuple(mark._replace(parts=0, inside=without_parts(mark.inside)) for mark in marking)
