"""Let a case go on: complete an item, let the engine move, write the rows it calls for, and one journal row.

The rows are the sealed state, the work items and timers, the case's end; every act on a case writes them here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bpmn.casefile import Acting, CaseFile, assignee_of, take_item
from bpmn.completed import Completed
from bpmn.engine import Element, ReadyTask, WaitingTimer
from bpmn.outlook import may_come_to
from bpmn.refusals import AlreadyDone, CaseClosed, ItemChanged, ItemGone, NotYours
from bpmn.returning import go_straight_back
from bpmn.round_limit import require_rounds
from bpmn.steps import Posing, carry_out, pose, signature, variables_of, with_meeting
from bpmn.surroundings import Told
from forms.fields import Posted, plain_answers, with_words
from forms.parsing import parse_thoroughly
from handlers.outcome import Answers, Outcome
from handlers.plain import GENERIC
from ledger.cases import WAITING, Timer, WorkItem, enter, timers_of
from ledger.journal import Act
from ledger.outbox import Telling, post_to_unit
from ledger.taking import add_row, came_before
from ledger.vocabulary import CaseStatus, ItemStatus, Role
from ledger.working_days import Due, due_of, read_due_rule
from ledger.writing import record, write_rows

DEFAULT_DUE = "2wd"
CHANGED = "该任务在您打开以后有变动（登记、领取、放回、暂停或调整过期限）"
WITHDRAWN = "withdrawn"  # the end event that takes a case out of the procedure


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
    check(file, item, revision, ItemStatus.OPEN)
    refuse_own_work(file, item)
    return let_decide(file, pose(file, item), posted)


def let_decide(file: CaseFile, posing: Posing, posted: Posted) -> Decided:
    """Read what is posted and let the step's handler decide; raises FormErrors, StepRefused."""
    read = plain_answers(posing.form, posted, posing.asked)
    if read is None:
        read = parse_thoroughly(posing.form, posted, posing.asked)
    answers = with_words(posing.form, read, posing.asked)
    return Decided(posing, answers, posing.handler.complete(with_meeting(file, posing, answers), answers))


def carry_on(file: CaseFile, item: WorkItem, decided: Decided) -> Completed:
    """Carry out what was decided on an item and let the case go on."""
    posing, answers, outcome = decided.posing, decided.answers, decided.outcome
    file.forget_draft(item)
    if item.signed:
        item.answers = answers
        return _hand_to_signer(file, item, outcome)
    return _enter(file, posing, answers, outcome) if outcome.remains else finish(file, posing, answers, outcome)


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


def check(file: CaseFile, item: WorkItem, revision: int, status: ItemStatus) -> None:
    """Refuse what is no longer there to be done, before anything else is looked at (safety rule 5)."""
    actor = file.acting.actor
    if item.status == ItemStatus.CANCELLED:
        raise ItemGone("该任务已随流程的变动取消")
    if item.status == ItemStatus.DONE:
        who = item.completed_by.name if item.completed_by is not None else "系统"
        raise AlreadyDone(item.name, who, item.completed_at or item.created_at)
    if not actor.in_unit(item.unit_id):
        raise NotYours("该任务不由您的单位办理")
    if item.status == ItemStatus.UNSIGNED != status:
        who = item.prepared_by.name if item.prepared_by is not None else item.unit.short_name
        raise AlreadyDone(item.name, who, file.now)
    if item.status != status:
        raise ItemChanged(item.name, item.unit.short_name, file.now, "该任务已退回填写人修改")
    if not actor.holds(Role(item.role), item.unit_id):
        raise NotYours(f"该任务由本单位{Role(item.role).label}办理")
    if item.claimed_by_id is not None:
        _require_held(file, item)
    note_stand_in(file, item)
    if file.case.status != CaseStatus.RUNNING:
        raise CaseClosed(f"该项目的流程{CaseStatus(file.case.status).label}")
    require_revision(file, item, revision)


def require_revision(file: CaseFile, item: WorkItem, revision: int) -> None:
    """Refuse what is no longer as it was shown, though nobody has completed it."""
    if item.revision != revision:
        raise ItemChanged(item.name, item.unit.short_name, file.now, CHANGED)


def require_unclaimed(file: CaseFile, item: WorkItem) -> None:
    """Refuse an item that a colleague has taken."""
    actor, holder = file.acting.actor, item.claimed_by_id
    stands_in = actor.stands_in(item.unit_id, item.role, holder)
    if holder not in (None, actor.user_id) and (stands_in is None or stands_in.for_id != holder):
        who = item.claimed_by.name if item.claimed_by is not None else item.unit.short_name
        raise NotYours(f"该任务已由{who}领取，请由其办理或放回")


