"""Write a run back: the sealed state, the work items and timers it calls for, the case's end, the journal row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bpmn.assignment import assignee_of
from bpmn.casefile import CaseFile
from bpmn.engine import ReadyTask, WaitingTimer
from bpmn.outlook import may_come_to
from bpmn.surroundings import Told
from handlers.plain import GENERIC
from ledger.cases import WAITING, Timer, WorkItem, timers_of
from ledger.journal import Act
from ledger.outbox import Telling, post_to_unit
from ledger.taking import came_before
from ledger.vocabulary import CaseStatus, ItemStatus
from ledger.working_days import due_of, read_due_rule
from ledger.writing import record

DEFAULT_DUE = "2wd"
WITHDRAWN = "withdrawn"  # the end event that takes a case out of the procedure


@dataclass(frozen=True)
class Sender:
    """What brought new items about: who sends them, from which step or by which timer, with what words."""

    signature: str
    item: WorkItem | None = None
    words: str = ""
    timer: Timer | None = None


def save(file: CaseFile, sender: Sender, *, had_timers: bool) -> list[WorkItem]:
    """Project the run onto the rows; returns the items that are new."""
    file.case.state = file.run.dump(file.session.info["keys"].mac)
    ready = {task.token: task for task in file.run.ready}
    for item in _left(file, sender, ready):
        if item.token not in ready and item.status in WAITING:
            item.status, item.completed_at = ItemStatus.CANCELLED, file.now
    known = file.known_tokens
    new = [_item(file, task, sender) for token, task in ready.items() if token not in known]
    file.session.add_all(new)
    if "items" in file.__dict__:
        file.items.extend(new)
    if had_timers or file.run.timers:
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
    due = due_of(
        read_due_rule(element.attributes.get("due", DEFAULT_DUE)),
        file.now,
        file.dates,
        file.run.variables,
        file.calendar,
    )
    return WorkItem(
        case_id=file.case.id,
        token=task.token,
        element=element.id,
        name=element.name,
        stem=element.attributes.get("handler") or element.attributes.get("form") or GENERIC,
        article=element.attributes.get("article", ""),
        instance=instance,
        unit=assignee.unit,
        unit_id=assignee.unit.id,
        role=assignee.role,
        signed=element.attributes.get("signed") == "true",
        status=ItemStatus.OPEN,
        sent_by=sender.signature,
        returned_reason=sender.words if _goes_back(file, element.id, sender.item) else "",
        created_at=file.now,
        due_at=due.at,
        milestone_at=_milestone(file, element.attributes.get("milestone")),
        compressed=due.compressed,
    )


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
    fired = set() if sender.timer is None else {sender.timer.token}
    gone = file.stood.timers - waiting.keys() - fired
    for timer in timers_of(file.session, file.case.id) if gone else ():
        if timer.token in gone:
            timer.ended_at = file.now
    file.session.add_all(_timer(file, waiting[token]) for token in sorted(waiting.keys() - file.stood.timers))


def _timer(file: CaseFile, waiting: WaitingTimer) -> Timer:
    return Timer(
        case_id=file.case.id,
        token=waiting.token,
        element=waiting.element,
        due_at=waiting.due_at,
        provisional=file.counting.is_provisional(file.element(waiting.element), waiting.due_at),
        created_at=file.now,
    )


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
