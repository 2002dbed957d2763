"""征求意见 (P8, art. 10): what township, village and farmers say before a 重建 plan is drawn up."""

from __future__ import annotations

from handlers.outcome import Answers, Handler, Outcome, Shown, Step
from handlers.rules import day_in, refuse_if, short

PARTIES = {"township": "乡镇（街道）", "village": "村（居）", "farmers": "农户代表"}
OPINIONS = {"agree": "同意重建", "remarks": "有意见", "disagree": "不同意重建"}


def party_name(party: str | None, unit_name: str = "") -> str:
    """Return what a party is called: one of the three, or the unit that was asked besides them."""
    return PARTIES.get(party or "", unit_name or party or "")


def show(step: Step) -> Shown:
    return Shown({"asked_party": party_name(step.instance, step.unit_name)}, context={"party": step.instance or ""})


def complete(step: Step, answers: Answers) -> Outcome:
    errors: dict[str, str] = {}
    heard_on = day_in(answers, "heard_on")
    if heard_on is not None and heard_on > step.today:
        errors["heard_on"] = "征求日期不能晚于今天"
    if answers.get("poor_farmer_count", 0) > answers.get("farmer_count", 0):
        errors["poor_farmer_count"] = "脱贫户及监测对象人数不能多于参加的农户代表人数"
    refuse_if(errors)
    return Outcome(
        summary=short(f"{party_name(step.instance, step.unit_name)}{OPINIONS[answers['opinion']]}：{answers['text']}")
    )


HANDLER = Handler("consultation", complete, show=show)