def note_stand_in(file: CaseFile, item: WorkItem) -> None:
    """Note in whose place the person acts on an item (代办), before the act changes whom it waits for."""
    file.lent = file.acting.actor.stands_in(item.unit_id, item.role, item.claimed_by_id)


def names_of(file: CaseFile) -> frozenset[int | None]:
    """Return in whose names the person acts: one's own, and who is stood in for (safety rule 5)."""
    return frozenset({file.acting.actor.user_id, file.in_place_of}) - {None}


def _require_held(file: CaseFile, item: WorkItem) -> None:
    """Refuse a claimed item to everybody else, and to who only fills it for another."""
    require_unclaimed(file, item)
    if item.delegated_by_id is not None:
        raise NotYours("这是委托您填写的任务，填好后请交回委托人提交")


def refuse_own_work(file: CaseFile, item: WorkItem) -> None:
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
    file.case.state = file.run.dump(file.key)
    enter(file.session, item, answers, file.acting.actor.user_id, file.now)
    journal(file, "entry", {"summary": outcome.summary, "variables": scalars(variables)}, item=item)
    write_rows(file.session)
    return Completed(file.case.id, item.id, True, False, ())


def finish(file: CaseFile, posing: Posing, answers: Answers, outcome: Outcome, opinion: str = "") -> Completed:
    item = posing.item
    carry_out(file, posing, answers, outcome)
    variables = variables_of(posing, answers, outcome)
    act, item.answers = "sign" if item.signed else "complete", answers
    new = move_on(file, item, variables, outcome.summary)
    told = {"summary": outcome.summary, "opinion": opinion, "verdict": outcome.variables.get("verdict")}
    moved = {"token": item.token, "variables": scalars(variables), **file.straight_back}
    journal(file, act, {**told, **moved}, item=item, new=new)
    write_rows(file.session)
    coming = tuple((each.name, each.unit.short_name, each.due_at) for each in new)
    return Completed(file.case.id, item.id, False, file.run.finished, coming)


def move_on(file: CaseFile, item: WorkItem, variables: Mapping[str, Any], words: str) -> list[WorkItem]:
    """Close the item, let the engine run, and write what it calls for next."""
    item.status, item.completed_at = ItemStatus.DONE, file.now
    item.completed_by_id, item.completed_for_id = file.acting.actor.user_id, file.in_place_of
    before = frozenset(task.token for task in file.run.ready) if item.returns_to else frozenset[str]()
    file.run.complete(item.token, variables)
    if item.returns_to:
        file.straight_back = go_straight_back(file, item, before)
    sender = Sender(signature(file, item), item, f"{item.name}：{words}" if words else item.name)
    new = save(file, sender)
    again = [each for each in new if each.returned_reason]
    if again:
        require_rounds(file, again)
    return new


@dataclass(frozen=True)
class Sender:
    """What brought new items about: who sends them, from which step or by which timer, with what words."""

    signature: str
    item: WorkItem | None = None
    words: str = ""
    timer: Timer | None = None


def save(file: CaseFile, sender: Sender) -> list[WorkItem]:
    """Project the run onto the rows; returns the items that are new."""
    file.case.state = file.run.dump(file.key)
    ready = {task.token: task for task in file.run.ready}
    for item in _left(file, sender, ready):
        if item.token not in ready and item.status in WAITING:
            item.status, item.completed_at = ItemStatus.CANCELLED, file.now
    known = file.known_tokens
    new = [_item(file, task, sender) for token, task in ready.items() if token not in known]
    if "items" in file.__dict__:
        file.items.extend(new)
    _save_timers(file, sender)
    for told in file.surroundings.told:
        _tell(file, told)
    if file.run.finished:
        file.case.status = CaseStatus.WITHDRAWN if WITHDRAWN in file.run.ended else CaseStatus.ARCHIVED
        file.case.ended_at = file.now
    return new


def _left(file: CaseFile, sender: Sender, ready: Collection[str]) -> Sequence[WorkItem]:
    """Return the items whose token may be gone: most acts leave none but their own, and read no others."""
    gone = file.stood.tasks - set(ready)
    own = frozenset() if sender.item is None else frozenset({sender.item.token})
    return [sender.item] if sender.item is not None and gone <= own else file.waiting if gone else ()


