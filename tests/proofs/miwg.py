"""`make prove NAME=miwg MIWG=DIR`: the checks over every diagram of a checkout of the public BPMN MIWG suite.

Those diagrams are drawn to use all of BPMN, so most are refused; what counts is that each gets its whole list of
reasons and that nothing escapes unhandled. The reference diagrams go through the limited child as an upload does.
"""

from __future__ import annotations

import os
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from bpmn.deployment import KNOWN_HANDLERS
from bpmn.engine import Problem, Severity, limits
from bpmn.engine.grammar import ALLOWED_TAGS
from bpmn.gate import gate_problems
from bpmn.uploads import Ground, check_upload

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
REFERENCES = "Reference"
WHOLE_FILE = frozenset({"xml", "dtd", "empty", "too_big", "too_deep", "not_bpmn"})
"""Codes after which a file is not looked into: there is no diagram to speak of."""


def prove(_seed: int) -> Iterator[dict[str, Any]]:
    """Yield a line per reference diagram and the figures of the whole; without MIWG one line that says so."""
    folder = os.environ.get("MIWG", "")
    if not folder:
        yield {"skipped": "MIWG names no checkout"}
        return
    files = sorted(Path(folder).rglob("*.bpmn"))
    references = [path for path in files if path.parent.name == REFERENCES]
    assert references, f"no {REFERENCES}/*.bpmn below {folder}"
    limits.WALL_LIMIT_SECONDS = 60  # its time by the processor is the file's; the rest is what else the machine does
    for path in references:
        begun = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        found = check_upload(path.read_bytes(), path.name, Ground(KNOWN_HANDLERS))
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begun
        problems = [each.problem for each in found]
        assert "limits" not in {problem.code for problem in problems}, path
        require_whole(path, problems)
        yield {"file": path.name, "problems": len(problems), "errors": errors(problems), "seconds": round(seconds, 2)}
    codes: Counter[str] = Counter()
    begun = time.perf_counter()
    for path in files:
        problems = gate_problems(path.read_bytes(), KNOWN_HANDLERS)
        require_whole(path, problems)
        codes.update({problem.code for problem in problems})
    yield {
        "diagrams": len(files),
        "references": len(references),
        "unhandled": 0,
        "seconds": round(time.perf_counter() - begun, 1),
        "codes": dict(codes.most_common()),
    }


def errors(problems: list[Problem]) -> int:
    return sum(problem.severity is Severity.ERROR for problem in problems)


def require_whole(path: Path, problems: list[Problem]) -> None:
    """Demand of a list that each problem can be read and mended, and that nothing outside the subset is left out."""
    for problem in problems:
        assert problem.message.endswith("。"), (path, problem)
        assert problem.remedy.endswith("。"), (path, problem)
    if WHOLE_FILE & {problem.code for problem in problems}:
        return
    told = Counter(problem.element for problem in problems if problem.code == "unsupported")
    untold = strangers(ElementTree.fromstring(path.read_bytes())) - told
    assert not untold, (path, untold)


def strangers(node: ElementTree.Element) -> Counter[str]:
    """Count by id the outermost elements of a file that are outside the subset, read by another parser than ours."""
    found: Counter[str] = Counter()
    for child in node:
        tag = child.tag.removeprefix(BPMN)
        if not child.tag.startswith(BPMN):
            continue
        if tag in ALLOWED_TAGS:
            found += strangers(child)
        else:
            found[child.get("id", "").strip()[:80]] += 1
    return found
