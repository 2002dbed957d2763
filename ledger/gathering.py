"""Read for many cases together what an act on one of them reads, and lock them in the order of their numbers.

In that order no two bulk acts wait for each other in a circle; an act on one case locks that case alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import orjson
from sqlalchemy import ARRAY, ColumnElement, Dialect, Integer, Select, String, bindparam, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict, set_committed_value
from sqlalchemy.types import TypeDecorator, TypeEngine

from ledger.asking import answered, kept, promised
from ledger.campaigns import Campaign
from ledger.cases import Case, Timer, WorkItem, timers_of
from ledger.db import Base, Prepared, connection_of, prepared
from ledger.meetings import BatchCase, MeetingVerdict
from ledger.papers import Attachment, files_of_item, paper_counts
from ledger.people import Unit
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.taking import CASE_PARTS, ITEMS, Part, first_items, first_items_of, items_of, laid, laid_items
from ledger.working_days import Calendar, load_calendar

Row = TypeVar("Row")


def items_with_cases(
    session: Session, item_ids: Collection[int], *, lock: bool = True
) -> tuple[dict[int, WorkItem], Calendar]:
    """Return items with their units, and their cases, by the items' numbers, and the calendar."""
    session.flush()  # what is read replaces what the session holds
    owners = _asked(session, _owners(WorkItem), item_ids)
    cases = _read_cases(session, {case_id for _item, case_id in owners}, whole=True, lock=lock)
    items = laid_items(session, _asked(session, _items, item_ids))  # after the lock
    for item in items:
        set_committed_value(item, "case", cases[item.case_id])
    return {item.id: item for item in items}, load_calendar(session)


def cases_of_timers(session: Session, timer_ids: Collection[int]) -> tuple[dict[int, Case], Calendar]:
    """Return the cases of timers by the timers' numbers, under lock, and the calendar."""
    session.flush()  # what is read replaces what the session holds
    owners: dict[int, int] = dict(_asked(session, _owners(Timer), timer_ids))
    cases = _read_cases(session, set(owners.values()), whole=False, lock=True)
    return {timer_id: cases[case_id] for timer_id, case_id in owners.items()}, load_calendar(session)


class _Numbers(TypeDecorator[Sequence[int]]):
    """Any number of row numbers as one parameter: a statement for hundreds of rows is then the same at each use."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return ARRAY(Integer) if dialect.name == "postgresql" else String()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return list(value) if dialect.name == "postgresql" else orjson.dumps(list(value)).decode()


_NUMBERS = bindparam("numbers", type_=_Numbers())


def _among(column: Any, dialect: Dialect) -> ColumnElement[bool]:
    if dialect.name == "postgresql":
        return column == func.any(_NUMBERS)  # type: ignore[no-any-return]  # a column compares to an element
    return column.in_(select(func.json_each(_NUMBERS).table_valued("value").c.value))  # type: ignore[no-any-return]


Question = Callable[[Dialect], Select[Any]]


def _asked(session: Session, question: Question, numbers: Collection[int]) -> list[list[Any]]:
    """Ask a question about many rows by their numbers."""
    connection = connection_of(session)
    return _ready(question, connection.dialect).read(connection, {"numbers": numbers})


@lru_cache(maxsize=64)
def _ready(question: Question, dialect: Dialect) -> Prepared:
    return prepared(question(dialect), dialect)


@lru_cache(maxsize=2)
def _owners(kind: type[WorkItem] | type[Timer]) -> Question:
    columns: Sequence[Any] = (kind.id, kind.case_id)

    def question(dialect: Dialect) -> Select[Any]:
        return select(*columns).where(_among(kind.id, dialect))

    return question


_FEW = Part(Project, "county_id", "name", "number", "level", "responsible_unit_id", "township_id", "village_id")


def _read_cases(session: Session, case_ids: Collection[int], *, whole: bool, lock: bool) -> dict[int, Case]:
    """Read cases with project, campaign and version; a project's sealed columns only where `whole`."""
    question = _cases(whole, lock)
    found = _laid_cases(session, _parts(whole), _asked(session, question, case_ids))
    if lock and len(found) < len(case_ids):
        # a case moved to another version while we waited is found in the second look only (`taking._row`)
        found = _laid_cases(session, _parts(whole), _asked(session, question, case_ids))
    return found


def _parts(whole: bool) -> Sequence[Part]:
    return (Part(Case), Part(Project) if whole else _FEW, *CASE_PARTS[2:])


@lru_cache(maxsize=4)
def _cases(whole: bool, lock: bool) -> Question:
    joined = (
        select(*(column for part in _parts(whole) for column in part.columns))
        .select_from(Case)
        .join(Project, Project.id == Case.project_id)
        .join(Campaign, Campaign.id == Case.campaign_id)
        .join(Procedure, Procedure.id == Case.procedure_id)
        .order_by(Case.id)
    )
    wanted = joined.with_for_update(of=(Case, Project)) if lock else joined
    return lambda dialect: wanted.where(_among(Case.id, dialect))


