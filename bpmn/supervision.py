"""What the county's case administrator does with a whole case: suspend, resume, terminate, move a token, change a date.

The administrator is the bureau's 经办人 (县乡村振兴局). Nothing here gets around the scheme: a token goes only where
the diagram could have brought it and never over a publicity period, and no publicity period becomes shorter than
5 working days (T1).

While a case is suspended nobody acts on it and no timer fires. What happens to its moments is said by `resume`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from bpmn.casefile import Acting, CaseFile, take_case
from bpmn.completed import Completed
from bpmn.counting import EXTENDED, LEAST_PUBLICITY_DAYS, ends_publicity
from bpmn.demands import reason_of, require_bureau, require_reachable, require_running, settled_case
from bpmn.engine import Diagram, Element, MoveRefused, WaitingTimer
from bpmn.exploration import legal_targets
from bpmn.moving_on import Sender, save
from bpmn.refusals import ActRefused
from ledger.cases import timers_of
from ledger.db import day_of, end_of_day, last_day
from ledger.journal import RESUME, SUSPEND
from ledger.passages import passages
from ledger.vocabulary import CaseStatus
from ledger.working_days import Calendar

_INSTANT = timedelta(microseconds=1)  # 24:00 belongs to the day it ends


def suspend(acting: Acting, case_id: int, reason: str, *, interrupts_publicity: bool = False) -> Completed:
    """Suspend a case (暂停): nobody acts on it until it is resumed.

    A publicity period that runs goes on, since the notices hang, unless it is interrupted: then it begins anew once
    both are posted again.
    Raises ItemGone, NotYours, CaseClosed, ActRefused.
    """
    file = take_case(acting, case_id)
    require_bureau(file, "暂停")
    require_running(file)
    words = reason_of(reason, "暂停")
    if interrupts_publicity:
        if not any(_is_publicity(file, timer) for timer in file.run.timers):
            raise ActRefused("现在不在公告期内，没有公告可以中止")
        file.case.publicity_interrupted_at = acting.now
    file.case.status, file.case.suspended_at = CaseStatus.SUSPENDED, acting.now
    told = "暂停办理，公告中止" if interrupts_publicity else "暂停办理"
    detail = {"reason": words, "interrupts": interrupts_publicity or None, "summary": f"{told}：{words}"}
    return settled_case(file, SUSPEND, detail)


def resume(acting: Acting, case_id: int, reason: str) -> Completed:
    """Resume a suspended case (恢复).

    Due dates and timers that count days move by the working days it stood still; the campaign's dates and a
    publicity period stay. An interrupted publicity is posted again first: `publicity_acts.repost`.
    Raises ItemGone, NotYours, ActRefused.
    """
    file = take_case(acting, case_id)
    require_bureau(file, "恢复")
    words = reason_of(reason, "恢复")
    if file.case.status != CaseStatus.SUSPENDED or file.case.suspended_at is None:
        raise ActRefused("该项目的流程没有暂停")
    if file.case.publicity_interrupted_at is not None:
        raise ActRefused("公告中止以后还没有在两处重新张贴：请先在“公告和异议”页登记张贴日期和照片，再恢复办理")
    paused = max(0, file.calendar.count(day_of(file.case.suspended_at), day_of(acting.now)))
    detail: dict[str, Any] = {"reason": words, "days": paused}
    moved = {timer.token: _due_after(file, timer, paused) for timer in file.run.timers}
    detail["timers"] = set_timers(file, {token: due for token, due in moved.items() if due is not None})
    for item in file.waiting:
        item.due_at = later(file.calendar, item.due_at, paused)
        item.milestone_at = None if item.milestone_at is None else later(file.calendar, item.milestone_at, paused)
    file.case.status, file.case.suspended_at = CaseStatus.RUNNING, None
    detail["summary"] = f"恢复办理，期限顺延{paused}个工作日：{words}"
    return settled_case(file, RESUME, detail)


def _due_after(file: CaseFile, timer: WaitingTimer, paused: int) -> datetime | None:
    """Return when a timer is due after the pause, None when it stays as it is."""
    return (
        later(file.calendar, timer.due_at, paused) if file.counting.stands_still(file.element(timer.element)) else None
    )


def _is_publicity(file: CaseFile, timer: WaitingTimer) -> bool:
    return file.counting.publicity_of(file.element(timer.element)) is not None


def later(calendar: Calendar, due_at: datetime, days: int) -> datetime:
    """Return a moment so many working days later, at the same time of day."""
    if days < 1:
        return due_at
    day = day_of(due_at - _INSTANT)
    return due_at + (calendar.period(day, days).end - day)


def set_timers(file: CaseFile, dues: dict[str, datetime]) -> dict[str, str]:
    """Move timers in the run and in their rows; returns the new moments by token, for the journal."""
    for token, due_at in dues.items():
        file.run.reschedule(token, due_at)
    for row in timers_of(file.session, file.case.id) if dues else ():
        if row.token in dues:
            row.due_at = dues[row.token]
            row.provisional = file.counting.is_provisional(file.element(row.element), row.due_at)
    file.case.state = file.run.dump(file.key)
    return {token: due_at.isoformat() for token, due_at in dues.items()}


def terminate(acting: Acting, case_id: int, reason: str) -> Completed:
    """Terminate a case (终止) that runs or is suspended: open items and timers end, what was done stays.

    Raises ItemGone, NotYours, ActRefused.
    """
    file = take_case(acting, case_id)
    require_bureau(file, "终止")
    words = reason_of(reason, "终止")
    if file.case.status not in (CaseStatus.RUNNING, CaseStatus.SUSPENDED):
        raise ActRefused(f"该项目的流程{CaseStatus(file.case.status).label}，不用终止")
    file.run.abandon()
    save(file, Sender(acting.signature))
    file.case.status = CaseStatus.TERMINATED
    return settled_case(file, "terminate", {"reason": words, "summary": f"终止流程：{words}"})


def move_targets(acting: Acting, case_id: int, token: str) -> tuple[tuple[str, str], ...]:
    """Return id and name of the steps a token may be moved to, in the order of the diagram."""
    file = take_case(acting, case_id, lock=False)
    return tuple((target, file.element(target).name) for target in _targets(file, token))


def move_token(acting: Acting, case_id: int, token: str, target: str, reason: str) -> Completed:
    """Move a token (调整环节) to a task where the marking is one the diagram could have come to.

    Raises ItemGone, NotYours, CaseClosed, ActRefused.
    """
    file = take_case(acting, case_id)
    require_bureau(file, "调整环节")
    require_running(file)
    words = reason_of(reason, "调整环节")
    known = file.version.diagram.elements.get(target)
    name = known.name if known is not None else target
    if target not in _targets(file, token):
        raise ActRefused(f"不能调整到“{name}”：流程图走不到那样的状态，或要越过公告期")
    here = next((item for item in file.waiting if item.token == token), None)
    try:
        file.run.move(token, target)
    except MoveRefused as refused:
        raise ActRefused(str(refused)) from refused
    require_reachable(file, f"不能调整到“{name}”：流程图走不到那样的状态")
    new = save(file, Sender(acting.signature, here, f"调整环节：{words}"))
    detail = {"token": token, "target": target, "reason": words, "summary": f"调整到{name}：{words}"}
    return settled_case(file, "move", detail, here, new)


def _targets(file: CaseFile, token: str) -> tuple[str, ...]:
    """Return the tasks a token may be moved to: done before, or ahead with no publicity period in between.

    What only a message brings about (异议核查) is nothing to move to: nobody said anything yet.
    """
    standing = {task.token: task.element for task in file.run.ready}
    standing |= {timer.token: timer.element for timer in file.run.timers}
    here = standing.get(token)
    if here is None:
        raise ActRefused("该环节已经变动，请刷新后再试")
    barred = {e.id for e in file.version.diagram.elements.values() if ends_publicity(e)}
    ahead = ahead_of(file.version.diagram, here, barred) - _behind_messages(file.version.diagram)
    came = passages(file.session, file.case.id)
    candidates = ahead | {element for element, passage in came.items() if passage.done}
    return legal_targets(file.version.markings, file.run, token, candidates)


def _behind_messages(diagram: Diagram) -> set[str]:
    """Return the elements right behind a message event."""
    messages = (element for element in diagram.elements.values() if element.event == "message")
    return {diagram.elements[flow].target or "" for message in messages for flow in message.outgoing}


def ahead_of(diagram: Diagram, here: str, barred: Collection[str]) -> set[str]:
    """Return the elements a token can come to from `here` without passing one of `barred`.

    A sub-process that holds one of them is not left either: which end it comes to depends on what happened there.
    """
    held = {diagram.elements[each].parent for each in barred}
    found, ahead = set[str](), [] if here in barred else [here]
    while ahead:
        element = diagram.elements[ahead.pop()]
        steps = () if element.kind == "endEvent" and element.parent in held else _steps(diagram, element)
        fresh = {step for step in steps if step not in found and step not in barred}
        found |= fresh
        ahead += fresh
    return found


def _steps(diagram: Diagram, element: Element) -> list[str]:
    """Return where a token goes on: along the flows, over the edges, into a sub-process and out at its end."""
    begins = [inner.id for inner in diagram.inside(element.id) if inner.kind == "startEvent"]
    steps = begins or [diagram.elements[flow].target or "" for flow in element.outgoing]
    steps += [event.id for event in diagram.boundary_events(element.id)]
    if element.kind == "endEvent" and element.parent is not None:
        around = diagram.elements[element.parent]
        steps += [diagram.elements[flow].target or "" for flow in around.outgoing]
    return steps


def change_timer(acting: Acting, case_id: int, timer_id: int, last: date, reason: str) -> Completed:
    """Let a running timer end at 24:00 of another day (调整期限).

    A publicity period keeps at least 5 working days and ends on one (T1, art. 14). Raises ItemGone, NotYours,
    CaseClosed, ActRefused.
    """
    file = take_case(acting, case_id)
    require_bureau(file, "调整期限")
    require_running(file)
    words = reason_of(reason, "调整期限")
    row = next((timer for timer in timers_of(acting.session, case_id) if timer.id == timer_id), None)
    if row is None:
        raise ActRefused("该期限已经到期或取消")
    due_at = end_of_day(last)
    if due_at <= acting.now:
        raise ActRefused("新的期限不能早于今天")
    if due_at == row.due_at:
        raise ActRefused("期限就到这一天，不用调整")
    element = file.element(row.element)
    before, variables = last_day(row.due_at), dict[str, Any]()
    if file.counting.publicity_of(element) is not None:
        require_full_publicity(file, last)
        variables = {EXTENDED: last.isoformat()}
        file.run.variables.update(variables)
    timers = set_timers(file, {row.token: due_at})
    summary = f"{element.name}由{before.isoformat()}改为{last.isoformat()}：{words}"
    detail = {"name": element.name, "timers": timers, "variables": variables, "reason": words, "summary": summary}
    return settled_case(file, "change_timer", detail, element=row.element)


def require_full_publicity(file: CaseFile, last: date) -> None:
    """Refuse a last day of a publicity period before its fifth working day, and one that is free (T1)."""
    least = file.counting.least_publicity(LEAST_PUBLICITY_DAYS).end
    if last < least:
        raise ActRefused(f"公告期不得少于{LEAST_PUBLICITY_DAYS}个工作日，最早到{least.isoformat()}")
    if not file.calendar.is_working(last):
        raise ActRefused("公告期要在工作日期满，请另选一天")
