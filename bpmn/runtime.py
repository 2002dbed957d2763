"""Start a case, complete an item, fire a timer: the only writers of case state.

Every act is the same walk in the caller's transaction: lock the case → check item, person and revision → read the
answers → let the handler decide → let the engine move → write rows → one journal row. It commits nothing: whoever
began the transaction does, so that an error anywhere changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bpmn.acts import call_back, return_targets, send_back, skip, transfer, urge
from bpmn.casefile import Acting, CaseFile, take_item, take_up
from bpmn.completed import Completed
from bpmn.demands import names_of, note_stand_in, require_running, require_unclaimed
from bpmn.effects import carry_out, signature, variables_of
from bpmn.firing import fire_timer
from bpmn.holding import claim, colleagues, delegate, hand_back, release
from bpmn.marking import Sender, journal, save, scalars
from bpmn.refusals import ActRefused, AlreadyDone, CannotStart, CaseClosed, ItemGone, NotYours, OutsidePublicity
from bpmn.returning import go_straight_back
from bpmn.reviewers import add_reviewer, candidates, drop_reviewer
from bpmn.starting import start_case, start_cases, starting_variables
from bpmn.steps import OBJECTION, Posing, attached_to, pose, with_meeting
from bpmn.supervision import change_timer, move_targets, move_token, resume, suspend, terminate
from forms.fields import Asked, Form, Posted, with_words
from forms.parsing import parse
from forms.rendering import posted_from, project_answers
from handlers.outcome import Answers, Outcome, Step
from ledger.cases import (
    WAITING,
    Case,
    Objection,
    WorkItem,
    enter,
    entries_of,
)
from ledger.projects import Project
from ledger.taking import case_by_id
from ledger.vocabulary import CaseStatus, ItemStatus, ReviewOpinion, Role
from ledger.writing import write_rows

JOINT_REVIEW = "joint_review"

__all__ = [
    "ActRefused",
    "Acting",
    "AlreadyDone",
    "CannotStart",
    "CaseClosed",
    "Completed",
    "ItemGone",
    "NotYours",
    "OpenItem",
    "OutsidePublicity",
    "add_reviewer",
    "call_back",
    "candidates",
    "change_timer",
    "claim",
    "colleagues",
    "complete_item",
    "delegate",
    "drop_reviewer",
    "fire_timer",
    "hand_back",
    "move_targets",
    "move_token",
    "open_item",
    "record_overdue",
    "register_objection",
    "release",
    "resume",
    "return_targets",
    "send_back",
    "sign_item",
    "skip",
    "start_case",
    "start_cases",
    "starting_variables",
    "suspend",
    "terminate",
    "transfer",
    "urge",
]


@dataclass(frozen=True)
class OpenItem:
    """An item as its page shows it; `mine` when the person may act on it now."""

    item: WorkItem
    case: Case
    project: Project
    form: Form
    asked: Asked
    initial_posted: dict[str, list[str]]
    step: Step
    mine: bool


def open_item(acting: Acting, item_id: int) -> OpenItem:
    """Return an item as its page shows it; whether the person may see the case is the caller's to ask (ItemGone)."""
    file, item = take_item(acting, item_id, lock=False)
    return _opened(file, pose(file, item, page=True))


def _opened(file: CaseFile, posing: Posing) -> OpenItem:
    item = posing.item
    return OpenItem(
        item=item,
        case=file.case,
        project=file.project,
        form=posing.form,
        asked=posing.asked,
        initial_posted=posted_from(posing.form, _initial(posing)),
        step=posing.step,
        mine=item.status in WAITING and (item.unit_id, item.role) in file.acting.actor.places,
    )


def _initial(posing: Posing) -> Answers:
    """Start from what was prepared or answered on this very item, else from the project and the handler."""
    item = posing.item
    if item.answers is not None and (item.status == ItemStatus.DONE or not posing.step.entries):
        return item.answers  # type: ignore[no-any-return]  # a JSON column
    return {**project_answers(posing.form, posing.step.project), **posing.handler.prepare(posing.step)}


