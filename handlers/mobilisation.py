"""动员部署 with 业务培训 (R1): when, where, who was trained in what, and the record of it (art. 17)."""

from __future__ import annotations

from handlers.outcome import Answers, Handler, Outcome, Step, StepRefused


def complete(step: Step, answers: Answers) -> Outcome:
    """Record meeting and training; neither can be in the future."""
    today = step.today.isoformat()
    late = {name: "日期不能晚于今天" for name in ("held_on", "trained_on") if answers[name] > today}
    if late:
        raise StepRefused(late)
    return Outcome(summary=f"{answers['held_on']}动员部署，{answers['trained_on']}培训{answers['trainee_count']}人")


HANDLER = Handler("mobilisation", complete)
