"""What a service task can do: named pieces of the release that an administrator puts into a diagram.

They are pure like the handlers of steps: they look at a `Passing` and return a `Done`; the runtime carries it out in
the transaction of the step that brought the case there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.outcome import Scalar


@dataclass(frozen=True)
class Passing:
    """What an automatic step may look at when the case passes it."""

    name: str  # of the element, as drawn
    documentation: str  # what is written beside it in the diagram
    project: str
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """What an automatic step decided: variables to set, and words for the people of the unit in whose lane it lies."""

    variables: Mapping[str, Scalar] = field(default_factory=dict)
    words: str = ""


def notify(passing: Passing) -> Done:
    """抄送: tell the 经办人 of the lane's unit that the case came by; the documentation is the text."""
    return Done(words=passing.documentation.strip() or f"“{passing.project}”已办到“{passing.name}”。")


def clear_verdict(_passing: Passing) -> Done:
    """Forget the last verdict, so that no later condition takes it for its own step's."""
    return Done({"verdict": None})


AUTOMATIC: dict[str, Callable[[Passing], Done]] = {"notify": notify, "clear_verdict": clear_verdict}
