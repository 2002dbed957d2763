"""The decision table's suggestion, in words, and what people owe it: the reason why they decide otherwise (C5)."""

from __future__ import annotations

from collections.abc import Collection

from handlers.outcome import Answers, Step
from handlers.rules import NO_ASSESSMENT, label_of
from ledger.classification import Suggestion
from ledger.vocabulary import Category

_NUMERALS = dict(zip("3456", "三四五六", strict=True))  # as the directive numbers its classes


def suggestion_of(step: Step, findings: Collection[str]) -> Suggestion | None:
    """Ask the decision table (C5); None when the case has none."""
    return step.suggest(findings) if step.suggest is not None else None


def suggestion_text(suggestion: Suggestion | None) -> str:
    """Say what the table suggests, with its reasons and articles."""
    if suggestion is None:
        return ""
    head = f"建议认定为{label_of(Category, suggestion.category)}" if suggestion.category else "没有建议"
    reasons = [
        f"{label_of(Category, each.category)}{_article(each.article)}：{each.text}" for each in suggestion.reasons
    ]
    return "\n".join([head, *reasons, *([suggestion.note] if suggestion.note else [])])


def _article(article: str) -> str:
    return f"（第{_NUMERALS.get(article, article)}条）" if article else "（系统规则）"


def surveyed_suggestion(step: Step) -> Suggestion | None:
    """Return the suggestion on what the survey found."""
    return suggestion_of(step, step.project.get("findings") or ())


def class_errors(step: Step, answers: Answers) -> dict[str, str]:
    """Name what speaks against `category`: 重建 without its report, a class other than suggested without `deviation`.

    Where the table has no suggestion, the people's reason is the only one the record of the class can hold.
    """
    errors: dict[str, str] = {}
    if answers["category"] == Category.REBUILD and not step.assessed:
        errors["category"] = NO_ASSESSMENT
    suggestion = surveyed_suggestion(step)
    if suggestion is None or answers.get("deviation"):
        return errors
    if suggestion.category is None:
        errors["deviation"] = "系统没有分类建议，请写明分类理由"
    elif suggestion.category != answers["category"]:
        errors["deviation"] = f"与系统建议的{label_of(Category, suggestion.category)}不同，请写明理由"
    return errors


def class_reason(step: Step, answers: Answers) -> str:
    """Return why the class was chosen: the people's words, else the table's reasons."""
    if answers.get("deviation"):
        return str(answers["deviation"])
    suggestion = surveyed_suggestion(step)
    reasons = suggestion.reasons if suggestion else ()
    return "；".join(each.text for each in reasons if each.category == answers["category"])
