"""What a case's run may look at beside its diagram: the calendar, the release's automatic steps, decision tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bpmn.counting import Counting
from bpmn.decisions import HitPolicy
from bpmn.engine import Element, StepFailed, Surroundings
from bpmn.versions import Version
from handlers.automatic import AUTOMATIC, Passing
from ledger.findings import inputs
from ledger.projects import Project

CLASSIFICATION = "classification"  # the decision table that looks at findings instead of variables (C1–C5)


@dataclass(frozen=True)
class Told:
    """Words that an automatic step has for the people of the unit in whose lane it is drawn."""

    element: Element
    words: str


@dataclass(frozen=True)
class CaseSurroundings(Surroundings):
    """The surroundings of one case in one transaction; `told` gathers what the runtime sends once the run rests."""

    counting: Counting
    version: Version
    project: Project
    told: list[Told] = field(default_factory=list)

    def perform(self, element: Element, variables: Mapping[str, object]) -> object:
        """Do an automatic step or ask a decision table; returns the variables to set. Raises StepFailed."""
        if element.kind == "businessRuleTask":
            return self._decide(element, variables)
        step = AUTOMATIC.get(element.attributes["handler"])
        if step is None:
            raise StepFailed(element, f"没有名为“{element.attributes['handler']}”的处理程序。")
        done = step(Passing(element.name, element.documentation, self.project.name, variables))
        if done.words:
            self.told.append(Told(element, done.words))
        return done.variables

    def _decide(self, element: Element, variables: Mapping[str, object]) -> Mapping[str, object]:
        return decided(self.version, element, variables, self.project.findings)


def decided(
    version: Version, element: Element, variables: Mapping[str, object], findings: Collection[str]
) -> Mapping[str, object]:
    """Ask a table: of COLLECT every answer counts, of the others one; a name nothing was found for becomes None.

    Raises StepFailed when there is no such table, or it cannot answer.
    """
    name = element.attributes["decision"]
    tables = version.owner(element.id).tables
    if name not in tables:
        raise StepFailed(element, f"没有名为“{name}”的决策表。")
    table = tables[name]
    try:
        rows = table.decide(inputs(findings) if name == CLASSIFICATION else variables)
    except ValueError as wrong:  # a name without a value, or two rules where one must hold
        raise StepFailed(element, str(wrong)) from wrong
    outputs = [column.name for column in table.outputs]
    if table.policy is HitPolicy.COLLECT:
        return {output: [row.values[output] for row in rows] for output in outputs}
    return {output: rows[0].values[output] if rows else None for output in outputs}
