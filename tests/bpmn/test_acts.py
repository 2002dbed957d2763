"""退回, 撤回, 转办, 催办: each in one transaction with its journal row, each refusal in words (issue 3, item 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bpmn.acts import call_back, return_targets, send_back, transfer, urge
from bpmn.refusals import ActRefused, AlreadyDone, CaseClosed, ItemGone, NotYours
from bpmn.runtime import Completed, register_objection
from ledger.cases import Case, WorkItem
from ledger.db import transaction
from ledger.inbox import Filters, under_way
from ledger.journal import Entry, history
from ledger.meetings import MeetingVerdict
from ledger.outbox import Message
from ledger.urges import keep_urge, urged
from ledger.vocabulary import CaseStatus, ItemStatus, Level, Role
from ledger.writing import mac_of
from tests.conftest import KEYS
from tests.walk import Ground, Walk, project_of_level

pytestmark = pytest.mark.usefixtures("quick_prints")

WHY = "申请表与附件4金额不一致"
REVIEWED = ("receive", "field_survey", "joint_review", "preliminary_opinion", "party_meeting", "application")
BEFORE_DECISION = {*REVIEWED, "unit_opinion", "submission", "acceptance_check"}
"""What a township's project has been through when it comes to the leading group."""


def begun(ground: Ground, stem: str) -> Walk:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    walk.to(stem)
    return walk


def back(walk: Walk, stem: str, target: str, reason: str = WHY, revision: int | None = None) -> Completed:
    item = walk.item(stem)
    with walk.acting(item.role, item.unit_id) as acting:
        return send_back(acting, item.id, revision or item.revision, target, reason)


def targets(walk: Walk, stem: str) -> set[str]:
    item = walk.item(stem)
    with walk.acting(item.role, item.unit_id) as acting:
        return {target for target, _ in return_targets(acting, item.id)}


def last_row(walk: Walk) -> tuple[Entry, dict[str, Any]]:
    with walk.session() as session:
        entry = history(session, walk.case_id)[-1]
        assert mac_of(entry, KEYS) == entry.mac
        return entry, orjson.loads(entry.detail)


class TestSendBack:
    def test_the_case_goes_on_from_the_step_it_was_sent_to(self, ground: Ground) -> None:
        walk = begun(ground, "decision")
        left = walk.item("decision")
        done = back(walk, "decision", "application")
        assert [name for name, _, _ in done.next] == ["填申请表"]
        assert walk.waiting() == ["application"]
        assert WHY in walk.item("application").returned_reason
        cancelled = next(item for item in walk.items("decision") if item.id == left.id)
        assert (cancelled.status, cancelled.answers) == (ItemStatus.CANCELLED, None)
        row, detail = last_row(walk)
        assert (row.act, row.item_id, detail["target"], detail["reason"]) == ("send_back", left.id, "application", WHY)
        walk.log.clear()
        walk.to("decision")
        assert walk.log == ["application", "unit_opinion", "submission", "acceptance_check"]
        walk.to_end()
        assert walk.case.status == CaseStatus.ARCHIVED

    def test_the_choice_is_what_the_case_did_before_and_the_diagram_allows(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "receive")
        assert targets(walk, "receive") == set()
        walk.to("joint_review")
        assert targets(walk, "joint_review") == {"receive", "field_survey"}
        walk.to("decision")
        assert targets(walk, "decision") == BEFORE_DECISION
        walk.to("notice_unit")
        assert targets(walk, "notice_unit") == {*BEFORE_DECISION, "decision", "reply"}
        walk.to("disposal")
        assert targets(walk, "disposal") == {*BEFORE_DECISION, "decision", "reply", "disposal_plan"}

    def test_what_came_later_in_an_earlier_round_is_no_step_back(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "decision")
        walk.complete("decision", verdict="return", reason=WHY)
        assert walk.waiting() == ["party_meeting"]
        assert targets(walk, "party_meeting") == {"receive", "field_survey", "joint_review", "preliminary_opinion"}

    def test_parallel_parts_are_given_up_together(self, ground: Ground) -> None:
        walk = begun(ground, "notice_unit")
        assert sorted(walk.waiting()) == ["notice_site", "notice_unit"]
        back(walk, "notice_unit", "decision")
        assert walk.waiting() == ["decision"]
        walk.to("notice_unit")
        assert sorted(walk.waiting()) == ["notice_site", "notice_unit"]

    def test_a_joint_review_sent_back_asks_everyone_again(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "joint_review")
        bodies = walk.waiting()
        walk.complete("joint_review")
        back(walk, "joint_review", "field_survey")
        assert walk.waiting() == ["field_survey"]
        walk.to("joint_review")
        assert walk.waiting() == bodies

    @pytest.mark.parametrize(
        ("target", "reason", "sentence"),
        [
            ("application", " \n", "请填写退回的原因"),
            ("application", "长" * 201, "最多200字"),
            ("decision", WHY, "不能从“领导小组审定”退回到“领导小组审定”"),
            ("archiving", WHY, "不能从“领导小组审定”退回到“归档”"),
            ("village_opinion", WHY, "不能从“领导小组审定”退回到“村级意见”"),  # a township's project has none
            ("nowhere", WHY, "不能从“领导小组审定”退回到“nowhere”"),
        ],
    )
    def test_refused_with_the_reason(self, sqlite_ground: Ground, target: str, reason: str, sentence: str) -> None:
        walk = begun(sqlite_ground, "decision")
        before = walk.case.state
        with pytest.raises(ActRefused, match=sentence):
            back(walk, "decision", target, reason)
        assert walk.waiting() == ["decision"]
        assert walk.case.state == before

    def test_refused_to_others_and_to_who_comes_late(self, ground: Ground) -> None:
        walk = begun(ground, "decision")
        item = walk.item("decision")
        with (
            pytest.raises(NotYours, match="领导小组办公室"),
            walk.acting(Role.HANDLER, ground.county.bureau.id) as acting,
        ):
            send_back(acting, item.id, item.revision, "application", WHY)
        with pytest.raises(AlreadyDone):
            back(walk, "decision", "application", revision=item.revision + 1)
        back(walk, "decision", "application")
        with pytest.raises(ItemGone, match="取消"), walk.acting(Role.HANDLER, item.unit_id) as acting:
            send_back(acting, item.id, item.revision, "application", WHY)

    def test_open_objections_are_examined_first(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "notice_unit")
        walk.complete("notice_unit")
        walk.complete("notice_site")
        with walk.acting(Role.HANDLER, sqlite_ground.county.bureau.id) as acting:
            register_objection(acting, walk.case_id, "村民", "", "公告的面积不对")
        with pytest.raises(ActRefused, match="异议"):
            back(walk, "objection", "decision")

    def test_a_step_is_not_entered_more_often_than_the_county_allows(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "decision")
        back(walk, "decision", "acceptance_check")
        walk.to("decision")
        item = walk.item("decision")
        with pytest.raises(ActRefused, match="已经办理2次"), walk.acting(item.role, item.unit_id) as acting:
            send_back(replace(acting, round_limit=2), item.id, item.revision, "acceptance_check", WHY)


