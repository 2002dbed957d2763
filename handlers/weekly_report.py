"""周调度 (R2): the unit's figures stand there from the data; a person says how 盘活 and 重建 go on and confirms."""

from __future__ import annotations

from handlers.outcome import Answers, Handler, Outcome, Step

NO_MEASURES = "本单位没有盘活、重建项目。"


def prepare(step: Step) -> Answers:
    """Start from how far each 盘活 and 重建 project is in the ledger."""
    lines = step.round.progress if step.round is not None else ()
    return {"measures": "\n".join(lines) or NO_MEASURES}


def complete(step: Step, _answers: Answers) -> Outcome:
    """Confirm the figures as they stand at this moment."""
    assert step.round is not None  # a step of a round
    count = step.round.figures.get("project_count", 0)
    return Outcome(summary=f"已核对，项目{count}个")


HANDLER = Handler("weekly_report", complete, prepare=prepare)
