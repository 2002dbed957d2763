"""Whole walks through the shipped procedure by posted forms, and what must be refused (P1–P13, T1)."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import event, select, update

from bpmn.engine import StateRefused
from bpmn.incidents import note_failure
from bpmn.refusals import ItemChanged
from bpmn.runtime import (
    Acting,
    AlreadyDone,
    CannotStart,
    ItemGone,
    NotYours,
    OutsidePublicity,
    complete_item,
    fire_timer,
    open_item,
    record_overdue,
    register_objection,
    sign_item,
    start_case,
    start_cases,
)
from forms.parsing import FormErrors
from handlers import HANDLERS
from handlers.outcome import Outcome, StepRefused
from ledger.campaigns import Campaign
from ledger.cases import WAITING, Case, Timer, due_timers
from ledger.db import day_of, transaction
from ledger.incidents import open_incidents
from ledger.journal import history
from ledger.meetings import MeetingVerdict, ReplyCase
from ledger.papers import attachments_of_case
from ledger.people import Unit
from ledger.projects import Classification, Project
from ledger.scope import CLOCK
from ledger.vocabulary import CaseStatus, Category, ItemStatus, Level, Role
from ledger.writing import mac_of
from tests.conftest import KEYS
from tests.replay import assert_case
from tests.walk import FILE, Ground, Walk, fill, local, person, project_of_level

pytestmark = pytest.mark.usefixtures("quick_prints")

HEAD = ["receive", "field_survey"]
REVIEW = ["joint_review"] * 3 + ["preliminary_opinion", "party_meeting", "application"]
DECIDE = ["submission", "acceptance_check", "decision", "reply", "notice_unit", "notice_site"]
TAIL = ["disposal_plan", "disposal", "evaluation", "reclassification", "filing", "archiving"]


@pytest.mark.parametrize(
    ("level", "category", "way"),
    [
        (Level.VILLAGE, Category.CONSOLIDATE, [*HEAD, *REVIEW, "village_opinion", "unit_opinion", *DECIDE, *TAIL]),
        (Level.TOWNSHIP, Category.UPGRADE, [*HEAD, *REVIEW, "unit_opinion", *DECIDE, *TAIL]),
        (Level.DEPARTMENT, Category.REVIVE, [*HEAD, *REVIEW, "unit_opinion", *DECIDE, *TAIL]),
        (
            Level.VILLAGE,
            Category.REBUILD,
            [*HEAD, "assessment", *REVIEW, "village_opinion", "unit_opinion", *DECIDE, *["consultation"] * 3, *TAIL],
        ),
    ],
)
def test_p1_to_p13_every_class_reaches_the_archive(
    ground: Ground, level: Level, category: Category, way: list[str]
) -> None:
    walk = Walk(ground, project_of_level(ground, level), category)
    walk.to_end()
    assert walk.log == way
    case = walk.case
    assert (case.status, case.ended_at is not None) == (CaseStatus.ARCHIVED, True)
    assert walk.waiting() == []
    with walk.session() as session:
        project = session.get_one(Project, walk.project.id)
        decided = session.scalars(select(Classification.stem).where(Classification.project_id == project.id)).all()
        assert project.category == Category.CONSOLIDATE  # what the walk's 重新分类 says
        assert {"decision", "reclassification"} <= set(decided)
        kinds = {paper.kind for paper in attachments_of_case(session, case.id)}
        assert {"application", "annex4", "annex5", "party_minutes", "group_minutes", "reply", "notice"} <= kinds
        assert "notice_certificate" in kinds
    assert_case(ground.sessions, walk.case_id)


def test_t1_the_period_ends_with_the_fifth_working_day_after_the_later_posting(ground: Ground) -> None:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    walk.to("notice_unit")
    walk.now = local(2023, 11, 24)
    walk.complete("notice_unit")
    walk.now = local(2023, 11, 27)
    walk.complete("notice_site")  # 11-27 is the later one; 11-28, 29, 30, 12-01 and 12-04 are counted
    (timer,) = open_timers(walk)
    assert (timer.element, timer.due_at) == ("publicity_over", local(2023, 12, 5, 0))  # 24:00 of 12-04
    assert not timer.provisional
    walk.now = local(2023, 12, 4, 23, 59)
    assert walk.fire() == 0
    walk.now = local(2023, 12, 5, 0)
    assert walk.fire() == 1
    with walk.session() as session:
        row = next(row for row in history(session, walk.case_id) if row.element == "publicity_over")
        assert "12月4日24时" in orjson.loads(row.detail)["summary"]
    assert_case(ground.sessions, walk.case_id)


def open_timers(walk: Walk) -> list[Timer]:
    with walk.session() as session:
        wanted = select(Timer).where(Timer.case_id == walk.case_id, Timer.ended_at.is_(None))
        return list(session.scalars(wanted))


def test_p8_disposal_does_not_open_before_its_date(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    posted(walk)  # both are posted on the directive's day: the period ends long before 11-30
    walk.pass_days(9)
    assert walk.fire() == 1
    assert [(t.element, t.due_at) for t in open_timers(walk)] == [("disposal_opens", local(2023, 12, 1, 0))]
    assert walk.waiting() == []


RETURNS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("receive", {"verdict": "back", "reason": "不是本单位的项目"}, ["reassign"]),
    ("preliminary_opinion", {"verdict": "survey", "reason": "数据不全"}, ["field_survey"]),
    ("party_meeting", {"verdict": "survey", "reason": "情况不明"}, ["field_survey"]),
    ("village_opinion", {"verdict": "back", "reason": "措施不符", "opinion": "措施不符"}, ["application"]),
    ("unit_opinion", {"verdict": "back", "reason": "金额有误"}, ["application"]),
    ("acceptance_check", {"verdict": "application", "reason": "缺页"}, ["application"]),
    ("acceptance_check", {"verdict": "survey", "reason": "照片不实"}, ["field_survey"]),
    ("decision", {"verdict": "return", "reason": "再作研究"}, ["party_meeting"]),
    ("filing", {"verdict": "back", "reason": "会议纪要不全"}, ["reclassification"]),
]


@pytest.mark.parametrize(("stem", "given", "then"), RETURNS)
def test_the_drawn_returns(sqlite_ground: Ground, stem: str, given: Mapping[str, Any], then: list[str]) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.VILLAGE))
    walk.to(stem)
    walk.complete(stem, **given)
    assert walk.waiting() == then
    if then != ["reassign"]:  # 重新分派 was never entered before: it is no return
        returned = walk.item(then[0])
        assert returned.returned_reason.startswith(walk.items(stem)[-1].name)
        assert returned.sent_by != ""
    walk.to(stem)  # and the same step is reached again
    assert len(walk.items(stem)) == 2
    assert_case(sqlite_ground.sessions, walk.case_id)


def test_p1_a_wrongly_pushed_project_goes_to_another_unit_or_leaves(sqlite_ground: Ground) -> None:
    county = sqlite_ground.county
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.DEPARTMENT))
    walk.complete("receive", verdict="back", reason="不是本单位的项目")
    item = walk.item("reassign")
    assert (item.unit_id, item.role) == (county.bureau.id, Role.HANDLER)
    other = county.departments["县商务委"]
    walk.complete("reassign", verdict="unit", unit=str(other.id), reason="由商务委主管")
    assert walk.item("receive").unit_id == other.id
    with walk.session() as session:
        assert session.get_one(Project, walk.project.id).responsible_unit_id == other.id
    walk.complete("receive", verdict="back", reason="也不是本单位的项目")
    done = walk.complete("reassign", verdict="withdraw", reason="不是经营性项目")
    assert done.finished
    assert walk.case.status == CaseStatus.WITHDRAWN
    assert_case(sqlite_ground.sessions, walk.case_id)


def objection(walk: Walk, content: str = "补偿不合理") -> int:
    with walk.acting(Role.HANDLER, walk.project.responsible_unit_id or 0) as acting:
        return register_objection(acting, walk.case_id, "群众甲", "13800001234", content).id


def posted(walk: Walk) -> None:
    walk.to("notice_unit")
    walk.complete("notice_unit")
    walk.complete("notice_site")


def test_p7_a_dismissed_objection_keeps_the_due_moment(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    with pytest.raises(OutsidePublicity):
        objection(walk)
    posted(walk)
    (before,) = open_timers(walk)
    walk.pass_days(1)
    first, second = objection(walk), objection(walk, "面积不对")
    assert walk.waiting() == ["objection"]  # one item for all that is open
    assert open_timers(walk) == []
    walk.now = before.due_at
    assert walk.fire() == 0  # an open objection keeps the period from closing
    rows = [{"key": str(each), "upheld": "no", "finding": "经核查不属实"} for each in (first, second)]
    walk.complete("objection", objections=rows)
    (after,) = open_timers(walk)
    assert (after.element, after.due_at) == ("publicity_over", before.due_at)
    with pytest.raises(OutsidePublicity):
        objection(walk)  # its last day is over
    assert walk.fire() == 1
    assert_case(sqlite_ground.sessions, walk.case_id)


def test_p7_an_upheld_objection_goes_to_a_new_decision_reply_and_full_period(ground: Ground) -> None:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    posted(walk)
    walk.pass_days(1)
    raised = objection(walk)
    walk.complete("objection", objections=[{"key": str(raised), "upheld": "yes", "finding": "属实"}])
    assert walk.waiting() == ["decision"]
    assert "异议核查" in walk.item("decision").returned_reason
    posted(walk)
    (timer,) = open_timers(walk)
    assert timer.due_at == local(2023, 11, 15, 0)  # posted on Tuesday 11-07: a full period of its own
    assert walk.log.count("reply") == 2
    with walk.session() as session:
        assert len(session.scalars(select(ReplyCase).where(ReplyCase.case_id == walk.case_id)).all()) == 2
    walk.to_end()
    assert walk.case.status == CaseStatus.ARCHIVED
    assert_case(ground.sessions, walk.case_id)


def test_p10_results_not_reached_mean_another_round(ground: Ground) -> None:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    walk.to("disposal")
    assert walk.item("disposal").milestone_at == local(2023, 12, 6, 0)  # 24:00 of 12-05, 阶段性成效
    entered = walk.complete("disposal", action="progress", percent=40)
    assert entered.remains
    assert walk.waiting() == ["disposal"]
    walk.complete("disposal", action="progress", percent=70)
    walk.complete("disposal")
    walk.complete("evaluation", reached="no", next_due_on="2024-01-31")
    assert walk.waiting() == ["disposal"]
    assert walk.item("disposal").due_at == local(2024, 2, 1, 0)
    assert (walk.case.round, walk.item("disposal").returned_reason[:4]) == (2, "成效评定")
    walk.to_end()
    assert walk.case.round == 2
    assert_case(ground.sessions, walk.case_id)


def test_p9_an_exit_is_decided_recovered_written_off_and_filed(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    walk.to("disposal")
    walk.complete("disposal", action="exit", exit_reason="无法联农带农", exit_recover_yuan="3000.00")
    assert walk.waiting() == ["decision"]
    walk.complete(
        "decision",
        verdict="approve",
        exit="decided",
        recover_yuan="3000.00",
        exit_due_on="2024-03-29",
    )
    walk.to("exit_recovery")
    assert walk.item("exit_recovery").due_at == local(2024, 3, 30, 0)
    payment = {"recovered_on": day_of(walk.now).isoformat(), "method": "transfer", "payer": "经营户", "vouchers": FILE}
    walk.complete("exit_recovery", action="payment", recovered_yuan="1000.00", **payment)
    with walk.acting(Role.HANDLER, walk.project.responsible_unit_id or 0) as acting:
        shown = open_item(acting, walk.item("exit_recovery").id)
        assert "1,000.00" in shown.asked.display["recovered"]
    walk.complete(
        "exit_recovery",
        action="write_off",
        write_off_yuan="2000.00",
        write_off_reason="经营户失联",
        write_off_materials=FILE,
        recovered_yuan=None,
        vouchers=None,
    )
    assert walk.waiting() == ["decision"]
    walk.to("filing")  # after the write-off's own reply and full publicity period
    assert walk.log.count("notice_site") == 3
    assert "reclassification" not in walk.log
    walk.complete("filing", exit_verdict="supplement", supplement="补盖公章")
    assert walk.waiting() == ["filing"]
    walk.to_end()
    assert walk.case.status == CaseStatus.ARCHIVED
    with walk.session() as session:
        project = session.get_one(Project, walk.project.id)
        assert (project.remark, project.exited_on is not None) == ("退出", True)
    assert_case(sqlite_ground.sessions, walk.case_id)


def test_p3_the_unit_records_an_opinion_that_did_not_come(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    walk.to("joint_review")
    walk.complete("joint_review")
    late = walk.item("joint_review")
    unit = walk.project.responsible_unit_id or 0
    with pytest.raises(NotYours, match="没有到期"), walk.acting(Role.HANDLER, unit) as acting:
        record_overdue(acting, late.id)
    walk.now = late.due_at
    with pytest.raises(NotYours, match="责任单位"), walk.acting(Role.HANDLER, late.unit_id) as acting:
        record_overdue(acting, late.id)
    for item in walk.items("joint_review"):
        if item.status in WAITING:
            with walk.acting(Role.HANDLER, unit) as acting:
                record_overdue(acting, item.id)
    assert walk.waiting() == ["preliminary_opinion"]
    with walk.acting(Role.HANDLER, unit) as acting:
        step = open_item(acting, walk.item("preliminary_opinion").id).step
    assert sorted(str(review["opinion"]) for review in step.reviews) == ["agree", "overdue", "overdue"]
    assert_case(sqlite_ground.sessions, walk.case_id)


def test_o3_units_by_lane(sqlite_ground: Ground) -> None:
    """保家镇's first village has an account in the demonstration, the others have none."""
    county = sqlite_ground.county
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.VILLAGE), Category.REBUILD)
    walk.to("joint_review")
    assert {item.unit_id for item in walk.items("joint_review")} == {unit.id for unit in county.reviewers}
    walk.to("village_opinion")
    with walk.session() as session:
        project = session.get_one(Project, walk.project.id)
        village = session.get_one(Unit, project.village_id)
    ground_unit = village.id if village.staffed else project.township_id
    assert walk.item("village_opinion").unit_id == ground_unit
    walk.to("decision")
    business = county.departments["县林业局"].id
    walk.complete("decision", business_unit=str(business))
    assert walk.item("reply").unit_id == county.office.id
    walk.to("consultation")
    asked = {item.instance: item.unit_id for item in walk.items("consultation")}
    assert asked == {"township": project.township_id, "village": ground_unit, "farmers": ground_unit}
    walk.to("disposal_plan")
    assert walk.item("disposal_plan").unit_id == business


