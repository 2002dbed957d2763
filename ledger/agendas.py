"""议程: which waiting projects a meeting is to decide, in which order, and what is to be written down for each.

A line holds what would be posted on the project's own step, so that a whole meeting is decided in one act with the
very checks of one project. What nobody filled in, or what was refused, stays undecided (缓议).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from ledger.cases import Case, WorkItem
from ledger.listing import Filters, of_project
from ledger.meetings import AgendaItem, Meeting, MeetingVerdict
from ledger.people import Unit
from ledger.projects import Project
from ledger.vocabulary import ItemStatus, MeetingKind

STEMS = {MeetingKind.PARTY: "party_meeting", MeetingKind.GROUP: "decision"}
"""The step that a meeting of each kind decides."""
MOST_ON_AGENDA = 1000


class Standing(StrEnum):
    """How one line of an agenda stands."""

    EMPTY = "empty"
    WRONG = "wrong"
    READY = "ready"
    DONE = "done"
    GONE = "gone"


STANDING_LABELS = {
    Standing.EMPTY: "未填结论",
    Standing.WRONG: "须修改",
    Standing.READY: "可登记",
    Standing.DONE: "已登记",
    Standing.GONE: "已不在本环节",
}


@dataclass(frozen=True)
class Proposal:
    """A waiting item as it is put on an agenda."""

    item_id: int
    case_id: int
    category: str | None
    measures: str


@dataclass(frozen=True)
class Filling:
    """What is to be decided on one item: what is posted for it, and how that reads in the list."""

    item_id: int
    revision: int
    posted: Mapping[str, Sequence[str]]
    verdict: str
    category: str | None
    measures: str
    problem: str


@dataclass(frozen=True)
class AgendaLine:
    """One line of an agenda as its page shows it."""

    item_id: int
    case_id: int
    position: int
    name: str
    number: str
    unit: str
    township: str
    level: str | None
    proposed_category: str | None
    proposed: str
    verdict: str
    category: str | None
    measures: str
    problem: str
    item_status: str  # ItemStatus
    decided: bool  # by this meeting

    @property
    def standing(self) -> Standing:
        if self.decided:
            return Standing.DONE
        if self.item_status != ItemStatus.OPEN:
            return Standing.GONE
        if not self.verdict:
            return Standing.EMPTY
        return Standing.WRONG if self.problem else Standing.READY


_unit = aliased(Unit)
_township = aliased(Unit)


def agenda_of(session: Session, meeting_id: int) -> list[AgendaLine]:
    """Return a meeting's agenda in its order; one statement, nothing sealed is opened."""
    decided = and_(MeetingVerdict.item_id == AgendaItem.item_id, MeetingVerdict.meeting_id == AgendaItem.meeting_id)
    said = func.coalesce(MeetingVerdict.verdict, AgendaItem.verdict)
    rows: Sequence[Any] = session.execute(
        select(
            *(AgendaItem.item_id, AgendaItem.case_id, AgendaItem.position, Project.name, Project.number),
            *(func.coalesce(_unit.short_name, ""), func.coalesce(_township.short_name, Project.township_text)),
            *(Project.level, AgendaItem.proposed_category, AgendaItem.proposed, said),
            func.coalesce(MeetingVerdict.category, AgendaItem.category),
            func.coalesce(MeetingVerdict.measures, AgendaItem.measures),
            *(AgendaItem.problem, WorkItem.status, MeetingVerdict.id.is_not(None)),
        )
        .join(WorkItem, WorkItem.id == AgendaItem.item_id)
        .join(Case, Case.id == AgendaItem.case_id)
        .join(Project, Project.id == Case.project_id)
        .outerjoin(_unit, _unit.id == Project.responsible_unit_id)
        .outerjoin(_township, _township.id == Project.township_id)
        .outerjoin(MeetingVerdict, decided)
        .where(AgendaItem.meeting_id == meeting_id)
        .order_by(AgendaItem.position, AgendaItem.id)
    ).all()
    return [AgendaLine(*row) for row in rows]


@dataclass(frozen=True)
class Candidate:
    """A waiting item that a meeting may put on its agenda; `elsewhere` names another meeting that has it."""

    item_id: int
    case_id: int
    name: str
    number: str
    unit: str
    township: str
    category: str | None
    due_at: datetime
    elsewhere: str


@dataclass(frozen=True)
class Drawing:
    """What a meeting draws its agenda from: a search, and the unit that runs the projects."""

    filters: Filters = field(default_factory=Filters)
    unit_id: int | None = None


def candidates_for(session: Session, meeting: Meeting, drawing: Drawing) -> list[Candidate]:
    """Return what waits for a meeting of this kind and is not on its agenda, the most pressing first."""
    other = (
        select(func.min(Meeting.title))
        .join(AgendaItem, AgendaItem.meeting_id == Meeting.id)
        .where(AgendaItem.item_id == WorkItem.id)
        .correlate(WorkItem)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            *(WorkItem.id, WorkItem.case_id, Project.name, Project.number, func.coalesce(_unit.short_name, "")),
            func.coalesce(_township.short_name, Project.township_text),
            *(Project.category, WorkItem.due_at, func.coalesce(other, "")),
        )
        .join(Case, Case.id == WorkItem.case_id)
        .join(Project, Project.id == Case.project_id)
        .outerjoin(_unit, _unit.id == Project.responsible_unit_id)
        .outerjoin(_township, _township.id == Project.township_id)
        .where(*_waits_for(meeting), *_drawn(drawing))
        .order_by(WorkItem.due_at, WorkItem.id)
        .limit(MOST_ON_AGENDA)
    )
    return [Candidate(*row) for row in rows]


