"""重新分派 (P1): the bureau gives a handed-back project to another unit, or withdraws it."""

from __future__ import annotations

from handlers.facts import place
from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from handlers.rules import refuse_if, short


def show(step: Step) -> Shown:
    project = step.project
    return Shown(
        {
            "name": project["name"],
            "number": project["number"],
            "place": place(project),
            "former_unit": project.get("responsible_unit") or "",
            "unit_text": project.get("unit_text") or "",
            "returned": step.answers.get("receive", {}).get("reason", ""),
        }
    )


def complete(step: Step, answers: Answers) -> Outcome:
    """Name the unit that runs the case from now on; the one that handed the project back is no answer."""
    if answers["verdict"] == "withdraw":
        return Outcome(variables={"verdict": "withdraw"}, summary=short(f"撤销：{answers['reason']}"))
    unit_id = int(answers["unit"])
    if unit_id == step.project.get("responsible_unit_id"):
        refuse_if({"unit": "这个单位刚退回本项目，请改派其他单位"})
    return Outcome(
        variables={"verdict": "unit"}, responsible_unit_id=unit_id, summary=short(f"改派：{answers['reason']}")
    )


HANDLER = Handler("reassign", complete, show=show)
