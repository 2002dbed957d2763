"""Do the same to many cases: push a list, decide at one meeting, fire what is due. Every row is reported.

Rows are done in groups under one savepoint, their statements grouped. Where a group fails it is undone and its rows
are done one by one, each under a savepoint of its own: a row that fails is reported in words and leaves the others.
The caller's transaction holds it all; nothing is committed here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from sqlalchemy.orm import Session

from bpmn.casefile import Acting, CaseFile, take_up
from bpmn.completed import Completed
from bpmn.firing import fire_timer, go_off, is_due
from bpmn.incidents import cause_of
from bpmn.refusals import ActRefused, AlreadyDone, CannotStart, CaseClosed, ItemGone, NotYours
from bpmn.runtime import Decided, carry_on, complete_item, decide
from bpmn.shared_papers import Late
from bpmn.starting import start_cases
from forms.fields import Posted
from forms.parsing import FormErrors
from handlers.outcome import StepRefused
from ledger.asking import asking_once
from ledger.campaigns import Campaign
from ledger.cases import WorkItem, timers_of
from ledger.gathering import (
    cases_of_timers,
    gather_items,
    gather_papers,
    gather_timers,
    gather_units,
    items_with_cases,
)
from ledger.meetings import batch_of_item
from ledger.projects import Project
from ledger.writing import write_many

GROUP = 200
Progress = Callable[[int, int], None]
Subject = TypeVar("Subject")
REFUSALS = (ActRefused, AlreadyDone, CannotStart, CaseClosed, ItemGone, NotYours)


@dataclass(frozen=True)
class Done:
    """What became of one row: `subject_id` is the project's, item's or timer's; `error` what stopped it, if anything.

    `happened` is False also where there was nothing to do any more. `sentence` is what a person reads.
    """

    subject_id: int
    happened: bool
    sentence: str
    completed: Completed | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class Filled:
    """One item to be completed, the revision it was shown with and what is posted on it."""

    item_id: int
    revision: int
    posted: Posted


def push(
    acting: Acting, projects: Sequence[Project], campaign: Campaign, progress: Progress | None = None
) -> list[Done]:
    """Start a case for every project (P1); one without a unit, or under way in this campaign, is reported."""

    def together(group: Sequence[Project]) -> list[Done]:
        with asking_once(acting.session):
            gather_units(acting.session, {project.county_id for project in group})
            started = {case.project_id: case.id for case in start_cases(acting, group, campaign)}
        return [_pushed(project, started) for project in group]

    def alone(project: Project) -> Done:
        return _pushed(project, {case.project_id: case.id for case in start_cases(acting, [project], campaign)})

    return _by_groups(acting.session, projects, together, alone, lambda project: project.id, progress)


def _pushed(project: Project, started: dict[int, int]) -> Done:
    case_id = started.get(project.id)
    if case_id is None:
        return Done(project.id, False, f"项目“{project.name}”在本批次已有流程")
    return Done(project.id, True, "已推送", Completed(case_id, 0, False, False, ()))


def complete_items(acting: Acting, rows: Sequence[Filled], progress: Progress | None = None) -> list[Done]:
    """Complete many items, such as the verdicts of one meeting (P4, P6); papers they share are written at the end.

    Rows that are refused, by their form, their handler or because somebody was quicker, change nothing.
    """
    late = Late()
    deferring = replace(acting, late=late)

    def together(group: Sequence[Filled]) -> list[Done]:
        with late.undone_with(), asking_once(acting.session):
            return _complete_group(deferring, group)

    def alone(row: Filled) -> Done:
        with late.undone_with():
            return _completed(row, complete_item(deferring, row.item_id, row.revision, row.posted))

    report = _by_groups(acting.session, rows, together, alone, lambda row: row.item_id, progress)
    late.write()
    acting.session.flush()
    return report


def submit_together(acting: Acting, rows: Sequence[Filled]) -> list[Done]:
    """Complete items of 报送 with one new batch: the first that can go opens it, the others join it (P5)."""
    report: list[Done] = []
    for number, row in enumerate(rows, 1):
        report += complete_items(acting, [row])
        if report[-1].happened:
            joining = {"into": ["existing"], "batch": [str(batch_of_item(acting.session, row.item_id))]}
            rest = [replace(each, posted={**each.posted, **joining}) for each in rows[number:]]
            return report + complete_items(acting, rest)
    return report


def _complete_group(acting: Acting, group: Sequence[Filled]) -> list[Done]:
    """Decide every row first, which changes nothing; then write those that may be done."""
    session = acting.session
    items, calendar = items_with_cases(session, [row.item_id for row in group])
    gather_units(session, {item.case.project.county_id for item in items.values()})
    case_ids = {item.case_id for item in items.values()}
    gather_items(session, case_ids)
    gather_papers(session, case_ids, {row.item_id for row in group})
    report: list[Done] = []
    taken: set[int] = set()
    ready: list[tuple[int, CaseFile, WorkItem, Decided]] = []
    for number, row in enumerate(group):
        try:
            item = _untaken(items.get(row.item_id), taken)
            file = take_up(acting, item.case, calendar)
            ready.append((number, file, item, decide(file, item, row.revision, row.posted)))
            taken.add(item.case_id)
            report.append(Done(row.item_id, False, ""))
        except (*REFUSALS, FormErrors, StepRefused) as refused:
            report.append(_failed(row.item_id, refused))
    for number, file, item, decided in ready:
        report[number] = _completed(group[number], carry_on(file, item, decided))
    write_many(session)
    return report


def _untaken(item: WorkItem | None, taken: Collection[int]) -> WorkItem:
    """Return an item whose case has no other row in the group: the second would see the case as it was."""
    if item is None:
        raise ItemGone("该任务不存在")
    if item.case_id in taken:
        raise ActRefused("同一项目的另一任务已在本批办理，请刷新后再办")
    return item


def _completed(row: Filled, completed: Completed) -> Done:
    where = "、".join(f"{name}（{unit}）" for name, unit, _due in completed.next)
    sentence = "已办结，流程结束" if completed.finished else f"已办结，送往{where}" if where else "已登记"
    return Done(row.item_id, True, sentence, completed)


def fire_timers(acting: Acting, timer_ids: Sequence[int], progress: Progress | None = None) -> list[Done]:
    """Fire due timers, each at most once; of several in one case the first, the others stay due."""

    def together(group: Sequence[int]) -> list[Done]:
        with asking_once(acting.session):
            return _fire_group(acting, group)

    def alone(timer_id: int) -> Done:
        return _fired(timer_id, happened=fire_timer(acting, timer_id))

    return _by_groups(acting.session, timer_ids, together, alone, lambda timer_id: timer_id, progress)


def _fire_group(acting: Acting, group: Sequence[int]) -> list[Done]:
    session = acting.session
    cases, calendar = cases_of_timers(session, group)
    gather_units(session, {case.project.county_id for case in cases.values()})
    gather_timers(session, {case.id for case in cases.values()})  # after the lock: another clock may have been quicker
    taken: set[int] = set()
    report: list[Done] = []
    for timer_id in group:
        case = cases.get(timer_id)
        waiting = timers_of(session, case.id) if case is not None and case.id not in taken else ()
        timer = next((each for each in waiting if each.id == timer_id), None)
        if case is None or timer is None or not is_due(acting, case, timer):
            report.append(_fired(timer_id, happened=False))
            continue
        taken.add(case.id)
        go_off(take_up(acting, case, calendar), timer)
        report.append(_fired(timer_id, happened=True))
    write_many(session)
    return report


def _fired(timer_id: int, *, happened: bool) -> Done:
    return Done(timer_id, happened, "已到期办理" if happened else "已经办理或尚未到期")


def _by_groups(
    session: Session,
    subjects: Sequence[Subject],
    together: Callable[[Sequence[Subject]], list[Done]],
    alone: Callable[[Subject], Done],
    number_of: Callable[[Subject], int],
    progress: Progress | None,
) -> list[Done]:
    report: list[Done] = []
    for group in _groups(subjects):
        try:
            with session.begin_nested():
                done = together(group)
        except Exception:  # one row of the group is broken: which one is found by doing them one by one
            done = [_alone(session, each, alone, number_of(each)) for each in group]
        report += done
        if progress is not None:
            progress(len(report), len(subjects))
    return report


def _alone(session: Session, subject: Subject, alone: Callable[[Subject], Done], number: int) -> Done:
    try:
        with session.begin_nested():
            return alone(subject)
    except Exception as error:  # a broken row is reported and leaves the others
        return _failed(number, error)


def _failed(number: int, error: Exception) -> Done:
    errors = getattr(error, "errors", None)
    if isinstance(errors, dict):
        return Done(number, False, "；".join(errors.values()), error=error)
    return Done(number, False, str(error) if isinstance(error, REFUSALS) else cause_of(error), error=error)


def _groups(subjects: Iterable[Subject]) -> Iterator[list[Subject]]:
    left = iter(subjects)
    while group := list(islice(left, GROUP)):
        yield group