def complete_item(acting: Acting, item_id: int, revision: int, posted: Posted) -> Completed:
    """Complete an item with what was posted, or leave it to the signer when the step is signed.

    Raises ItemGone, AlreadyDone (also when the item changed since `revision` was shown), NotYours, CaseClosed,
    FormErrors, StepRefused; and what the engine raises when the case itself is broken (StateRefused, StepFailed).
    """
    file, item = take_item(acting, item_id)
    return carry_on(file, item, decide(file, item, revision, posted))


@dataclass(frozen=True)
class Decided:
    """What was answered on an item and what its handler makes of it; nothing is changed yet."""

    posing: Posing
    answers: Answers
    outcome: Outcome


def decide(file: CaseFile, item: WorkItem, revision: int, posted: Posted) -> Decided:
    """Check who completes an item with what, and let its handler decide; raises what `complete_item` raises."""
    _check(file, item, revision, ItemStatus.OPEN)
    _refuse_own_work(file, item)
    return _decided(file, pose(file, item), posted)


def answer_item(acting: Acting, item_id: int, answer: Callable[[OpenItem], Posted]) -> Completed:
    """Open an item and complete it with what `answer` makes of its page, in one walk; `answer` may attach files.

    Raises what `complete_item` raises.
    """
    file, item = take_item(acting, item_id)
    _check(file, item, item.revision, ItemStatus.OPEN)
    _refuse_own_work(file, item)
    posing = pose(file, item, page=True)
    posted = answer(_opened(file, posing))
    if acting.session.new:  # files came along with the answers
        acting.session.flush()
        asked = replace(posing.asked, attached=attached_to(file, item, posing.form))
        posing = replace(posing, asked=asked)
    return carry_on(file, item, _decided(file, posing, posted))


def _decided(file: CaseFile, posing: Posing, posted: Posted) -> Decided:
    answers = with_words(posing.form, parse(posing.form, posted, posing.asked), posing.asked)
    return Decided(posing, answers, posing.handler.complete(with_meeting(file, posing, answers), answers))


def carry_on(file: CaseFile, item: WorkItem, decided: Decided) -> Completed:
    """Carry out what was decided on an item and let the case go on."""
    posing, answers, outcome = decided.posing, decided.answers, decided.outcome
    file.forget_draft(item)
    if item.signed:
        item.answers = answers
        return _hand_to_signer(file, item, outcome)
    return _enter(file, posing, answers, outcome) if outcome.remains else _finish(file, posing, answers, outcome)


def _hand_to_signer(file: CaseFile, item: WorkItem, outcome: Outcome) -> Completed:
    """Leave the prepared item to the unit's 审核人: nothing is carried out before the signature."""
    item.status, item.role = ItemStatus.UNSIGNED, Role.SIGNER
    item.prepared_by_id, item.prepared_for_id = file.acting.actor.user_id, file.in_place_of
    item.returned_reason = ""
    item.claimed_by_id = None
    item.sent_by = signature(file, item)
    journal(file, "prepare", {"summary": outcome.summary}, item=item)
    write_rows(file.session)
    return Completed(file.case.id, item.id, True, False, ((item.name, item.unit.short_name, item.due_at),))


def sign_item(acting: Acting, item_id: int, revision: int, approve: bool, opinion: str) -> Completed:
    """Sign what another person of the unit prepared, or give it back with an opinion; the preparer may not sign."""
    file, item = take_item(acting, item_id)
    _check(file, item, revision, ItemStatus.UNSIGNED)
    if names_of(file) & {item.prepared_by_id, item.prepared_for_id, item.delegated_to_id}:
        raise NotYours("填写人不能审核自己填写的内容，请由本单位其他审核人签字")
    file.forget_draft(item)
    if not approve:
        item.status, item.role, item.returned_reason = ItemStatus.OPEN, Role.HANDLER, opinion
        item.claimed_by_id = None
        item.sent_by = signature(file, item)
        journal(file, "unsigned", {"opinion": opinion}, item=item)
        write_rows(file.session)
        return Completed(file.case.id, item.id, True, False, ((item.name, item.unit.short_name, item.due_at),))
    posing = pose(file, item)
    answers = item.answers or {}
    outcome = posing.handler.complete(with_meeting(file, posing, answers), answers)
    return _finish(file, posing, answers, outcome, opinion)


