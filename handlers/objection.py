"""异议核查 (P7): a finding on every open objection; the first upheld one ends the period and reopens the decision."""

from __future__ import annotations

from forms.rendering import chinese_date
from handlers.outcome import Answers, Handler, ObjectionFinding, Outcome, Shown, Step
from handlers.rules import day_in, refuse_if, short


def show(step: Step) -> Shown:
    records = tuple(
        (str(each.id), f"{each.raised_by}（{chinese_date(each.entered_on)}）：{each.content}")
        for each in step.objections
    )
    return Shown(records={"objections": records})


def complete(step: Step, answers: Answers) -> Outcome:
    given = {record["key"]: record for record in answers.get("objections", ())}
    errors = {
        f"objections.{each.id}.upheld": f"{each.raised_by}的异议还没有核查结果"
        for each in step.objections
        if str(each.id) not in given
    }
    examined_on = day_in(answers, "examined_on")
    if examined_on is not None and examined_on > step.today:
        errors["examined_on"] = "核查日期不能晚于今天"
    refuse_if(errors)
    findings = tuple(
        ObjectionFinding(each.id, given[str(each.id)]["upheld"] == "yes", given[str(each.id)]["finding"])
        for each in step.objections
    )
    upheld_count = sum(each.upheld for each in findings)
    ending = "公告终止，重新提请审定" if upheld_count else "公告期继续"
    return Outcome(
        variables={"objection_upheld": upheld_count > 0, "objection_open": False},
        findings=findings,
        summary=short(f"核查{len(findings)}条，成立{upheld_count}条，{ending}"),
    )


HANDLER = Handler("objection", complete, show=show)