def test_a_second_completion_finds_it_done(ground: Ground) -> None:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    item = walk.item("receive")
    walk.complete("receive")
    with (
        pytest.raises(AlreadyDone, match=r"该任务已由保家镇经办甲于11月6日9:00办理"),
        walk.acting(item.role, item.unit_id) as acting,
    ):
        complete_item(acting, item.id, item.revision, {"verdict": ["taken"]})
    assert walk.waiting() == ["field_survey"]


def test_a_stale_revision_is_refused(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    walk.to("disposal")
    walk.complete("disposal", action="progress", percent=40)
    item = walk.item("disposal")
    walk.complete("disposal", action="progress", percent=40)  # the very same words, meant to be entered twice
    with pytest.raises(ItemChanged, match="有变动"):  # nobody has completed it
        walk.complete("disposal", action="progress", percent=40, revision=item.revision)
    with walk.session() as session:
        assert len([e for e in history(session, walk.case_id) if e.act == "entry"]) == 2


def test_strangers_and_wrong_roles_are_refused(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    item = walk.item("receive")
    elsewhere = next(unit.id for unit in sqlite_ground.county.townships.values() if unit.id != item.unit_id)
    for unit_id, role in (
        (elsewhere, Role.HANDLER),
        (item.unit_id, Role.SIGNER),
        (sqlite_ground.county.county.id, "supervisor"),
    ):
        with pytest.raises(NotYours), walk.acting(role, unit_id) as acting:
            complete_item(acting, item.id, item.revision, {"verdict": ["taken"]})
    with pytest.raises(ItemGone), walk.acting(item.role, item.unit_id) as acting:
        complete_item(acting, 999_999, 1, {})
    assert walk.waiting() == ["receive"]


def test_nobody_signs_what_they_prepared(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    walk.to("evaluation")
    walk.complete("evaluation", sign=False)
    item = walk.item("evaluation")
    assert (item.status, item.role) == (ItemStatus.UNSIGNED, Role.SIGNER)
    assert walk.waiting() == ["evaluation"]
    with transaction(sqlite_ground.sessions) as session:
        both = replace(
            person(session, item.unit_id, Role.SIGNER), user_id=person(session, item.unit_id, Role.HANDLER).user_id
        )
        with pytest.raises(NotYours, match="填写人"):
            sign_item(Acting(session, both, walk.moment, sqlite_ground.papers), item.id, item.revision, True, "同意")
    walk.sign("evaluation", approve=False, opinion="数据有误")
    back = walk.item("evaluation")
    assert (back.status, back.role, back.returned_reason) == (ItemStatus.OPEN, Role.HANDLER, "数据有误")
    with walk.acting(Role.HANDLER, item.unit_id) as acting:
        assert open_item(acting, back.id).initial_posted["reason"]  # what was filled is not lost
    walk.complete("evaluation")
    assert walk.waiting() == ["reclassification"]
    assert_case(sqlite_ground.sessions, walk.case_id)


def test_the_maker_of_a_form_does_not_sign_it(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    walk.to("unit_opinion")
    item = walk.item("unit_opinion")
    with transaction(sqlite_ground.sessions) as session:
        maker = walk.items("application")[-1].completed_by_id
        both = replace(person(session, item.unit_id, Role.SIGNER), user_id=maker)
        with pytest.raises(NotYours, match="其他审核人"):
            complete_item(Acting(session, both, walk.moment, sqlite_ground.papers), item.id, item.revision, {})


def test_wrong_answers_change_nothing(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    item = walk.item("receive")
    with pytest.raises(FormErrors), walk.acting(item.role, item.unit_id) as acting:
        complete_item(acting, item.id, item.revision, {"verdict": ["maybe"], "other": ["1"]})
    walk.to("submission")
    with walk.session() as session:
        before = len(history(session, walk.case_id))
    walk.to("decision")
    with pytest.raises(StepRefused):
        walk.complete("decision", verdict="approve", exit="refused", reason="不同意")
    with walk.session() as session:
        assert len(history(session, walk.case_id)) == before + 2
        assert session.scalars(select(MeetingVerdict).where(MeetingVerdict.verdict == "approve")).all() == []


def test_a_crash_in_the_middle_changes_nothing(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    before = (walk.case.state, walk.case.revision)

    def crash(*_: object, **__: object) -> Outcome:
        raise ZeroDivisionError

    monkeypatch.setitem(HANDLERS, "receive", replace(HANDLERS["receive"], complete=crash))
    with pytest.raises(ZeroDivisionError):
        walk.complete("receive")
    monkeypatch.undo()
    monkeypatch.setattr("bpmn.moving_on.journal", crash)
    with pytest.raises(ZeroDivisionError):
        walk.complete("receive")
    monkeypatch.undo()
    assert (walk.case.state, walk.case.revision) == before
    assert walk.waiting() == ["receive"]
    walk.complete("receive")
    assert_case(ground.sessions, walk.case_id)


def test_a_state_that_was_altered_is_refused(ground: Ground) -> None:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    state = bytearray(walk.case.state)
    state[len(state) // 2] ^= 1
    with transaction(ground.sessions) as session:
        session.execute(update(Case).where(Case.id == walk.case_id).values(state=bytes(state)))
    with pytest.raises(StateRefused) as refused:
        walk.complete("receive")
    note_failure(ground.sessions, "state", refused.value, walk.now, case_id=walk.case_id, subject_id=None)
    with walk.session() as session:
        (incident,) = open_incidents(session)
        assert (incident.kind, incident.case_id, incident.attempts) == ("state", walk.case_id, 1)


def test_a_timer_fires_once_whoever_comes(ground: Ground) -> None:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    posted(walk)
    walk.now = open_timers(walk)[0].due_at
    with walk.session() as session:
        (timer_id,) = due_timers(session, walk.now, 10)

    def fire(_: int) -> bool:
        with transaction(ground.sessions) as session:
            return fire_timer(Acting(session, CLOCK, walk.moment, ground.papers), timer_id)

    with ThreadPoolExecutor(4) as pool:
        fired = list(pool.map(fire, range(4)))
    assert sorted(fired) == [False, False, False, True]
    with walk.session() as session:
        assert [e.act for e in history(session, walk.case_id)].count("timer") == 1
    assert_case(ground.sessions, walk.case_id)


def test_two_people_at_once_make_one_completion(ground: Ground) -> None:
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    item = walk.item("receive")

    def complete(_: int) -> str:
        try:
            with walk.acting(item.role, item.unit_id) as acting:
                complete_item(acting, item.id, item.revision, {"verdict": ["taken"], "level": ["township"]})
        except AlreadyDone:
            return "already"
        return "done"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(complete, range(4))) == ["already", "already", "already", "done"]
    assert walk.waiting() == ["field_survey"]
    assert_case(ground.sessions, walk.case_id)


def test_a_push_resumed_makes_no_doubles(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[0])
    with walk.acting(Role.HANDLER, ground.county.bureau.id) as acting:
        projects = [acting.session.get_one(Project, project.id) for project in ground.projects]
        campaign = acting.session.get_one(Campaign, ground.county.campaign.id)
        assert len(start_cases(acting, projects, campaign)) == len(projects) - 1
        assert start_cases(acting, projects, campaign) == []
        with pytest.raises(CannotStart, match="已有流程"):
            start_case(acting, projects[0], campaign)
        projects[1].responsible_unit_id = None
        with pytest.raises(CannotStart, match="责任单位"):
            start_cases(acting, projects[1:2], campaign)


def test_journal_rows_carry_their_mac_and_no_personal_data(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, project_of_level(sqlite_ground, Level.TOWNSHIP))
    walk.complete("receive")
    walk.complete("field_survey", telephone="13912345678", responsible_person="张某某")
    with walk.session() as session:
        rows = history(session, walk.case_id)
        assert all(row.mac == mac_of(row, KEYS) for row in rows)
        changed = orjson.loads(rows[-1].detail)["project"]
    assert changed["telephone"][1] == "139****5678"
    assert changed["responsible_person"][1] == "张**"
    assert "13912345678" not in rows[-1].detail


def test_an_ordinary_completion_takes_few_statements(ground: Ground) -> None:
    """House budget: at most 8 statements inside the runtime."""
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    assert statements_of(walk, "receive") <= 8
    walk.to("acceptance_check")
    assert statements_of(walk, "acceptance_check") <= 8  # looks for missing papers, and leaves the unit's hands


def statements_of(walk: Walk, stem: str) -> int:
    """Count the statements of one completion between begin and commit."""
    item = walk.item(stem)
    seen: list[str] = []
    engine = walk.ground.sessions.kw["bind"]
    with walk.acting(item.role, item.unit_id) as acting:
        shown = walk.prepare(acting, item, {})
        posted = fill(shown, walk.answers_for(shown), day_of(walk.now))
    with walk.acting(item.role, item.unit_id) as acting:
        note = lambda _c, _k, statement, *_: seen.append(statement)  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        complete_item(acting, item.id, item.revision, posted)
        event.remove(engine, "before_cursor_execute", note)
    walk.log.append(stem)
    print(stem, *seen, sep="\n")  # seen when the budget is broken
    return len(seen)
