"""What a unit corrects of its projects with the monthly update (R3): facts, project by project, with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bpmn.casefile import Acting
from bpmn.refusals import ActRefused, AlreadyDone, ItemGone, NotYours
from forms.fields import Asked, Form, project_values
from forms.rendering import project_text
from handlers.field_survey import contradictions
from handlers.outcome import Answers
from handlers.rules import refuse_if
from ledger.fact_checks import project_to_check
from ledger.journal import Act
from ledger.ledger_edits import LedgerEdit
from ledger.personal import tells_number
from ledger.projects import Project, columns_of, told_changes
from ledger.register import latest_cases
from ledger.rounds import RoundItem, take_round_item
from ledger.vocabulary import ItemStatus, Role
from ledger.writing import record

STEP = "monthly_update"
REASON = "reason"


@dataclass(frozen=True)
class Correction:
    """What a unit says of one of its projects, over the project's row as it was shown."""

    project_id: int
    revision: int
    form: Form
    answers: Answers


def facts_item(acting: Acting, item_id: int, *, lock: bool = False) -> RoundItem:
    """Return a monthly update's step (ItemGone)."""
    item = take_round_item(acting.session, item_id, lock=lock)
    if item is None or item.stem != STEP:
        raise ItemGone("该任务不存在")
    return item


def correct_facts(acting: Acting, item_id: int, correction: Correction) -> Project:
    """Write what is otherwise about a project than the ledger says, old and new in the trail with the reason.

    Raises ItemGone, NotYours, AlreadyDone, StepRefused for what contradicts itself, and ActRefused for a project that
    changed since it was shown or is not otherwise.
    """
    item = facts_item(acting, item_id, lock=True)
    if not acting.actor.holds(Role(item.role), item.unit_id):
        raise NotYours(f"由{item.unit.short_name}{Role(item.role).label}核对")
    if item.status != ItemStatus.OPEN:
        who = item.completed_by.name if item.completed_by is not None else "系统"
        raise AlreadyDone(item.name, who, item.completed_at or item.created_at)
    project = project_to_check(acting.session, item.round, correction.project_id, lock=True)
    if project is None:
        raise ItemGone("该项目不由本单位负责，或已经退出")
    if project.revision != correction.revision:
        raise ActRefused("该项目刚刚有了变动，请核对现在的内容后再更正")
    wrong = contradictions({"operation": project.operation, **correction.answers})
    if tells_number(str(correction.answers[REASON])):  # everybody who sees the project reads the reason (M2)
        wrong = {**wrong, REASON: "理由里不能写手机号码和身份证号码"}
    refuse_if(wrong)
    before = dict(columns_of(project))
    for name, value in project_values(correction.form, correction.answers, Asked()).items():
        if getattr(project, name) != value:
            setattr(project, name, value)
    changed = told_changes(before, columns_of(project))
    if not changed:
        raise ActRefused("与台账现有内容相同，不用更正")
    _keep(acting, item, project, {name: before[name] for name in changed}, correction)
    acting.session.flush()
    return project


def _keep(acting: Acting, item: RoundItem, project: Project, before: Answers, correction: Correction) -> None:
    """Keep each changed fact as one of the ledger's changes, and the whole correction in the trail."""
    reason = str(correction.answers[REASON])
    labels = {each.project: each.label for _section, each in correction.form.fields() if each.project}
    told: dict[str, tuple[str, str]] = {}
    for name, value in before.items():
        old, new = project_text(name, value), project_text(name, getattr(project, name))
        told[labels[name]] = (old, new)
        acting.session.add(
            LedgerEdit(
                project_id=project.id,
                head=labels[name],
                old=old,
                new=new,
                reason=reason,
                edited_at=acting.now,
                edited_by=acting.actor.name,
                edited_by_id=acting.actor.user_id,
            )
        )
    case = latest_cases(acting.session, [project.id]).get(project.id)
    detail = {
        "number": project.number,
        "round": item.round_id,
        "reason": reason,
        "summary": f"{item.round.title}：{_sentence(told)}。理由：{reason}",
        "changed": {label: [old, new] for label, (old, new) in told.items()},
        "project": told_changes(dict(before), {name: getattr(project, name) for name in before}),
    }
    act = Act("fact_correction", case_id=case.id if case else None, unit=item.unit.short_name, detail=detail)
    record(acting.session, acting.moment, acting.actor, act)


def _sentence(told: Mapping[str, tuple[str, str]]) -> str:
    return "；".join(f"{label}由“{old or '未填'}”改为“{new or '未填'}”" for label, (old, new) in told.items())