def _laid_cases(session: Session, parts: Sequence[Part], rows: Iterable[Sequence[Any]]) -> dict[int, Case]:
    cases: dict[int, Case] = {}
    shared: dict[tuple[type[Base], int], Base] = {}  # what the cases of one push have in common is laid once
    named = tuple(zip(("project", "campaign", "procedure"), parts[1:], strict=True))
    for row in rows:
        end = len(parts[0].names)
        case = cases[row[0]] = laid(session, Case, dict(zip(parts[0].names, row[:end], strict=True)))
        given = instance_dict(case)
        for name, part in named:
            at, end = end, end + len(part.names)
            key = part.kind, row[at]
            if key not in shared:
                shared[key] = laid(session, part.kind, dict(zip(part.names, row[at:end], strict=True)))
            given[name] = shared[key]
    return cases


def gather_units(session: Session, county_ids: Collection[int]) -> None:
    """Read the units of counties, so that each is found without a statement."""
    kept(session, session.scalars(select(Unit).where(Unit.county_id.in_(county_ids))).all())


def gather_timers(session: Session, case_ids: Collection[int]) -> None:
    """Read the waiting timers of cases, for `timers_of`."""
    rows = _asked(session, _waiting_timers, case_ids)
    timers = [laid(session, Timer, dict(zip(_TIMER.names, row, strict=True))) for row in rows]
    _answer(session, timers_of, case_ids, timers, lambda timer: timer.case_id)


_TIMER = Part(Timer)


def _waiting_timers(dialect: Dialect) -> Select[Any]:
    wanted = (_among(Timer.case_id, dialect), Timer.ended_at.is_(None))
    return select(*_TIMER.columns).where(*wanted).order_by(Timer.id)


def gather_items(session: Session, case_ids: Collection[int]) -> None:
    """Read all items of cases with their units, or the first at each element, once one of them is asked about."""
    promised(session, items_of, lambda: _read_items(session, case_ids))
    promised(session, first_items, lambda: _read_firsts(session, case_ids))


def _read_firsts(session: Session, case_ids: Collection[int]) -> None:
    for case_id, firsts in first_items_of(session, case_ids).items():
        answered(session, first_items, case_id, firsts)


def _read_items(session: Session, case_ids: Collection[int]) -> None:
    session.flush()  # what is read replaces what the session holds
    fresh = laid_items(session, _asked(session, _items_of_cases, case_ids))
    _answer(session, items_of, case_ids, fresh, lambda item: item.case_id)


def _items_of_cases(dialect: Dialect) -> Select[Any]:
    return ITEMS.where(_among(WorkItem.case_id, dialect)).order_by(WorkItem.id)


def _items(dialect: Dialect) -> Select[Any]:
    return ITEMS.where(_among(WorkItem.id, dialect)).order_by(WorkItem.id)


def gather_papers(session: Session, case_ids: Collection[int], item_ids: Collection[int]) -> None:
    """Read what papers cases and items have, for `paper_counts` and `files_of_item`."""
    own = select(Attachment.case_id, Attachment.kind, Attachment.id).where(Attachment.case_id.in_(case_ids))
    of_meetings = (
        select(MeetingVerdict.case_id, Attachment.kind, Attachment.id)
        .join(Attachment, Attachment.meeting_id == MeetingVerdict.meeting_id)
        .where(MeetingVerdict.case_id.in_(case_ids))
    )
    of_batches = (
        select(BatchCase.case_id, Attachment.kind, Attachment.id)
        .join(Attachment, Attachment.batch_id == BatchCase.batch_id)
        .where(BatchCase.case_id.in_(case_ids))
    )
    here = Attachment.removed_at.is_(None)
    every = own.where(here).union(of_meetings.where(here), of_batches.where(here)).subquery()
    counted = select(every.c.case_id, every.c.kind, func.count()).group_by(every.c.case_id, every.c.kind)
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for case_id, kind, count in session.execute(counted):
        counts[case_id][kind] = count
    for case_id in case_ids:
        answered(session, paper_counts, case_id, counts[case_id])
    named = select(Attachment.item_id, Attachment.field, Attachment.id)
    on_items = named.where(Attachment.item_id.in_(item_ids), here).order_by(Attachment.id)
    _answer(session, files_of_item, item_ids, session.execute(on_items), lambda paper: paper.item_id)


def _answer(
    session: Session,
    question: Callable[..., Any],
    subjects: Collection[int],
    rows: Iterable[Row],
    subject_of: Callable[[Row], int | None],
) -> None:
    found: dict[int, list[Row]] = {subject: [] for subject in subjects}
    for row in rows:
        subject = subject_of(row)
        assert subject is not None  # it was asked for by it
        found[subject].append(row)
    for subject, answer in found.items():
        answered(session, question, subject, answer)
