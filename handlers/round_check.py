"""核收 (R2–R4): who collects the reports takes one in, or sends it back with a reason."""

from __future__ import annotations

from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from handlers.round_approval import submitted_text
from handlers.rules import short


def show(step: Step) -> Shown:
    return Shown({"submitted": submitted_text(step)})


def complete(_step: Step, answers: Answers) -> Outcome:
    """Take it in, or send it back."""
    if answers["verdict"] == "back":
        return Outcome(variables={"verdict": "back"}, summary=short(f"退回补正：{answers['reason']}"))
    return Outcome(variables={"verdict": "accept"}, summary="已收下")


HANDLER = Handler("round_check", complete, show=show)