def _check(file: CaseFile, item: WorkItem, revision: int, status: ItemStatus) -> None:
    """Refuse what is no longer there to be done, before anything else is looked at (safety rule 5)."""
    actor = file.acting.actor
    if item.status == ItemStatus.CANCELLED:
        raise ItemGone("该任务已随流程的变动取消")
    if item.status == ItemStatus.DONE:
        who = item.completed_by.name if item.completed_by is not None else "系统"
        raise AlreadyDone(item.name, who, item.completed_at or item.created_at)
    if not actor.in_unit(item.unit_id):
        raise NotYours("该任务不由您的单位办理")
    if item.status != status or item.revision != revision:
        raise AlreadyDone(item.name, *_last_touch(file, item))
    if not actor.holds(Role(item.role), item.unit_id):
        raise NotYours(f"该任务由本单位{Role(item.role).label}办理")
    if item.claimed_by_id is not None:
        _require_held(file, item)
    note_stand_in(file, item)
    if file.case.status != CaseStatus.RUNNING:
        raise CaseClosed(f"该项目的流程{CaseStatus(file.case.status).label}")


def _require_held(file: CaseFile, item: WorkItem) -> None:
    """Refuse a claimed item to everybody else, and to who only fills it for another."""
    require_unclaimed(file, item)
    if item.delegated_by_id is not None:
        raise NotYours("这是委托您填写的任务，填好后请交回委托人提交")


def _last_touch(file: CaseFile, item: WorkItem) -> tuple[str, datetime]:
    """Return who changed an open item since it was shown, and when: an entry, or what waits for the signature."""
    entries = entries_of(file.session, item.id)
    if entries and entries[-1].entered_by is not None:
        return entries[-1].entered_by.name, entries[-1].entered_at
    return (item.prepared_by.name if item.prepared_by is not None else item.unit.short_name), file.now


def _refuse_own_work(file: CaseFile, item: WorkItem) -> None:
    """Refuse a signer who made what is to be signed: the unit's own steps of the same phase."""
    if item.role != Role.SIGNER:
        return
    phase = file.element(item.element).parent
    latest = {past.element: past for past in file.done if file.element(past.element).parent == phase}
    own = [past for past in latest.values() if past.unit_id == item.unit_id]
    makers = {maker for past in own for maker in _makers(past)}
    if names_of(file) & makers and not _signed_before(file, item, latest):
        raise NotYours("您办理过本阶段的填报，不能再由您审核，请由本单位其他审核人办理")


def _makers(past: WorkItem) -> frozenset[int | None]:
    """Return who made what a done item says: who completed it, in whose place, and who filled it for another."""
    return frozenset({past.completed_by_id, past.completed_for_id, past.delegated_to_id})


def _signed_before(file: CaseFile, item: WorkItem, latest: Mapping[str, WorkItem]) -> bool:
    """Say whether all the person did in this phase was signing, such as this very step in an earlier round."""
    mine = [past for past in latest.values() if names_of(file) & _makers(past)]
    return all(past.role == Role.SIGNER for past in mine if past.unit_id == item.unit_id)


def _enter(file: CaseFile, posing: Posing, answers: Answers, outcome: Outcome) -> Completed:
    """Keep the answers as an entry on an item that stays open (progress, money recovered, corrected papers)."""
    item = posing.item
    carry_out(file, posing, answers, outcome)
    variables = variables_of(posing, answers, outcome)
    file.run.variables.update(variables)
    file.case.state = file.run.dump(file.session.info["keys"].mac)
    enter(file.session, item, answers, file.acting.actor.user_id, file.now)
    journal(file, "entry", {"summary": outcome.summary, "variables": scalars(variables)}, item=item)
    write_rows(file.session)
    return Completed(file.case.id, item.id, True, False, ())