def _waits_for(meeting: Meeting) -> list[ColumnElement[bool]]:
    listed = exists().where(AgendaItem.item_id == WorkItem.id, AgendaItem.meeting_id == meeting.id)
    return [
        WorkItem.unit_id == meeting.unit_id,
        WorkItem.completed_at.is_(None),
        WorkItem.stem == STEMS[MeetingKind(meeting.kind)],
        WorkItem.status == ItemStatus.OPEN,
        Case.campaign_id == meeting.campaign_id,
        ~listed,
    ]


def _drawn(drawing: Drawing) -> list[ColumnElement[bool]]:
    wanted = of_project(drawing.filters)
    if drawing.unit_id is not None:
        wanted.append(or_(Project.responsible_unit_id == drawing.unit_id, Project.township_id == drawing.unit_id))
    return wanted


def waiting_among(session: Session, meeting: Meeting, item_ids: Collection[int]) -> set[int]:
    """Return which of these items wait for a meeting of this kind and are not on its agenda yet."""
    wanted = select(WorkItem.id).join(Case, Case.id == WorkItem.case_id).where(*_waits_for(meeting))
    return set(session.scalars(wanted.where(WorkItem.id.in_(item_ids))))


def put_on_agenda(session: Session, meeting_id: int, proposals: Sequence[Proposal]) -> None:
    """Put items behind those already on the agenda, in the order given."""
    last = session.scalars(
        select(func.coalesce(func.max(AgendaItem.position), 0)).where(AgendaItem.meeting_id == meeting_id)
    ).one()
    session.add_all(
        AgendaItem(
            meeting_id=meeting_id,
            case_id=each.case_id,
            item_id=each.item_id,
            position=last + number,
            proposed_category=each.category,
            proposed=each.measures,
        )
        for number, each in enumerate(proposals, 1)
    )
    session.flush()


def take_off_agenda(session: Session, meeting_id: int, item_ids: Collection[int]) -> int:
    """Take items off an agenda and return how many; what the meeting decided stays."""
    decided = exists().where(MeetingVerdict.item_id == AgendaItem.item_id, MeetingVerdict.meeting_id == meeting_id)
    there = (AgendaItem.meeting_id == meeting_id, AgendaItem.item_id.in_(item_ids), ~decided)
    gone = session.scalars(select(AgendaItem.id).where(*there)).all()
    session.execute(delete(AgendaItem).where(AgendaItem.id.in_(gone)))
    return len(gone)


def put_in_order(session: Session, meeting_id: int, item_ids: Sequence[int]) -> None:
    """Number an agenda's lines as given; those not named follow in the order they had."""
    had = session.execute(
        select(AgendaItem.id, AgendaItem.item_id)
        .where(AgendaItem.meeting_id == meeting_id)
        .order_by(AgendaItem.position, AgendaItem.id)
    ).all()
    wanted = {item_id: number for number, item_id in enumerate(dict.fromkeys(item_ids))}
    rows = sorted(had, key=lambda row: wanted.get(row.item_id, len(wanted)))
    places = [{"id": row.id, "position": number} for number, row in enumerate(rows, 1)]
    if places:
        session.execute(update(AgendaItem), places)


def fill_agenda(session: Session, meeting_id: int, fillings: Sequence[Filling]) -> None:
    """Keep what is to be decided on items of an agenda."""
    for item, each in _with_rows(session, meeting_id, fillings):
        item.posted = {name: list(values) for name, values in each.posted.items()}
        item.item_revision, item.verdict, item.category = each.revision, each.verdict, each.category
        item.measures, item.problem = each.measures, each.problem
    session.flush()


def _with_rows(session: Session, meeting_id: int, fillings: Sequence[Filling]) -> list[tuple[AgendaItem, Filling]]:
    known = agenda_items(session, meeting_id, [each.item_id for each in fillings])
    return [(known[each.item_id], each) for each in fillings if each.item_id in known]


def agenda_items(session: Session, meeting_id: int, item_ids: Collection[int]) -> dict[int, AgendaItem]:
    """Return an agenda's rows of these items by the items' numbers, in the agenda's order."""
    wanted = select(AgendaItem).where(AgendaItem.meeting_id == meeting_id, AgendaItem.item_id.in_(item_ids))
    return {row.item_id: row for row in session.scalars(wanted.order_by(AgendaItem.position, AgendaItem.id))}


def note_problems(session: Session, meeting_id: int, problems: Mapping[int, str]) -> None:
    """Keep why items could not be decided, by the items' numbers."""
    for item_id, row in agenda_items(session, meeting_id, problems.keys()).items():
        row.problem = problems[item_id]
    session.flush()
