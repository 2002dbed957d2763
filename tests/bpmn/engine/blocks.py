"""Ten parallel blocks in a row, which a library that predicts every way to the end takes for thousands of tasks."""

from __future__ import annotations

from bpmn.engine import Diagram, read_diagram
from tests.bpmn.sketch import Flow, node, sketch, user

BLOCKS, WAYS = 10, 2


def ten_blocks() -> Diagram:
    """Read a diagram of ten forks, each with two tasks and its join."""
    nodes: list[str] = []
    flows: list[Flow] = []
    before = "s"
    for block in range(BLOCKS):
        fork, join = f"fork_{block}", f"join_{block}"
        nodes += [node("parallelGateway", fork), node("parallelGateway", join)]
        flows.append((before, fork))
        for way in range(WAYS):
            task = f"task_{block}_{way}"
            nodes.append(user(task))
            flows += [(fork, task), (task, join)]
        before = join
    return read_diagram(sketch(nodes, [*flows, (before, "e")]))