def call(walk: Walk, item: WorkItem, nth: int = 0) -> Completed:
    with walk.acting(item.role, item.unit_id, nth) as acting:
        return call_back(acting, item.id, "金额填错")


class TestCallBack:
    def test_the_item_opens_again_as_it_was_filled(self, ground: Ground) -> None:
        walk = begun(ground, "application")
        before = walk.item("application")
        walk.complete("application")
        following = walk.item("unit_opinion")
        call(walk, before)
        assert walk.waiting() == ["application"]
        again = walk.item("application")
        assert (again.id, again.due_at, again.completed_by_id) == (before.id, before.due_at, None)
        assert again.answers
        (gone,) = walk.items("unit_opinion")
        assert (gone.id, gone.status) == (following.id, ItemStatus.CANCELLED)
        row, detail = last_row(walk)
        assert (row.act, row.item_id, detail["reason"]) == ("call_back", before.id, "金额填错")
        walk.to_end()
        assert walk.case.status == CaseStatus.ARCHIVED

    def test_what_a_meeting_decided_is_entered_anew(self, ground: Ground) -> None:
        """P4, P6: one verdict per item, and the meeting that no longer decides it does not name it."""
        walk = begun(ground, "party_meeting")
        item = walk.item("party_meeting")
        walk.complete("party_meeting")
        call(walk, item)
        walk.complete("party_meeting", verdict="survey", reason="情况不明")
        assert walk.waiting() == ["field_survey"]
        with walk.session() as session:
            (verdict,) = session.scalars(select(MeetingVerdict).where(MeetingVerdict.item_id == item.id))
            assert (verdict.verdict, verdict.reason) == ("survey", "情况不明")

    def test_refused_once_somebody_acted(self, ground: Ground) -> None:
        walk = begun(ground, "application")
        item = walk.item("application")
        walk.complete("application")
        walk.complete("unit_opinion")
        with pytest.raises(ActRefused, match="已经有人办理"):
            call(walk, item)
        assert walk.waiting() == ["submission"]

    def test_refused_twice_and_to_anybody_else(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "application")
        item = walk.item("application")
        walk.complete("application")
        with pytest.raises(NotYours, match="本人"), walk.acting(Role.SIGNER, item.unit_id) as acting:
            call_back(acting, item.id, "金额填错")
        call(walk, item)
        with pytest.raises(ActRefused, match="还没有办结，或已经撤回"):
            call(walk, item)

    def test_an_urge_is_no_act_on_the_item(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "application")
        item = walk.item("application")
        walk.complete("application")
        with walk.acting(Role.HANDLER, sqlite_ground.county.bureau.id) as acting:
            urge(acting, walk.item("unit_opinion").id)
        call(walk, item)
        assert walk.waiting() == ["application"]

    @pytest.mark.parametrize(
        ("stem", "sentence"), [("joint_review", "多方"), ("reply", "编号印发"), ("notice_unit", "没有等待办理的任务")]
    )
    def test_what_cannot_be_undone(self, sqlite_ground: Ground, stem: str, sentence: str) -> None:
        walk = begun(sqlite_ground, stem)
        item = walk.item(stem)
        walk.complete(stem)
        with pytest.raises(ActRefused, match=sentence):
            call(walk, item)


