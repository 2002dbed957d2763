"""A failure leaves the case where it was and one incident; three retries by the clock, then a person, one or many."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bpmn.incidents import note_failure
from bpmn.refusals import ActRefused, NotYours
from bpmn.retries import Retried, Site, retry_due, retry_incident, retry_incidents
from bpmn.runtime import suspend
from handlers import HANDLERS
from ledger.cases import Incident, timers_of
from ledger.db import day_of, transaction
from ledger.incidents import open_incidents
from ledger.journal import Moment, history
from ledger.outbox import Message, Notice, post
from ledger.scope import Actor
from ledger.vocabulary import IncidentKind, ItemStatus, Role
from tests.walk import Ground, Walk, fill

pytestmark = pytest.mark.usefixtures("quick_prints")
BROKEN = RuntimeError("测算表除以零")


def site_of(ground: Ground) -> Site:
    return Site(ground.sessions, ground.papers)


def at(walk: Walk, minutes: int) -> Moment:
    now = walk.now + timedelta(minutes=minutes)
    return Moment(now, now)


def actor_in(walk: Walk, unit_id: int, role: Role = Role.HANDLER) -> Actor:
    with walk.acting(role, unit_id) as acting:
        return acting.actor


def failed_completion(walk: Walk) -> int:
    """Leave what a request leaves whose handler failed: the incident with what was posted."""
    item = walk.item(walk.waiting()[0])
    with walk.acting(item.role, item.unit_id) as acting:
        shown = walk.prepare(acting, item, {})
        posted = fill(shown, walk.answers_for(shown), day_of(walk.now))
        user_id = acting.actor.user_id
    attempt = {"act": "complete", "item_id": item.id, "revision": item.revision, "posted": posted, "user_id": user_id}
    about = {"case_id": walk.case_id, "subject_id": item.id}
    return note_failure(walk.ground.sessions, IncidentKind.ITEM, BROKEN, walk.now, **about, attempt=attempt)


def incident(ground: Ground) -> Incident:
    with transaction(ground.sessions, writes=False) as session:
        (found,) = open_incidents(session)
        return found


def breaking(monkeypatch: pytest.MonkeyPatch, stem: str) -> None:
    def crash(*_: Any) -> Any:
        raise BROKEN

    monkeypatch.setitem(HANDLERS, stem, replace(HANDLERS[stem], complete=crash))


def test_the_clock_completes_as_the_person_asked_once_it_works(ground: Ground) -> None:
    walk = Walk(ground, ground.projects[1])
    item = walk.item("receive")
    failed_completion(walk)
    assert incident(ground).cause == "程序出错，没有办成（RuntimeError：测算表除以零）"
    assert retry_due(site_of(ground), at(walk, 0)) == 0
    assert walk.waiting() == ["receive"]
    assert retry_due(site_of(ground), at(walk, 1)) == 1
    assert walk.waiting() == ["field_survey"]
    (done,) = walk.items("receive")
    with walk.acting(Role.HANDLER, item.unit_id) as acting:
        assert (done.status, done.completed_by_id) == (ItemStatus.DONE, acting.actor.user_id)
        assert open_incidents(acting.session) == []
        assert [row.act for row in history(acting.session, walk.case_id)][-2:] == ["complete", "retry"]
    assert retry_due(site_of(ground), at(walk, 9)) == 0


def test_three_retries_after_1_2_and_4_minutes_then_it_waits_for_a_person(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk(ground, ground.projects[1])
    number = failed_completion(walk)
    state = walk.case.state
    breaking(monkeypatch, "receive")
    minutes = 0
    for wait, following in [(1, 2), (2, 4), (4, None)]:
        minutes += wait
        assert retry_due(site_of(ground), at(walk, minutes)) == 0
        known = incident(ground)
        wanted = None if following is None else at(walk, minutes + following).at
        assert (known.id, known.retry_at) == (number, wanted)
    assert incident(ground).attempts == 4
    assert retry_due(site_of(ground), at(walk, 10_000)) == 0
    assert incident(ground).attempts == 4
    assert (walk.case.state, walk.waiting()) == (state, ["receive"])
    bureau = actor_in(walk, ground.county.bureau.id)
    report = retry_incident(site_of(ground), bureau, at(walk, 20), number, "已修复")
    assert (report.mended, "测算表除以零" in report.sentence) == (False, True)
    monkeypatch.undo()
    monkeypatch.setattr("bpmn.prints.print_paper", lambda *_: b"")
    report = retry_incident(site_of(ground), bureau, at(walk, 21), number, "已修复")
    assert report == Retried(number, True, "已按原来提交的内容办理")
    assert walk.waiting() == ["field_survey"]


def test_what_was_done_meanwhile_is_not_done_twice(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    failed_completion(walk)
    walk.complete("receive")
    assert retry_due(site_of(sqlite_ground), at(walk, 1)) == 1
    assert walk.waiting() == ["field_survey"]
    with walk.session() as session:
        assert [row.act for row in history(session, walk.case_id)].count("complete") == 1


def test_what_a_person_must_answer_waits_for_the_person(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    failed_completion(walk)
    with transaction(sqlite_ground.sessions) as session:
        (known,) = open_incidents(session)
        known.attempt = {**(known.attempt or {}), "posted": {}}
    assert retry_due(site_of(sqlite_ground), at(walk, 1)) == 0
    known = incident(sqlite_ground)
    assert known.retry_at is None
    assert "请办理人重新提交" in known.cause


def test_many_at_once_each_by_itself(ground: Ground) -> None:
    good, bad = Walk(ground, ground.projects[1]), Walk(ground, ground.projects[4])
    numbers = [failed_completion(good), failed_completion(bad)]
    with bad.acting(Role.HANDLER, ground.county.bureau.id) as acting:
        known = acting.session.get_one(Incident, numbers[1])
        known.attempt = {**(known.attempt or {}), "user_id": 10**6}
    told: list[tuple[int, int]] = []
    bureau = actor_in(good, ground.county.bureau.id)
    report = retry_incidents(
        *(site_of(ground), bureau, at(good, 1), [*numbers, 10**6], "批量重试"),
        progress=lambda done, total: told.append((done, total)),
    )
    assert [each.mended for each in report] == [True, False, False]
    assert "提交人已停用" in report[1].sentence
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (good.waiting(), bad.waiting()) == (["field_survey"], ["receive"])


def test_by_the_bureau_or_the_system_s_administrator_with_a_reason(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    number = failed_completion(walk)
    site, town = site_of(sqlite_ground), actor_in(walk, walk.item("receive").unit_id)
    with pytest.raises(NotYours):
        retry_incident(site, town, at(walk, 0), number, "再试")
    administrator = actor_in(walk, sqlite_ground.county.county.id, Role.SYSTEM_ADMIN)
    with pytest.raises(ActRefused, match="原因"):
        retry_incident(site, administrator, at(walk, 0), number, "")
    assert retry_incident(site, administrator, at(walk, 0), number, "再试").mended


def test_a_timer_of_a_suspended_case_waits_and_a_dead_message_is_tried_anew(sqlite_ground: Ground) -> None:
    walk = Walk(sqlite_ground, sqlite_ground.projects[1])
    walk.to("notice_unit")
    walk.complete("notice_unit")
    walk.complete("notice_site")
    with walk.acting(Role.HANDLER, sqlite_ground.county.bureau.id) as acting:
        (timer,) = timers_of(acting.session, walk.case_id)
        suspend(acting, walk.case_id, "待核实")
        post(acting.session, [Notice("a", "page", 1, "提醒", "内容")], walk.now)
        message = acting.session.scalars(select(Message)).one()
        message.dead_at, message.attempts = walk.now, 8
        bureau = acting.actor
    walk.now = timer.due_at
    about = {"case_id": walk.case_id, "subject_id": timer.id}
    fired = note_failure(sqlite_ground.sessions, IncidentKind.TIMER, BROKEN, walk.now, **about)
    sent = note_failure(sqlite_ground.sessions, IncidentKind.MESSAGE, BROKEN, walk.now, case_id=None, subject_id=1)
    report = retry_incidents(site_of(sqlite_ground), bureau, at(walk, 1), [fired, sent], "再试")
    assert [each.mended for each in report] == [False, True]
    assert "恢复后再试" in report[0].sentence
    with walk.session() as session:
        message = session.scalars(select(Message)).one()
        assert (message.dead_at, message.attempts, message.not_before_at) == (None, 0, at(walk, 1).at)
