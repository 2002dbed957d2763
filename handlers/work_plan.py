"""制定方案 (R1): the unit's 清理处置意见, adopted and issued by a campaign's date (art. 16).

Unless the unit brings a paper of its own, the software writes it once the 审核人 signs.
"""

from __future__ import annotations

from handlers.outcome import Answers, Handler, Outcome, Step, StepRefused
from handlers.rules import short


def prepare(step: Step) -> Answers:
    """Start with a title and today."""
    title = f"{step.unit_name}经营性帮扶产业项目“四个一批”清理处置意见"
    return {"title": title, "issued_on": step.today.isoformat()}


def complete(step: Step, answers: Answers) -> Outcome:
    """Record the paper; one that is not issued yet is none."""
    if answers["issued_on"] > step.today.isoformat():
        raise StepRefused({"issued_on": "印发日期不能晚于今天"})
    return Outcome(summary=short(f"印发{answers['title']}"))


HANDLER = Handler("work_plan", complete, prepare)