class TestTransfer:
    def test_the_other_unit_finds_the_item_with_its_dates(self, ground: Ground) -> None:
        walk = begun(ground, "field_survey")
        item = walk.item("field_survey")
        other = other_unit(walk, item)
        with walk.acting(item.role, item.unit_id) as acting:
            transfer(acting, item.id, item.revision, other, "该项目已划归贵镇")
        moved = walk.item("field_survey")
        assert (moved.id, moved.unit_id, moved.due_at, moved.token) == (item.id, other, item.due_at, item.token)
        row, detail = last_row(walk)
        assert (row.act, detail["reason"]) == ("transfer", "该项目已划归贵镇")
        with pytest.raises(NotYours), walk.acting(item.role, item.unit_id) as acting:
            send_back(acting, item.id, moved.revision, "receive", WHY)
        walk.complete("field_survey")
        assert set(walk.waiting()) == {"joint_review"}

    def test_refused_with_the_reason(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "field_survey")
        item = walk.item("field_survey")
        other = other_unit(walk, item)
        for unit_id, reason, sentence in [
            (other, "", "请填写转办的原因"),
            (item.unit_id, WHY, "不用转办"),
            (10**6, WHY, "不存在"),
        ]:
            with pytest.raises(ActRefused, match=sentence), walk.acting(item.role, item.unit_id) as acting:
                transfer(acting, item.id, item.revision, unit_id, reason)

    @pytest.mark.parametrize("stem", ["joint_review", "unit_opinion", "decision"])
    def test_what_the_scheme_gives_to_one_body_stays_there(self, sqlite_ground: Ground, stem: str) -> None:
        walk = begun(sqlite_ground, stem)
        item = walk.item(stem)
        with (
            pytest.raises(ActRefused, match="不能转办"),
            walk.acting(item.role, item.unit_id) as acting,
        ):
            transfer(acting, item.id, item.revision, other_unit(walk, item), WHY)


def other_unit(walk: Walk, item: WorkItem) -> int:
    return next(unit.id for unit in walk.ground.county.townships.values() if unit.id != item.unit_id)


class TestUrge:
    def test_whoever_the_item_waits_for_is_told_once_a_day(self, ground: Ground) -> None:
        walk = begun(ground, "receive")
        item = walk.item("receive")
        bureau = ground.county.bureau.id
        with walk.acting(Role.HANDLER, bureau) as acting:
            told = urge(acting, item.id, "请于今日签收")
        with walk.session() as session:
            messages = session.scalars(select(Message).where(Message.dedupe_key.startswith("urge:"))).all()
            assert len(messages) == told >= 1
            assert "请于今日签收" in messages[0].body
        assert last_row(walk)[0].act == "urge"
        with (
            pytest.raises(ActRefused, match="已经催办过，请明天再催"),
            walk.acting(Role.HANDLER, bureau) as acting,
        ):
            urge(acting, item.id)
        walk.pass_days(1)
        with walk.acting(Role.HANDLER, bureau) as acting:
            assert urge(acting, item.id) == told
            assert (found := urged(acting.session, item.id)) is not None
            assert (found.count, found.last_at) == (2, walk.now)

    def test_issue_5_once_a_day_whichever_unit_urges(self, ground: Ground) -> None:
        walk = begun(ground, "receive")
        item = walk.item("receive")
        with walk.acting(Role.HANDLER, ground.county.office.id) as acting:
            urge(acting, item.id)
        bureau = ground.county.bureau.id
        with (
            pytest.raises(ActRefused, match="今天领导小组办公室经办甲已经催办过"),
            walk.acting(Role.HANDLER, bureau) as acting,
        ):
            urge(acting, item.id)
        walk.pass_days(1)
        with walk.acting(Role.HANDLER, bureau) as acting:
            urge(acting, item.id)
            (row,) = under_way(acting.session, acting.actor, walk.now, Filters()).rows
        assert row.urged_count == 2
        with pytest.raises(IntegrityError), transaction(ground.sessions) as session:
            keep_urge(session, item.id, "另一个单位", walk.now)

    def test_refused_for_ones_own_and_for_what_is_done(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "receive")
        item = walk.item("receive")
        with pytest.raises(ActRefused, match="本单位"), walk.acting(item.role, item.unit_id) as acting:
            urge(acting, item.id)
        walk.complete("receive")
        with (
            pytest.raises(AlreadyDone),
            walk.acting(Role.HANDLER, sqlite_ground.county.bureau.id) as acting,
        ):
            urge(acting, item.id)

    def test_refused_while_the_case_is_suspended(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "receive")
        item = walk.item("receive")
        with walk.acting(Role.HANDLER, sqlite_ground.county.bureau.id) as acting:
            acting.session.get_one(Case, walk.case_id).status = CaseStatus.SUSPENDED
        with (
            pytest.raises(CaseClosed, match="已挂起"),
            walk.acting(Role.HANDLER, sqlite_ground.county.bureau.id) as acting,
        ):
            urge(acting, item.id)
