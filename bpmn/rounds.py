"""Rounds through the engine: open one per unit and occurrence, complete its steps; the only writer of a round's state.

The same walk as a case's (lock → check → answers → handler → engine → rows → journal) in the caller's transaction, over
a unit and a period instead of a project: no classes, no minutes, no register are touched. A step is due with its round,
or by the `sgyp:due` that its diagram says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from bpmn.completed import Completed
from bpmn.counting import Counting
from bpmn.engine import Element, Run, StepFailed, Surroundings, case_key
from bpmn.moving_on import CHANGED
from bpmn.refusals import AlreadyDone, ItemChanged, ItemGone, NotYours
from bpmn.round_papers import file_tables_of, file_written
from bpmn.round_procedures import round_procedure
from bpmn.versions import Version, version_of
from forms.fields import Asked, FieldType, Form, Posted, with_words
from forms.parsing import parse
from forms.rendering import posted_from
from handlers import HANDLERS, plain
from handlers.automatic import AUTOMATIC, Passing
from handlers.outcome import Answers, Handler, Outcome, RoundFacts, Shown, Step
from ledger.cases import WAITING
from ledger.db import day_of, end_of_day
from ledger.fact_checks import confirm_facts
from ledger.journal import Act
from ledger.outbox import Telling, post_to_unit
from ledger.people import Unit
from ledger.procedures import Procedure
from ledger.round_dates import ARTICLES, Occurrence
from ledger.round_figures import RATES, figures_of, gaps_of, invested_of, listed_of, progress_of, rates_of
from ledger.rounds import (
    RoundItem,
    UnitRound,
    insert_round,
    key_of,
    round_items,
    round_papers,
    take_round,
    take_round_item,
)
from ledger.statistics import rate_text
from ledger.taking import first_of_kind
from ledger.vocabulary import ItemStatus, Role, RoundKind, UnitKind
from ledger.working_days import Calendar, dates_of, due_of, load_calendar, read_due_rule
from ledger.writing import record

OWN_LANE = "责任单位"
LANES: Mapping[str, UnitKind] = {"县乡村振兴局": UnitKind.BUREAU, "领导小组办公室": UnitKind.OFFICE}
WITH_TABLES = frozenset({"monthly_update", "round_approval"})
"""Steps whose completion files Annex 4 and 5 as they stand, of a kind that reports them."""
_TABLED = frozenset({RoundKind.MONTHLY, RoundKind.YEARLY})


class RoundsNotDeployed(LookupError):
    """周期流程还没有部署."""


@dataclass(frozen=True)
class RoundSurroundings(Surroundings):
    """What a round's run may look at; `told` gathers what its automatic steps say."""

    title: str = ""
    told: list[tuple[Element, str]] = field(default_factory=list)

    def perform(self, element: Element, variables: Mapping[str, object]) -> object:
        """Do an automatic step and return the variables to set; raises StepFailed."""
        step = AUTOMATIC.get(element.attributes.get("handler", ""))
        if step is None:
            raise StepFailed(element, f"没有名为“{element.attributes.get('handler', '')}”的处理程序。")
        done = step(Passing(element.name, element.documentation, self.title, variables))
        if done.words:
            self.told.append((element, done.words))
        return done.variables


@dataclass
class RoundFile:
    """A round under the hands of one act."""

    acting: Acting
    round: UnitRound
    calendar: Calendar
    version: Version
    surroundings: RoundSurroundings
    run: Run

    @property
    def session(self) -> Session:
        return self.acting.session

    @property
    def dates(self) -> Mapping[str, date]:
        return {} if self.round.campaign is None else dates_of(self.round.campaign)

    def element(self, element_id: str) -> Element:
        return self.version.diagram.elements[element_id]

    def lane(self, element_id: str) -> str:
        element = self.element(element_id)
        return element.attributes.get("who") or element.lane or OWN_LANE

    def unit(self, element_id: str) -> Unit:
        """Return the unit whose lane an element is drawn in: the round's own unless the lane names another."""
        kind = LANES.get(self.lane(element_id))
        found = None if kind is None else first_of_kind(self.session, self.round.county_id, kind)
        return self.round.unit if found is None else found


