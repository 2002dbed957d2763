"""党组研究 (P4): a meeting with minutes decides the unit's class and measures, or proposes exit (art. 13, 2)."""

from __future__ import annotations

from handlers.classing import class_errors, class_reason, suggestion_text, surveyed_suggestion
from handlers.facts import headline
from handlers.outcome import Answers, CategoryChange, Handler, Outcome, Shown, Step, Verdict
from handlers.rules import CLASS_ARTICLES, label_of, meeting_errors, refuse_if, short
from ledger.vocabulary import Category

EXIT_MEASURES = "退出追偿"  # what stands for measures while an exit is proposed


def prepare(step: Step) -> Answers:
    """Start with the preliminary opinion; a case returned for study starts with what the meeting said before."""
    preliminary = step.answers.get("preliminary_opinion", {})
    before = step.answers.get("party_meeting", {})
    start = {
        "category": step.variables.get("category") or preliminary.get("category"),
        "deviation": before.get("deviation") or preliminary.get("deviation"),
        "approach": before.get("approach") or "dispose",
        "measures": before.get("measures") or preliminary.get("opinion"),
        "exit_reason": before.get("exit_reason"),
    }
    return {name: answer for name, answer in start.items() if answer}


def show(step: Step) -> Shown:
    preliminary = step.answers.get("preliminary_opinion", {})
    decision = step.answers.get("decision", {})
    returned = str(decision["reason"]) if decision.get("verdict") == "return" else ""
    category = label_of(Category, preliminary.get("category"))
    return Shown(
        {
            "returned": returned,
            "project": headline(step),
            "suggestion": suggestion_text(surveyed_suggestion(step)),
            "preliminary": f"{category}；{preliminary.get('opinion', '')}" if category else "",
        },
        context={"returned": "true" if returned else "false"},
    )


def complete(step: Step, answers: Answers) -> Outcome:
    """Decide on a meeting that was held and has minutes; another class than suggested is explained (C5)."""
    if answers["verdict"] == "survey":
        refuse_if(meeting_errors(step))
        return Outcome(
            variables={"verdict": "survey"},
            verdict=Verdict(int(answers["meeting"]), "survey", reason=answers["reason"]),
            summary=short(f"重新调研：{answers['reason']}"),
        )
    refuse_if({**class_errors(step, answers), **meeting_errors(step)})
    category = Category(answers["category"])
    exits = answers["approach"] == "exit"
    measures = EXIT_MEASURES if exits else answers["measures"]
    reason = class_reason(step, answers)
    outcome = f"建议退出追偿：{answers['exit_reason']}" if exits else measures
    return Outcome(
        variables={"verdict": "on", "category": category.value, "exit_proposed": exits},
        project={"measures": measures},
        category=CategoryChange(category.value, CLASS_ARTICLES[category], reason),
        verdict=Verdict(int(answers["meeting"]), "on", category.value, measures, answers.get("exit_reason", reason)),
        summary=short(f"{category.label}；{outcome}"),
    )


HANDLER = Handler("party_meeting", complete, prepare, show)
