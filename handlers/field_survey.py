"""实地调研 (P2): every field of the annexes checked on site, and what was found there of art. 3–6."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from forms.rendering import answer_from, chinese_date, project_text, total_yuan
from handlers.classing import suggestion_of, suggestion_text
from handlers.facts import found, place, state, value
from handlers.outcome import Answers, Handler, Outcome, Print, Shown, Step
from handlers.rules import day_in, label_of, refuse_if, short
from ledger.findings import FAILURES, Finding
from ledger.vocabulary import Category, Operation, PaperKind

# the form's fields of these names start from the columns of the same name
COLUMNS = (
    "name", "township_text", "village_text", "implementation_year", "responsible_body", "responsible_person",
    "telephone", "industry", "construction", "funding", "balance_yuan", "receivable_yuan", "appraised_yuan",
    "other_value_yuan", "operating_mode", "function", "use", "operation", "causes", "operation_ledger", "problems",
    "linkage", "linkage_gaps", "remark", "findings",
)  # fmt: skip
_CARRIED = ("team", "villagers_opinion", "conclusion", "contract_absence", "marked_failed")
_TELEPHONE = re.compile(r"1[3-9][0-9]{9}|(0[0-9]{2,3}-?)?[0-9]{7,8}(-[0-9]{1,5})?")


def prepare(step: Step) -> Answers:
    """Start with the project as the register has it; a second survey also with what the first wrote down."""
    start = {name: answer_from(step.project.get(name)) for name in COLUMNS}
    start["township_text"] = start["township_text"] or answer_from(step.project.get("township"))
    start["village_text"] = start["village_text"] or answer_from(step.project.get("village"))
    start["responsible_body"] = start["responsible_body"] or step.unit_name
    before = step.answers.get("field_survey", {})
    start |= {name: before.get(name) for name in _CARRIED}
    return {name: answer for name, answer in start.items() if answer is not None}


def show(step: Step) -> Shown:
    returned = returned_reason(step)
    count = len(step.variables.get("reviewing_bodies") or ())
    return Shown(
        {
            "number": str(step.project["number"]),
            "returned": returned,
            "standing_reviewers": f"财政、审计、纪检监察等 {count} 个会审单位，同时收到会审任务",
        },
        context={"returned": "true" if returned else "false"},
    )


def returned_reason(step: Step) -> str:
    """Return why the case came back to the survey; "" on its first visit.

    The earliest step of the round that said “survey” said it last: none after it was reached since.
    """
    if "field_survey" not in step.answers:
        return ""
    reasons = (step.answers.get(stem, {}) for stem in ("preliminary_opinion", "party_meeting", "acceptance_check"))
    return next((str(each["reason"]) for each in reasons if each.get("verdict") == "survey"), "")


def complete(step: Step, answers: Answers) -> Outcome:
    """Publish what the findings suggest and whether a 评估报告 is due (art. 10)."""
    refuse_if(_errors(step, answers))
    findings = answers.get("findings", ())
    suggestion = suggestion_of(step, findings)
    suggested = suggestion.category if suggestion else None
    failed = bool(FAILURES.intersection(findings)) or bool(answers.get("marked_failed"))
    project = {**step.project, **{name: answers.get(name) for name in COLUMNS}}
    return Outcome(
        variables={
            "needs_assessment": failed,
            "suggested_category": suggested,
            "reviewing_bodies": reviewing_bodies(step, answers.get("more_reviewers", ())),
        },
        prints=() if answers.get("report") else (_report(project, answers, suggestion_text(suggestion)),),
        summary=_summary(answers, suggested, failed),
    )


def reviewing_bodies(step: Step, added: Sequence[str]) -> list[int]:
    """Return the standing reviewing bodies and those the unit adds, each once."""
    standing = step.variables.get("reviewing_bodies") or ()
    return list(dict.fromkeys([*(int(each) for each in standing), *(int(each) for each in added)]))


def _errors(step: Step, answers: Answers) -> dict[str, str]:
    errors = contradictions(answers)
    if not _TELEPHONE.fullmatch(answers["telephone"]):
        errors["telephone"] = "联系电话应为11位手机号码，或带区号的固定电话"
    if answers["implementation_year"] > step.today.year:
        errors["implementation_year"] = "实施年度不能晚于今年"
    surveyed_on = day_in(answers, "surveyed_on")
    if surveyed_on and surveyed_on > step.today:
        errors["surveyed_on"] = "调研日期不能晚于今天"
    if not total_yuan(answers["funding"]):
        errors["funding"] = "投资规模合计不能为 0"
    if not answers.get("contract") and not answers.get("contract_absence"):
        errors["contract"] = "请上传项目协议书或合同书；没有的，请说明"
    return errors


def contradictions(answers: Answers) -> dict[str, str]:
    """Name findings that the state of operation denies: the table would suggest a class the form disproves."""
    findings = answers.get("findings", ())
    stopped = answers["operation"] == Operation.STOPPED
    if stopped and Finding.RUNS_NORMALLY in findings:
        return {"findings": f"生产经营选了停产闲置，不能同时勾选“{Finding.RUNS_NORMALLY.label}”"}
    if answers["operation"] == Operation.NORMAL and Finding.STOPPED_FOR_NOW in findings:
        return {"findings": f"生产经营选了正常，不能同时勾选“{Finding.STOPPED_FOR_NOW.label}”"}
    return {}


def _summary(answers: Answers, suggested: str | None, failed: bool) -> str:
    words = f"完成实地调研，{project_text('operation', answers['operation'])}"
    words += f"，建议{label_of(Category, suggested)}" if suggested else "，没有分类建议"
    return short(words + ("，须出具评估报告" if failed else ""))


def _report(project: dict[str, Any], answers: Answers, suggestion: str) -> Print:
    """Write 实地调研情况报告 from the form, when the unit brings none of its own."""
    surveyed_on = day_in(answers, "surveyed_on")
    assert surveyed_on is not None  # the form requires it
    team = "\n".join(f"{each['name']}，{each['unit']}，{each['title']}" for each in answers["team"])
    rows = (
        ("项目名称", str(project["name"])),
        ("项目编号", str(project["number"])),
        ("项目地点", place(project)),
        ("实施年度", str(project["implementation_year"])),
        ("责任单位", str(project["responsible_body"])),
        ("产业类型", project_text("industry", project["industry"])),
        ("建设内容", str(project["construction"])),
        ("投资规模", project_text("funding", project["funding"])),
        ("项目现值（估算）", value(project)),
        ("运营模式", project_text("operating_mode", project["operating_mode"])),
        ("项目现状", state(project)),
        ("现场发现", found(project)),
        ("分类建议", suggestion),
        ("调研日期", chinese_date(surveyed_on)),
        ("专业力量", team),
        ("群众意见", answers["villagers_opinion"]),
        ("调研结论和处置建议", answers["conclusion"]),
    )
    return Print(PaperKind.SURVEY_REPORT, f"{project['name']}实地调研情况报告", rows, "survey_report")


HANDLER = Handler("field_survey", complete, prepare, show)