@dataclass(frozen=True)
class OpenRound:
    """A step of a round as its page shows it; `mine` when the person may act on it now."""

    item: RoundItem
    form: Form
    asked: Asked
    initial_posted: dict[str, list[str]]
    mine: bool


def open_rounds(acting: Acting, occurrence: Occurrence, units: Sequence[Unit], *, backfilled: bool = False) -> int:
    """Open an occurrence for each of `units` that has none; returns how many are new (RoundsNotDeployed).

    Of several schedulers that do so at once each round is opened by one: its key is unique.
    """
    procedure = round_procedure(acting.session, occurrence.kind)
    if procedure is None:
        raise RoundsNotDeployed(occurrence.kind.label)
    calendar = load_calendar(acting.session)
    ground = _Ground(procedure, version_of(procedure), calendar)
    opened = [_open(acting, occurrence, unit, ground, backfilled=backfilled) for unit in units]
    return sum(opened)


@dataclass(frozen=True)
class _Ground:
    procedure: Procedure
    version: Version
    calendar: Calendar


def _key(session: Session, key: str) -> bytes:
    """Return the key under which a round's states are sealed."""
    return case_key(session.info["keys"].mac, f"round {key}")


def _open(acting: Acting, occurrence: Occurrence, unit: Unit, ground: _Ground, *, backfilled: bool) -> bool:
    assert unit.county_id is not None  # who reports lies in a county
    around = _surroundings(acting, ground.calendar, {}, occurrence.title)
    run = Run.start(ground.version.diagram, {"verdict": None}, around)
    key = key_of(occurrence, unit.id)
    values = {
        "key": key,
        "county_id": unit.county_id,
        "unit_id": unit.id,
        "kind": str(occurrence.kind),
        "occurrence": occurrence.name,
        "title": occurrence.title,
        "campaign_id": occurrence.campaign_id,
        "procedure_id": ground.procedure.id,
        "state": run.dump(_key(acting.session, key)),
        "opened_at": acting.now,
        "due_at": occurrence.due_at,
        "provisional": occurrence.provisional,
        "backfilled": backfilled,
    }
    round_id = insert_round(acting.session, values)
    if round_id is None:
        return False
    row = take_round(acting.session, round_id, lock=False)
    assert row is not None  # just written
    _save(RoundFile(acting, row, ground.calendar, ground.version, around, run), None, "")
    _journal(acting, "round_opened", row, {"backfilled": backfilled})
    return True


def open_round_item(acting: Acting, item_id: int) -> OpenRound:
    """Return a step of a round as its page shows it (ItemGone)."""
    file, item = _take(acting, item_id, lock=False)
    posing = _pose(file, item)
    initial = item.answers if item.answers is not None else posing.handler.prepare(posing.step)
    mine = item.status in WAITING and (item.unit_id, item.role) in acting.actor.places
    return OpenRound(item, posing.form, posing.asked, posted_from(posing.form, initial), mine)


def complete_round_item(acting: Acting, item_id: int, revision: int, posted: Posted) -> Completed:
    """Complete a step of a round with what was posted.

    Raises ItemGone, AlreadyDone (also when it changed since `revision` was shown), NotYours, FormErrors, StepRefused.
    """
    file, item = _take(acting, item_id, lock=True)
    _check(file, item, revision)
    posing = _pose(file, item)
    answers = with_words(posing.form, parse(posing.form, posted, posing.asked), posing.asked)
    outcome = posing.handler.complete(posing.step, answers)
    return _finish(file, item, posing, answers, outcome)


