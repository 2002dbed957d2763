"""W6: one meeting of the leading group decides 300 cases: a verdict each, one set of minutes, one transaction.

One case is driven to the meeting by ours and copied. The floor writes for as many others the very rows that ours
wrote for one: bare SQLAlchemy Core, each table in one statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from bpmn.bulk import Filled, complete_items
from bpmn.casefile import Acting
from ledger.cases import WAITING, Case, WorkItem
from ledger.db import day_of, transaction
from ledger.journal import Entry
from ledger.meetings import MeetingVerdict
from ledger.papers import Attachment
from ledger.projects import Classification, Project
from ledger.vocabulary import Role
from tests.benchmarks.crowd import Took, crowd, figures, timed
from tests.benchmarks.figures import DATABASES, Figure, Place, place
from tests.walk import Walk, fill, lay_ground

CASES = 300
CHANGED: tuple[type[Any], ...] = (Case, WorkItem)
ADDED: tuple[type[Any], ...] = (WorkItem, Classification, MeetingVerdict, Entry)


def measure() -> Iterator[Figure]:
    for database in DATABASES:
        with place(database) as here:
            walk, posted = lay(here)
            items = waiting(here)
            ours = decide(walk, items[:CASES], posted)
            yield from figures("w6 300 verdicts", database, ours, floor(here, items[CASES:]))


def lay(here: Place) -> tuple[Walk, Any]:
    """Bring one case before the meeting, copy it, and return it with what its verdict is posted as."""
    ground = lay_ground(here.sessions, here.folder, 1)
    walk = Walk(ground, ground.projects[0])
    walk.to("decision")
    item = walk.item("decision")
    with walk.acting(Role.HANDLER, item.unit_id) as acting:
        shown = walk.prepare(acting, item, {})
        posted = fill(shown, walk.answers_for(shown), day_of(walk.now))
    crowd(here, 2 * CASES, Project, Case, WorkItem, Classification, Attachment)
    return walk, posted


def waiting(here: Place) -> list[WorkItem]:
    with transaction(here.sessions, writes=False) as session:
        wanted = select(WorkItem).where(WorkItem.status.in_(WAITING)).order_by(WorkItem.case_id)
        return list(session.scalars(wanted))


def decide(walk: Walk, items: list[WorkItem], posted: Any) -> Took:
    """Enter one verdict for every item in one transaction."""
    rows = [Filled(item.id, item.revision, posted) for item in items]
    with walk.acting(Role.HANDLER, items[0].unit_id) as acting:
        actor = acting.actor
    with timed() as took, transaction(walk.ground.sessions) as session:
        report = complete_items(Acting(session, actor, walk.moment, walk.ground.papers), rows)
    assert [row.sentence for row in report if not row.happened] == []
    return took


def floor(here: Place, items: list[WorkItem]) -> Took:
    """Write for the items what ours wrote for the case decided last."""
    with transaction(here.sessions, writes=False) as session:
        verdict = session.scalars(select(MeetingVerdict).order_by(MeetingVerdict.id.desc()).limit(1)).one()
        case_id = verdict.case_id
        changed = {kind: _row(session, kind, _id_in(kind, verdict)) for kind in CHANGED}
        added = {kind: _newest(session, kind, case_id) for kind in ADDED}
        projects = {row[0]: row[1] for row in session.execute(select(Case.id, Case.project_id))}
    numbers = {
        Case: [item.case_id for item in items],
        WorkItem: [item.id for item in items],
    }
    with timed() as took, transaction(here.sessions) as session:
        connection = session.connection()
        connection.execute(select(Case.id).where(Case.id.in_(numbers[Case])).with_for_update()).all()
        for kind, row in changed.items():
            table = kind.__table__
            given = {name: bindparam(f"to_{name}") for name in row}
            statement = update(table).where(table.c.id == bindparam("key")).values(given)
            values = {f"to_{name}": value for name, value in row.items()}
            connection.execute(statement, [{**values, "key": number} for number in numbers[kind]])
        for kind, row in added.items():
            written = [{**row, "case_id": item.case_id} for item in items]
            if "project_id" in row:
                written = [{**each, "project_id": projects[each["case_id"]]} for each in written]
            if kind is MeetingVerdict:
                written = [{**each, "item_id": item.id} for each, item in zip(written, items, strict=True)]
            connection.execute(insert(kind.__table__), written)
    return took


def _id_in(kind: type[Any], verdict: MeetingVerdict) -> int:
    return verdict.case_id if kind is Case else verdict.item_id


def _row(session: Any, kind: type[Any], number: int) -> dict[str, Any]:
    """Return what an act on a case changes of a row, with its values now."""
    table = kind.__table__
    names = {
        Case: ("state", "revision"),
        WorkItem: ("status", "completed_at", "completed_by_id", "answers", "revision"),
    }[kind]
    columns = [table.c[name] for name in names if name in table.c]
    return dict(session.execute(select(*columns).where(table.c.id == number)).mappings().one())


def _newest(session: Any, kind: type[Any], case_id: int) -> dict[str, Any]:
    table = kind.__table__
    wanted = select(table).where(table.c.case_id == case_id).order_by(table.c.id.desc()).limit(1)
    row = dict(session.execute(wanted).mappings().one())
    del row["id"]
    return row
