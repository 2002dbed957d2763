"""W5: push 1,086 cases, and 10,000, in one transaction: every case with its state, its first task and its journal row.

The floor writes the very rows that ours wrote, again for as many other projects: bare SQLAlchemy Core, one insert a
table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, select

from bpmn.bulk import push as push_all
from bpmn.casefile import Acting
from ledger.campaigns import Campaign
from ledger.cases import Case, WorkItem
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT
from ledger.journal import Entry, Moment
from ledger.people import User
from ledger.projects import Project
from ledger.scope import actor_of
from tests.benchmarks.crowd import Took, figures, timed
from tests.benchmarks.figures import DATABASES, Figure, Place, place
from tests.walk import Ground, lay_ground

COUNTS = (1_086, 10_000)
TABLES: tuple[Any, ...] = (Case, WorkItem, Entry)


def measure() -> Iterator[Figure]:
    for database in DATABASES:
        for count in COUNTS:
            with place(database) as here:
                ground = lay_ground(here.sessions, here.folder, 2 * count)
                ours = push(here, ground, count)
                yield from figures(f"w5 push of {count} cases", database, ours, floor(here, ground, count))


def push(here: Place, ground: Ground, count: int) -> Took:
    """Push the first `count` projects as the bureau does."""
    ids = [project.id for project in ground.projects[:count]]
    with timed() as took, transaction(here.sessions) as session:
        user = session.scalars(select(User).where(User.login == "xiangcunzhenxingju.jingban")).one()
        projects = session.scalars(select(Project).where(Project.id.in_(ids)).order_by(Project.id)).all()
        campaign = session.get_one(Campaign, ground.county.campaign.id)
        acting = Acting(session, actor_of(user), Moment(BEGINS_AT, BEGINS_AT), here.folder)
        report = push_all(acting, projects, campaign)
    assert sum(row.happened for row in report) == count
    return took


def floor(here: Place, ground: Ground, count: int) -> Took:
    """Write the same rows for the other projects."""
    with transaction(here.sessions, writes=False) as session:
        rows = {table: [dict(row) for row in session.execute(select(table.__table__)).mappings()] for table in TABLES}
    wanted = [project.id for project in ground.projects[count:]]
    cases = {row["id"]: row for row in rows[Case]}
    first = min(cases)
    for (number, row), project_id in zip(sorted(cases.items()), wanted, strict=True):
        cases[number] = {**row, "id": row["id"] + count, "project_id": project_id}
    others = {
        table: [{name: value for name, value in row.items() if name != "id"} for row in rows[table] if row["case_id"]]
        for table in (WorkItem, Entry)
    }
    for table in others:
        for row in others[table]:
            row["case_id"] += count
    with timed() as took, transaction(here.sessions) as session:
        session.connection().execute(insert(Case.__table__), list(cases.values()))
        for table, written in others.items():
            session.connection().execute(insert(table.__table__), written)
    assert first
    return took
