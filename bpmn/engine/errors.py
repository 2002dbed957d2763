"""What can go wrong while a case runs; each message is a Chinese sentence for a person."""

from bpmn.engine.diagram import Element


class NotReady(Exception):
    """The token is not there, or not in the condition the act needs: somebody was faster, or it is too early."""


class StateRefused(Exception):
    """A saved state that was not written by us, for this diagram and version, or was changed since."""


class VariableRefused(ValueError):
    """A variable that is no small scalar or list of them."""


class MoveRefused(ValueError):
    """An element no token can be put on."""


class DeclaredError(Exception):
    """Raised by a handler: an error its service task declares (`sgyp:throws`), for an error event to catch."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RunawayDiagram(Exception):
    """One step ran into the budget of engine steps or tokens: a loop without a wait."""


class StepFailed(Exception):
    """An element could not do its work; the step must be dropped and written down as an incident."""

    def __init__(self, element: Element, why: str) -> None:
        super().__init__(f"环节“{element.name or element.id}”：{why}")
        self.element = element.id
        self.why = why


class Deadlocked(StepFailed):
    """The step would lead where nothing can ever happen again: a join waits for a branch that cannot come."""
