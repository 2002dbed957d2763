"""R5: what a unit's appraisal counts, each thing beside something like it that does not count; never below 0."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from bpmn.casefile import Acting
from bpmn.round_periods import open_due
from ledger.appraisal import Appraisal, Span, appraisals
from ledger.cases import WorkItem
from ledger.db import transaction
from ledger.journal import Moment
from ledger.people import User
from ledger.rounds import RoundItem, UnitRound
from ledger.scope import CLOCK
from ledger.spot_checks import Finding, SpotCheck, SpotCheckProject
from tests.walk import Ground, Walk, local

DUE, NOW = local(2023, 11, 14, 0), local(2023, 11, 20)
SPAN = Span(date(2023, 11, 6), date(2023, 11, 19))
HOUR = timedelta(hours=1)


def sheets(ground: Ground, now: datetime = NOW, span: Span = SPAN) -> dict[str, Appraisal]:
    with transaction(ground.sessions, writes=False) as session:
        found = appraisals(session, ground.county.county.id, span, now)
        assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
        return {each.unit.short_name: each for each in found}


def set_round(ground: Ground, unit_id: int, kind: str, **values: Any) -> None:
    with transaction(ground.sessions) as session:
        wanted = (UnitRound.unit_id == unit_id, UnitRound.kind == kind)
        session.execute(update(UnitRound).where(*wanted).values(**values))


def test_r5_late_and_missing_rounds_are_those_due_in_the_span(sqlite_ground: Ground) -> None:
    opens = local(2023, 11, 10, 8)
    with transaction(sqlite_ground.sessions) as session:
        open_due(Acting(session, CLOCK, Moment(opens, opens), sqlite_ground.papers), sqlite_ground.county.county.id)
        kinds = set(session.scalars(select(UnitRound.kind)))
    assert kinds == {"plan", "mobilisation", "weekly"}  # due 11-14 00:00, 11-16 00:00, 11-16 16:00
    town = sqlite_ground.county.townships["桑柘镇"].id
    set_round(sqlite_ground, town, "plan", submitted_at=DUE)  # at the very moment: in time
    set_round(sqlite_ground, town, "weekly", submitted_at=local(2023, 11, 16, 16, 1))
    found = sheets(sqlite_ground)["桑柘镇"]
    told = (found.round_count, found.in_time, found.counts["late"], found.counts["missing"], found.score)
    assert told == (3, 1, 1, 1, 94)
    set_round(sqlite_ground, town, "plan", backfilled=True)
    assert sheets(sqlite_ground)["桑柘镇"].counts["late"] == 2
    with transaction(sqlite_ground.sessions) as session:  # of the three reports one came back
        back = select(func.min(RoundItem.id)).where(RoundItem.unit_id == town).scalar_subquery()
        session.execute(update(RoundItem).where(RoundItem.id == back).values(returned_reason="数字有误"))
    assert sheets(sqlite_ground)["桑柘镇"].counts["returned"] == 1
    assert sheets(sqlite_ground, now=local(2023, 11, 15))["桑柘镇"].round_count == 1  # the others are not due yet


def test_r5_returns_and_overdue_items_but_not_what_was_cancelled(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    item = walk.item("receive")
    for given, returned, overdue in (
        ({"completed_at": None, "status": "open"}, 0, 1),
        ({"completed_at": item.due_at, "status": "done"}, 0, 0),
        ({"completed_at": item.due_at + HOUR, "status": "done"}, 0, 1),
        ({"completed_at": item.due_at + HOUR, "status": "cancelled"}, 0, 0),
        ({"completed_at": item.due_at, "status": "done", "returned_reason": "材料不全"}, 1, 0),
        ({"created_at": local(2023, 11, 5), "returned_reason": "材料不全"}, 0, 0),
    ):
        with transaction(sqlite_ground.sessions) as session:
            session.execute(update(WorkItem).where(WorkItem.id == item.id).values(**given))
        found = sheets(sqlite_ground)["桑柘镇"]
        assert (found.counts["returned"], found.counts["overdue"]) == (returned, overdue), given
        assert found.score == 100 - returned - overdue


def test_r5_findings_not_mended_by_their_day_and_never_below_nought(sqlite_ground: Ground) -> None:
    county, town = sqlite_ground.county, sqlite_ground.county.townships["桑柘镇"]
    with transaction(sqlite_ground.sessions) as session:
        person = session.scalars(select(func.min(User.id))).one()
        about = {"title": "抽查", "strata": [], "percent": 10, "seed": "a", "pool": [], "drawn_at": NOW}
        for number, (finding, mended) in enumerate(
            (
                (Finding.PROBLEM, None),  # 整改逾期
                (Finding.MENDED, date(2023, 11, 15)),  # in time, on the very day
                (Finding.SETTLED, date(2023, 11, 16)),  # a day late
                (Finding.PROBLEM, date(2023, 11, 14)),  # mended once, found wanting, due again and over
            )
        ):
            check = SpotCheck(county_id=county.county.id, unit_id=county.bureau.id, drawn_by_id=person, **about)
            drawn = {"project_id": sqlite_ground.projects[number].id, "unit_id": town.id, "stratum": ""}
            days = {"checked_on": date(2023, 11, 10), "mend_by_on": date(2023, 11, 15), "mended_on": mended}
            check.projects.append(SpotCheckProject(finding=finding, **drawn, **days))
            session.add(check)
    found = sheets(sqlite_ground)["桑柘镇"]
    assert (found.counts["problems"], found.counts["unmended"], found.score) == (4, 3, 100 - 4 * 3 - 3 * 5)
    before = sheets(sqlite_ground, now=local(2023, 11, 15, 12))["桑柘镇"]
    assert (before.counts["problems"], before.counts["unmended"]) == (4, 0)
    assert sheets(sqlite_ground, span=Span(date(2023, 11, 11), date(2023, 11, 19)))["桑柘镇"].score == 100
    assert Appraisal(found.unit, 0, {**found.counts, "missing": 30}).score == 0
