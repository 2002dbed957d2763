"""The variables a paper's template may say, as the catalogue describes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Variable:
    """A name a template may say; `parts` are the names within it, of a group or of each entry of a list."""

    name: str
    meaning: str
    example: str = ""
    parts: tuple[Variable, ...] = ()
    is_list: bool = False

    @property
    def sample(self) -> Any:
        """Return the example as the facts hold it."""
        if not self.parts:
            return self.example
        entry = {part.name: part.example for part in self.parts}
        return [entry, dict(entry)] if self.is_list else entry

    @property
    def nothing(self) -> Any:
        """Return what stands for a variable nobody filled in."""
        if self.is_list:
            return []
        return {part.name: "" for part in self.parts} if self.parts else ""


def list_of(name: str, meaning: str, *parts: Variable) -> Variable:
    return Variable(name, meaning, parts=parts, is_list=True)


def texts_of(*pairs: tuple[str, str]) -> tuple[Variable, ...]:
    """Return variables that say themselves what they mean."""
    return tuple(Variable(name, name, example) for name, example in pairs)
