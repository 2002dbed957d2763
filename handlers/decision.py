"""领导小组审定 (P6): a meeting approves, changes or returns; exit, recovery and write-off are decided here too."""

from __future__ import annotations

from typing import Any

from forms.rendering import yuan
from handlers.outcome import Answers, CategoryChange, Handler, Outcome, Shown, Step, Verdict
from handlers.party_meeting import EXIT_MEASURES
from handlers.rules import (
    CLASS_ARTICLES,
    NO_ASSESSMENT,
    amount_in,
    day_in,
    label_of,
    meeting_errors,
    refuse_if,
    short,
)
from ledger.vocabulary import Category

EXITED = "退出"  # the remark an exited project keeps in the ledger
_CLEARED = dict.fromkeys(("exit_proposed", "write_off_proposed", "objection_upheld", "objection_open"), False)


def prepare(step: Step) -> Answers:
    """Start with what the unit proposed; an exit in question is never answered beforehand."""
    project = step.project
    start: dict[str, Any] = {
        "category": proposed_category(step),
        "measures": project.get("measures"),
        "business_unit": str(project["responsible_unit_id"]) if project.get("responsible_unit_id") else None,
    }
    if _write_off_open(step):
        start["exit"] = "decided"
        start["recover_yuan"] = step.answers.get("exit_recovery", {}).get("write_off_yuan")
    elif _exit_open(step):
        proposed = step.answers.get("disposal", {}).get("exit_recover_yuan")
        start["recover_yuan"] = step.answers.get("decision", {}).get("recover_yuan") or proposed
    else:
        start["exit"] = "none"
    return {name: value for name, value in start.items() if value}


def show(step: Step) -> Shown:
    """Show why the case is here and what the unit proposed."""
    project = step.project
    category = label_of(Category, proposed_category(step)) or "未提出类别"
    proposal = f"{category}；{project.get('measures') or '未提出措施'}"
    context = {"write_off": "yes" if _write_off_open(step) else "no"}
    return Shown({"grounds": "\n".join(_grounds(step)), "proposal": proposal}, context=context)


def proposed_category(step: Step) -> str | None:
    """Return the class the unit's meeting proposed, or the one decided before."""
    return step.variables.get("category") or step.project.get("category")


def _grounds(step: Step) -> list[str]:
    grounds = []
    if step.variables.get("objection_upheld"):
        findings = step.answers.get("objection", {}).get("objections", ())
        upheld = [record["finding"] for record in findings if record.get("upheld") == "yes"]
        grounds.append("公告期内异议成立，重新提请审定：" + "；".join(upheld))
    if step.variables.get("write_off_proposed"):
        proposal = step.answers.get("exit_recovery", {})
        amount = yuan(amount_in(proposal, "write_off_yuan"))
        grounds.append(f"提请核销{amount}：{proposal.get('write_off_reason', '')}")
    elif step.variables.get("exit_proposed"):
        given = (step.answers.get(stem, {}).get("exit_reason") for stem in ("party_meeting", "disposal"))
        grounds.append("提出退出：" + "；".join(reason for reason in given if reason))
    return grounds or ["审定“四个一批”分类及处置措施"]


def _exit_open(step: Step) -> bool:
    return bool(step.variables.get("exit_proposed") or step.variables.get("exit_decided"))


def _write_off_open(step: Step) -> bool:
    """A write-off is decided when proposed, and again when an objection to it was upheld."""
    return bool(step.variables.get("write_off_proposed") or step.variables.get("write_off_approved"))


def complete(step: Step, answers: Answers) -> Outcome:
    """Carry the meeting's verdict; 重建 without 评估报告 can only be returned."""
    if answers["verdict"] == "return":
        return _returned(step, answers)
    refuse_if({**_class_errors(step, answers), **_exit_errors(step, answers), **meeting_errors(step)})
    exited = answers["exit"] == "decided"
    category = answers.get("category") or proposed_category(step)
    measures = answers.get("measures") or step.project.get("measures") or ""
    reason = answers.get("reason", "")
    variables: dict[str, Any] = {
        **_CLEARED,
        "verdict": answers["verdict"],
        "approved": True,
        "exit_decided": exited,
        "write_off_approved": answers.get("write_off") == "approved",
        "business_unit": _business_unit(step, answers),
    }
    if category:
        variables["category"] = category
    if answers.get("exit_due_on"):
        variables["exit_due_on"] = answers["exit_due_on"]
    return Outcome(
        variables=variables,
        project={"category": category, "measures": measures, **_exit_columns(step, exited)},
        category=_category_change(step, category, reason, exited),
        verdict=Verdict(int(answers["meeting"]), answers["verdict"], category, measures, reason),
        summary=short(_summary(answers, category)),
    )


