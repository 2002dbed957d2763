"""年度报告 (R4): the unit's year in words, over figures that stand in the ledger (art. 23)."""

from __future__ import annotations

from handlers.outcome import Answers, Handler, Outcome, Step
from ledger.vocabulary import Category


def prepare(step: Step) -> Answers:
    """Start 总体情况 from the figures."""
    assert step.round is not None  # a step of a round
    figures = step.round.figures
    classes = "、".join(f"{each.label}{figures.get(f'{each}_count', 0)}个" for each in Category)
    told = "，".join(f"{label}{rate}" for label, rate in step.round.rates)
    return {"overview": f"全单位经营性帮扶产业项目{figures.get('project_count', 0)}个，其中{classes}。{told}。"}


def complete(_step: Step, _answers: Answers) -> Outcome:
    """Leave the report to the unit's 审核人: it is printed with the statement of truth."""
    return Outcome(summary="提交审核")


HANDLER = Handler("yearly_report", complete, prepare=prepare)
