"""Take a case to act on it: its row, its project's, its campaign's and the item or timer at hand, in one statement.

The ORM takes longer to turn such a joined row into objects than the database takes to find it. So the row is read
plainly and laid into the session, where it is watched, written and refreshed like everything else; a column that was
not read is read when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Delete, Select, bindparam, delete, exists, func, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import instance_dict, instance_state, manager_of_class, set_committed_value

from ledger.asking import GROUPED, asked_once
from ledger.campaigns import Campaign
from ledger.cases import Case, Draft, Timer, WorkItem
from ledger.db import Base, Rows, connection_of, ready, rows_of, send
from ledger.people import Unit
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.vocabulary import UnitKind
from ledger.working_days import MOMENTS, Calendar, calendar_revision, load_calendar

Kind = TypeVar("Kind", bound=Base)


_LOOKS = 3  # each follows another's commit; what does not exist costs as many statements


class Part:
    """Some columns of one table within a wider row: all of them, or the primary key and those named."""

    def __init__(self, kind: type[Base], *names: str, of: Any = None) -> None:
        self.kind = kind
        self.names = ("id", *names) if names else tuple(kind.__table__.columns.keys())
        # of another name for the table, where a row joins it twice
        self.columns: tuple[Any, ...] = tuple(getattr(kind if of is None else of, name) for name in self.names)


def laid(session: Session, kind: type[Kind], columns: Mapping[str, Any]) -> Kind:
    """Lay one row into the session and return its object; one that is there already takes the new values."""
    key = (kind, (columns["id"],), None)
    known = session.identity_map.get(key)
    if known is not None:
        for name, value in columns.items():
            set_committed_value(known, name, value)
        return known
    made: Kind = manager_of_class(kind).new_instance()
    instance_dict(made).update(columns)
    # Does what the ORM does with each row it reads. The public way, making it detached and adding it, asks every
    # attribute of every object whether something hangs on it, and costs more than reading the row.
    state = instance_state(made)
    state.key, state.session_id = key, session.hash_key
    session.identity_map._add_unpresent(state, key)
    state.expired_attributes |= _unread(kind, tuple(columns))
    return made


def put_in(session: Session, row: Base, unread: frozenset[str]) -> None:
    """Make an object that was just written one of the session's; columns `unread` are read when asked for."""
    state = instance_state(row)
    state.key = (type(row), (row.id,), None)  # type: ignore[attr-defined]  # each of ours has an id
    state.session_id = session.hash_key
    session.identity_map.replace(state)  # of a row undone with its savepoint, whose number is given again
    state.expired_attributes |= unread
    state._commit_all(instance_dict(row), session.identity_map)


def add_row(session: Session, kind: type[Kind], columns: Mapping[str, Any]) -> Kind:
    """Add a new row to the session and return its object; `columns` may hold related objects beside their numbers.

    What the ORM's own constructor and `add` do, without asking every attribute whether something hangs on it.
    """
    made: Kind = manager_of_class(kind).new_instance()
    instance_dict(made).update(columns)
    state = instance_state(made)
    state.session_id = session.hash_key
    session._new[state] = made
    state.insert_order = len(session._new)
    return made


def put_away(session: Session, row: Base) -> None:
    """Take a new row, now written, out of what the session has still to write."""
    state = instance_state(row)
    del session._new[state]
    state.session_id = None


@lru_cache(maxsize=64)
def _unread(kind: type[Base], read: tuple[str, ...]) -> frozenset[str]:
    return frozenset(kind.__table__.columns.keys()) - frozenset(read)


def laid_parts(session: Session, parts: Sequence[Part], row: Sequence[Any]) -> list[Any]:
    """Lay the parts of one row into the session, in their order; the row may hold more behind them."""
    found = zip(parts, parts_of(parts, row), strict=True)
    return [laid(session, part.kind, columns) for part, columns in found]


