"""Running cases move to a new version (issue 3 item 7): planned, applied, undone; each moved case is finished."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bpmn.acts import call_back, send_back, transfer, urge
from bpmn.casefile import Acting, take_case
from bpmn.deployment import shipped_bundle
from bpmn.engine import Weight, without_parts
from bpmn.migration import MoveImpossible, Order, Outcome, move_back, move_case, move_cases, move_cases_back, plan_case
from bpmn.position import position
from bpmn.refusals import ActRefused
from bpmn.runtime import open_item, register_objection
from bpmn.versions import lineage_of
from ledger.case_moves import CaseMove, moves_to, running_cases
from ledger.cases import Case, Draft, Timer, WorkItem, keep_draft
from ledger.db import transaction
from ledger.journal import history
from ledger.people import Unit
from ledger.procedures import Procedure
from ledger.scope import CLOCK
from ledger.vocabulary import CaseStatus, ItemStatus, Level, Role
from tests.bpmn.redrawn import NAMES, changed, newly, renamed
from tests.bpmn.sketch import node
from tests.bpmn.test_called_processes import SURVEY, bundle, calling, process
from tests.walk import Ground, Walk, project_of_level

pytestmark = pytest.mark.usefixtures("quick_prints")

AUTO, CHECK, REFUSE = Weight


def begun(ground: Ground, stem: str, nth: int = 0) -> Walk:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP, nth))
    walk.to(stem)
    return walk


def plan(walk: Walk, order: Order) -> Any:
    with transaction(walk.ground.sessions) as session:
        return plan_case(clock(walk, session), walk.case_id, order)


def clock(walk: Walk, session: Session) -> Acting:
    return Acting(session, CLOCK, walk.moment, walk.ground.papers)


def moved(walk: Walk, order: Order) -> Any:
    with transaction(walk.ground.sessions) as session:
        done = move_case(clock(walk, session), walk.case_id, order)
    with transaction(walk.ground.sessions) as session:
        file = take_case(clock(walk, session), walk.case_id)
        assert without_parts(file.run.marking) in file.version.markings
    return done


def undone(walk: Walk) -> None:
    with transaction(walk.ground.sessions) as session:
        move_back(clock(walk, session), walk.case_id)


def rows(walk: Walk) -> dict[str, Any]:
    """Everything a move may touch, and what it must not."""
    with walk.session() as session:
        case = session.get_one(Case, walk.case_id)
        items = session.scalars(select(WorkItem).where(WorkItem.case_id == walk.case_id)).all()
        timers = session.scalars(select(Timer).where(Timer.case_id == walk.case_id)).all()
        drafts = session.scalars(select(Draft)).all()
        unmoving = {"revision"}
        return {
            f"{row.__tablename__} {row.id}": {
                column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in unmoving
            }
            for row in (case, *items, *timers, *drafts)
        }


def finished(walk: Walk) -> None:
    walk.to_end()
    assert walk.case.status == CaseStatus.ARCHIVED


def test_what_does_not_change_keeps_its_rows(ground: Ground) -> None:
    walk = begun(ground, "application")
    item = walk.item("application")
    with transaction(ground.sessions) as session:
        user = session.scalars(select(WorkItem.completed_by_id).where(WorkItem.completed_by_id.is_not(None))).first()
        keep_draft(session, item.id, user or 0, {"reason": ["写了一半"]}, walk.now)
    order = Order(newly(ground, NAMES))
    assert plan(walk, order).weight is AUTO
    before = rows(walk)
    moved(walk, order)
    now = rows(walk)
    state = {"procedure_id", "state"}
    assert {k: v for k, v in now[f"case {walk.case_id}"].items() if k not in state} == {
        k: v for k, v in before[f"case {walk.case_id}"].items() if k not in state
    }
    key = f"work_item {item.id}"
    assert now[key] == {**before[key], "name": "填写申请表"}
    assert {k: v for k, v in now.items() if not k.startswith("case ") and k != key} == {
        k: v for k, v in before.items() if not k.startswith("case ") and k != key
    }
    assert walk.case.procedure_id == order.procedure_id
    finished(walk)


def test_the_move_is_written_into_the_history(sqlite_ground: Ground) -> None:
    walk = begun(sqlite_ground, "application")
    moved(walk, Order(newly(sqlite_ground, NAMES)))
    with walk.session() as session:
        row = history(session, walk.case_id)[-1]
        detail = orjson.loads(row.detail)
        assert (row.act, detail["summary"], detail["timers"]) == ("migrate", "流程换到第2版", "kept")
        assert detail["told"] == ["“填申请表”改称“填写申请表”。"]
        assert detail["procedure"] == session.get_one(Procedure, walk.case.procedure_id).sha256


def test_a_vanished_step_needs_a_person_to_say(ground: Ground) -> None:
    """The step is drawn anew under another id and handler: only a person knows what became of it."""
    walk = begun(ground, "unit_opinion")
    without = shipped_bundle().diagram
    opinion = re.search(r'<bpmn:userTask id="unit_opinion".*?</bpmn:userTask>', without, re.DOTALL)
    assert opinion is not None
    gone = opinion[0].replace('id="unit_opinion" name="单位意见"', 'id="opinion" name="审核"')
    gone = gone.replace('sgyp:handler="unit_opinion"', 'sgyp:handler="village_opinion"')
    drawn = without.replace(opinion[0], gone)
    drawn = re.sub(r'(sourceRef|targetRef|bpmnElement)="unit_opinion"', r'\1="opinion"', drawn)
    drawn = drawn.replace("<bpmn:flowNodeRef>unit_opinion<", "<bpmn:flowNodeRef>opinion<")
    version = newly(ground, replace(shipped_bundle(), diagram=drawn))
    refused = plan(walk, Order(version))
    assert refused.weight is REFUSE
    assert "请指定由哪个环节接续办理" in refused.reason
    with pytest.raises(MoveImpossible, match="请指定"):
        moved(walk, Order(version))
    order = Order(version, {"unit_opinion": "opinion"})
    assert plan(walk, order).weight is CHECK
    left = walk.item("unit_opinion")
    moved(walk, order)
    assert walk.waiting() == ["village_opinion"]
    assert next(i for i in walk.items() if i.id == left.id).status == ItemStatus.CANCELLED
    finished(walk)


def test_a_step_under_another_id_is_found_by_its_handler(sqlite_ground: Ground) -> None:
    walk = begun(sqlite_ground, "application")
    item = walk.item("application")
    order = Order(newly(sqlite_ground, renamed("application", "application_form")))
    assert plan(walk, order).weight is AUTO
    moved(walk, order)
    assert [(i.id, i.element) for i in walk.items("application")] == [(item.id, "application_form")]
    item = walk.item("application")
    walk.complete("application")
    following = walk.item(walk.waiting()[0])
    with walk.acting(following.role, following.unit_id) as acting:
        send_back(acting, following.id, following.revision, "application_form", "金额不符")
    finished(walk)


def test_what_was_done_before_is_shown_as_it_was_asked_then(sqlite_ground: Ground) -> None:
    walk = begun(sqlite_ground, "party_meeting")
    (done,) = walk.items("preliminary_opinion")
    walk.pass_days(1)
    form = {**shipped_bundle().forms["preliminary_opinion"], "title": "另一份表"}
    moved(
        walk,
        Order(
            newly(sqlite_ground, renamed("preliminary_opinion", "first_opinion", forms={"preliminary_opinion": form}))
        ),
    )
    with walk.acting(done.role, done.unit_id) as acting:
        shown = open_item(acting, done.id)
        assert (shown.form.title, shown.item.element) == ("初步处置意见", "preliminary_opinion")
    with walk.session() as session:
        here = position(session, session.get_one(Case, walk.case_id), walk.now)
        lineage = lineage_of(session, session.get_one(Case, walk.case_id))
    assert lineage.element("preliminary_opinion").name == "初步意见"
    assert lineage.at(walk.now - timedelta(hours=1)).form_of("x", "preliminary_opinion").title == "初步处置意见"
    assert lineage.at(walk.now).form_of("x", "preliminary_opinion").title == "另一份表"
    assert "first_opinion" in here["done"]  # the same step under its new id
    finished(walk)


class TestForms:
    def test_a_changed_form_is_asked_at_once(self, sqlite_ground: Ground) -> None:
        form = dict(shipped_bundle().forms["application"])
        form["title"] = "处置申请表（新）"
        walk = begun(sqlite_ground, "application")
        item = walk.item("application")
        order = Order(newly(sqlite_ground, changed(forms={"application": form})))
        shown = plan(walk, order)
        assert (shown.weight, shown.reason) == (AUTO, "“填申请表”的表单有变化，按新表单办理。")
        moved(walk, order)
        with walk.acting(item.role, item.unit_id) as acting:
            assert walk.prepare(acting, item, {}).form.title == "处置申请表（新）"
        assert walk.item("application").id == item.id
        finished(walk)

    def test_what_waits_for_a_signature_is_given_back_under_a_new_form(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, _signed_stem())
        stem = _signed_stem()
        walk.complete(stem, sign=False)
        assert walk.item(stem).status == ItemStatus.UNSIGNED
        form = {**shipped_bundle().forms[stem], "title": "新表单"}
        order = Order(newly(sqlite_ground, changed(forms={stem: form})))
        assert plan(walk, order).weight is CHECK
        before = rows(walk)
        moved(walk, order)
        item = walk.item(stem)
        assert (item.status, item.role, item.prepared_by_id) == (ItemStatus.OPEN, Role.HANDLER, None)
        assert "新表单" in item.returned_reason
        undone(walk)
        assert rows(walk) == before
        walk.sign(stem)
        finished(walk)

    def test_another_handler_makes_another_item(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "unit_opinion")
        left = walk.item("unit_opinion")
        order = Order(newly(sqlite_ground, changed(('sgyp:handler="unit_opinion"', 'sgyp:handler="village_opinion"'))))
        assert plan(walk, order).weight is CHECK
        moved(walk, order)
        assert walk.waiting() == ["village_opinion"]
        assert walk.item("village_opinion").id != left.id
        finished(walk)


def _signed_stem() -> str:
    found = re.search(r'sgyp:handler="(\w+)"[^>]*sgyp:signed="true"', shipped_bundle().diagram)
    assert found is not None
    return found[1]


class TestPublicity:
    """公告期: the wait behind an event gateway, with its timer and the objection that may come."""

    def waiting(self, ground: Ground) -> Walk:
        walk = begun(ground, "notice_unit")
        walk.complete("notice_unit")
        walk.complete("notice_site")
        assert walk.waiting() == []
        return walk

    def timer(self, walk: Walk) -> Timer:
        with walk.session() as session:
            return session.scalars(select(Timer).where(Timer.case_id == walk.case_id, Timer.ended_at.is_(None))).one()

    def test_the_end_of_the_period_stands(self, ground: Ground) -> None:
        walk = self.waiting(ground)
        due_at = self.timer(walk).due_at
        order = Order(newly(ground, changed(("publicity_end(5)", "publicity_end(7)"))))
        shown = plan(walk, order)
        assert shown.weight is CHECK
        assert "期限不变" in shown.reason
        moved(walk, order)
        assert self.timer(walk).due_at == due_at
        finished(walk)

    def test_the_period_is_counted_anew_where_that_is_asked(self, ground: Ground) -> None:
        walk = self.waiting(ground)
        before, old = rows(walk), self.timer(walk)
        order = Order(newly(ground, changed(("publicity_end(5)", "publicity_end(7)"))), fresh_timers=True)
        moved(walk, order)
        assert self.timer(walk).due_at == old.due_at + timedelta(days=2)  # two working days more within one week
        undone(walk)
        after = rows(walk)
        ended = after.pop(f"timer {max(int(k.split()[1]) for k in after if k.startswith('timer '))}")
        assert ended["ended_at"] is not None
        assert after == before
        finished(walk)

    def test_an_objection_is_still_heard_after_the_move(self, sqlite_ground: Ground) -> None:
        walk = self.waiting(sqlite_ground)
        moved(walk, Order(newly(sqlite_ground, NAMES)))
        with walk.acting(Role.HANDLER, walk.project.responsible_unit_id or 0) as acting:
            register_objection(acting, walk.case_id, "群众甲", "", "公告内容与实际不符")
        assert walk.waiting() == ["objection"]

    def test_nobody_is_moved_over_the_period(self, sqlite_ground: Ground) -> None:
        walk = self.waiting(sqlite_ground)
        gateway = self.element_around(walk)
        early = begun(sqlite_ground, "decision", 1)
        version = newly(sqlite_ground, NAMES)
        shown = plan(walk, Order(version, {gateway: "disposal_plan"}))
        assert shown.weight is REFUSE
        assert "公告期" in shown.reason
        shown = plan(early, Order(version, {"decision": "disposal_plan"}))
        assert shown.weight is REFUSE
        assert "公告期" in shown.reason

    def element_around(self, walk: Walk) -> str:
        found = re.findall(r'<bpmn:eventBasedGateway id="(\w+)"', shipped_bundle().diagram)
        assert len(found) == 1
        return str(found[0])


class TestParallelAndJoint:
    def test_one_notice_posted_the_other_open(self, ground: Ground) -> None:
        walk = begun(ground, "notice_unit")
        walk.complete("notice_unit")
        order = Order(newly(ground, NAMES))
        assert plan(walk, order).weight is AUTO
        moved(walk, order)
        assert walk.waiting() == ["notice_site"]
        finished(walk)

    def test_a_joint_review_half_done(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "joint_review")
        parts = walk.items("joint_review")
        walk.complete("joint_review")
        order = Order(newly(sqlite_ground, changed(('name="会审"', 'name="联合会审"'))))
        moved(walk, order)
        assert [item.id for item in walk.items("joint_review")] == [item.id for item in parts]
        assert [item.name for item in walk.items("joint_review")] == ["会审"] + ["联合会审"] * (len(parts) - 1)
        finished(walk)

    def test_a_second_round_of_disposal(self, ground: Ground) -> None:
        walk = begun(ground, "evaluation")
        walk.complete("evaluation", reached="no", next_due_on="2024-01-31")
        assert walk.case.round == 2
        moved(walk, Order(newly(ground, NAMES)))
        assert walk.case.round == 2
        finished(walk)


class TestCalls:
    def test_a_step_goes_into_a_called_process_and_back(self, ground: Ground) -> None:
        newly(ground, bundle(process("survey", SURVEY)))
        walk = begun(ground, "field_survey")
        item = walk.item("field_survey")
        version = newly(ground, calling())
        assert plan(walk, Order(version)).weight is REFUSE  # the step and the call share an id
        order = Order(version, {"field_survey": "field_survey/look"})
        shown = plan(walk, order)
        assert shown.weight is CHECK
        before = rows(walk)
        moved(walk, order)
        now = walk.item("field_survey")
        assert (now.id, now.element, now.name) == (item.id, "field_survey/look", "现场核查")
        assert set(walk.case.callees or {}) == {"survey"}
        undone(walk)
        assert rows(walk) == before
        moved(walk, order)
        finished(walk)

    def test_only_the_called_process_is_new(self, ground: Ground) -> None:
        newly(ground, bundle(process("survey", SURVEY)))
        version = newly(ground, calling())
        walk = begun(ground, "field_survey")
        with pytest.raises(ActRefused, match="已经在这一版"):
            plan(walk, Order(version))
        extra = node("userTask", "again", name="复核", sgyp__handler="assessment", sgyp__who="责任单位")
        newly(ground, bundle(process("survey", SURVEY, extra)))
        assert plan(walk, Order(version)).weight is AUTO
        moved(walk, Order(version))
        walk.complete("field_survey")
        assert walk.item("assessment").element == "field_survey/again"
        finished(walk)


class TestWhoAndWhen:
    def test_another_lane_sends_the_item_elsewhere(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "receive")
        order = Order(
            newly(
                sqlite_ground,
                changed(('sgyp:article="11" sgyp:who="责任单位"', 'sgyp:article="11" sgyp:who="县乡村振兴局"')),
            )
        )
        shown = plan(walk, order)
        assert shown.weight is CHECK
        before = rows(walk)
        moved(walk, order)
        assert walk.item("receive").unit_id == sqlite_ground.county.bureau.id
        undone(walk)
        assert rows(walk) == before

    def test_a_handed_over_item_stays_where_it_was_given(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "field_survey")
        item = walk.item("field_survey")
        with walk.session() as session:
            wanted = (Unit.county_id == walk.project.county_id, Unit.staffed, Unit.id != item.unit_id)
            other = session.scalars(select(Unit).where(*wanted, Unit.kind == "department").order_by(Unit.id)).first()
        assert other is not None
        with walk.acting(item.role, item.unit_id) as acting:
            transfer(acting, item.id, item.revision, other.id, "由主管部门调研")
        moved(walk, Order(newly(sqlite_ground, NAMES)))
        assert walk.item("field_survey").unit_id == other.id

    @pytest.mark.parametrize("fresh", [False, True])
    def test_the_time_allowed_stays_unless_asked(self, sqlite_ground: Ground, fresh: bool) -> None:
        walk = begun(sqlite_ground, "receive")
        old = walk.item("receive").due_at
        longer = ('sgyp:handler="receive" sgyp:due="2wd"', 'sgyp:handler="receive" sgyp:due="4wd"')
        order = Order(newly(sqlite_ground, changed(longer)), fresh_timers=fresh)
        shown = plan(walk, order)
        assert shown.weight is CHECK
        moved(walk, order)
        assert walk.item("receive").due_at == old + timedelta(days=2 if fresh else 0)


class TestUndo:
    def test_a_case_goes_back_exactly(self, ground: Ground) -> None:
        walk = begun(ground, "application")
        before = rows(walk)
        moved(walk, Order(newly(ground, NAMES)))
        item = walk.item("application")
        with walk.acting(Role.HANDLER, ground.county.bureau.id) as acting:
            urge(acting, item.id)  # urging moves nothing
        undone(walk)
        assert rows(walk) == before
        with pytest.raises(ActRefused, match="已经换回"):
            undone(walk)
        finished(walk)

    def test_not_after_somebody_acted(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "application")
        moved(walk, Order(newly(sqlite_ground, NAMES)))
        walk.complete("application")
        with pytest.raises(ActRefused, match="已经有人办理"):
            undone(walk)

    def test_a_completion_before_the_move_is_not_called_back_over_it(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "application")
        done = walk.items("party_meeting")[-1]
        moved(walk, Order(newly(sqlite_ground, NAMES)))
        with walk.session() as session:
            unit_id, role = done.unit_id, session.get_one(WorkItem, done.id).role
        with walk.acting(role, unit_id) as acting, pytest.raises(ActRefused):
            call_back(acting, done.id, "填错了")


def test_cases_move_one_by_one_and_back(ground: Ground) -> None:
    """Each in a transaction of its own: one that cannot go keeps nobody else back."""
    walks = [Walk(ground, project) for project in ground.projects[:4]]
    walks[0].to("application")
    walks[1].to("field_survey")
    with transaction(ground.sessions) as session:
        old = session.get_one(Case, walks[0].case_id).procedure_id
    gone = changed(('sgyp:handler="receive" sgyp:due="2wd"', 'sgyp:handler="receive" sgyp:due="4wd"'))
    version = newly(ground, gone)
    with walks[0].session() as session:
        ids = running_cases(session, "four_batches", but=version)
    assert list(ids) == [walk.case_id for walk in walks]

    def begin(session: Session) -> Acting:
        return clock(walks[0], session)

    seen: list[Outcome] = list(move_cases(ground.sessions, begin, [*ids, 9999], Order(version), AUTO))
    assert [each.moved for each in seen] == [True, True, False, False, False]
    assert "办理期限" in seen[2].reason
    assert seen[4].reason == "该项目的流程不存在"
    assert [walk.case.procedure_id for walk in walks] == [version, version, old, old]
    seen = list(move_cases(ground.sessions, begin, ids, Order(version), CHECK))
    assert [each.moved for each in seen] == [False, False, True, True]
    walks[1].complete("field_survey")
    with walks[0].session() as session:
        ids = moves_to(session, version)
    back = list(move_cases_back(ground.sessions, begin, ids))
    assert [each.moved for each in back] == [True, False, True, True]
    assert [walk.case.procedure_id for walk in walks] == [old, version, old, old]
    with walks[0].session() as session:
        assert session.scalars(select(CaseMove.undone_at).where(CaseMove.case_id == walks[1].case_id)).one() is None
    for walk in walks[:2]:
        finished(walk)


def test_senseless_orders_are_refused(sqlite_ground: Ground) -> None:
    walk = begun(sqlite_ground, "receive")
    version = newly(sqlite_ground, NAMES)
    other = newly(sqlite_ground, bundle(process("survey", SURVEY)))
    for order, sentence in (
        (Order(walk.case.procedure_id), "已经在这一版"),
        (Order(other), "没有这个流程的这一版"),
        (Order(9999), "没有这个流程的这一版"),
        (Order(version, {"nowhere": "receive"}), "旧版流程里没有"),
        (Order(version, {"receive": "nowhere"}), "新版流程里没有"),
    ):
        with pytest.raises(ActRefused, match=sentence):
            plan(walk, order)
    walk.to_end()
    with pytest.raises(ActRefused, match="已经结束"):
        plan(walk, Order(version))