def _finish(file: CaseFile, posing: Posing, answers: Answers, outcome: Outcome, opinion: str = "") -> Completed:
    item = posing.item
    carry_out(file, posing, answers, outcome)
    variables = variables_of(posing, answers, outcome)
    act, item.answers = "sign" if item.signed else "complete", answers
    new = _move_on(file, item, variables, outcome.summary)
    told = {"summary": outcome.summary, "opinion": opinion, "verdict": outcome.variables.get("verdict")}
    moved = {"token": item.token, "variables": scalars(variables), **file.straight_back}
    journal(file, act, {**told, **moved}, item=item, new=new)
    write_rows(file.session)
    coming = tuple((each.name, each.unit.short_name, each.due_at) for each in new)
    return Completed(file.case.id, item.id, False, file.run.finished, coming)


def _move_on(file: CaseFile, item: WorkItem, variables: Mapping[str, Any], words: str) -> list[WorkItem]:
    """Close the item, let the engine run, and write what it calls for next."""
    had_timers = bool(file.run.timers)
    item.status, item.completed_at = ItemStatus.DONE, file.now
    item.completed_by_id, item.completed_for_id = file.acting.actor.user_id, file.in_place_of
    before = frozenset(task.token for task in file.run.ready) if item.returns_to else frozenset[str]()
    file.run.complete(item.token, variables)
    if item.returns_to:
        file.straight_back = go_straight_back(file, item, before)
    sender = Sender(signature(file, item), item, f"{item.name}：{words}" if words else item.name)
    return save(file, sender, had_timers=had_timers)


def register_objection(acting: Acting, case_id: int, raised_by: str, contact: str, content: str) -> Objection:
    """Enter an objection while the publicity period runs; the first opens 异议核查, further ones join it (P7).

    Raises OutsidePublicity before both postings are up and after the period has ended.
    """
    found = case_by_id(acting.session, case_id, lock=True)
    if found is None:
        raise ItemGone("该项目的流程不存在")
    file = take_up(acting, *found)
    objection = Objection(
        case_id=case_id,
        raised_by=raised_by,
        contact=contact,
        content=content,
        entered_at=acting.now,
        entered_by=acting.signature,
    )
    examining = next((item for item in file.waiting if item.stem == OBJECTION), None)
    new: list[WorkItem] = []
    if examining is None:
        new = _open_objection(file)
    acting.session.add(objection)
    acting.session.flush()
    journal(file, "objection", {"summary": "登记异议"}, item=examining or new[0], new=new)
    write_rows(acting.session)
    return objection


def _open_objection(file: CaseFile) -> list[WorkItem]:
    waiting = any(message.name == OBJECTION for message in file.run.messages)
    interrupted = file.case.publicity_interrupted_at is not None
    if not waiting or interrupted or any(timer.due_at <= file.now for timer in file.run.timers):
        raise OutsidePublicity("不在公告期内，不能登记异议")
    file.run.variables["objection_open"] = True
    file.run.deliver(OBJECTION)
    return save(file, Sender(file.acting.signature), had_timers=True)


def record_overdue(acting: Acting, item_id: int) -> Completed:
    """Record that a reviewing body gave no opinion in time (逾期未反馈); by the responsible unit, after the date."""
    file, item = take_item(acting, item_id)
    if item.stem != JOINT_REVIEW or item.status not in WAITING:
        raise ItemGone("该会审任务已办理或已取消")
    if not acting.actor.holds(Role.HANDLER, file.places.responsible.id):
        raise NotYours("逾期未反馈由项目的责任单位登记")
    if item.due_at > acting.now:
        raise NotYours("会审还没有到期，不能登记逾期未反馈")
    require_running(file)
    item.answers = {"opinion": str(ReviewOpinion.OVERDUE)}
    new = _move_on(file, item, {}, ReviewOpinion.OVERDUE.label)
    journal(file, "overdue", {"token": item.token, "summary": ReviewOpinion.OVERDUE.label}, item=item, new=new)
    write_rows(acting.session)
    coming = tuple((each.name, each.unit.short_name, each.due_at) for each in new)
    return Completed(file.case.id, item.id, False, file.run.finished, coming)