def _finish(file: RoundFile, item: RoundItem, posing: _Posing, answers: Answers, outcome: Outcome) -> Completed:
    acting, row = file.acting, file.round
    for printed in outcome.prints:
        file_written(acting, printed, item, row.unit)
    accepted = outcome.variables.get("verdict") != "back"
    if item.stem in WITH_TABLES and row.kind in _TABLED and accepted:
        file_tables_of(acting, item, row.unit)
    if item.stem == "monthly_update":
        confirm_facts(acting.session, row, day_of(acting.now))
    item.status, item.completed_at, item.completed_by_id = ItemStatus.DONE, acting.now, acting.actor.user_id
    item.answers, item.summary, item.draft = answers, outcome.summary, None
    if file.lane(item.element) == OWN_LANE and posing.step.round is not None:
        row.figures = dict(posing.step.round.figures)
    file.run.complete(item.token, dict(outcome.variables))
    words = outcome.summary if not accepted else ""
    new = _save(file, item, words)
    told = {"item": item.id, "name": item.name, "summary": outcome.summary, "late": row.late}
    _journal(acting, "round_completed", row, told)
    file.session.flush()
    coming = tuple((each.name, each.unit.short_name, each.due_at) for each in new)
    return Completed(row.id, item.id, False, file.run.finished, coming)


def _check(file: RoundFile, item: RoundItem, revision: int) -> None:
    """Refuse what is no longer there to be done, and whom it does not wait for (safety rule 5)."""
    actor = file.acting.actor
    if item.status == ItemStatus.CANCELLED:
        raise ItemGone("该任务已随流程的变动取消")
    if item.status == ItemStatus.DONE:
        who = item.completed_by.name if item.completed_by is not None else "系统"
        raise AlreadyDone(item.name, who, item.completed_at or item.created_at)
    if item.revision != revision:
        raise ItemChanged(item.name, item.unit.short_name, file.acting.now, CHANGED)
    if not actor.holds(Role(item.role), item.unit_id):
        raise NotYours(f"该任务由{item.unit.short_name}{Role(item.role).label}办理")
    if item.role == Role.SIGNER and actor.user_id in _makers(file, item):
        raise NotYours("您填报过本期内容，不能再由您审核，请由本单位其他审核人办理")


def _makers(file: RoundFile, item: RoundItem) -> set[int | None]:
    done = round_items(file.session, file.round.id)
    return {each.completed_by_id for each in done if each.role == Role.HANDLER and each.unit_id == item.unit_id} - {
        None
    }


@dataclass(frozen=True)
class _Posing:
    form: Form
    handler: Handler
    step: Step
    asked: Asked


def _pose(file: RoundFile, item: RoundItem) -> _Posing:
    form, handler = file.version.form_of(item.element, item.stem), HANDLERS.get(item.stem, plain.HANDLER)
    step = _step(file, item)
    beside = handler.show(step) if item.status in WAITING else Shown()
    attached: dict[str, list[int]] = {}
    if any(each.type is FieldType.FILE for _section, each in form.fields()):
        for paper in round_papers(file.session, file.round.id):
            if paper.round_item_id == item.id and paper.field:
                attached.setdefault(paper.field, []).append(paper.id)
    return _Posing(form, handler, step, Asked(attached=attached, display=beside.display, context=beside.context))


def _annexes_of(file: RoundFile) -> tuple[str, ...]:
    """Return what stands beside the unit's report under 附件, each without the ending of its file."""
    added = (paper for paper in round_papers(file.session, file.round.id) if paper.field == "annexes")
    return tuple(PurePath(paper.name).stem for paper in added)


def _step(file: RoundFile, item: RoundItem) -> Step:
    acting, row = file.acting, file.round
    done = [each for each in round_items(file.session, row.id) if each.status == ItemStatus.DONE]
    own = file.lane(item.element) == OWN_LANE
    figures = figures_of(file.session, [row.unit_id], acting.now)[row.unit_id] if own else dict(row.figures or {})
    rates = rates_of(figures)
    facts = RoundFacts(
        row.kind,
        row.title,
        figures,
        tuple((label, rate_text(rates[name])) for name, label in RATES.items()),
        progress_of(file.session, row.unit_id) if item.stem == "weekly_report" else (),
        gaps_of(file.session, row.unit_id) if item.stem == "monthly_update" else (),
        invested_of(file.session, row.unit_id) if item.stem == "round_approval" else "",
        listed_of(file.session, row.unit_id) if item.stem == "round_approval" else (),
        _annexes_of(file) if item.stem == "round_approval" else (),
    )
    return Step(
        stem=item.stem,
        now=acting.now,
        today=day_of(acting.now),
        calendar=file.calendar,
        project={},
        dates=file.dates,
        variables=dict(file.run.variables),
        answers={each.stem: each.answers or {} for each in done},
        actor_name=acting.actor.name,
        unit_name=row.unit.short_name,
        round=facts,
    )