def _item(file: CaseFile, task: ReadyTask, sender: Sender) -> WorkItem:
    element = file.element(task.element)
    instance = None if task.instance is None else str(task.instance)
    assignee = assignee_of(element, instance, file.places, file.run.variables)
    due = due_in(file, element)
    columns = {
        "case_id": file.case.id,
        "token": task.token,
        "element": element.id,
        "name": element.name,
        "stem": element.attributes.get("handler") or element.attributes.get("form") or GENERIC,
        "article": element.attributes.get("article", ""),
        "instance": instance,
        "unit": assignee.unit,
        "unit_id": assignee.unit.id,
        "role": assignee.role,
        "signed": element.attributes.get("signed") == "true",
        "status": ItemStatus.OPEN,
        "sent_by": sender.signature,
        "returned_reason": sender.words if _goes_back(file, element.id, sender.item) else "",
        "created_at": file.now,
        "due_at": due.at,
        "milestone_at": _milestone(file, element.attributes.get("milestone")),
        "compressed": due.compressed,
    }
    return add_row(file.session, WorkItem, columns)


def due_in(file: CaseFile, element: Element) -> Due:
    """Return when an item of a step is due that comes now."""
    rule = read_due_rule(element.attributes.get("due", DEFAULT_DUE))
    return due_of(rule, file.now, file.dates, file.run.variables, file.calendar)


def _tell(file: CaseFile, told: Told) -> None:
    """Write what an automatic step says into the outbox of everybody who works in its unit, once per act."""
    unit = assignee_of(told.element, None, file.places, file.run.variables).unit
    key = f"passed:{file.case.id}:{file.case.revision}:{told.element.id}"
    telling = Telling(key, f"{told.element.name}：{file.project.name}", told.words)
    post_to_unit(file.session, unit.id, telling, file.now)


def _milestone(file: CaseFile, rule: str | None) -> datetime | None:
    if rule is None:
        return None
    due = due_of(read_due_rule(rule), file.now, file.dates, file.run.variables, file.calendar)
    return None if due.compressed else due.at  # a moment already past reminds nobody


def _goes_back(file: CaseFile, element: str, sender: WorkItem | None) -> bool:
    """Say whether a step is entered again from one that first came after it: a return, whatever line was taken."""
    if sender is None or not may_come_to(file.version.diagram, element, sender.element):
        return False
    if "items" not in file.__dict__:
        return came_before(file.session, file.case.id, element, sender.element)
    first = {item.element: item.id for item in reversed(file.items)}
    return element in first and first[element] < first.get(sender.element, sender.id)


def _save_timers(file: CaseFile, sender: Sender) -> None:
    waiting = {timer.token: timer for timer in file.run.timers}
    if not waiting and not file.stood.timers:
        return
    fired = set() if sender.timer is None else {sender.timer.token}
    gone = file.stood.timers - waiting.keys() - fired
    for timer in timers_of(file.session, file.case.id) if gone else ():
        if timer.token in gone:
            timer.ended_at = file.now
    for token in sorted(waiting.keys() - file.stood.timers):
        add_row(file.session, Timer, _timer(file, waiting[token]))


def _timer(file: CaseFile, waiting: WaitingTimer) -> dict[str, Any]:
    return {
        "case_id": file.case.id,
        "token": waiting.token,
        "element": waiting.element,
        "due_at": waiting.due_at,
        "provisional": file.counting.is_provisional(file.element(waiting.element), waiting.due_at),
        "created_at": file.now,
    }


def journal(
    file: CaseFile,
    act: str,
    detail: Mapping[str, Any],
    *,
    item: WorkItem | None = None,
    element: str = "",
    new: Sequence[WorkItem] = (),
) -> None:
    """Write the act's one row: enough to follow the case and, replayed in order, to arrive at its state."""
    told = {key: value for key, value in detail.items() if value not in (None, "", (), {})}
    elements = file.version.diagram.elements
    trail = file.run.trail
    told["elements"] = [each for each in trail if elements[each].kind != "sequenceFlow"]
    told["flows"] = [each for each in trail if elements[each].kind == "sequenceFlow"]
    told["sent_to"] = [[each.name, each.unit.short_name] for each in new]
    if file.changed:
        told["project"] = {name: list(change) for name, change in file.changed.items()}
    if item is not None:
        told["name"], told["instance"] = item.name, item.instance
        if file.lent is not None:
            told["in_place_of"] = file.lent.for_name
    record(
        file.session,
        file.acting.moment,
        file.acting.actor,
        Act(
            act,
            case_id=file.case.id,
            item_id=item.id if item is not None else None,
            element=item.element if item is not None else element,
            unit=item.unit.short_name if item is not None else "",
            detail=told,
        ),
    )


def scalars(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables as the journal writes them; an exact number becomes its text."""
    return {n: v if v is None or isinstance(v, str | int | bool | list) else str(v) for n, v in variables.items()}