def _returned(step: Step, answers: Answers) -> Outcome:
    errors = meeting_errors(step)
    if not answers.get("reason"):
        errors["reason"] = "退回研究须写明理由"
    if _write_off_open(step) and not step.variables.get("objection_upheld"):
        errors["verdict"] = "核销建议只能同意或不同意；不同意的，继续追偿"
    refuse_if(errors)
    variables: dict[str, Any] = {
        **_CLEARED,
        "verdict": "return",
        "approved": False,
        "exit_decided": False,
        "write_off_approved": False,
    }
    return Outcome(
        variables=variables,
        project=_exit_columns(step, exited=False),
        verdict=Verdict(int(answers["meeting"]), "return", reason=answers["reason"]),
        summary=short(f"退回研究：{answers['reason']}"),
    )


def _class_errors(step: Step, answers: Answers) -> dict[str, str]:
    project = step.project
    errors: dict[str, str] = {}
    if answers["exit"] != "decided":
        for name, sentence in (("category", "请选择“四个一批”认定"), ("measures", "请填写处置措施")):
            if not answers.get(name):
                errors[name] = sentence
    proposed = (proposed_category(step), project.get("measures") or "")
    given = (answers.get("category") or proposed[0], answers.get("measures") or proposed[1])
    if answers["verdict"] == "approve" and given != proposed and proposed[0]:
        errors["verdict"] = "类别或措施与报送意见不同，请选“调整类别或措施后同意”并写明理由"
    if answers["verdict"] == "change":
        if given == proposed:
            errors["verdict"] = "类别和措施都没有调整，请选“同意”"
        if not answers.get("reason"):
            errors["reason"] = "调整类别或措施须写明理由"
    if given[0] == Category.REBUILD and answers["exit"] != "decided" and not step.assessed:
        errors["category"] = f"{NO_ASSESSMENT}，请退回并补充项目评估报告"
    return errors


def _exit_errors(step: Step, answers: Answers) -> dict[str, str]:
    errors: dict[str, str] = {}
    exit_answer = answers["exit"]
    approved = answers.get("write_off") == "approved"
    proposed = bool(step.variables.get("exit_proposed"))
    if proposed and exit_answer == "none":
        errors["exit"] = "本项目提出了退出，请选择决定退出或不同意退出"
    if exit_answer == "refused" and not _exit_open(step):
        errors["exit"] = "本项目没有提出退出"
    if exit_answer != "decided" and _write_off_open(step) and not step.variables.get("objection_upheld"):
        errors["exit"] = "项目已决定退出，审定核销时不能改变"
    if exit_answer == "decided" and not approved:
        due_on = day_in(answers, "exit_due_on")
        if due_on is None:
            errors["exit_due_on"] = "请填写追偿期限"
        elif due_on < step.today:
            errors["exit_due_on"] = "追偿期限不能早于今天"
    if exit_answer == "refused" and answers.get("measures") == EXIT_MEASURES:
        errors["measures"] = "不同意退出的，请写明处置措施"
    if not answers.get("reason") and (exit_answer == "refused" or answers.get("write_off") == "refused"):
        errors["reason"] = "不同意退出或不同意核销的，须写明理由"
    return errors


def _business_unit(step: Step, answers: Answers) -> int | None:
    chosen = answers.get("business_unit")
    return int(chosen) if chosen else step.project.get("responsible_unit_id")


def _exit_columns(step: Step, exited: bool) -> dict[str, Any]:
    """Exit on the day of the meeting, once; an exit taken back after an upheld objection leaves no trace here (R6)."""
    project = step.project
    remarks = [part for part in str(project.get("remark") or "").split("；") if part and part != EXITED]
    if exited:
        decided_on = step.meeting.held_on if step.meeting else step.today
        return {"exited_on": project.get("exited_on") or decided_on, "remark": "；".join([*remarks, EXITED])}
    return {"exited_on": None, "remark": "；".join(remarks)} if project.get("exited_on") else {}


def _category_change(step: Step, category: str | None, reason: str, exited: bool) -> CategoryChange | None:
    """Every decision on the class is history; an exit that leaves the class alone is none."""
    if not category or (exited and category == proposed_category(step)):
        return None
    return CategoryChange(category, CLASS_ARTICLES[Category(category)], reason or "领导小组会议审定同意")


def _summary(answers: Answers, category: str | None) -> str:
    if answers.get("write_off"):
        return "同意核销" if answers["write_off"] == "approved" else f"不同意核销：{answers['reason']}"
    if answers["exit"] == "decided":
        return f"决定退出，追偿{yuan(amount_in(answers, 'recover_yuan'))}"
    word = "同意" if answers["verdict"] == "approve" else "调整后同意"
    studied = "，专题研究、集中认定" if category == Category.REBUILD else ""
    refused = "，不同意退出" if answers["exit"] == "refused" else ""
    return f"{word}：认定为{label_of(Category, category)}类{studied}{refused}"


HANDLER = Handler("decision", complete, prepare, show)
