"""村级意见 (P4): the village says what it thinks of the form, itself or through its township."""

from __future__ import annotations

from handlers.facts import headline, state
from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from handlers.rules import day_in, label_of, refuse_if, short
from ledger.vocabulary import Category


def prepare(step: Step) -> Answers:
    return {"opinion_on": step.today.isoformat()}


def show(step: Step) -> Shown:
    return Shown(
        {
            "project": headline(step),
            "state": state(step.project),
            "category": label_of(Category, step.variables.get("category")),
            "measures": step.answers.get("application", {}).get("measures", ""),
        }
    )


def complete(step: Step, answers: Answers) -> Outcome:
    """Pass the form on to the township, or send it back to be changed."""
    on = day_in(answers, "opinion_on")
    if on and on > step.today:
        refuse_if({"opinion_on": "意见日期不能晚于今天"})
    word = "同意" if answers["verdict"] == "on" else "退回修改"
    return Outcome(variables={"verdict": answers["verdict"]}, summary=short(f"{word}：{answers['opinion']}"))


HANDLER = Handler("village_opinion", complete, prepare, show)
