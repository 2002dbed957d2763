"""成效评定 (P10): results against measures, the project's condition surveyed again; not reached means another round."""

from __future__ import annotations

from typing import Any

from forms.rendering import chinese_date
from handlers.disposal_plan import CHOSEN, category_of
from handlers.outcome import Answers, Handler, Outcome, Print, Shown, Step
from handlers.rules import day_in, label_of, project_rows, refuse_if, short
from ledger.vocabulary import Function, Linkage, Operation, PaperKind, Use

WHOLE_PLAN = "plan"
DONE = {"yes": "已落实", "partly": "部分落实", "no": "未落实"}


def measures_of(step: Step) -> tuple[tuple[str, str], ...]:
    """Return (key, words) of each measure the plan promised."""
    plan = step.answers.get("disposal_plan", {})
    chosen = CHOSEN.get(category_of(step))
    rows: list[tuple[str, str]] = []
    if chosen:
        name, terms = chosen
        rows = [(key, terms(key).label) for key in plan.get(name, ())]
    return (*rows, (WHOLE_PLAN, f"处置方案：{plan.get('plan') or step.project.get('measures') or ''}"))


def prepare(step: Step) -> Answers:
    return {"surveyed_on": step.today.isoformat()}


def show(step: Step) -> Shown:
    percent, progress = step.project.get("progress_percent"), step.project.get("progress") or ""
    return Shown(
        {"progress": f"{percent}%：{progress}" if percent is not None else progress}, {"results": measures_of(step)}
    )


def complete(step: Step, answers: Answers) -> Outcome:
    reached = answers["reached"] == "yes"
    refuse_if(_errors(step, answers, reached))
    variables: dict[str, Any] = {"reached": reached, "round": int(step.variables.get("round", 1))}
    if not reached:
        variables["round"] += 1
        variables["plan_due_on"] = answers["next_due_on"]
    title = f"{step.project['name']}整改成效评定表"
    prints = () if answers.get("materials") else (Print(PaperKind.EVALUATION, title, _rows(step, answers)),)
    word = "达到整改成效" if reached else "未达到，继续处置"
    return Outcome(
        variables=variables,
        next_round=not reached,
        prints=prints,
        summary=short(f"{word}：{answers['reason']}"),
    )


def _errors(step: Step, answers: Answers, reached: bool) -> dict[str, str]:
    errors: dict[str, str] = {}
    surveyed_on, next_due_on = day_in(answers, "surveyed_on"), day_in(answers, "next_due_on")
    if surveyed_on is not None and surveyed_on > step.today:
        errors["surveyed_on"] = "核实日期不能晚于今天"
    if not reached and (next_due_on is None or next_due_on < step.today):
        errors["next_due_on"] = "请填写今天或以后的完成日期"
    answered = {record["key"]: record for record in answers.get("results", ())}
    for key, words in measures_of(step):
        if key not in answered:
            errors[f"results.{key}.done"] = f"“{short(words)}”还没有填写落实情况"
    if reached and any(record["done"] == "no" for record in answered.values()):
        errors["reached"] = "还有措施未落实，不能评为达到整改成效"
    return errors


def _rows(step: Step, answers: Answers) -> tuple[tuple[str, str], ...]:
    words = dict(measures_of(step))
    results = [
        (words.get(each["key"], each["key"]), f"{DONE[each['done']]}。{each['result']}") for each in answers["results"]
    ]
    surveyed_on = day_in(answers, "surveyed_on") or step.today
    return (
        *project_rows(step),
        *results,
        ("功能现状", label_of(Function, answers["function"])),
        ("使用现状", label_of(Use, answers["use"])),
        ("生产经营情况", label_of(Operation, answers["operation"])),
        ("联农带农作用", label_of(Linkage, answers["linkage"])),
        ("评定结论", "达到整改成效" if answers["reached"] == "yes" else "未达到整改成效，继续处置"),
        ("理由", answers["reason"]),
        ("评定人员", answers["evaluators"]),
        ("核实日期", chinese_date(surveyed_on)),
    )


HANDLER = Handler("evaluation", complete, prepare, show)
