"""The moves of a play: what was done at which element, with which choices or which answers, how long after the start.

A page and a scenario hold nothing but these; the play itself is gone through anew from them, so that what comes of it
is always what the draft of now makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_MOVES = 200
_LONGEST = 60  # characters of a name or a choice
_ANSWER_LENGTH = 5_000  # characters of a box
_BOXES = 1_000  # of one form
_WHOLE_LENGTH = 300_000  # characters of all answers
_DAYS = 3_000


class ScenarioRefused(ValueError):
    """这个场景不能保存."""


@dataclass(frozen=True)
class Move:
    """One thing that happened: at which element (of which body), with which values, how many days after the start.

    `posted` holds what was typed into the step's form, `files` its fields with a file, as if it were uploaded; None
    where only choices were made. Without an element the clock alone was moved.
    """

    element: str
    instance: str
    values: Mapping[str, str]
    day: int
    posted: Mapping[str, Sequence[str]] | None = None
    files: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        plain = {"element": self.element, "instance": self.instance, "values": dict(self.values), "day": self.day}
        if self.posted is None:
            return plain
        return {**plain, "posted": {name: list(each) for name, each in self.posted.items()}, "files": list(self.files)}


def to_day(day: int) -> Move:
    """Return the move that brings the clock to a day after the start."""
    return Move("", "", {}, day)


def read_moves(written: Any) -> list[Move]:
    """Read moves that a page or a row holds; raises ScenarioRefused for anything else."""
    if not isinstance(written, list) or len(written) > MOST_MOVES:
        raise ScenarioRefused(f"场景的步骤有误，或超过 {MOST_MOVES} 步")
    moves = [_read_move(each) for each in written]
    if sum(len(text) for each in moves for texts in (each.posted or {}).values() for text in texts) > _WHOLE_LENGTH:
        raise ScenarioRefused("预演填写的内容太多，请重新开始")
    return moves


def _read_move(each: Any) -> Move:
    match each:
        case {"element": str(element), "instance": str(instance), "values": dict(values), "day": int(day)}:
            texts = [element, instance, *values, *values.values()]
            if all(isinstance(text, str) and len(text) <= _LONGEST for text in texts) and 0 <= day <= _DAYS:
                posted, files = _posted(each.get("posted")), _files(each.get("files", []))
                return Move(element, instance, values, day, posted, files)
    raise ScenarioRefused("场景的步骤有误")


def _posted(written: Any) -> Mapping[str, Sequence[str]] | None:
    if written is None:
        return None
    if not isinstance(written, dict) or len(written) > _BOXES or not all(map(_is_box, written.values())):
        raise ScenarioRefused("场景的步骤有误")
    return written


def _is_box(texts: Any) -> bool:
    known = isinstance(texts, list) and len(texts) <= _BOXES
    return known and all(isinstance(text, str) and len(text) <= _ANSWER_LENGTH for text in texts)


def _files(written: Any) -> tuple[str, ...]:
    known = isinstance(written, list) and len(written) <= _BOXES
    if not known or not all(isinstance(name, str) and len(name) <= _LONGEST for name in written):
        raise ScenarioRefused("场景的步骤有误")
    return tuple(written)
