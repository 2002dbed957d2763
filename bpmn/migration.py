"""Running cases move to another version of their procedure: planned case by case, applied one by one, undone.

A plan is the move itself tried without being written, so that what was planned is what is done. A case is moved only
to where the new version could have brought it (engine rule 4), and nobody gets around a publicity period (T1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from bpmn.casefile import Acting, CaseFile, surroundings_of, take_case
from bpmn.correspondence import wishes_for
from bpmn.counting import ends_publicity
from bpmn.engine import (
    GIVEN_UP,
    Change,
    Element,
    Mark,
    Run,
    StateRefused,
    StepFailed,
    Weight,
    Wishes,
    carry,
    without_parts,
)
from bpmn.item_moves import item_changes, move_rows
from bpmn.moving_on import Sender, journal, save
from bpmn.position import MOVED, MOVED_BACK
from bpmn.refusals import ActRefused, ItemGone
from bpmn.supervision import ahead_of
from bpmn.versions import Version, pins_for, version_of
from ledger.case_moves import CaseMove, acted_since, columns_of, last_move, put_back, timers_ever
from ledger.cases import Case, timers_of
from ledger.db import DatabaseBusy, RowChanged, SessionFactory, transaction
from ledger.journal import last_act
from ledger.procedures import Pins, Procedure
from ledger.vocabulary import ItemStatus

QUIET = ("urge",)
"""Acts after which a case has not moved."""


@dataclass(frozen=True)
class Order:
    """What a person asks for: the version to move to, where vanished elements went, what becomes of changed timers."""

    procedure_id: int
    given: Mapping[str, str] = field(default_factory=dict)
    fresh_timers: bool = False


@dataclass(frozen=True)
class Plan:
    """What moving one case would change; `weight` says whether it goes by itself, is to be looked at, or cannot go."""

    case_id: int
    project: str
    weight: Weight
    changes: tuple[Change, ...]

    @property
    def reason(self) -> str:
        """Say why it cannot go, or what is to be looked at."""
        return "".join(change.sentence for change in self.changes if change.weight is self.weight)


@dataclass(frozen=True)
class Outcome:
    """What became of one case of many: moved or not, and why not."""

    case_id: int
    moved: bool
    reason: str


class MoveImpossible(ActRefused):
    """该项目不能换到新版流程."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.reason)
        self.plan = plan


@dataclass(frozen=True)
class _Goal:
    procedure: Procedure
    pins: Pins | None
    version: Version


def plan_case(acting: Acting, case_id: int, order: Order) -> Plan:
    """Say what moving a case would change, without changing it; raises ItemGone, ActRefused for a senseless order."""
    file = take_case(acting, case_id, lock=False)
    return _try(file, _goal(acting.session, file.case, order), order).plan


def move_case(acting: Acting, case_id: int, order: Order, accept: Weight = Weight.CHECK) -> Plan:
    """Move a case to another version, by its plan as it is now.

    Raises ItemGone, ActRefused, and MoveImpossible where the plan weighs more than `accept`.
    """
    file = take_case(acting, case_id)
    goal = _goal(acting.session, file.case, order)
    trial = _try(file, goal, order)
    if trial.carried is None or trial.plan.weight > accept:
        raise MoveImpossible(trial.plan)
    move = _remembered(file, goal)
    move_rows(file, trial.carried, trial.wishes)
    file.case.procedure, file.case.callees = goal.procedure, goal.pins
    words = f"流程换到第{goal.procedure.number}版"
    new = save(trial.carried, Sender(acting.signature, None, words))
    detail = {
        "procedure": goal.procedure.sha256,
        "callees": goal.pins,
        "mapping": dict(order.given),
        "renamed": {old: new for old, new in trial.wishes.targets.items() if new not in (old, GIVEN_UP)},
        "timers": "fresh" if order.fresh_timers else "kept",
        "told": [change.sentence for change in trial.plan.changes],
        "summary": words,
    }
    journal(trial.carried, MOVED, detail, element=goal.procedure.process_id, new=new)
    file.session.flush()
    move.entry_id = _written(file)
    file.session.add(move)
    file.session.flush()
    return trial.plan


