"""重新分类 (P11): after the disposal a meeting classes the project anew, on findings checked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from forms.papers.application import Opinion
from handlers.application import level_of
from handlers.class_form import APPLICATION, Opinions, class_form
from handlers.classing import class_errors, class_reason, suggestion_text, surveyed_suggestion
from handlers.outcome import Answers, CategoryChange, Handler, Outcome, Shown, Step, Verdict
from handlers.rules import (
    CLASS_ARTICLES,
    day_in,
    label_of,
    meeting_errors,
    refuse_if,
    short,
)
from ledger.vocabulary import Category, Level


def show(step: Step) -> Shown:
    display = {
        "previous": label_of(Category, step.project.get("category")),
        "suggestion": suggestion_text(surveyed_suggestion(step)),
    }
    return Shown(display, context={"level": level_of(step).value})


def complete(step: Step, answers: Answers) -> Outcome:
    """Change the class and print the form anew; a class other than the suggested one is explained (C5)."""
    category, before = Category(answers["category"]), step.project.get("category")
    project = {**step.project, "findings": answers["findings"], "level": level_of(step)}
    anew = replace(step, project=project)
    refuse_if({**class_errors(anew, answers), **_village_errors(step, answers), **meeting_errors(step)})
    reason, measures = class_reason(anew, answers), answers["measures"]
    renewed = {**project, "category": category, "measures": measures}
    form = class_form(renewed, opinions_of(answers, step.today, Opinion("待备案")), APPLICATION, "·重新分类")
    return Outcome(
        variables={"category": category.value, "previous_category": before},
        project={"category": category.value, "measures": measures},
        category=CategoryChange(category.value, CLASS_ARTICLES[category], reason),
        verdict=Verdict(int(answers["meeting"]), "on", category.value, measures, reason),
        prints=(form,),
        summary=short(f"重新分类：{label_of(Category, before)}→{category.label}"),
    )


def opinions_of(answers: Answers, signed_on: date | None, filed: Opinion) -> Opinions:
    """Return the opinion boxes of the renewed form; the leading group's says `filed`."""
    village = Opinion(str(answers.get("village_opinion") or ""), day_in(answers, "village_on"))
    return Opinions(village, Opinion("同意重新分类", signed_on), filed)


def _village_errors(step: Step, answers: Answers) -> dict[str, str]:
    on = day_in(answers, "village_on")
    if on is not None and on > step.today:
        return {"village_on": "意见日期不能晚于今天"}
    if level_of(step) is Level.VILLAGE and not answers.get("village_scan"):
        return {"village_scan": "村级项目须上传村委会盖章的分类表扫描件"}
    return {}


HANDLER = Handler("reclassification", complete, show=show)
