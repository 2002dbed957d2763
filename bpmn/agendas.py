"""A meeting's agenda worked through: put projects on it, fill in what is decided, decide all of it in one act (P4, P6).

What is filled in is tried on each project's own form and handler at once, so a meeting sees what will be refused
before it sits. Deciding is `bpmn.bulk`: one transaction, every project reported, a failing one leaves the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bpmn.bulk import GROUP, Done, Filled, complete_items
from bpmn.casefile import Acting, take_up
from bpmn.engine import StateRefused
from bpmn.lookups import facts_of
from bpmn.minutes import minutes_text, write_minutes
from bpmn.refusals import ActRefused
from bpmn.steps import Posing, pose
from forms.fields import FieldType, Posted
from forms.parsing import FormErrors, parse
from forms.rendering import posted_from, project_answers
from handlers.outcome import Outcome, StepRefused
from ledger.agendas import (
    AgendaLine,
    Filling,
    Proposal,
    Standing,
    agenda_items,
    agenda_of,
    fill_agenda,
    note_problems,
    put_on_agenda,
)
from ledger.asking import asking_once
from ledger.cases import WorkItem
from ledger.db import day_of
from ledger.gathering import gather_items, gather_papers, gather_units, items_with_cases
from ledger.meetings import AgendaItem, Meeting
from ledger.papers import meeting_with_minutes
from ledger.working_days import Calendar

TRIED = (Standing.READY, Standing.WRONG)
SIGNED = "签字的会议纪要已经上传，不能再登记议定结果；没有研究的项目请列入另一次会议的议程"
BROKEN = "该项目的流程状态读不出来，请联系系统管理员"


@dataclass(frozen=True)
class Wish:
    """What is to be filled in: `given` over what stands there, or over the proposal when it is to begin `anew`."""

    given: Posted = field(default_factory=dict)
    anew: bool = False


def poses(acting: Acting, item_ids: Sequence[int]) -> list[Posing]:
    """Return items as their pages would show them, read together and not locked; what is gone is left out."""
    found: list[Posing] = []
    for start in range(0, len(item_ids), GROUP):
        part = item_ids[start : start + GROUP]
        with asking_once(acting.session):
            items, calendar = items_with_cases(acting.session, part, lock=False)
            case_ids = {item.case_id for item in items.values()}
            gather_units(acting.session, {item.case.project.county_id for item in items.values()})
            gather_items(acting.session, case_ids)
            gather_papers(acting.session, case_ids, part)
            here = [items[item_id] for item_id in part if item_id in items]
            found += [posed for item in here if (posed := _posed(acting, item, calendar)) is not None]
    return found


def _posed(acting: Acting, item: WorkItem, calendar: Calendar) -> Posing | None:
    try:
        posing = pose(take_up(acting, item.case, calendar), item, page=True)
    except StateRefused:  # a broken case leaves the others
        return None
    len(posing.step.answers), len(posing.step.project)  # what a step reads late is read here, for all together
    return posing


def begun(posing: Posing) -> Posted:
    """Return what a step's form starts with: what was answered before it was called back, or what is proposed."""
    if posing.item.answers is not None:
        return posted_from(posing.form, posing.item.answers)
    prepared = {**project_answers(posing.form, posing.step.project), **posing.handler.prepare(posing.step)}
    return posted_from(posing.form, prepared)


def draw_up(acting: Acting, meeting: Meeting, item_ids: Sequence[int]) -> int:
    """Put waiting items on a meeting's agenda with what is proposed for each; returns how many."""
    proposals = [_proposal(posing) for posing in poses(acting, item_ids)]
    put_on_agenda(acting.session, meeting.id, proposals)
    return len(proposals)


def _proposal(posing: Posing) -> Proposal:
    start = begun(posing)
    return Proposal(posing.item.id, posing.item.case_id, _first(start, "category") or None, _first(start, "measures"))


def _first(posted: Posted, name: str) -> str:
    values = posted.get(name, ())
    return values[0] if values else ""


def fill_in(acting: Acting, meeting: Meeting, item_ids: Sequence[int], wish: Wish) -> list[Filling]:
    """Fill in many projects alike, over what stands on each, and keep it; each says what would be refused."""
    rows = agenda_items(acting.session, meeting.id, item_ids)
    posed = poses(acting, [*rows])
    fillings = [_filling(meeting, posing, _over(posing, rows[posing.item.id], wish)) for posing in posed]
    fill_agenda(acting.session, meeting.id, fillings)
    broken = rows.keys() - {each.item_id for each in fillings}
    note_problems(acting.session, meeting.id, dict.fromkeys(broken, BROKEN))
    return fillings


