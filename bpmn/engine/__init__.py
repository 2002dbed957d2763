"""The layer over SpiffWorkflow; the only home of SpiffWorkflow and lxml.

`read_diagram` turns a file into a `Diagram`, `Run` carries one case through it. Everything the rest of
the house needs is named here.
"""

from bpmn.engine.diagram import Diagram, Element
from bpmn.engine.errors import (
    Deadlocked,
    DeclaredError,
    MoveRefused,
    NotReady,
    RunawayDiagram,
    StateRefused,
    StepFailed,
    VariableRefused,
)
from bpmn.engine.linking import link
from bpmn.engine.marking import Mark, Marking, without_parts
from bpmn.engine.problems import DiagramProblems, Problem, Severity
from bpmn.engine.reading import read_diagram
from bpmn.engine.run import ReadyTask, Run, WaitingMessage, WaitingTimer, case_key, pinned_callees
from bpmn.engine.surroundings import Surroundings
from bpmn.engine.transplant import GIVEN_UP, Carried, Change, Weight, Wishes, carry, work_of

__all__ = [
    "GIVEN_UP",
    "Carried",
    "Change",
    "Deadlocked",
    "DeclaredError",
    "Diagram",
    "DiagramProblems",
    "Element",
    "Mark",
    "Marking",
    "MoveRefused",
    "NotReady",
    "Problem",
    "ReadyTask",
    "Run",
    "RunawayDiagram",
    "Severity",
    "StateRefused",
    "StepFailed",
    "Surroundings",
    "VariableRefused",
    "WaitingMessage",
    "WaitingTimer",
    "Weight",
    "Wishes",
    "carry",
    "case_key",
    "link",
    "pinned_callees",
    "read_diagram",
    "without_parts",
    "work_of",
]
