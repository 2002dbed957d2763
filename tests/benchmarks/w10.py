"""W10: the process map, the boards and the lists behind them over 100,000 cases, asked through the application.

One pushed case is copied by the database and spread over the county's units, steps, classes and due days; the tallies
are laid by one grouping statement each, as renewals would have left them, with a year of passages of every step and
class beside them. The floor of a page is the limit of issue 8: 500 ms at the 99th percentile. What a renewal costs is
told apart, for cases that ours counts itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from time import perf_counter, process_time

from flask.testing import FlaskClient
from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from bpmn.deployment import deploy, shipped_bundle
from bpmn.tallying import renew_tallies
from ledger.cases import Case, WorkItem
from ledger.db import transaction
from ledger.demonstration import BEGINS_AT
from ledger.installation import shift_clock
from ledger.projects import Project
from ledger.settings import Settings
from ledger.tallies import PassageTally, TallyMark
from ledger.vocabulary import Category
from tests.benchmarks.crowd import crowd
from tests.benchmarks.figures import DATABASES, Figure, Place, place
from tests.walk import Ground, Walk, lay_ground
from tests.webapp.conftest import Person
from webapp import create_app

CASES = int(os.environ.get("CASES", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "25"))
LIMIT_MS = 500.0
RENEWED = 40  # cases counted by ours, for what a renewal costs
STEPS = (
    *("receive", "field_survey", "joint_review", "preliminary_opinion", "party_meeting", "application"),
    *("unit_opinion", "submission", "acceptance_check", "decision", "reply", "notice_unit", "disposal", "filing"),
)
PAGES = (
    *("/map", "/map/heat.json?heat=p90", "/map?category=upgrade&from=2023-03&to=2023-09"),
    *("/map/steps/decision", "/map/steps/receive?late=1", "/board", "/board/screen/figures"),
    *("/board/projects?category=revive", "/board/projects?light=red", "/board/late"),
    *("/map/versions", "/stalled", "/board?area={town}"),
)
SPREAD = (
    "UPDATE project SET responsible_unit_id = CASE id % {count} {units} END, "
    "category = CASE id % 5 {classes} ELSE '' END, "
    "operation = CASE id % 4 WHEN 0 THEN 'stopped' WHEN 1 THEN 'difficult' ELSE 'normal' END, "
    "linkage = CASE id % 3 WHEN 0 THEN 'partial' ELSE 'full' END"
)
STANDING = (
    "INSERT INTO standing (case_id, element, late_at, since_at) "
    "SELECT case_id, element, min(due_at), min(created_at) FROM work_item GROUP BY case_id, element"
)
OF_TOWN = "WHERE p.responsible_unit_id = :area"
TALLIED = (
    "INSERT INTO standing_tally (area_id, procedure_id, campaign_id, category, element, late_at, count) "
    "SELECT :area, c.procedure_id, c.campaign_id, p.category, s.element, s.late_at, count(*) FROM standing s "
    'JOIN "case" c ON c.id = s.case_id JOIN project p ON p.id = c.project_id GROUP BY 2, 3, 4, 5, 6',
    "INSERT INTO case_tally (area_id, branch_id, campaign_id, status, late_at, count) "
    "SELECT :area, p.responsible_unit_id, c.campaign_id, c.status, s.late_at, count(*) FROM standing s "
    'JOIN "case" c ON c.id = s.case_id JOIN project p ON p.id = c.project_id GROUP BY 2, 3, 4, 5',
    "INSERT INTO project_tally (area_id, branch_id, category, operation, linkage, exited, progress, count, "
    "earmarked_yuan, integrated_yuan, sector_yuan, social_yuan, unattributed_yuan) "
    "SELECT :area, responsible_unit_id, category, operation, linkage, false, id % 12 - 1, count(*), "
    "sum(funding_earmarked_yuan), 0, 0, sum(funding_other_yuan), 0 FROM project p {where} GROUP BY 2, 3, 4, 5, id % 12",
)


def measure() -> Iterator[Figure]:
    for database in DATABASES:
        with place(database) as here:
            ground = lay_ground(here.sessions, here.folder, RENEWED)
            began = perf_counter()
            walks = [Walk(ground, project) for project in ground.projects]
            pushed = perf_counter() - began
            began = perf_counter()
            renew_tallies(here.sessions, ground.now)
            cost = (perf_counter() - began) / len(walks) * 1000
            yield Figure("w10 renewal of the tallies", database, 1, cost, "ms/case", pushed / len(walks) * 1000)
        with place(database) as here:
            ground = lay_ground(here.sessions, here.folder, 1)
            Walk(ground, ground.projects[0])
            spread(here, ground)
            client = supervisor(here, ground)
            for page in PAGES:
                wall, worked = slowest(client, page.format(town=town_of(ground)))
                yield Figure(f"w10 {page} p99", database, 1, wall, "ms", LIMIT_MS)
                yield Figure(f"w10 {page} processor, median", database, 1, worked, "ms", LIMIT_MS)


def town_of(ground: Ground) -> int:
    """Return the town whose board is asked for too."""
    return next(iter(ground.county.townships.values())).id


def spread(here: Place, ground: Ground) -> None:
    """Make the crowd differ, and lay what renewals would have counted."""
    crowd(here, CASES, Project, Case, WorkItem)
    units = [unit.id for unit in (*ground.county.townships.values(), *ground.county.departments.values())]
    classes = _cases([f"'{each}'" for each in Category])
    with transaction(here.sessions) as session:
        session.execute(text(SPREAD.format(count=len(units), units=_cases(units), classes=classes)))
        steps = _cases([f"'{step}'" for step in STEPS])
        session.execute(text(f"UPDATE work_item SET element = CASE id % {len(STEPS)} {steps} END"))
        for day in range(20):
            due_at = datetime(2023, 11, 1 + day, 16, tzinfo=UTC)
            session.execute(update(WorkItem).where(WorkItem.id % 20 == day).values(due_at=due_at))
        newer = replace(
            bundle := shipped_bundle(), diagram=bundle.diagram.replace('name="签收项目"', 'name="接收项目"')
        )
        second = deploy(session, newer, "测量", ground.now).id
        session.execute(update(Case).where(Case.id % 2 == 0).values(procedure_id=second))
        session.execute(text(STANDING))
        for statement in TALLIED:
            session.execute(text(statement.format(where="")), {"area": ground.county.county.id})
            session.execute(text(statement.format(where=OF_TOWN)), {"area": town_of(ground)})
        _pass(session, ground)
        session.add(TallyMark(id=1, entry_id=10**9, calendar_revision=0, renewed_at=ground.now))
        shift_clock(session, int((BEGINS_AT - datetime.now(UTC)).total_seconds()) + 3600)
    with here.sessions.kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _cases(values: Sequence[object]) -> str:
    return " ".join(f"WHEN {n} THEN {value}" for n, value in enumerate(values))


def _pass(session: Session, ground: Ground) -> None:
    """Lay a year of passages: every step, class and month with twelve different durations."""
    case = session.get_one(Case, 1)
    alike = {"area_id": ground.county.county.id, "procedure_id": case.procedure_id, "campaign_id": case.campaign_id}
    rows = [
        {**alike, "category": category, "month": month, "element": step, "days": days, "count": 1 + days}
        for category in (*Category, "")
        for month in range(202301, 202313)
        for step in STEPS
        for days in range(12)
    ]
    session.execute(insert(PassageTally), rows)


def supervisor(here: Place, ground: Ground) -> FlaskClient:
    """Return a browser in which the county's 督查 has signed in."""
    app = create_app(here.sessions, Settings(data=here.folder, requests_per_minute=0))
    person = Person(app.test_client())
    assert person.sign_in("ducha").status_code == 303
    return person.client


def slowest(client: FlaskClient, page: str) -> tuple[float, float]:
    """Return the 99th percentile of ROUNDS answers in ms, with fewer than a hundred the slowest; and the median of
    what this process worked for one: on a busy machine the page's own cost.
    """
    client.get(page)  # the first one reads templates and the diagram
    took, worked = [], []
    for _round in range(ROUNDS):
        began, working = perf_counter(), process_time()
        answer = client.get(page)
        took.append((perf_counter() - began) * 1000)
        worked.append((process_time() - working) * 1000)
        assert answer.status_code == 200, page
    return sorted(took)[-1 - len(took) // 100], median(worked)
