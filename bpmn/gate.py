"""The deploy gate: what the checks find and, where they find no error, what walking through every choice finds.

`check_upload` does so to a file from outside, in a child process with limits (engine rule 5).
"""

import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict

from bpmn.checks import check_diagram
from bpmn.engine import Problem, Severity, read_diagram
from bpmn.engine.limits import LimitExceeded, run_limited
from bpmn.engine.problems import error
from bpmn.exploration import explored, problems_of
from bpmn.expressions import PUBLISHED


def gate_problems(
    xml: bytes,
    handlers: Collection[str],
    *,
    variables: Collection[str] = PUBLISHED,
    decisions: Collection[str] | None = None,
    callees: Mapping[str, Collection[str]] | None = None,
    forms: Collection[str] | None = None,
) -> list[Problem]:
    """Return every problem of a diagram, warnings too: what is written wrongly, else what can go wrong."""
    found = check_diagram(xml, handlers, variables=variables, decisions=decisions, callees=callees, forms=forms)
    if any(problem.severity is Severity.ERROR for problem in found):
        return found
    diagram = read_diagram(xml)
    if diagram.calls:  # a called process is laid in when both are deployed; alone, the caller cannot be walked
        return found
    return [*found, *problems_of(explored(diagram), diagram)]


def check_upload(
    xml: bytes,
    handlers: Collection[str],
    *,
    variables: Collection[str] = PUBLISHED,
    decisions: Collection[str] | None = None,
    callees: Mapping[str, Collection[str]] | None = None,
    forms: Collection[str] | None = None,
) -> list[Problem]:
    """Do what `gate_problems` does in a child process with limits; a file that needs more is one problem."""
    known = {
        "handlers": sorted(handlers),
        "variables": sorted(variables),
        "decisions": None if decisions is None else sorted(decisions),
        "forms": None if forms is None else sorted(forms),
        "callees": None if callees is None else {name: sorted(calls) for name, calls in callees.items()},
    }
    try:
        answer = run_limited("bpmn.gate", json.dumps(known).encode() + b"\n" + xml)
    except LimitExceeded:
        return [error("limits", "检查这个文件超出了时间或内存限制。", "请确认文件来自流程编辑器，或拆分流程。")]
    return [Problem(**{**problem, "severity": Severity(problem["severity"])}) for problem in json.loads(answer)]


def main() -> None:
    """Check the file on standard input; the child's side of `check_upload`."""
    known, _, xml = sys.stdin.buffer.read().partition(b"\n")
    problems = gate_problems(xml, **json.loads(known))
    sys.stdout.write(json.dumps([asdict(problem) for problem in problems]))


if __name__ == "__main__":
    main()
