"""The deploy gate: what the checks find and, where they find no error, what walking through every choice finds.

`bpmn.uploads` does so to files from outside, in a child process with limits (engine rule 5).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from bpmn.checks import called_from, check_diagram
from bpmn.engine import Diagram, DiagramProblems, Problem, Severity, link, read_diagram
from bpmn.exploration import explored, problems_of
from bpmn.expressions import PUBLISHED, shorten


def gate_problems(
    xml: bytes,
    handlers: Collection[str],
    *,
    variables: Collection[str] = PUBLISHED,
    decisions: Collection[str] | None = None,
    called: Mapping[str, str] | None = None,
    forms: Collection[str] | None = None,
) -> list[Problem]:
    """Return every problem of a diagram, warnings too: what is written wrongly, else what can go wrong.

    `called` holds the diagrams of the processes it may call, by process id (None: not checked).
    """
    deployed = None if called is None else {name: read_diagram(text.encode()) for name, text in called.items()}
    callees = None if deployed is None else {name: diagram.calls for name, diagram in deployed.items()}
    found = check_diagram(xml, handlers, variables=variables, decisions=decisions, callees=callees, forms=forms)
    if any(problem.severity is Severity.ERROR for problem in found):
        return found
    diagram = read_diagram(xml)
    if diagram.calls and deployed is None:  # without the processes it calls, the caller cannot be walked
        return found
    return [*found, *walked_problems(diagram, deployed or {}), *caller_problems(diagram, deployed or {})]


def linked_with(diagram: Diagram, called: Mapping[str, str]) -> Diagram:
    """Return a diagram with the processes it calls, given as texts by process id; raises DiagramProblems."""
    return link(diagram, {name: read_diagram(text.encode()) for name, text in called.items()} if diagram.calls else {})


def walked_problems(diagram: Diagram, deployed: Mapping[str, Diagram]) -> tuple[Problem, ...]:
    """Return what walking through a diagram finds, the processes it calls laid in."""
    try:
        whole = link(diagram, deployed)
    except DiagramProblems as refusal:
        return refusal.problems
    return problems_of(explored(whole), whole)


def caller_problems(diagram: Diagram, deployed: Mapping[str, Diagram]) -> Iterator[Problem]:
    """Yield the errors that the processes which call this one would have with it as it is now."""
    name = diagram.process_id
    renewed = {**deployed, name: diagram}
    graph = {process: each.calls for process, each in renewed.items()}
    for caller in deployed.values():
        if caller.process_id == name or name not in called_from(caller.process_id, graph):
            continue
        for problem in walked_problems(caller, renewed):
            if problem.severity is Severity.ERROR:
                message = f"调用本流程的“{shorten(caller.name)}”会出错：{problem.message}"
                yield replace(problem, element=caller.process_id, name=caller.name, message=message)
