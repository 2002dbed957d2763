"""批复 (P6): the leading group's answer to a unit, one per meeting and unit; the ledger goes in copy (art. 2)."""

from __future__ import annotations

from datetime import date

from forms.papers.application import Opinion
from forms.rendering import chinese_date, yuan
from handlers.application import level_of, village_opinion
from handlers.class_form import APPROVAL, Opinions, class_form
from handlers.outcome import Answers, Handler, Outcome, Print, ReplyIssued, Shown, Step
from handlers.rules import amount_in, day_in, label_of, refuse_if, short
from ledger.vocabulary import Category

REQUEST = (
    "请按批复的处置措施迅速开展处置工作，将停产闲置率、经营困难率、未按约定联农带农率降至最低限度，"
    "并在项目实施主管单位和实施地分别公告5个工作日以上。"
)


def decided(step: Step) -> str:
    """Say in one text what the leading group decided last: the words of 批复 and 公告."""
    answers = step.answers.get("decision", {})
    if answers.get("write_off") == "approved":
        return f"同意核销未追回资金{yuan(amount_in(answers, 'recover_yuan'))}。"
    if answers.get("exit") == "decided":
        due_on = day_in(answers, "exit_due_on")
        until = f"，于{chinese_date(due_on)}前追偿完毕" if due_on else ""
        again = "不同意核销，" if answers.get("write_off") == "refused" else ""
        return f"{again}决定退出，追偿资金{yuan(amount_in(answers, 'recover_yuan'))}{until}。"
    category = label_of(Category, step.project.get("category"))
    return f"认定为{category}类项目。处置措施：{step.project.get('measures') or ''}"


def prepare(step: Step) -> Answers:
    known = {"number": step.reply_number} if step.reply_number else {}
    return {"issued_on": step.today.isoformat(), "request": REQUEST, **known}


def show(step: Step) -> Shown:
    return Shown({"result": decided(step)})


def complete(step: Step, answers: Answers) -> Outcome:
    """Join the reply of the meeting that decided, and put the decision on the form."""
    issued_on = day_in(answers, "issued_on")
    assert issued_on is not None  # the form requires it
    errors: dict[str, str] = {}
    if "meeting" not in step.answers.get("decision", {}):  # a token can be moved past the decision
        errors[""] = "领导小组还没有审定，不能批复，请调整到“领导小组审定”"
    if issued_on > step.today:
        errors["issued_on"] = "批复日期不能晚于今天"
    elif step.meeting is not None and issued_on < step.meeting.held_on:
        errors["issued_on"] = f"批复日期不能早于会议日期{chinese_date(step.meeting.held_on)}"
    refuse_if(errors)
    number = str(answers.get("number") or step.reply_number)
    brought = bool(answers.get("scan"))
    return Outcome(
        reply=ReplyIssued(int(step.answers["decision"]["meeting"]), number, issued_on, answers["request"], brought),
        prints=(approved_form(step, issued_on),),
        summary=short(f"{number or '已批复'}，台账抄送乡村振兴局、农业农村委"),
    )


def approved_form(step: Step, replied_on: date) -> Print:
    """Write 审批表: the form with every opinion on it, the leading group's included."""
    signed = step.answers.get("unit_opinion", {})
    township = Opinion(str(signed.get("opinion") or ""), step.answered_on.get("unit_opinion"))
    group = Opinion(decided(step), step.meeting.held_on if step.meeting else replied_on)
    project = {**step.project, "level": level_of(step)}
    return class_form(project, Opinions(village_opinion(step), township, group), APPROVAL)


HANDLER = Handler("reply", complete, prepare, show)
