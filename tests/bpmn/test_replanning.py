"""A campaign's dates are changed: open due dates that rest on them move, with a reason (T2)."""

from __future__ import annotations

from datetime import date

import orjson
import pytest
from sqlalchemy import select

from bpmn.recounting import Moved
from bpmn.replanning import replan
from bpmn.runtime import change_timer
from ledger.campaigns import Campaign
from ledger.cases import Timer
from ledger.db import end_of_day
from ledger.journal import Entry
from ledger.vocabulary import Role
from ledger.working_days import dates_of
from tests.replay import assert_whole
from tests.walk import Ground, Walk, local

pytestmark = pytest.mark.usefixtures("quick_prints")


def to(walk: Walk, *, write: bool = True, **days: date) -> tuple[Moved, ...]:
    with walk.acting(Role.HANDLER, walk.ground.county.bureau.id) as acting:
        campaign = acting.session.get_one(Campaign, walk.ground.county.campaign.id)
        return replan(acting, campaign, {**dates_of(campaign), **days}, "连日暴雨", write=write)


def test_t2_open_items_follow_the_new_date_and_the_trail_says_why(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    walk.to("field_survey")
    assert walk.item("field_survey").due_at == end_of_day(date(2023, 11, 21))
    told = to(walk, write=False, survey=date(2023, 11, 26))  # a Sunday: the Friday before
    assert walk.item("field_survey").due_at == end_of_day(date(2023, 11, 21))
    assert to(walk, survey=date(2023, 11, 26)) == told
    assert [(each.name, each.after) for each in told] == [("实地调研", end_of_day(date(2023, 11, 24)))]
    assert walk.item("field_survey").due_at == end_of_day(date(2023, 11, 24))
    with walk.session() as session:
        acts = {
            e.act: orjson.loads(e.detail)
            for e in session.scalars(select(Entry).where(Entry.detail.contains("连日暴雨")))
        }
        assert acts["campaign_changed"]["survey"] == ["2023-11-21", "2023-11-26"]
        assert acts["replan"]["summary"] == "工作批次日期调整，1个期限变动：连日暴雨"
        assert_whole(session, walk.case_id)


def test_t2_what_counts_days_stays_and_what_would_be_past_gets_two_days(ground: Ground) -> None:
    waiting, surveying = Walk(ground, ground.projects[0]), Walk(ground, ground.projects[1])
    surveying.to("field_survey")
    surveying.now = local(2023, 11, 16)  # Thursday
    moved = to(surveying, survey=date(2023, 11, 15))
    assert [(each.case_id, each.after) for each in moved] == [(surveying.case_id, end_of_day(date(2023, 11, 20)))]
    assert surveying.item("field_survey").compressed
    assert waiting.item("receive").due_at == end_of_day(date(2023, 11, 8))


def test_t2_a_timer_of_the_campaign_moves_and_one_that_a_person_set_stays(ground: Ground) -> None:
    first, second = Walk(ground, ground.projects[1]), Walk(ground, ground.projects[3])
    for walk in (first, second):
        walk.to("notice_unit")
        walk.now = local(2023, 11, 20, 10)
        for stem in ("notice_unit", "notice_site"):
            walk.complete(stem, posted_on="2023-11-20")
        walk.now = end_of_day(date(2023, 11, 27))
        walk.fire()
        assert timer(walk).due_at == end_of_day(date(2023, 11, 30))
    with second.acting(Role.HANDLER, ground.county.bureau.id) as acting:
        change_timer(acting, second.case_id, timer(second).id, date(2023, 12, 1), "另行安排")
    to(first, disposal=date(2023, 12, 4))
    assert timer(first).due_at == end_of_day(date(2023, 12, 4))
    assert timer(second).due_at == end_of_day(date(2023, 12, 1))
    first.now = end_of_day(date(2023, 11, 30))
    assert first.fire() == 0
    first.now = end_of_day(date(2023, 12, 1))
    assert first.fire() == 1  # the second's
    first.now = end_of_day(date(2023, 12, 4))
    assert first.fire() == 1


def timer(walk: Walk) -> Timer:
    with walk.session() as session:
        return session.scalars(select(Timer).where(Timer.case_id == walk.case_id, Timer.ended_at.is_(None))).one()
