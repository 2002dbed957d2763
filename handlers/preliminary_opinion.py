"""初步意见 (P3): class and disposal before the meeting, with an answer to every opinion that was not a plain yes."""

from __future__ import annotations

from handlers.classing import class_errors, suggestion_text, surveyed_suggestion
from handlers.facts import found, headline
from handlers.outcome import Answers, Handler, Outcome, Print, Shown, Step
from handlers.rules import label_of, project_rows, refuse_if, short
from ledger.vocabulary import Category, PaperKind, ReviewOpinion, Term


class Dealt(Term):
    """How a reviewing body's opinion was dealt with."""

    ADOPTED = "adopted", "采纳"
    PARTLY = "partly", "部分采纳"
    REJECTED = "rejected", "未采纳"
    NOTED = "noted", "已催告，按现有材料办理"


def prepare(step: Step) -> Answers:
    """Start with the suggested class and, after another survey, the earlier words."""
    before = step.answers.get("preliminary_opinion", {})
    start = {"category": step.variables.get("suggested_category"), "opinion": before.get("opinion")}
    return {name: answer for name, answer in start.items() if answer}


def show(step: Step) -> Shown:
    """Show all opinions; ask an answer to those that object or never came."""
    to_answer = tuple((str(each["body"]), caption(each)) for each in step.reviews if _asks_answer(each))
    return Shown(
        {
            "project": headline(step),
            "found": found(step.project),
            "suggestion": suggestion_text(surveyed_suggestion(step)),
            "opinions": "\n".join(caption(each) for each in step.reviews),
        },
        records={"reviews": to_answer},
        context={"to_answer": "true" if to_answer else "false"},
    )


def caption(review: Answers) -> str:
    """Return one body's opinion in a line: 县财政局：有意见——资产估值缺依据."""
    name = review.get("body_name") or f"会审单位{review['body']}"
    text = f"——{review['text']}" if review.get("text") else ""
    return f"{name}：{label_of(ReviewOpinion, review['opinion'])}{text}"


def _asks_answer(review: Answers) -> bool:
    return bool(review["opinion"] != ReviewOpinion.AGREE)


def complete(step: Step, answers: Answers) -> Outcome:
    """Go on to the meeting with a class, or back to the survey with a reason."""
    if answers["verdict"] == "survey":
        return Outcome(variables={"verdict": "survey"}, summary=short(f"重新调研：{answers['reason']}"))
    errors = class_errors(step, answers)
    dealt = {each["key"]: each for each in answers.get("reviews", ())}
    for review in step.reviews:
        if _asks_answer(review) and str(review["body"]) not in dealt:
            errors["reviews"] = "有意见、不同意和逾期未反馈的，请逐条说明处理情况"
    refuse_if(errors)
    category = Category(answers["category"])
    return Outcome(
        variables={"verdict": "on", "category": category.value},
        prints=(_paper(step, answers, category),),
        summary=short(f"初步意见：{category.label}；{answers['opinion']}"),
    )


def _paper(step: Step, answers: Answers, category: Category) -> Print:
    captions = {str(each["body"]): caption(each) for each in step.reviews}
    replies = [
        f"{captions[each['key']]}。处理：{label_of(Dealt, each['dealt'])}，{each['how']}"
        for each in answers.get("reviews", ())
    ]
    agreed = [caption(each) for each in step.reviews if not _asks_answer(each)]
    rows = (
        *project_rows(step),
        ("现场发现", found(step.project)),
        ("会审意见及处理", "\n".join([*agreed, *replies])),
        ("初步分类", category.label),
        ("分类理由", answers.get("deviation", "") or suggestion_text(surveyed_suggestion(step))),
        ("初步处置意见", answers["opinion"]),
    )
    return Print(
        PaperKind.REVIEW_OPINION, f"{step.project['name']}会审意见汇总及初步处置意见", rows, "preliminary_opinion"
    )


HANDLER = Handler("preliminary_opinion", complete, prepare, show)
