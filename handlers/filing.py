"""备案 (P12): the leading group office files the new class, sends it back, or asks an exit for corrected papers."""

from __future__ import annotations

from forms.papers.application import Opinion
from handlers.application import level_of
from handlers.class_form import APPROVAL, class_form
from handlers.outcome import Answers, Handler, Outcome, Print, Shown, Step
from handlers.reclassification import opinions_of
from handlers.rules import label_of, short
from ledger.vocabulary import Category

COPIED = "台账抄送乡村振兴局、农业农村委"


def show(step: Step) -> Shown:
    exited = bool(step.variables.get("exit_decided"))
    if exited:
        text = "项目退出、追偿办结"
        if step.variables.get("write_off_approved"):
            text = "项目退出，未追回资金已批准核销"
    else:
        before = label_of(Category, step.variables.get("previous_category"))
        after = label_of(Category, step.variables.get("category"))
        text = f"重新分类：{before}→{after}；措施：{step.project.get('measures') or ''}"
    asked = [f"已要求补正：{entry['supplement']}" for entry in step.entries if entry.get("supplement")]
    return Shown({"submitted": "\n".join([text, *asked])}, context={"exit": "yes" if exited else "no"})


def complete(step: Step, answers: Answers) -> Outcome:
    """Confirm or send back; for an exit the item stays open until the papers are right (P12)."""
    exited = bool(step.variables.get("exit_decided"))
    if exited and answers["exit_verdict"] == "supplement":
        return Outcome(remains=True, summary=short(f"要求补正：{answers['supplement']}"))
    if not exited and answers["verdict"] == "back":
        return Outcome(variables={"verdict": "back"}, summary=short(f"退回重新分类：{answers['reason']}"))
    prints: tuple[Print, ...] = ()
    if not exited:  # the renewed form's box of the leading group: filed, and when
        signed_on = step.answered_on.get("reclassification")
        boxes = opinions_of(step.answers.get("reclassification", {}), signed_on, Opinion("已备案", step.today))
        prints = (class_form({**step.project, "level": level_of(step)}, boxes, APPROVAL, "·重新分类"),)
    return Outcome(variables={"verdict": "confirm"}, prints=prints, summary=short(f"予以备案，{COPIED}"))


HANDLER = Handler("filing", complete, show=show)
