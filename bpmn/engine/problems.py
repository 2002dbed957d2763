"""What is wrong with a diagram: one value per problem, all of them at once."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a problem weighs; an error keeps the diagram from being used."""

    ERROR = "错误"
    WARNING = "警告"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a diagram, told to the person who drew it.

    `element` and `name` say where (empty for the file as a whole), `code` is stable for programs,
    `message` is a Chinese sentence, `remedy` says how to mend it, `path` an example: the elements passed to get there.
    """

    element: str
    name: str
    code: str
    severity: Severity
    message: str
    remedy: str
    path: tuple[str, ...] = ()


class DiagramProblems(Exception):
    """A diagram that cannot be used; `problems` lists every reason found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("；".join(problem.message for problem in problems[:5]))
        self.problems = problems


def error(code: str, message: str, remedy: str, element: str = "", name: str = "") -> Problem:
    """Build an error."""
    return Problem(element, name, code, Severity.ERROR, message, remedy)


def warning(code: str, message: str, remedy: str, element: str = "", name: str = "") -> Problem:
    """Build a warning."""
    return Problem(element, name, code, Severity.WARNING, message, remedy)
