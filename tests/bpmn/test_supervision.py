"""暂停, 恢复, 终止, 调整环节, 调整期限: the bureau's acts on a whole case, and what they never get around (T1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import orjson
import pytest

from bpmn.refusals import ActRefused, CaseClosed, NotYours, OutsidePublicity
from bpmn.runtime import (
    Acting,
    Repost,
    change_timer,
    move_targets,
    move_token,
    register_objection,
    repost,
    resume,
    suspend,
    terminate,
)
from ledger.cases import Timer, timers_of
from ledger.db import SHANGHAI, last_day
from ledger.journal import history
from ledger.scope import CLOCK
from ledger.vocabulary import CaseStatus, ItemStatus, Level, Role
from tests.bpmn.test_publicity_acts import PHOTO, dismiss
from tests.replay import assert_whole
from tests.walk import Ground, Walk, local, project_of_level

pytestmark = pytest.mark.usefixtures("quick_prints")
WHY = "群众反映权属争议，待国土部门核实"


def begun(ground: Ground, stem: str) -> Walk:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    walk.to(stem)
    return walk


def posted(ground: Ground) -> Walk:
    """A case whose publicity period runs: both notices went up on Monday 6 November 2023."""
    walk = begun(ground, "notice_unit")
    walk.complete("notice_unit")
    walk.complete("notice_site")
    return walk


def as_bureau(walk: Walk, act: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    with walk.acting(Role.HANDLER, walk.ground.county.bureau.id) as acting:
        return act(acting, *arguments, **more)


def timer_of(walk: Walk) -> Timer:
    with walk.session() as session:
        (timer,) = timers_of(session, walk.case_id)
        return timer


def told(walk: Walk) -> tuple[str, dict[str, Any]]:
    with walk.session() as session:
        entry = history(session, walk.case_id)[-1]
        return entry.act, orjson.loads(entry.detail)


def midnight_after(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 23, 59, 59, 999999, SHANGHAI)


class TestSuspend:
    def test_nobody_acts_until_it_is_resumed_and_dates_move_by_the_working_days(self, ground: Ground) -> None:
        walk = begun(ground, "receive")  # 6 November, a Monday; due in 2 working days: 24:00 of the 8th
        assert walk.item("receive").due_at.astimezone(SHANGHAI) == local(2023, 11, 9, 0)
        as_bureau(walk, suspend, walk.case_id, WHY)
        assert walk.case.status == CaseStatus.SUSPENDED
        with pytest.raises(CaseClosed, match="已挂起"):
            walk.complete("receive")
        walk.now = local(2023, 11, 13)  # the next Monday: 7, 8, 9, 10 and 13 November were lost
        as_bureau(walk, resume, walk.case_id, "已核实")
        assert walk.item("receive").due_at.astimezone(SHANGHAI) == local(2023, 11, 16, 0)
        assert told(walk)[1]["days"] == 5
        walk.complete("receive")
        assert walk.waiting() == ["field_survey"]

    def test_only_the_bureau_and_with_a_reason(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "receive")
        item = walk.item("receive")
        for act in (suspend, terminate):
            with pytest.raises(NotYours, match="乡村振兴局"), walk.acting(Role.HANDLER, item.unit_id) as acting:
                act(acting, walk.case_id, WHY)
            with pytest.raises(ActRefused, match="原因"):
                as_bureau(walk, act, walk.case_id, " ")
        with pytest.raises(ActRefused, match="没有暂停"):
            as_bureau(walk, resume, walk.case_id, WHY)
        as_bureau(walk, suspend, walk.case_id, WHY)
        with pytest.raises(CaseClosed):
            as_bureau(walk, suspend, walk.case_id, WHY)

    def test_there_must_be_a_publicity_to_interrupt(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "receive")
        with pytest.raises(ActRefused, match="没有公告可以中止"):
            as_bureau(walk, suspend, walk.case_id, WHY, interrupts_publicity=True)

    def test_t1_a_publicity_period_runs_on_while_the_case_stands_still(self, sqlite_ground: Ground) -> None:
        walk = posted(sqlite_ground)
        before = timer_of(walk).due_at
        as_bureau(walk, suspend, walk.case_id, WHY)
        walk.now = before
        assert walk.fire() == 0
        as_bureau(walk, resume, walk.case_id, "已核实")
        assert timer_of(walk).due_at == before
        assert walk.fire() == 1

    def test_t1_an_interrupted_publicity_begins_anew_in_full(self, ground: Ground) -> None:
        walk = posted(ground)
        as_bureau(walk, suspend, walk.case_id, WHY, interrupts_publicity=True)
        with pytest.raises(OutsidePublicity):
            as_bureau(walk, register_objection, walk.case_id, "村民", "", "公告的面积不对")
        walk.now = local(2023, 11, 20)  # a Monday: the 21st is the first day that counts, the 27th the fifth
        with pytest.raises(ActRefused, match="还没有在两处重新张贴"):
            as_bureau(walk, resume, walk.case_id, "已核实")
        for name, day in (("notice_unit", 17), ("notice_site", 20)):
            assert walk.case.publicity_interrupted_at is not None
            again = Repost((name,), date(2023, 11, day), "撤下以后", {name: PHOTO})
            as_bureau(walk, repost, walk.case_id, again)
        assert walk.case.status == CaseStatus.SUSPENDED
        as_bureau(walk, register_objection, walk.case_id, "村民", "", "公告的面积不对")  # it runs, paused or not
        as_bureau(walk, resume, walk.case_id, "已重新张贴")
        dismiss(walk)
        assert timer_of(walk).due_at.astimezone(SHANGHAI) == local(2023, 11, 28, 0)
        walk.now = midnight_after(2023, 11, 27)
        assert walk.fire() == 0
        walk.now = local(2023, 11, 28, 0)
        assert walk.fire() == 1
        assert "11月27日24时" in told(walk)[1]["summary"]
        with walk.session() as session:
            assert_whole(session, walk.case_id)


class TestTerminate:
    def test_what_waits_ends_and_what_was_done_stays(self, ground: Ground) -> None:
        walk = posted(ground)
        done = [item.id for item in walk.items() if item.status == ItemStatus.DONE]
        as_bureau(walk, terminate, walk.case_id, "项目已由市里收回")
        assert (walk.case.status, walk.case.ended_at, walk.waiting()) == (CaseStatus.TERMINATED, walk.now, [])
        with walk.session() as session:
            assert timers_of(session, walk.case_id) == []
        assert [item.id for item in walk.items() if item.status == ItemStatus.DONE] == done
        walk.pass_days(60)
        assert walk.fire() == 0
        with pytest.raises(ActRefused, match="已终止"):
            as_bureau(walk, terminate, walk.case_id, WHY)

    def test_a_suspended_case_is_terminated_too(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "joint_review")
        as_bureau(walk, suspend, walk.case_id, WHY)
        as_bureau(walk, terminate, walk.case_id, WHY)
        assert walk.case.status == CaseStatus.TERMINATED
        assert {item.status for item in walk.items("joint_review")} == {ItemStatus.CANCELLED}


class TestMove:
    def test_to_a_step_ahead_and_back(self, ground: Ground) -> None:
        walk = begun(ground, "application")
        token = walk.item("application").token
        as_bureau(walk, move_token, walk.case_id, token, "decision", "领导小组提级办理")
        assert walk.waiting() == ["decision"]
        assert told(walk)[0] == "move"
        as_bureau(walk, move_token, walk.case_id, walk.item("decision").token, "application", "恢复正常办理")
        assert walk.waiting() == ["application"]
        assert "恢复正常办理" in walk.item("application").returned_reason
        walk.to_end()
        assert walk.case.status == CaseStatus.ARCHIVED

    def test_t1_never_over_a_publicity_period(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "reply")
        targets = {target for target, _ in as_bureau(walk, move_targets, walk.case_id, walk.item("reply").token)}
        assert "decision" in targets
        assert not targets & {"disposal_plan", "disposal", "evaluation", "reclassification", "filing", "archiving"}
        with pytest.raises(ActRefused, match="公告期"):
            as_bureau(walk, move_token, walk.case_id, walk.item("reply").token, "disposal_plan", WHY)
        assert walk.waiting() == ["reply"]

    def test_t1_out_of_a_running_period_only_backwards(self, sqlite_ground: Ground) -> None:
        walk = posted(sqlite_ground)
        token = timer_of(walk).token
        with pytest.raises(ActRefused, match="公告期"):
            as_bureau(walk, move_token, walk.case_id, token, "disposal_plan", WHY)
        as_bureau(walk, move_token, walk.case_id, token, "decision", "公告内容有误，重新审定")
        assert walk.waiting() == ["decision"]
        with walk.session() as session:
            assert timers_of(session, walk.case_id) == []

    @pytest.mark.parametrize("target", ["nowhere", "notice_unit", "application", "objection"])
    def test_refused_where_the_diagram_cannot_come(self, sqlite_ground: Ground, target: str) -> None:
        """One notice alone waits for ever; where the token stands is no move; nobody objected to what is not posted."""
        walk = begun(sqlite_ground, "application")
        with pytest.raises(ActRefused, match="不能调整到"):
            as_bureau(walk, move_token, walk.case_id, walk.item("application").token, target, WHY)

    def test_refused_for_a_token_that_is_gone(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "field_survey")
        (gone,) = walk.items("receive")
        with pytest.raises(ActRefused, match="已经变动"):
            as_bureau(walk, move_token, walk.case_id, gone.token, "receive", WHY)


class TestChangeTimer:
    def test_t1_a_publicity_period_is_made_longer_never_shorter(self, ground: Ground) -> None:
        walk = posted(ground)
        timer = timer_of(walk)
        first = walk.now.astimezone(SHANGHAI).date()
        assert first == date(2023, 11, 6)
        for last, sentence in [(date(2023, 11, 10), "最早到2023-11-13"), (date(2023, 11, 18), "工作日期满")]:
            with pytest.raises(ActRefused, match=sentence):
                as_bureau(walk, change_timer, walk.case_id, timer.id, last, "群众要求延长")
        as_bureau(walk, change_timer, walk.case_id, timer.id, date(2023, 11, 17), "群众要求延长")
        assert timer_of(walk).due_at.astimezone(SHANGHAI) == local(2023, 11, 18, 0)
        walk.now = timer.due_at
        assert walk.fire() == 0
        walk.now = local(2023, 11, 18, 0)
        assert walk.fire() == 1
        assert "共9个工作日，至11月17日24时" in told(walk)[1]["summary"]  # 7–10 and 13–17 November

    def test_refused_in_the_past_and_to_others(self, sqlite_ground: Ground) -> None:
        walk = posted(sqlite_ground)
        timer = timer_of(walk)
        with pytest.raises(ActRefused, match="早于今天"):
            as_bureau(walk, change_timer, walk.case_id, timer.id, date(2023, 11, 5), WHY)
        with pytest.raises(ActRefused, match="不用调整"):
            as_bureau(walk, change_timer, walk.case_id, timer.id, last_day(timer.due_at), WHY)
        with pytest.raises(ActRefused, match="已经到期或取消"):
            as_bureau(walk, change_timer, walk.case_id, timer.id + 1, date(2023, 12, 5), WHY)
        office = walk.ground.county.office.id
        with pytest.raises(NotYours), walk.acting(Role.HANDLER, office) as acting:
            change_timer(acting, walk.case_id, timer.id, date(2023, 12, 5), WHY)
        with pytest.raises(NotYours), walk.acting(Role.HANDLER, office) as acting:
            suspend(Acting(acting.session, CLOCK, acting.moment, acting.papers), walk.case_id, WHY)
