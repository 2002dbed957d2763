"""处置方案 (P8): measures of art. 7 or 8, one plan per 盘活 project (art. 9), 重建 by its cause (art. 10).

A plan in every class also mends weak linkage (art. 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from forms.rendering import chinese_date, yuan
from handlers.consultation import OPINIONS, party_name
from handlers.outcome import Answers, Handler, Outcome, Print, Shown, Step
from handlers.rules import (
    amount_in,
    day_in,
    label_of,
    labels_of,
    project_rows,
    refuse_if,
    short,
)
from ledger.vocabulary import (
    Category,
    Cause,
    ConsolidateMeasure,
    FailureKind,
    PaperKind,
    ReviveWay,
    Term,
    UpgradeMeasure,
)

LONGEST = timedelta(days=366)
CHOSEN: dict[str, tuple[str, type[Term]]] = {  # category → field and list of its measures
    Category.CONSOLIDATE: ("consolidate_measures", ConsolidateMeasure),
    Category.UPGRADE: ("upgrade_measures", UpgradeMeasure),
    Category.REVIVE: ("revive_ways", ReviveWay),
}
_FITTED = (
    ("new_project", "新规划、新项目"),
    ("completed_facilities", "完善设施、补齐短板"),
    ("new_variety", "新品种、新技术"),
    ("other_remedy", "针对失败原因的措施"),
)


def category_of(step: Step) -> str:
    return str(step.variables.get("category") or step.project.get("category") or "")


def _asked(review: Answers) -> str:
    return party_name(review["body"], review.get("body_name", ""))


def show(step: Step) -> Shown:
    """Show the approved class, and to a 重建 plan the opinions it must answer."""
    category = category_of(step)
    approved = f"{label_of(Category, category)}；{step.project.get('measures') or ''}"
    records = tuple(
        (str(each["body"]), f"{_asked(each)}：{OPINIONS.get(each['opinion'], '')}，{each['text']}")
        for each in step.reviews
    )
    context = {"category": category, "linkage": str(step.project.get("linkage") or "")}
    return Shown({"approved": approved}, {"opinions": records} if category == Category.REBUILD else {}, context)


def complete(step: Step, answers: Answers) -> Outcome:
    """Take the plan; its own date, at most a year away, becomes the due date of 处置落实."""
    refuse_if({**_class_errors(step, answers), **_day_errors(step, answers)})
    due_on = day_in(answers, "plan_due_on")
    assert due_on is not None  # the form requires it
    prints = () if answers.get("scan") else _papers(step, answers)
    return Outcome(
        variables={"plan_due_on": due_on.isoformat()},
        prints=prints,
        summary=short(f"{chinese_date(due_on)}前完成：{answers['plan']}"),
    )


def _class_errors(step: Step, answers: Answers) -> dict[str, str]:
    category = category_of(step)
    errors: dict[str, str] = {}
    chosen = CHOSEN.get(category)
    if chosen and not answers.get(chosen[0]):
        errors[chosen[0]] = f"请至少选择一项{label_of(Category, category)}措施"
    if category == Category.REVIVE:
        if not answers.get("idle_causes"):
            errors["idle_causes"] = "请逐个列出停产闲置原因"
        if not answers.get("assets"):
            errors["assets"] = "请逐个列出资源资产现状"
    if category == Category.REBUILD:
        if not any(answers.get(name) for name, _label in _FITTED):
            errors["failure"] = "请按失败原因写明重建的办法"
        answered = {record["key"] for record in answers.get("opinions", ())}
        for each in step.reviews:
            if each["body"] not in answered:
                errors[f"opinions.{each['body']}.answer"] = f"{_asked(each)}的意见还没有答复"
    if step.project.get("linkage") == "partial" and not answers.get("linkage_rectification"):
        errors["linkage_rectification"] = "联农带农作用不充分，请写明整改措施（第二条）"
    return errors


def _day_errors(step: Step, answers: Answers) -> dict[str, str]:
    due_on = day_in(answers, "plan_due_on")
    if due_on is None:
        return {"plan_due_on": "请填写计划完成日期"}
    if due_on < step.today:
        return {"plan_due_on": "计划完成日期不能早于今天"}
    if due_on > step.today + LONGEST:
        return {"plan_due_on": "计划完成日期最长一年"}
    return {}


def _papers(step: Step, answers: Answers) -> tuple[Print, ...]:
    """Write the plan of the class; a 盘活 project also gets its own 台账 (art. 9)."""
    category, rows, lists = category_of(step), _rows(step, answers), _lists(step, answers)
    name = step.project["name"]
    template = _TEMPLATES.get(category, "plan")
    plan = Print(PaperKind.PLAN, f"{name}{label_of(Category, category)}方案", rows, template, lists)
    if category != Category.REVIVE:
        return (plan,)
    return plan, Print(PaperKind.PLAN, f"{name}盘活项目台账", rows, "revive_ledger", lists)


_TEMPLATES: Mapping[str, str] = {Category.REVIVE: "revive_plan", Category.REBUILD: "rebuild_plan"}


def _rows(step: Step, answers: Answers) -> tuple[tuple[str, str], ...]:
    category = category_of(step)
    due_on = day_in(answers, "plan_due_on")
    assert due_on is not None
    rows = [
        *project_rows(step),
        ("类别", label_of(Category, category)),
        ("审定措施", str(step.project.get("measures") or "")),
        ("处置方案", answers["plan"]),
        ("联农带农整改", answers.get("linkage_rectification") or ""),
        ("计划投入资金", yuan(amount_in(answers, "planned_yuan")) if answers.get("planned_yuan") else ""),
        ("牵头人", answers["in_charge"]),
        ("计划完成日期", chinese_date(due_on)),
    ]
    if category in CHOSEN:
        name, terms = CHOSEN[category]
        rows.append(("选用的措施", labels_of(terms, answers[name])))
    if answers.get("failure"):
        rows.append(("失败原因", f"{FailureKind(answers['failure']).label}：{answers.get('failure_facts', '')}"))
    return tuple(row for row in rows if row[1])


def _lists(step: Step, answers: Answers) -> dict[str, list[dict[str, str]]]:
    """Return what the plan tells one by one: causes and assets (art. 9), remedies and opinions (art. 10)."""
    names = {str(each["body"]): _asked(each) for each in step.reviews}
    return {
        "停产闲置原因": [
            {"原因": Cause(each["cause"]).label, "情况": each["facts"], "办法": each["remedy"]}
            for each in answers.get("idle_causes", ())
        ],
        "资源资产": [
            {
                "名称": each["name"],
                "数量": each["quantity"],
                "现值": yuan(amount_in(each, "value_yuan")) if each.get("value_yuan") else "",
                "用途": each["use"],
            }
            for each in answers.get("assets", ())
        ],
        "重建办法": [{"类型": label, "内容": answers[name]} for name, label in _FITTED if answers.get(name)],
        "意见采纳": [
            {"单位": names.get(each["key"], each["key"]), "答复": each["answer"]}
            for each in answers.get("opinions", ())
        ],
    }


HANDLER = Handler("disposal_plan", complete, show=show)
