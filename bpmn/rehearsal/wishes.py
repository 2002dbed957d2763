"""What people answer at each step so that a project's story comes true; steps not named here answer what holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bpmn.rehearsal.answers import FILE
from bpmn.rehearsal.story import Story
from forms.fields import Asked
from handlers.exit_recovery import due_of, recovered_of
from handlers.outcome import Step
from ledger.findings import STRENGTHS, Finding
from ledger.vocabulary import Category, Operation

Wishes = Mapping[str, Any]
FINDINGS: Mapping[Category, tuple[Finding, ...]] = {
    Category.CONSOLIDATE: tuple(finding for finding in Finding if finding in STRENGTHS),
    Category.UPGRADE: (Finding.RUNS_NORMALLY, Finding.CHAIN_WEAK, Finding.PROCESSING_WEAK),
    Category.REVIVE: (Finding.STOPPED_FOR_NOW, Finding.ASSETS_IDLE, Finding.REVIVABLE),
    Category.REBUILD: (Finding.FAILED, Finding.MANAGEMENT_FAILED),
}
_PLAN_DAYS, _NEXT_ROUND_DAYS, _RECOVERY_DAYS = 20, 15, 30
_REASON = "预演：按情况说明办理"


@dataclass(frozen=True)
class Moment:
    """What a step is answered with besides its story: the n-th visit (from 0), the day, what the unit has at hand."""

    story: Story
    step: Step
    asked: Asked
    number: int  # of the item: papers of one's own are numbered with it
    visit: int
    today: date
    batch: int | None  # the unit's open 报送批次

    @property
    def returns(self) -> bool:
        """Whether the story sends the case back here, which it does once."""
        return self.visit == 0 and self.step.stem in self.story.returned_at

    def in_days(self, count: int) -> str:
        return (self.today + timedelta(days=count)).isoformat()


def wishes_of(moment: Moment) -> Wishes:
    """Return the answers the story wants at this step, by field."""
    wish = _WISHES.get(moment.step.stem)
    return wish(moment) if wish else {}


def is_return(moment: Moment, wishes: Wishes) -> bool:
    """Say whether these answers send the case back, or ask for papers anew."""
    backward = {"back", "survey", "application", "return"}
    return wishes.get("verdict") in backward or wishes.get("exit_verdict") == "supplement"


def _receive(moment: Moment) -> Wishes:
    return {"verdict": "back", "reason": _REASON} if moment.returns else {"verdict": "taken"}


def _reassign(moment: Moment) -> Wishes:
    if moment.story.withdrawn:
        return {"verdict": "withdraw", "reason": "预演：不是经营性帮扶产业项目"}
    others = moment.asked.options.get("units", ())
    former = str(moment.step.project.get("responsible_unit_id"))
    unit = next((each.value for each in others if each.value != former), None)
    return {"verdict": "unit", "unit": unit, "reason": _REASON}


def _field_survey(moment: Moment) -> Wishes:
    story, project = moment.story, moment.step.project
    total = project.get("funding_total_yuan")
    wishes: dict[str, Any] = {
        "findings": [str(each) for each in FINDINGS[story.category]],
        "operation": str(story.operation),
        "causes": list(story.causes) or None,
        "problems": list(story.problems) or None,
        "linkage": "partial" if story.gaps else "full",
        "linkage_gaps": list(story.gaps) or None,
        "contract": FILE,
        "surveyed_on": moment.today.isoformat(),
    }
    if story.operation is Operation.DIFFICULT and story.category is Category.UPGRADE:
        wishes["findings"] = [each for each in wishes["findings"] if each != Finding.MOMENTUM]
    if not project.get("telephone"):
        wishes["telephone"] = "13800000000"
    if total and not any(amount for tiers in project["funding"].values() for amount in tiers.values()):
        wishes["funding"] = {"earmarked": {"central": f"{total:.2f}"}}  # an export that gives the total alone
    return wishes


def _joint_review(moment: Moment) -> Wishes:
    bodies = [str(each) for each in moment.step.variables.get("reviewing_bodies") or ()]
    dissenting = moment.story.dissent
    if dissenting is not None and bodies[dissenting : dissenting + 1] == [moment.step.instance]:
        return {"opinion": "remarks", "text": "资产估值依据不足，请补充"}
    return {"opinion": "agree"}


def _classed(moment: Moment) -> dict[str, Any]:
    suggested = moment.step.variables.get("suggested_category")
    category = str(moment.story.category)
    return {"category": category, **({} if suggested == category else {"deviation": _REASON})}


def _preliminary_opinion(moment: Moment) -> Wishes:
    return {"verdict": "survey", "reason": _REASON} if moment.returns else {"verdict": "on", **_classed(moment)}


def _party_meeting(moment: Moment) -> Wishes:
    if moment.returns:
        return {"verdict": "survey", "reason": _REASON}
    exits = moment.story.exit_at == "party_meeting" and not _refused_before(moment)
    return {"verdict": "on", **_classed(moment), "approach": "exit" if exits else "dispose"}


def _refused_before(moment: Moment) -> bool:
    return bool(moment.step.answers.get("decision", {}).get("exit") == "refused")


def _back_or_on(moment: Moment) -> Wishes:
    return {"verdict": "back", "reason": _REASON, "opinion": "请修改"} if moment.returns else {"verdict": "on"}


def _submission(moment: Moment) -> Wishes:
    if moment.batch is not None:
        return {"into": "existing", "batch": str(moment.batch)}
    unit = moment.step.unit_name
    return {
        "into": "new",
        "batch": None,
        "title": f"{unit}关于报送经营性帮扶产业项目“四个一批”分类及处置措施的请示",
        "number": f"{unit}〔{moment.today.year}〕{moment.number}号",
    }


def _acceptance_check(moment: Moment) -> Wishes:
    if not moment.returns:
        return {"verdict": "accept"}
    return {"verdict": "survey" if moment.story.changed else "application", "reason": _REASON}


def _decision(moment: Moment) -> Wishes:
    variables, story = moment.step.variables, moment.story
    recovery = {"exit": "decided", "recover_yuan": "20000.00", "exit_due_on": moment.in_days(_RECOVERY_DAYS)}
    if variables.get("write_off_proposed") or variables.get("write_off_approved"):
        if story.write_off_refused:
            return {"verdict": "approve", "write_off": "refused", "reason": _REASON, **recovery}
        return {"verdict": "approve", "exit": "decided", "write_off": "approved"}
    if moment.returns:
        return {"verdict": "return", "reason": _REASON}
    if variables.get("exit_proposed") and story.exit_refused:
        measures = "继续按类别处置，重新落实经营主体"
        return {
            "verdict": "change",
            "exit": "refused",
            "category": str(story.category),
            "measures": measures,
            "reason": _REASON,
        }
    if variables.get("exit_proposed") or variables.get("exit_decided"):
        return {"verdict": "approve", **recovery}
    wishes = {"verdict": "approve", "exit": "none", "category": str(story.category)}
    if story.changed and moment.visit == 0:
        words = moment.step.project.get("measures") or "按类别处置"
        wishes |= {"verdict": "change", "measures": f"{words}；按领导小组意见补充措施", "reason": _REASON}
    return wishes


def _reply(moment: Moment) -> Wishes:
    if moment.step.reply_number:
        return {}
    return {"number": f"彭乡振组批〔{moment.today.year}〕{moment.number}号"}


def _objection(moment: Moment) -> Wishes:
    periods = moment.story.objections or ((False,),)  # a story of none: this one came by itself
    period = periods[min(moment.visit, len(periods) - 1)]
    keys = [key for key, _caption in moment.asked.records.get("objections", ())]
    upheld = [period[min(n, len(period) - 1)] for n in range(len(keys))]
    records = [
        {
            "key": key,
            "upheld": "yes" if holds else "no",
            "finding": "经核查，情况属实" if holds else "经核查，与事实不符",
        }
        for key, holds in zip(keys, upheld, strict=True)
    ]
    return {"objections": records}


def _disposal_plan(moment: Moment) -> Wishes:
    return {"plan_due_on": moment.in_days(_PLAN_DAYS)}


def _disposal(moment: Moment) -> Wishes:
    first = not moment.step.entries
    if first and moment.story.exit_at == "disposal" and not _refused_before(moment):
        return {"action": "exit", "exit_recover_yuan": "20000.00"}
    if first:
        return {"action": "progress", "percent": 50, "first_results": True, "photos": FILE, "spent_yuan": "3000.00"}
    return {"action": "done", "percent": 100, "photos": FILE}


def _evaluation(moment: Moment) -> Wishes:
    if moment.visit < moment.story.unreached:
        return {
            "reached": "no",
            "next_due_on": moment.in_days(_NEXT_ROUND_DAYS),
            "surveyed_on": moment.today.isoformat(),
        }
    return {
        "reached": "yes",
        "surveyed_on": moment.today.isoformat(),
        "operation": str(Operation.NORMAL),
        "causes": None,
        "problems": None,
        "linkage": "full",
        "linkage_gaps": None,
        "findings": [str(each) for each in FINDINGS[moment.story.reclassified]],
    }


def _reclassification(moment: Moment) -> Wishes:
    category = moment.story.reclassified
    return {"category": str(category), "findings": [str(each) for each in FINDINGS[category]]}


def _filing(moment: Moment) -> Wishes:
    if not moment.returns or moment.step.entries:
        return {"verdict": "confirm", "exit_verdict": "confirm"}
    return {"verdict": "back", "exit_verdict": "supplement", "reason": _REASON, "supplement": "请补充凭证"}


def _exit_recovery(moment: Moment) -> Wishes:
    outstanding = due_of(moment.step) - recovered_of(moment.step)
    paid = {"recovered_on": moment.today.isoformat(), "method": "transfer", "vouchers": FILE}
    if not moment.step.entries:
        return {"action": "payment", "recovered_yuan": f"{outstanding / 2:.2f}", **paid}
    if moment.story.write_off and moment.visit == 0:
        return {"action": "write_off", "write_off_yuan": f"{outstanding:.2f}"}
    return {"action": "settled", "recovered_yuan": f"{outstanding:.2f}", **paid}


_WISHES: Mapping[str, Callable[[Moment], Wishes]] = {
    "receive": _receive,
    "reassign": _reassign,
    "field_survey": _field_survey,
    "joint_review": _joint_review,
    "preliminary_opinion": _preliminary_opinion,
    "party_meeting": _party_meeting,
    "village_opinion": _back_or_on,
    "unit_opinion": _back_or_on,
    "submission": _submission,
    "acceptance_check": _acceptance_check,
    "decision": _decision,
    "reply": _reply,
    "objection": _objection,
    "disposal_plan": _disposal_plan,
    "disposal": _disposal,
    "evaluation": _evaluation,
    "reclassification": _reclassification,
    "filing": _filing,
    "exit_recovery": _exit_recovery,
}