def parts_of(parts: Sequence[Part], row: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the columns of each part of a row by name."""
    found, at = [], 0
    for part in parts:
        end = at + len(part.names)
        found.append(dict(zip(part.names, row[at:end], strict=True)))
        at = end
    return found


_UNIT = ("name", "short_name", "kind", "county_id", "staffed")
CASE_PARTS = (
    Part(
        Case,
        *("project_id", "campaign_id", "procedure_id", "callees", "state", "status", "round", "revision", "started_at"),
    ),
    Part(Project),
    Part(Campaign, *(f"{moment}_on" for moment in MOMENTS)),
    # the bundle is large and parsed once per version: only its name travels with each step
    Part(Procedure, "process_id", "number", "sha256"),
)
_ITEM = (Part(WorkItem), Part(Unit, *_UNIT))
_TIMER = (Part(Timer),)
_RESPONSIBLE, _TOWNSHIP, _VILLAGE, _BUREAU, _OFFICE = (aliased(Unit) for _ in range(5))
_AROUND = tuple(Part(Unit, *_UNIT[1:], of=each) for each in (_RESPONSIBLE, _TOWNSHIP, _VILLAGE, _BUREAU, _OFFICE))


@dataclass(frozen=True)
class Taken:
    """A case and an item of it; `units` has, as they were read, the project's three and the county's bureau and office.

    `drafted` says whether something typed and not submitted lies on the item; who asks holds the case already.
    """

    case: Case
    item: WorkItem
    calendar: Calendar
    units: tuple[Mapping[str, Any], ...]
    drafted: bool


def case_of_item(session: Session, item_id: int, *, lock: bool) -> Taken | None:
    """Return an item with its unit, the case it belongs to, and the calendar; see `_case_columns`."""
    row = _row(session, _by_item(lock), item_id)
    if row is None:
        return None
    item, unit = laid_parts(session, _ITEM, row)
    rest = row[_width(_ITEM) :]
    units = tuple(each for each in parts_of(_AROUND, rest) if each["id"] is not None)
    case, calendar = _laid_case(session, rest[_width(_AROUND) : -1])
    instance_dict(item).update(unit=unit, case=case)  # nothing is pending: `_row` has flushed
    return Taken(case, item, calendar, units, bool(row[-1]))


def case_of_timer(session: Session, timer_id: int, *, lock: bool) -> tuple[Case, Timer, Calendar] | None:
    """Return a timer and the case it belongs to; see `_case_columns`."""
    row = _row(session, _by_timer(lock), timer_id)
    if row is None:
        return None
    (timer,) = laid_parts(session, _TIMER, row)
    case, calendar = _laid_case(session, row[_width(_TIMER) :])
    return case, timer, calendar


def case_by_id(session: Session, case_id: int, *, lock: bool) -> tuple[Case, Calendar] | None:
    """Return a case; see `_case_columns`."""
    row = _row(session, _by_id(lock), case_id)
    return None if row is None else _laid_case(session, row)


def _row(session: Session, statement: Select[Any], key: int) -> Sequence[Any] | None:
    """Return the one row of a statement, asked for again where it may have been there all along.

    PostgreSQL joins the newest version of a locked row with the other rows as they were before it waited: an item
    handed over meanwhile, or a case moved to another version, finds its unit or procedure in the second look only.
    """
    session.flush()  # what is read replaces what the session holds
    connection = connection_of(session)
    for _look in range(_LOOKS):
        rows = ready(statement, connection.dialect).read(connection, {"key": key})
        if rows or statement._for_update_arg is None:
            break
    return rows[0] if rows else None


def _laid_case(session: Session, row: Sequence[Any]) -> tuple[Case, Calendar]:
    case, project, campaign, procedure = laid_parts(session, CASE_PARTS, row)
    instance_dict(case).update(project=project, campaign=campaign, procedure=procedure)
    return case, load_calendar(session, row[-1])


def _width(parts: Sequence[Part]) -> int:
    return sum(len(part.names) for part in parts)


@lru_cache(maxsize=2)
def _by_item(lock: bool) -> Select[Any]:
    wanted = _case_columns((*_ITEM, *_AROUND), WorkItem.id == bindparam("key"))
    joined = (
        wanted.add_columns(exists().where(Draft.item_id == WorkItem.id))
        .join(WorkItem, WorkItem.case_id == Case.id)
        .join(Unit, Unit.id == WorkItem.unit_id)
        .outerjoin(_RESPONSIBLE, _RESPONSIBLE.id == Project.responsible_unit_id)
        .outerjoin(_TOWNSHIP, _TOWNSHIP.id == Project.township_id)
        .outerjoin(_VILLAGE, _VILLAGE.id == Project.village_id)
        .outerjoin(_BUREAU, _BUREAU.id == _first_open(Project.county_id, UnitKind.BUREAU))
        .outerjoin(_OFFICE, _OFFICE.id == _first_open(Project.county_id, UnitKind.OFFICE))
    )
    return joined.with_for_update(of=(Case, Project, WorkItem)) if lock else joined


def _first_open(county_id: Any, kind: Any) -> Any:
    """Return the id of the county's open unit of a kind that was entered first."""
    unit = aliased(Unit)
    wanted = (unit.county_id == county_id, unit.kind == kind, unit.closed_at.is_(None))
    return select(func.min(unit.id)).where(*wanted).scalar_subquery()


@lru_cache(maxsize=2)
def _by_timer(lock: bool) -> Select[Any]:
    wanted = _case_columns(_TIMER, Timer.id == bindparam("key")).join(Timer, Timer.case_id == Case.id)
    return wanted.with_for_update(of=(Case, Project, Timer)) if lock else wanted


@lru_cache(maxsize=2)
def _by_id(lock: bool) -> Select[Any]:
    wanted = _case_columns((), Case.id == bindparam("key"))
    return wanted.with_for_update(of=(Case, Project)) if lock else wanted


def _case_columns(before: Sequence[Part], which: ColumnElement[bool]) -> Select[Any]:
    """Return the select of a case with its project, campaign, version and the calendar's revision.

    Whoever changes a case locks its row, the project's and the item's: PostgreSQL hands out the newest version of
    locked rows alone, so anything else that may have changed while we waited is read after the lock. SQLite has no
    row locks and needs none: its writer began with the write lock.
    """
    columns = [column for part in (*before, *CASE_PARTS) for column in part.columns]
    joined = select(*columns, calendar_revision()).select_from(Case).join(Project, Project.id == Case.project_id)
    return (
        joined.join(Campaign, Campaign.id == Case.campaign_id)
        .join(Procedure, Procedure.id == Case.procedure_id)
        .where(which)
    )


@asked_once
def items_of(session: Session, case_id: int) -> list[WorkItem]:
    """Return all items of a case with their units, in the order they came."""
    session.flush()  # what is read replaces what the session holds
    return laid_items(session, rows_of(session, _ITEMS, case=case_id))


ITEMS = select(*(column for part in _ITEM for column in part.columns)).join(Unit, Unit.id == WorkItem.unit_id)
_ITEMS = ITEMS.where(WorkItem.case_id == bindparam("case")).order_by(WorkItem.id)


def laid_items(session: Session, rows: Rows) -> list[WorkItem]:
    """Lay rows of `ITEMS` into the session and return the items, each with its unit."""
    items: list[WorkItem] = []
    units: dict[int, Unit] = {}
    for row in rows:
        columns, unit = parts_of(_ITEM, row)
        if unit["id"] not in units:
            units[unit["id"]] = laid(session, Unit, unit)
        item = laid(session, WorkItem, columns)
        instance_dict(item)["unit"] = units[unit["id"]]
        items.append(item)
    return items


def unit_by_id(session: Session, unit_id: int) -> Unit | None:
    """Return a unit, from the session when it is there."""
    known = session.identity_map.get(session.identity_key(Unit, unit_id))
    return known if known is not None else _unit(session, _one_unit(), {"key": unit_id})


@asked_once
def first_of_kind(session: Session, county_id: int, kind: str) -> Unit | None:
    """Return the county's open unit of a kind that was entered first."""
    return _unit(session, _of_kind(), {"county": county_id, "kind": str(kind)})


def _unit(session: Session, statement: Select[Any], wanted: Mapping[str, Any]) -> Unit | None:
    rows = rows_of(session, statement, **wanted)
    return laid(session, Unit, parts_of(_ITEM[1:], rows[0])[0]) if rows else None


@lru_cache(maxsize=1)
def _one_unit() -> Select[Any]:
    return select(*_ITEM[1].columns).where(Unit.id == bindparam("key"))


@lru_cache(maxsize=1)
def _of_kind() -> Select[Any]:
    return select(*_ITEM[1].columns).where(Unit.id == _first_open(bindparam("county"), bindparam("kind")))


def came_before(session: Session, case_id: int, element: str, other: str) -> bool:
    """Say whether a case came to one element before it first came to another, which it may never have done."""
    if GROUPED in session.info:
        first = first_items(session, case_id)
        return element in first and (other not in first or first[element] < first[other])
    ((first, then),) = rows_of(session, _first_items(), case=case_id, one=element, other=other)
    return first is not None and (then is None or first < then)


@asked_once
def first_items(session: Session, case_id: int) -> Mapping[str, int]:
    """Return by element the number of the item a case first came to it with."""
    return first_items_of(session, [case_id])[case_id]


def first_items_of(session: Session, case_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return `first_items` of several cases."""
    firsts: dict[int, dict[str, int]] = {case_id: {} for case_id in case_ids}
    wanted = select(WorkItem.case_id, WorkItem.element, func.min(WorkItem.id)).where(WorkItem.case_id.in_(case_ids))
    for case_id, element, number in connection_of(session).execute(wanted.group_by(WorkItem.case_id, WorkItem.element)):
        firsts[case_id][element] = number
    return firsts


@lru_cache(maxsize=1)
def _first_items() -> Select[Any]:
    def first(name: str) -> Any:
        wanted = (WorkItem.case_id == bindparam("case"), WorkItem.element == bindparam(name))
        return select(func.min(WorkItem.id)).where(*wanted).scalar_subquery()

    return select(first("one"), first("other"))


def drop_drafts(session: Session, item_id: int) -> None:
    """Forget what was typed on an item that is completed: a draft holds personal data nobody needs any more."""
    send(session, _drafts(), key=item_id)


@lru_cache(maxsize=1)
def _drafts() -> Delete:
    table = Draft.__table__
    return delete(table).where(table.c.item_id == bindparam("key"))  # type: ignore[arg-type]  # a mapped class's Table