def _remembered(file: CaseFile, goal: _Goal) -> CaseMove:
    """Keep everything a move is about to change."""
    timers = timers_of(file.session, file.case.id)
    return CaseMove(
        case_id=file.case.id,
        from_procedure_id=file.case.procedure_id,
        from_callees=file.case.callees,
        to_procedure_id=goal.procedure.id,
        state=file.case.state,
        before={
            "case": columns_of(file.case),
            "items": {str(item.id): columns_of(item) for item in file.waiting},
            "timers": {str(timer.id): columns_of(timer) for timer in timers},
        },
        moved_at=file.now,
        moved_by=file.acting.signature,
    )


def _written(file: CaseFile) -> int:
    """Return the number of the journal row just written."""
    entry = last_act(file.session, file.case.id)
    assert entry is not None
    return entry.id


def move_back(acting: Acting, case_id: int) -> None:
    """Undo a case's last move: it stands exactly as it stood, as long as nothing happened to it since.

    Raises ItemGone, and ActRefused when it was not moved or somebody acted.
    """
    file = take_case(acting, case_id)
    move = last_move(acting.session, case_id)
    if move is None:
        raise ActRefused("该项目没有换过流程版本，或已经换回")
    if acted_since(acting.session, move, QUIET):
        raise ActRefused("换版以后已经有人办理或期限已到，不能换回")
    procedure = acting.session.get_one(Procedure, move.from_procedure_id)
    items, timers = move.before["items"], move.before["timers"]
    for item in file.waiting:
        if str(item.id) not in items:
            item.status, item.completed_at = ItemStatus.CANCELLED, acting.now
    for item in file.items:
        put_back(item, items.get(str(item.id), {}))
    for timer in timers_ever(acting.session, case_id):
        if str(timer.id) in timers:
            put_back(timer, timers[str(timer.id)])
        elif timer.ended_at is None:
            timer.ended_at = acting.now
    put_back(file.case, move.before["case"])
    file.case.state, file.case.procedure, file.case.callees = move.state, procedure, move.from_callees
    move.undone_at = acting.now
    acting.session.flush()
    restored = take_case(acting, case_id)
    detail = {"procedure": procedure.sha256, "summary": f"流程换回第{procedure.number}版"}
    journal(restored, MOVED_BACK, detail, element=procedure.process_id)
    acting.session.flush()


def _goal(session: Session, case: Case, order: Order) -> _Goal:
    """Return the version a case is to be moved to, with the newest versions of what that calls."""
    procedure = session.get(Procedure, order.procedure_id)
    if procedure is None or procedure.process_id != case.procedure.process_id:
        raise ActRefused("没有这个流程的这一版")
    if case.ended_at is not None:
        raise ActRefused("该项目的流程已经结束，不用换版")
    pins = pins_for(session, procedure)
    if procedure.id == case.procedure_id and pins == case.callees:
        raise ActRefused("该项目已经在这一版流程上")
    return _Goal(procedure, pins, version_of(procedure, pins))


@dataclass(frozen=True)
class _Trial:
    """A move tried and not written; `carried` is None where it cannot be."""

    plan: Plan
    carried: CaseFile | None
    wishes: Wishes


def _try(file: CaseFile, goal: _Goal, order: Order) -> _Trial:
    """Carry the run over without writing anything."""
    old, new = file.version, goal.version
    wishes = wishes_for(old.diagram, new.diagram, order.given, fresh_timers=order.fresh_timers)
    around = surroundings_of(file.acting, file.case, file.calendar, new)
    around.counting.variables = file.run.variables
    result = carry(file.run, new.diagram, wishes, around)
    changes = [*result.changes, *_over_publicity(file, new, wishes)]
    carried = None
    if result.run is not None:
        if without_parts(result.run.marking) not in new.markings:
            changes.append(_nowhere(file, result.run))
        around.counting.variables = result.run.variables
        carried = replace(file, version=new, surroundings=around, run=result.run)
        carried.items = file.items
        changes += item_changes(file, carried, fresh_dues=order.fresh_timers)
    weight = max((change.weight for change in changes), default=Weight.AUTO)
    plan = Plan(file.case.id, file.project.name, weight, tuple(changes))
    return _Trial(plan, carried if weight is not Weight.REFUSE else None, wishes)


