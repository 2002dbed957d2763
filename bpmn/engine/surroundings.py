"""What a run may look at beside its own variables: the moment, and the functions its diagram may call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bpmn.engine.diagram import Element
from bpmn.engine.errors import StepFailed
from bpmn.engine.moments import due_moment
from bpmn.expressions import Expression


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run may look at: the moment (aware) and the functions its diagram may call.

    `functions` holds those of the expressions (`publicity_end`, `campaign_end`, `working_days_end`,
    `today`) and, by their names, the handlers of service tasks and the decisions of business-rule
    tasks; these get the variables and return those to set, or None.
    """

    now: datetime
    functions: Mapping[str, Callable[..., object]]

    def value_of(self, element: Element, expression: Expression, variables: Mapping[str, object]) -> object:
        """Compute a condition of `element`; raises `ExpressionError`."""
        return expression.value(variables, self.functions)

    def items_of(self, element: Element, expression: Expression, variables: Mapping[str, object]) -> object:
        """Compute whom a joint activity asks; raises `ExpressionError`."""
        return expression.value(variables, self.functions)

    def due_of(self, expression: Expression, variables: Mapping[str, object]) -> datetime:
        """Compute when a timer reached now is due, in UTC; raises `ExpressionError`."""
        return due_moment(expression, variables, self.functions, self.now)

    def perform(self, element: Element, variables: Mapping[str, object]) -> object:
        """Do the work of a service or business-rule task and return the variables it sets, or None.

        Raises `StepFailed` when nobody knows how, and `DeclaredError` where the handler does.
        """
        name = element.attributes["handler" if element.kind == "serviceTask" else "decision"]
        function = self.functions.get(name)
        if function is None:
            raise StepFailed(element, f"没有名为“{name}”的处理程序或决策表。")
        return function(variables)
