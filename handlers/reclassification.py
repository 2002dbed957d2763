"""重新分类 (P11): after the disposal a meeting classes the project anew, on findings checked again."""

from __future__ import annotations

from forms.rendering import chinese_date
from handlers.class_form import class_form
from handlers.classing import suggestion_of, suggestion_text
from handlers.outcome import Answers, CategoryChange, Handler, Outcome, Shown, Step, Verdict
from handlers.rules import (
    CLASS_ARTICLES,
    NO_ASSESSMENT,
    day_in,
    label_of,
    meeting_errors,
    refuse_if,
    short,
)
from ledger.vocabulary import Category, Level


def show(step: Step) -> Shown:
    project = step.project
    display = {
        "previous": label_of(Category, project.get("category")),
        "suggestion": suggestion_text(suggestion_of(step, project.get("findings") or ())),
    }
    return Shown(display, context={"level": str(project.get("level") or "")})


def complete(step: Step, answers: Answers) -> Outcome:
    """Change the class and print the form anew; a class other than the suggested one is explained (C5)."""
    category = Category(answers["category"])
    refuse_if({**_class_errors(step, answers), **_village_errors(step, answers), **meeting_errors(step)})
    before = step.project.get("category")
    reason = answers.get("deviation") or f"党组（委）会重新分类：{answers['measures']}"
    project = {**step.project, "category": category, "measures": answers["measures"]}
    return Outcome(
        variables={"category": category.value, "previous_category": before},
        project={"category": category.value, "measures": answers["measures"]},
        category=CategoryChange(category.value, CLASS_ARTICLES[category], reason),
        verdict=Verdict(
            int(answers["meeting"]), "on", category.value, answers["measures"], answers.get("deviation", "")
        ),
        prints=(class_form(step, project, opinions_of(step, answers, "待备案")),),
        summary=short(f"重新分类：{label_of(Category, before)}→{category.label}"),
    )


def opinions_of(step: Step, answers: Answers, filed: str) -> dict[str, str]:
    """Return the opinion boxes of the renewed form; the leading group's says `filed`."""
    boxes = {"县实施乡村振兴战略领导小组意见": filed}
    if step.project.get("level") != Level.DEPARTMENT:
        boxes["乡镇（街道）意见"] = "同意重新分类"
    if answers.get("village_opinion"):
        on = day_in(answers, "village_on")
        boxes["村委会意见"] = f"{answers['village_opinion']}　{chinese_date(on) if on else ''}".rstrip()
    return boxes


def _class_errors(step: Step, answers: Answers) -> dict[str, str]:
    errors: dict[str, str] = {}
    if answers["category"] == Category.REBUILD and not step.assessed:
        errors["category"] = NO_ASSESSMENT
    suggestion = suggestion_of(step, answers.get("findings", ()))
    suggested = suggestion.category if suggestion else None
    if suggested and suggested != answers["category"] and not answers.get("deviation"):
        errors["deviation"] = f"与建议的{label_of(Category, suggested)}不同，请说明理由"
    return errors


def _village_errors(step: Step, answers: Answers) -> dict[str, str]:
    on = day_in(answers, "village_on")
    if on is not None and on > step.today:
        return {"village_on": "意见日期不能晚于今天"}
    if step.project.get("level") == Level.VILLAGE and not answers.get("village_scan"):
        return {"village_scan": "村级项目须上传村委会盖章的分类表扫描件"}
    return {}


HANDLER = Handler("reclassification", complete, show=show)