def _take(acting: Acting, item_id: int, *, lock: bool) -> tuple[RoundFile, RoundItem]:
    item = take_round_item(acting.session, item_id, lock=lock)
    if item is None:
        raise ItemGone("该任务不存在")
    row, calendar = item.round, load_calendar(acting.session)
    version = version_of(row.procedure)
    around = _surroundings(acting, calendar, {} if row.campaign is None else dates_of(row.campaign), row.title)
    run = Run.load(version.diagram, row.state, _key(acting.session, row.key), around)
    return RoundFile(acting, row, calendar, version, around, run), item


def _surroundings(acting: Acting, calendar: Calendar, dates: Mapping[str, date], title: str) -> RoundSurroundings:
    counting = Counting(calendar, dates, acting.now)
    return RoundSurroundings(acting.now, counting.functions, title)


def _save(file: RoundFile, sender: RoundItem | None, returned: str) -> list[RoundItem]:
    """Project the run onto the rows; returns the steps that are new."""
    row, session = file.round, file.session
    row.state = file.run.dump(_key(session, row.key))
    known = round_items(session, row.id)
    ready = {task.token: task.element for task in file.run.ready}
    for each in known:
        if each.status in WAITING and each.token not in ready:
            each.status, each.completed_at = ItemStatus.CANCELLED, file.acting.now
    tokens = {each.token for each in known}
    new = [_item(file, token, element, returned) for token, element in ready.items() if token not in tokens]
    session.add_all(new)
    waiting = [element for element in ready.values() if file.lane(element) == OWN_LANE]
    if waiting:
        row.submitted_at = None
    elif sender is not None and row.submitted_at is None:
        row.submitted_at = file.acting.now
    for element, words in file.surroundings.told:
        key = f"round:{row.id}:{row.revision}:{element.id}"
        telling = Telling(key, f"{element.name}：{row.unit.short_name}{row.title}", words)
        post_to_unit(session, file.unit(element.id).id, telling, file.acting.now)
    row.ended_at = file.acting.now if file.run.finished else None
    session.flush()
    return new


def _item(file: RoundFile, token: str, element_id: str, returned: str) -> RoundItem:
    element, acting = file.element(element_id), file.acting
    unit = file.unit(element_id)
    stem = plain.stem_of(element.attributes)
    return RoundItem(
        round_id=file.round.id,
        token=token,
        element=element_id,
        name=element.name,
        stem=stem,
        article=element.attributes.get("article") or ARTICLES[RoundKind(file.round.kind)],
        unit_id=unit.id,
        unit=unit,
        role=str(Role(element.attributes.get("role", Role.HANDLER))),
        status=ItemStatus.OPEN,
        sent_by=acting.signature if acting.actor.user_id is not None else acting.actor.name,
        returned_reason=returned if file.lane(element_id) == OWN_LANE else "",
        created_at=acting.now,
        due_at=_due_at(file, element),
        summary="",
    )


def _due_at(file: RoundFile, element: Element) -> datetime:
    """Return when a step is due: by its own rule, with its round, or, for who collects, the working day after that."""
    rule = element.attributes.get("due")
    now = file.acting.now
    if rule is None and file.lane(element.id) != OWN_LANE:
        return end_of_day(next(file.calendar.after(day_of(max(now, file.round.due_at)))))
    if rule is None and (file.round.due_at > now or file.round.backfilled):
        return file.round.due_at
    variables = file.run.variables
    return due_of(read_due_rule(rule or "1wd"), now, file.dates, variables, file.calendar).at


def _journal(acting: Acting, name: str, row: UnitRound, detail: Mapping[str, Any]) -> None:
    told = {"round": row.id, "key": row.key, "title": row.title, **detail}
    record(acting.session, acting.moment, acting.actor, Act(name, unit=row.unit.short_name, detail=told))
