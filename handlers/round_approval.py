"""审核 (R1, R4): the unit's 审核人 signs what goes out of the house, with a statement of truth on the yearly report."""

from __future__ import annotations

from forms.rendering import chinese_date, table_name
from handlers.outcome import Answers, Handler, Outcome, Print, RoundFacts, Shown, Step
from handlers.rules import day_in, short
from ledger.vocabulary import Category, PaperKind, RoundKind

SECTIONS = (
    ("overview", "一、总体情况"),
    ("practice", "二、主要做法"),
    ("results", "三、取得成效"),
    ("problems", "四、存在问题"),
    ("plans", "五、下步打算"),
)

_TABLES = (table_name(PaperKind.ANNEX4), table_name(PaperKind.ANNEX5))  # which the software adds
_COPIED = "县乡村振兴局"  # art. 23


def show(step: Step) -> Shown:
    kind = step.round.kind if step.round is not None else ""
    return Shown({"submitted": submitted_text(step)}, context={"kind": kind})


def submitted_text(step: Step) -> str:
    """Return what the unit filled in, a line each, for who looks it over."""
    plan, report = step.answers.get("work_plan", {}), step.answers.get("yearly_report", {})
    if report:
        return "\n".join(f"{label}：{report.get(name, '')}" for name, label in SECTIONS)
    if plan:
        number = f"（{plan['number']}）" if plan.get("number") else ""
        return f"{plan['title']}{number}，{plan['issued_on']}印发\n{plan['content']}"
    weekly = step.answers.get("weekly_report", {})
    return "\n".join(str(weekly[name]) for name in ("measures", "other", "remark") if weekly.get(name))


def complete(step: Step, answers: Answers) -> Outcome:
    """Sign, or give back with a reason; a signed yearly report is printed (art. 23), and a plan that nobody brought."""
    if answers["verdict"] == "back":
        return Outcome(variables={"verdict": "back"}, summary=short(f"退回修改：{answers['reason']}"))
    prints: tuple[Print, ...] = ()
    if step.round is not None and step.round.kind == RoundKind.YEARLY:
        prints = (_report(step),)
    if step.round is not None and step.round.kind == RoundKind.PLAN and not step.answers["work_plan"].get("paper"):
        prints = (_plan(step, step.round),)
    return Outcome(variables={"verdict": "accept"}, prints=prints, summary="审核通过")


def _report(step: Step) -> Print:
    """Return the yearly report as an official document; what its template calls by other names stands in `more`."""
    assert step.round is not None  # of a yearly report
    report, figures = step.answers.get("yearly_report", {}), step.round.figures
    classes = "、".join(f"{each.label}类{figures.get(f'{each}_count', 0)}个" for each in Category)
    stopped, difficult, weak = (rate for _label, rate in step.round.rates)
    year = step.round.title[:4]
    texts = {
        "年度": year,
        "项目数": str(figures.get("project_count", 0)),
        "投资合计": step.round.invested,
        "分类情况": f"其中{classes}。{report['overview']}",
        "处置情况": f"{report['practice']}\n{report['results']}",
        "停产闲置率": stopped,
        "经营困难率": difficult,
        "未联农带农率": weak,
        "下一步打算": f"{report['problems']}\n{report['plans']}",
        "审核人": step.actor_name,
        "签发人": step.actor_name,
        "抄送": _COPIED,
        "附件": [{"名称": name} for name in (*_TABLES, *step.round.annexes)],
    }
    title = f"{step.unit_name}{year}年经营性帮扶产业项目“四个一批”工作报告"
    return Print(PaperKind.YEARLY_REPORT, title, template="yearly_report", more=texts)


def _plan(step: Step, facts: RoundFacts) -> Print:
    """Return the unit's 清理处置意见 as an official document (art. 16)."""
    plan, figures = step.answers["work_plan"], facts.figures
    classes = "、".join(f"{each.label}类{count}个" for each in Category if (count := figures.get(f"{each}_count", 0)))
    texts = {
        "文号": plan.get("number"),
        "成文日期": chinese_date(day_in(plan, "issued_on") or step.today),
        "项目数": str(figures.get("project_count", 0)),
        "投资合计": facts.invested,
        "分类情况": f"其中{classes}。" if classes else "",
        "工作措施": plan["content"],
        **{name: chinese_date(step.dates[moment]) for name, moment in _BY.items() if moment in step.dates},
        "组织保障": f"责任人：{plan['responsible']}。",
        "抄送": _COPIED,
        "项目": [{"名称": n, "编号": number, "分类": category, "措施": ""} for n, number, category in facts.projects],
    }
    return Print(PaperKind.WORK_PLAN, plan["title"], template="cleanup_opinion", more=texts)


_BY = {"调研日期": "survey", "审定日期": "decision", "阶段日期": "first_results"}

HANDLER = Handler("round_approval", complete, show=show)
