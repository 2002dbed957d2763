"""评估报告 (P2, art. 10): why a project failed and what is to be learnt, before anybody may call it 重建."""

from __future__ import annotations

from forms.rendering import chinese_date
from handlers.facts import found, headline, state
from handlers.outcome import Answers, Handler, Outcome, Print, Shown, Step
from handlers.rules import day_in, project_rows, refuse_if, short
from ledger.vocabulary import PaperKind, Term


class FailureKind(Term):
    """What a project failed of; a rebuild plan is fitted to it (art. 10)."""

    SOIL_CLIMATE = "soil_climate", "土壤、气候等原因"
    FACILITIES = "facilities", "配套设施设备欠缺"
    VARIETY = "variety", "品种滞后"
    MARKET_POLICY = "market_policy", "市场、政策重大变化"
    MANAGEMENT = "management", "资金、项目、资产管理无法正常运行"
    OTHER = "other", "其他"


def prepare(step: Step) -> Answers:
    """Start a second assessment with the first one's words."""
    return {name: answer for name, answer in step.answers.get("assessment", {}).items() if name != "report"}


def show(step: Step) -> Shown:
    project = step.project
    return Shown({"project": headline(step), "found": found(project), "state": state(project)})


def complete(step: Step, answers: Answers) -> Outcome:
    """File the report: the unit's own, or one written from the answers."""
    assessed_on = day_in(answers, "assessed_on")
    assert assessed_on is not None  # the form requires it
    if assessed_on > step.today:
        refuse_if({"assessed_on": "评估日期不能晚于今天"})
    kinds = "、".join(FailureKind(kind).label for kind in answers["failure_kinds"])
    rows = (
        *project_rows(step),
        ("项目现状", state(step.project)),
        ("评估日期", chinese_date(assessed_on)),
        ("市场环境", answers["market"]),
        ("经营状况", answers["operation"]),
        ("发展空间", answers["room"]),
        ("失败原因", f"{kinds}。{answers['failure_cause']}"),
        ("失败教训", answers["lessons"]),
    )
    report = Print(PaperKind.ASSESSMENT, f"{step.project['name']}项目评估报告", rows, "assessment")
    return Outcome(prints=() if answers.get("report") else (report,), summary=short(f"评估失败原因：{kinds}"))


HANDLER = Handler("assessment", complete, prepare, show)
