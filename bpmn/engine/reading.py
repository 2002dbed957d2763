"""The way into a diagram: bytes in, an immutable diagram or every reason against it out.

It refuses whatever the engine could not run exactly; the wider questions (known handlers,
reachability, days of publicity) belong to `bpmn.checks`.
"""

import hashlib
import threading
from collections import OrderedDict

from bpmn.engine.diagram import Diagram, build_diagram
from bpmn.engine.grammar import grammar_problems
from bpmn.engine.problems import DiagramProblems, Severity
from bpmn.engine.xml import read_tree

CACHE_SIZE = 64
"""Versions kept parsed; running cases spread over a handful."""


class Shelf:
    """The parsed versions used last, by content hash; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._diagrams: OrderedDict[str, Diagram] = OrderedDict()

    def get(self, sha256: str) -> Diagram | None:
        """Return a version on the shelf."""
        with self._lock:
            diagram = self._diagrams.get(sha256)
            if diagram is not None:
                self._diagrams.move_to_end(sha256)
            return diagram

    def put(self, diagram: Diagram) -> None:
        """Keep a version, in place of the one longest unused."""
        with self._lock:
            self._diagrams[diagram.sha256] = diagram
            while len(self._diagrams) > CACHE_SIZE:
                self._diagrams.popitem(last=False)


SHELF = Shelf()


def read_diagram(xml: bytes) -> Diagram:
    """Return the diagram in `xml`; raises `DiagramProblems` when the engine cannot run it exactly.

    Parsed once per content: the same bytes give the same object while they are in use.
    """
    sha256 = hashlib.sha256(xml).hexdigest()
    diagram = SHELF.get(sha256)
    if diagram is None:
        root = read_tree(xml)
        problems = tuple(p for p in grammar_problems(root) if p.severity is Severity.ERROR)
        if problems:
            raise DiagramProblems(problems)
        diagram = build_diagram(root, sha256)
        SHELF.put(diagram)
    return diagram