def _over(posing: Posing, row: AgendaItem, wish: Wish) -> Posted:
    start = begun(posing) if wish.anew or row.posted is None else row.posted
    return {**start, **wish.given}


def fill_one(acting: Acting, meeting: Meeting, posing: Posing, posted: Posted) -> Filling:
    """Fill in one project from its whole form; FormErrors and StepRefused when it would be refused."""
    filling = _filling(meeting, posing, posted, refuse=True)
    fill_agenda(acting.session, meeting.id, [filling])
    return filling


def _filling(meeting: Meeting, posing: Posing, posted: Posted, *, refuse: bool = False) -> Filling:
    whole = {**posted, **_naming(meeting, posing)}
    verdict, problem = _first(whole, "verdict"), ""
    category, measures = _first(whole, "category") or None, _first(whole, "measures")
    try:
        outcome = _tried(meeting, posing, whole)
    except (FormErrors, StepRefused) as refused:
        if refuse:
            raise
        problem = "；".join(refused.errors.values())
    else:
        if outcome.verdict is not None:
            category, measures = outcome.verdict.category, outcome.verdict.measures or outcome.verdict.reason
    return Filling(posing.item.id, posing.item.revision, whole, verdict, category, measures, problem)


def _naming(meeting: Meeting, posing: Posing) -> dict[str, list[str]]:
    """Return the answer that names the meeting, under the name the form has for it."""
    named = [each.name for _section, each in posing.form.fields() if each.type is FieldType.MEETING]
    return {name: [str(meeting.id)] for name in named[:1]}


def _tried(meeting: Meeting, posing: Posing, posted: Posted) -> Outcome:
    """Let the form and the handler look at what is filled in, as if the meeting were over and its minutes there."""
    held = replace(facts_of(meeting, scanned=True), held_on=min(meeting.held_on, posing.step.today))
    return posing.handler.complete(replace(posing.step, meeting=held), parse(posing.form, posted, posing.asked))


def decide_agenda(acting: Acting, meeting: Meeting) -> list[Done]:
    """Decide every project that is filled in, in the agenda's order, in one act; what is refused says so on its line.

    Minutes nobody wrote are put into words first. Raises ActRefused before the day of the meeting, without anybody
    who attended, and when nothing is filled in.
    """
    lines = [line for line in agenda_of(acting.session, meeting.id) if line.standing in TRIED]
    _require_held(acting, meeting, lines)
    if not meeting.minutes.strip():
        meeting.minutes = minutes_text(meeting, [line.verdict for line in lines], _classes(lines))
        acting.session.flush()
    rows = agenda_items(acting.session, meeting.id, [line.item_id for line in lines])
    report = complete_items(acting, [_filled(row) for row in rows.values()])
    note_problems(acting.session, meeting.id, {done.subject_id: done.sentence for done in report if not done.happened})
    return report


def _classes(lines: Sequence[AgendaLine]) -> list[str | None]:
    return [line.category for line in lines if line.verdict not in ("return", "survey")]


def _filled(row: AgendaItem) -> Filled:
    posted: Mapping[str, Sequence[str]] = row.posted or {}
    return Filled(row.item_id, row.item_revision or 0, posted)


def _require_held(acting: Acting, meeting: Meeting, lines: Sequence[AgendaLine]) -> None:
    if meeting.held_on > day_of(acting.now):
        raise ActRefused("会议还没有召开，不能登记议定结果")
    if not meeting.attendance:
        raise ActRefused("请先填写出席人员，再登记议定结果")
    if not lines:
        raise ActRefused("议程里没有填好结论的项目")
    if is_signed(acting, meeting):
        raise ActRefused(SIGNED)


def is_signed(acting: Acting, meeting: Meeting) -> bool:
    """Say whether the minutes of what the meeting decided came back signed: they are not written anew."""
    found = meeting_with_minutes(acting.session, meeting.id)
    return found is not None and found[2]


def rewrite_minutes(acting: Acting, meeting: Meeting) -> None:
    """Write the minutes anew after their words were altered."""
    write_minutes(acting, meeting)
    acting.session.flush()
