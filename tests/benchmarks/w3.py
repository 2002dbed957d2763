"""W3: 1,000 timers fall due among 100 thousand that wait; one pass of the sweep fires them all.

One case is driven to its timer by ours and then copied by the database itself, row by row with its project, its done
item and its timer. The floor fires as many others with bare SQLAlchemy Core: the due are looked up and locked, then
the very rows are written, each table in one statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select, update

from bpmn.deployment import Bundle, deploy
from bpmn.runtime import Acting, complete_item, start_case
from ledger.campaigns import Campaign
from ledger.cases import Case, Timer, WorkItem
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT, build_county, build_projects
from ledger.installation import found
from ledger.journal import Entry, Moment
from ledger.projects import Project
from ledger.vocabulary import Role
from ledger.working_days import seed_calendar
from scheduler.sweep import Ground, sweep
from tests.benchmarks.crowd import Took, counted, crowd, figures, timed
from tests.benchmarks.figures import DATABASES, Figure, Place, place
from tests.bpmn.sketch import flows_of, node, timer
from tests.walk import person

WAITING, DUE, ROUNDS = 100_000, 1_000, 3


def measure() -> Iterator[Figure]:
    for database in DATABASES:
        with place(database) as here:
            lay(here)
            ours, bare = [], []
            for number in range(ROUNDS):
                ours.append(fired_by_sweep(here, fall_due(here, 2 * number)))
                bare.append(fired_by_core(here, fall_due(here, 2 * number + 1)))
            best, least = (min(each, key=lambda took: took.wall) for each in (ours, bare))
            yield from figures("w3 1,000 timers of 100,000", database, best, least)


def diagram() -> str:
    """Draw a procedure of one task, one timer and one task."""
    given = {"sgyp__who": "责任单位", "sgyp__due": "2wd"}
    nodes = [
        node("startEvent", "s"),
        node("userTask", "before", name="登记", **given),
        node("intermediateCatchEvent", "wait", timer("P1D", "timeDuration"), name="等候"),
        node("userTask", "after", name="核查", **given),
        node("endEvent", "e"),
    ]
    flows = [("s", "before"), ("before", "wait"), ("wait", "after"), ("after", "e")]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:sgyp="urn:sigeyipi:bpmn:1" id="D" targetNamespace="urn:test">\n'
        '<bpmn:process id="four_batches" name="定时基准" isExecutable="true">\n'
        f"{''.join(nodes)}\n{flows_of(flows)}\n</bpmn:process>\n</bpmn:definitions>\n"
    )


def lay(here: Place, count: int = WAITING) -> None:
    """Enter a county and one case that waits at its timer, and copy it until there are `count`."""
    with transaction(here.sessions) as session:
        found(session, BEGINS_AT, demonstration=True)
        seed_calendar(session)
        county = build_county(session, BEGINS_AT, townships=("桑柘镇",))
        (project,) = build_projects(session, county, 1, BEGINS_AT)
        deploy(session, Bundle(diagram(), {}, {}), "基准", BEGINS_AT)
        assert project.responsible_unit_id is not None
        actor = person(session, project.responsible_unit_id, Role.HANDLER)
        acting = Acting(session, actor, Moment(BEGINS_AT, BEGINS_AT), here.folder)
        case = start_case(acting, project, session.get_one(Campaign, county.campaign.id))
        item = session.scalars(select(WorkItem).where(WorkItem.case_id == case.id)).one()
        complete_item(acting, item.id, item.revision, {"opinion": ["已登记"]})
    crowd(here, count, Project, Case, WorkItem, Timer)


def fall_due(here: Place, number: int) -> datetime:
    """Let the next 1,000 of the timers be due, and return the moment; the others wait for years."""
    at = BEGINS_AT + timedelta(days=2, hours=number)  # past what the engine counted
    with transaction(here.sessions) as session:
        if number == 0:
            session.execute(update(Timer).values(due_at=BEGINS_AT + timedelta(days=3650)))
        wanted = select(Timer.id).where(Timer.ended_at.is_(None)).order_by(Timer.id).limit(DUE)
        session.execute(update(Timer).where(Timer.id.in_(wanted.scalar_subquery())).values(due_at=at))
    if number == 0:  # all were copied as due at one moment: the planner is to know of them as they are
        counted(here)
    return at


def fired_by_sweep(here: Place, at: datetime) -> Took:
    with timed() as took:
        swept = sweep(Ground(here.sessions, here.folder), Moment(at, at))
    assert (swept.fired, swept.failed) == (DUE, 0)
    return took


def fired_by_core(here: Place, at: datetime) -> Took:
    """Write for the due what ours wrote for the newest it fired."""
    case, timers, item, entry = (kind.__table__ for kind in (Case, Timer, WorkItem, Entry))
    with transaction(here.sessions, writes=False) as session:
        told = dict(session.execute(select(entry).order_by(entry.c.id.desc()).limit(1)).mappings().one())
        opened = dict(session.execute(select(item).order_by(item.c.id.desc()).limit(1)).mappings().one())
        state = session.scalars(select(case.c.state).where(case.c.id == told["case_id"])).one()
    del told["id"], opened["id"]
    with timed() as took, transaction(here.sessions) as session:
        connection = session.connection()
        due = select(timers.c.id, timers.c.case_id).where(timers.c.ended_at.is_(None), timers.c.due_at <= at)
        rows = connection.execute(due.order_by(timers.c.due_at, timers.c.id).limit(DUE)).all()
        cases = [row.case_id for row in rows]
        locked = select(case.c.id, case.c.revision, case.c.state).where(case.c.id.in_(cases)).with_for_update()
        revisions = {row.id: row.revision for row in connection.execute(locked)}
        ended = update(timers).where(timers.c.id == bindparam("key")).values(ended_at=at, fired=True)
        connection.execute(ended, [{"key": row.id} for row in rows])
        moved = update(case).where(case.c.id == bindparam("key"), case.c.revision == bindparam("seen"))
        values = {"state": bindparam("written"), "revision": bindparam("seen") + 1}
        written = [{"key": key, "seen": seen, "written": state} for key, seen in revisions.items()]
        connection.execute(moved.values(values), written)
        connection.execute(insert(item), [{**opened, "case_id": each} for each in cases])
        connection.execute(insert(entry), [{**told, "case_id": each} for each in cases])
    assert len(rows) == DUE
    return took
