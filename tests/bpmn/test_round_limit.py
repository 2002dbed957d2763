"""A case that comes to one place again and again is left to a person (engine rule 9; issue 3 item 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bpmn.acts import send_back
from bpmn.casefile import ROUND_LIMIT
from bpmn.deployment import shipped_bundle
from bpmn.engine import RunawayDiagram
from bpmn.refusals import ActRefused
from bpmn.runtime import complete_item
from bpmn.starting import PROCESS
from ledger.cases import timers_of
from ledger.db import day_of, transaction
from ledger.incidents import open_incidents
from ledger.journal import Moment
from ledger.passages import came_often, passages
from scheduler.sweep import Ground as Sweeping
from scheduler.sweep import Swept, sweep
from tests.bpmn.redrawn import newly
from tests.bpmn.sketch import node, sketch, timer
from tests.replay import assert_case
from tests.walk import Ground, Walk, fill

pytestmark = pytest.mark.usefixtures("quick_prints")
WHY = "情况不明"


def decide(walk: Walk, limit: int, **given: Any) -> None:
    """Complete the party meeting's step under a county's limit."""
    item = walk.item("party_meeting")
    with walk.acting(item.role, item.unit_id) as acting:
        shown = walk.prepare(acting, item, given)
        posted = fill(shown, {**walk.answers_for(shown), **given}, day_of(walk.now))
        complete_item(replace(acting, round_limit=limit), item.id, item.revision, posted)


def test_a_line_drawn_back_ends_as_an_incident_and_the_case_stays(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    walk.to("party_meeting")
    before = walk.case.state
    with pytest.raises(RunawayDiagram, match="已经1次到“实地调研”，流程不再自动转回"):
        decide(walk, 1, verdict="survey", reason=WHY)
    assert (walk.waiting(), walk.case.state) == (["party_meeting"], before)
    decide(walk, 2, verdict="survey", reason=WHY)
    assert walk.waiting() == ["field_survey"]
    assert_case(ground.sessions, walk.case_id)


def test_what_goes_on_is_not_counted(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    walk.to("party_meeting")
    decide(walk, 1, verdict="on")
    assert walk.waiting() == ["application"]


def test_the_parts_of_a_joint_step_count_as_one(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[0])
    walk.to("preliminary_opinion")
    item = walk.item("preliminary_opinion")
    assert len(walk.items("joint_review")) == 3
    with walk.acting(item.role, item.unit_id) as acting:
        often = [came_often(acting.session, walk.case_id, "joint_review", limit) for limit in (1, 2, 3, 4)]
        assert often == [True, False, False, False]
        limited = replace(acting, round_limit=2)
        send_back(limited, item.id, item.revision, "joint_review", WHY)
    assert walk.waiting() == ["joint_review"] * 3
    walk.to("preliminary_opinion")
    item = walk.item("preliminary_opinion")
    with walk.acting(item.role, item.unit_id) as acting:
        came = passages(acting.session, walk.case_id)
        assert (came["joint_review"].item_count, came["joint_review"].done) == (6, True)
        with pytest.raises(ActRefused, match="“会审”已经办理2次"):
            send_back(replace(acting, round_limit=2), item.id, item.revision, "joint_review", WHY)


def test_a_moment_that_leads_to_itself_ends_as_an_incident(ground: Ground) -> None:
    """Otherwise a loop through a date long past would be fired for ever, in one pass of the clock."""
    wait = node("intermediateCatchEvent", "wait", timer("2023-01-01"), name="等到期")
    ways = [node("exclusiveGateway", "in"), node("exclusiveGateway", "out", default="out_in")]
    flows = [("s", "in"), ("in", "wait"), ("wait", "out"), ("out", "in"), ("out", "e", 'category == "revive"')]
    drawn = sketch([wait, *ways], flows, PROCESS).decode()
    newly(ground, replace(shipped_bundle(), diagram=drawn))
    walk = Walk(ground, ground.projects[0])
    sweeping, now = Sweeping(ground.sessions, ground.papers), Moment(walk.now, walk.now)
    assert sweep(sweeping, now) == Swept(ROUND_LIMIT - 1, 1)
    with transaction(ground.sessions, writes=False) as session:
        (incident,) = open_incidents(session)
        assert incident.cause.startswith("本项目已经50次到“等到期”")
        assert len(timers_of(session, walk.case_id)) == 1
    assert walk.case.ended_at is None
    assert sweep(sweeping, now) == Swept(0, 0)  # it rests until its retry, then until a person looks at it
