"""单位意见 (P4): the responsible unit's 审核人 signs the form or sends it back."""

from __future__ import annotations

from forms.papers.application import Opinion
from forms.rendering import chinese_date
from handlers.application import form_with, level_of, village_opinion
from handlers.class_form import Opinions
from handlers.facts import headline, state
from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from handlers.rules import day_in, label_of, short
from ledger.vocabulary import Category


def prepare(_step: Step) -> Answers:
    return {"opinion": "同意。"}


def show(step: Step) -> Shown:
    return Shown(
        {
            "project": headline(step),
            "state": state(step.project),
            "category": label_of(Category, step.variables.get("category")),
            "measures": step.answers.get("application", {}).get("measures", ""),
            "village": village_words(step),
        },
        context={"level": level_of(step).value},
    )


def village_words(step: Step) -> str:
    """Return the village's opinion with its date, as its box prints it."""
    said = step.answers.get("village_opinion", {})
    on = day_in(said, "opinion_on")
    return f"{said['opinion']}　{chinese_date(on)}" if on else ""


def complete(step: Step, answers: Answers) -> Outcome:
    """Write the form again with the opinions on it; a department has no box and signs in the 请示 instead (F3)."""
    if answers["verdict"] == "back":
        return Outcome(variables={"verdict": "back"}, summary=short(f"退回修改：{answers['reason']}"))
    measures = step.answers.get("application", {}).get("measures", "")
    signed = Opinion(answers["opinion"], step.today, f"{step.unit_name} {step.actor_name}")
    return Outcome(
        variables={"verdict": "on"},
        prints=(form_with(step, measures, Opinions(village_opinion(step), signed), note="·已签署"),),
        summary=short(f"签署：{answers['opinion']}"),
    )


HANDLER = Handler("unit_opinion", complete, prepare, show)
