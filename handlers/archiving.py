"""归档 (P13, art. 23): the case closes only when every row of Annex 6 is filled or agreed not to apply."""

from __future__ import annotations

from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from handlers.rules import refuse_if, short


def show(step: Step) -> Shown:
    return Shown({"missing": "\n".join(step.missing_papers) or "归档目录各项材料齐全"})


def complete(step: Step, answers: Answers) -> Outcome:
    if step.missing_papers:
        refuse_if({"": "归档材料不全，不能归档：" + "；".join(step.missing_papers)})
    return Outcome(summary=short(f"已归档，存放于{answers['place']}"))


HANDLER = Handler("archiving", complete, show=show)
