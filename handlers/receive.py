"""签收项目 (P1): the responsible unit takes a pushed project, or hands it back with a reason."""

from __future__ import annotations

from handlers.facts import place
from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from handlers.rules import short
from ledger.vocabulary import Level


def prepare(step: Step) -> Answers:
    """Start with the level the import gave."""
    level = step.project.get("level")
    return {"level": level} if level else {}


def show(step: Step) -> Shown:
    project = step.project
    return Shown(
        {
            "name": project["name"],
            "number": project["number"],
            "implementation_year": str(project["implementation_year"] or "未填写"),
            "place": place(project),
            "unit_text": project.get("unit_text") or "",
            "construction": project.get("construction") or "",
        }
    )


def complete(step: Step, answers: Answers) -> Outcome:
    """Publish the level, which decides between Annex 1, 2 and 3 (F1–F3); a hand-back leaves it as it was."""
    if answers["verdict"] == "back":
        return Outcome(variables={"verdict": "back"}, summary=short(f"退回：{answers['reason']}"))
    level = Level(answers["level"])
    return Outcome(
        variables={"verdict": "taken", "level": level.value},
        project={"level": level.value},
        summary=f"签收，{level.label}项目",
    )


HANDLER = Handler("receive", complete, prepare, show)
