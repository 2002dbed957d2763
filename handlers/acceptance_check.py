"""材料审核 (P6): the leading group office accepts a submitted case, or sends it back with reasons."""

from __future__ import annotations

from handlers.facts import headline, measures_proposed
from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from handlers.rules import label_of, refuse_if, short
from handlers.submission import missing_words
from ledger.vocabulary import Category


def show(step: Step) -> Shown:
    unit = step.answers.get("unit_opinion", {}).get("opinion", "")
    return Shown(
        {
            "project": headline(step),
            "category": label_of(Category, step.variables.get("category")),
            "proposal": "审定退出追偿" if step.variables.get("exit_proposed") else "审定分类及处置措施",
            "measures": measures_proposed(step),
            "unit": unit,
            "missing": missing_words(step),
        }
    )


def complete(step: Step, answers: Answers) -> Outcome:
    """Accept only what is complete; a return names the step that mends it."""
    verdict = answers["verdict"]
    if verdict == "accept":
        if step.missing_papers:
            refuse_if({"verdict": f"材料不齐，不能接收。{missing_words(step)}"})
        return Outcome(variables={"verdict": "accept"}, summary="材料符合要求，提请领导小组审定")
    word = "退回修改申请表" if verdict == "application" else "退回重新调研"
    return Outcome(variables={"verdict": verdict}, summary=short(f"{word}：{answers['reason']}"))


HANDLER = Handler("acceptance_check", complete, show=show)
