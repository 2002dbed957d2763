"""The same to many cases: every row is reported, a broken one leaves the others, a meeting has one set of minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bpmn.bulk import Done, Filled, complete_items, fire_timers, push
from bpmn.casefile import Acting
from bpmn.refusals import AlreadyDone
from forms.parsing import FormErrors
from ledger.campaigns import Campaign
from ledger.cases import Case, Timer, WorkItem
from ledger.db import day_of, transaction
from ledger.journal import Entry
from ledger.meetings import MeetingVerdict
from ledger.papers import Attachment
from ledger.projects import Project
from ledger.scope import CLOCK
from ledger.vocabulary import CaseStatus, PaperKind, Role
from tests.walk import Ground, Walk, fill, local

pytestmark = pytest.mark.usefixtures("quick_prints")


def counted(ground: Ground, table: type[Any], *wanted: Any) -> int:
    with transaction(ground.sessions, writes=False) as session:
        return session.scalars(select(func.count()).select_from(table).where(*wanted)).one()


def by_bureau(ground: Ground, act: Callable[[Acting], list[Done]]) -> list[Done]:
    walk = Walk(ground, ground.projects[0], case_id=-1)
    with walk.acting(Role.HANDLER, ground.county.bureau.id) as acting:
        return act(acting)


class TestPush:
    def test_p1_every_project_gets_its_case_once_and_is_reported(self, ground: Ground) -> None:
        Walk(ground, ground.projects[2])
        told: list[tuple[int, int]] = []

        def pushing(acting: Acting) -> list[Done]:
            projects = acting.session.scalars(select(Project).order_by(Project.id)).all()
            campaign = acting.session.get_one(Campaign, ground.county.campaign.id)
            return push(acting, projects, campaign, lambda done, total: told.append((done, total)))

        report = by_bureau(ground, pushing)
        assert [row.happened for row in report] == [True, True, False, True, True]
        assert "已有流程" in report[2].sentence
        assert (counted(ground, Case), counted(ground, WorkItem)) == (5, 5)
        assert counted(ground, Entry, Entry.act == "start") == 5
        assert told == [(5, 5)]
        assert [row.happened for row in by_bureau(ground, pushing)] == [False] * 5
        assert counted(ground, Case) == 5

    def test_p1_one_project_is_pushed_as_many_are(self, ground: Ground) -> None:
        def pushing(acting: Acting) -> list[Done]:
            project = acting.session.get_one(Project, ground.projects[0].id)
            return push(acting, [project], acting.session.get_one(Campaign, ground.county.campaign.id))

        (row,) = by_bureau(ground, pushing)
        assert row.completed is not None
        assert Walk(ground, ground.projects[0], case_id=row.completed.case_id).waiting() == ["receive"]

    def test_p1_a_project_without_a_unit_leaves_the_others(self, ground: Ground) -> None:
        def pushing(acting: Acting) -> list[Done]:
            projects = acting.session.scalars(select(Project).order_by(Project.id)).all()
            projects[1].responsible_unit_id = None
            acting.session.flush()
            return push(acting, projects, acting.session.get_one(Campaign, ground.county.campaign.id))

        report = by_bureau(ground, pushing)
        assert [row.happened for row in report] == [True, False, True, True, True]
        assert "还没有责任单位" in report[1].sentence
        assert counted(ground, Case) == 4


def filled(walk: Walk, stem: str, **given: Any) -> Filled:
    item = walk.item(stem)
    with walk.acting(item.role, item.unit_id) as acting:
        shown = walk.prepare(acting, item, given)
        return Filled(item.id, item.revision, fill(shown, {**walk.answers_for(shown), **given}, day_of(walk.now)))


def at_decision(ground: Ground, count: int) -> list[Walk]:
    walks = [Walk(ground, project) for project in ground.projects[:count]]
    for walk in walks:
        walk.to("decision")
    return walks


def at_office(walk: Walk, rows: list[Filled]) -> list[Done]:
    with walk.acting(Role.HANDLER, walk.ground.county.office.id) as acting:
        return complete_items(acting, rows)


class TestMeeting:
    def test_p6_a_verdict_each_and_one_set_of_minutes(self, ground: Ground) -> None:
        walks = at_decision(ground, 3)
        rows = [filled(walk, "decision") for walk in walks]
        meeting = rows[0].posted["meeting"]
        rows = [Filled(row.item_id, row.revision, {**row.posted, "meeting": meeting}) for row in rows]
        written = counted(ground, Attachment, Attachment.kind == PaperKind.GROUP_MINUTES)
        report = at_office(walks[0], rows)
        assert [(row.happened, row.sentence) for row in report] == [(True, "已办结，送往批复（领导小组办公室）")] * 3
        assert {tuple(walk.waiting()) for walk in walks} == {("reply",)}
        assert counted(ground, MeetingVerdict, MeetingVerdict.meeting_id == int(meeting[0])) == 3
        assert counted(ground, Attachment, Attachment.kind == PaperKind.GROUP_MINUTES) == written + 1

    def test_a_row_that_is_refused_changes_nothing_and_leaves_the_others(self, ground: Ground) -> None:
        walks = at_decision(ground, 3)
        rows = [filled(walk, "decision") for walk in walks]
        rows[0] = Filled(rows[0].item_id, rows[0].revision, {**rows[0].posted, "category": [""]})
        rows[1] = Filled(rows[1].item_id, rows[1].revision + 1, rows[1].posted)
        report = at_office(walks[0], [*rows, Filled(10**6, 1, {})])
        assert [row.happened for row in report] == [False, False, True, False]
        assert "四个一批" in report[0].sentence
        assert isinstance(report[1].error, AlreadyDone)
        assert report[3].sentence == "该任务不存在"
        assert [walk.waiting() for walk in walks] == [["decision"], ["decision"], ["reply"]]
        assert counted(ground, MeetingVerdict, MeetingVerdict.case_id == walks[0].case_id) == 1  # 党组's alone

    def test_a_broken_case_is_reported_and_leaves_the_others(self, ground: Ground) -> None:
        walks = at_decision(ground, 3)
        rows = [filled(walk, "decision") for walk in walks]
        with transaction(ground.sessions) as session:
            session.execute(update(Case).where(Case.id == walks[1].case_id).values(state=b"somebody else wrote this"))
        report = at_office(walks[0], rows)
        assert [row.happened for row in report] == [True, False, True]
        assert "流程状态" in report[1].sentence
        assert [walks[0].waiting(), walks[2].waiting()] == [["reply"], ["reply"]]

    def test_rule_5_nobody_else_s_items(self, sqlite_ground: Ground) -> None:
        (walk,) = at_decision(sqlite_ground, 1)
        row = filled(walk, "decision")
        with walk.acting(Role.HANDLER, sqlite_ground.county.bureau.id) as acting:
            (done,) = complete_items(acting, [row])
        assert (done.happened, walk.waiting()) == (False, ["decision"])

    def test_one_item_of_a_case_at_a_time(self, sqlite_ground: Ground) -> None:
        walk = Walk(sqlite_ground, sqlite_ground.projects[0])
        row = filled(walk, "receive")
        with walk.acting(Role.HANDLER, walk.item("receive").unit_id) as acting:
            first, again = complete_items(acting, [row, row])
        assert (first.happened, again.happened) == (True, False)
        assert walk.waiting() == ["field_survey"]

    def test_what_the_form_asks_is_told_row_by_row(self, sqlite_ground: Ground) -> None:
        walk = Walk(sqlite_ground, sqlite_ground.projects[0])
        item = walk.item("receive")
        with walk.acting(Role.HANDLER, item.unit_id) as acting:
            (done,) = complete_items(acting, [Filled(item.id, item.revision, {})])
        assert isinstance(done.error, FormErrors)
        assert done.sentence


def due(ground: Ground, now: datetime) -> list[int]:
    with transaction(ground.sessions, writes=False) as session:
        return list(session.scalars(select(Timer.id).where(Timer.ended_at.is_(None), Timer.due_at <= now)))


def in_publicity(ground: Ground, count: int) -> list[Walk]:
    walks = [Walk(ground, project) for project in ground.projects[:count]]
    for walk in walks:
        walk.to("notice_unit")
        walk.complete("notice_unit")
        walk.complete("notice_site")
        walk.now = local(2023, 12, 1, 0)
    return walks


class TestTimers:
    def test_t1_each_fires_once_with_its_certificate(self, ground: Ground) -> None:
        walks = in_publicity(ground, 3)
        for _period in ("publicity", "opening"):
            waiting = due(ground, walks[0].now)
            assert len(waiting) == 3
            with transaction(ground.sessions) as session:
                acting = Acting(session, CLOCK, walks[0].moment, ground.papers)
                assert [row.happened for row in fire_timers(acting, waiting)] == [True] * 3
                assert [row.happened for row in fire_timers(acting, waiting)] == [False] * 3
        assert [walk.waiting() for walk in walks] == [["disposal_plan"]] * 3
        assert counted(ground, Attachment, Attachment.kind == PaperKind.NOTICE_CERTIFICATE) == 3
        assert counted(ground, Timer, Timer.fired) == 6

    def test_a_broken_case_leaves_the_others_and_a_suspended_one_waits(self, ground: Ground) -> None:
        walks = in_publicity(ground, 3)
        waiting = due(ground, walks[0].now)
        with transaction(ground.sessions) as session:
            session.execute(update(Case).where(Case.id == walks[0].case_id).values(state=b"somebody else wrote this"))
            session.execute(update(Case).where(Case.id == walks[1].case_id).values(status=str(CaseStatus.SUSPENDED)))
        with transaction(ground.sessions) as session:
            report = fire_timers(Acting(session, CLOCK, walks[0].moment, ground.papers), waiting)
        assert [row.happened for row in report] == [False, False, True]
        assert [row.error is None for row in report] == [False, True, True]
        assert counted(ground, Timer, Timer.fired) == 1


def test_a_thousand_rows_are_told_group_by_group(sqlite_ground: Ground) -> None:
    told: list[int] = []
    with transaction(sqlite_ground.sessions) as session:
        acting = Acting(
            session, CLOCK, Walk(sqlite_ground, sqlite_ground.projects[0], case_id=-1).moment, sqlite_ground.papers
        )
        report = fire_timers(acting, range(1, 451), lambda done, _total: told.append(done))
    assert (told, sum(row.happened for row in report)) == ([200, 400, 450], 0)