def _nowhere(file: CaseFile, run: Run) -> Change:
    names = "、".join(f"“{run.diagram.elements[task.element].name or task.element}”" for task in run.ready)
    what = f"同时办理{names}的状态" if names else "这样的状态"
    return Change("", file.project.name, Weight.REFUSE, f"新版流程走不到{what}，请指定由哪些环节接续办理。")


def _over_publicity(file: CaseFile, new: Version, wishes: Wishes) -> Iterator[Change]:
    """Refuse a step named by hand that lies behind a publicity period the case has not come to, or is still in."""
    for element_id in wishes.explicit:
        target = wishes.targets[element_id]
        if not target or element_id not in _standing(file):
            continue
        element, there = file.element(element_id), new.diagram.elements[target]
        if _before_publicity(file, file.version, element) and not _before_publicity(file, new, there):
            sentence = f"“{element.name or element_id}”之后还有公告期，不能越过公告期由“{there.name or target}”接续。"
            yield Change(element_id, element.name, Weight.REFUSE, sentence)


def _standing(file: CaseFile) -> set[str]:
    """Return where the case stands, event gateways and joint activities included."""

    def elements(marks: Sequence[Mark]) -> Iterator[str]:
        for mark in marks:
            yield mark.element
            yield from elements(mark.inside)

    return set(elements(file.run.marking))


def _before_publicity(file: CaseFile, version: Version, element: Element) -> bool:
    """Say whether a case can come to an element without a publicity period having ended."""
    diagram = version.diagram
    barred = {each.id for each in diagram.elements.values() if ends_publicity(each)}
    return not barred or element.id in barred | ahead_of(diagram, diagram.start_of(None).id, barred)


Begin = Callable[[Session], Acting]
"""Says who acts in a transaction that has just begun."""


def plan_cases(acting: Acting, case_ids: Iterable[int], order: Order) -> Iterator[Plan]:
    """Plan one case after another; raises ActRefused for a senseless order."""
    return (plan_case(acting, case_id, order) for case_id in case_ids)


def move_cases(
    sessions: SessionFactory, begin: Begin, case_ids: Iterable[int], order: Order, accept: Weight
) -> Iterator[Outcome]:
    """Move cases, each in a transaction of its own, and yield what became of each as it is done."""

    def move(acting: Acting, case_id: int) -> str:
        return move_case(acting, case_id, order, accept).reason

    return _one_by_one(sessions, begin, case_ids, move)


def move_cases_back(sessions: SessionFactory, begin: Begin, case_ids: Iterable[int]) -> Iterator[Outcome]:
    """Undo moves, each in a transaction of its own, and yield what became of each as it is done."""

    def back(acting: Acting, case_id: int) -> str:
        move_back(acting, case_id)
        return ""

    return _one_by_one(sessions, begin, case_ids, back)


def _one_by_one(
    sessions: SessionFactory, begin: Begin, case_ids: Iterable[int], act: Callable[[Acting, int], str]
) -> Iterator[Outcome]:
    for case_id in case_ids:
        try:
            with transaction(sessions) as session:
                told = act(begin(session), case_id)
            yield Outcome(case_id, True, told)
        except (ActRefused, ItemGone) as refused:
            yield Outcome(case_id, False, str(refused))
        except (RowChanged, DatabaseBusy):
            yield Outcome(case_id, False, "该项目正有人办理，请稍后再试")
        except (StateRefused, StepFailed) as broken:
            yield Outcome(case_id, False, f"该项目的流程状态有误：{broken}")
