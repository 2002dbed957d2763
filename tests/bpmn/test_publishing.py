"""A draft becomes a version by two people, from a day, and an old version comes back as a new one (F8, issue 9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bpmn.casefile import Acting
from bpmn.drafting import DraftGone, begin_draft, change_part
from bpmn.publishing import DraftFaulty, approve, publish_due, refuse, submit, take_back
from bpmn.refusals import ActRefused, NotYours
from bpmn.starting import PROCESS
from ledger.db import day_of, transaction
from ledger.journal import Entry, Moment
from ledger.outbox import Message
from ledger.procedure_drafts import DraftStage, PartKind, Place, ProcedureDraft, part_of
from ledger.procedures import Procedure, current_procedure
from ledger.vocabulary import Role
from tests.walk import Ground, person

RENAMED = ('name="签收项目"', 'name="项目签收"')


class Desk:
    """Two administrators at one draft."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def act(self, role: Role, what: Any, *arguments: Any, days: int = 0) -> Any:
        now = self.ground.now + timedelta(days=days)
        with transaction(self.ground.sessions) as session:
            actor = person(session, self.ground.county.county.id, role)
            return what(Acting(session, actor, Moment(now, now), self.ground.papers), *arguments)

    def draft(self, number: int = 1) -> int:
        def begin(acting: Acting) -> int:
            wanted = select(Procedure).where(Procedure.process_id == "four_batches", Procedure.number == number)
            return begin_draft(acting, acting.session.scalars(wanted).one()).id

        return int(self.act(Role.SYSTEM_ADMIN, begin))

    def change(self, draft_id: int, old: str, new: str, role: Role = Role.SYSTEM_ADMIN) -> None:
        def write(acting: Acting) -> None:
            place = Place(draft_id, PartKind.DIAGRAM)
            part = part_of(acting.session, place)
            assert part is not None
            assert old in part.content
            change_part(acting, place, part.content.replace(old, new), part.revision)

        self.act(role, write)

    def submit(self, draft_id: int, days: int | None = None) -> None:
        on = None if days is None else day_of(self.ground.now + timedelta(days=days))
        self.act(Role.SYSTEM_ADMIN, submit, draft_id, "改了名称", on)

    def approve(self, draft_id: int) -> None:
        self.act(Role.SECURITY_ADMIN, approve, draft_id, self.row(draft_id).revision)

    def row(self, draft_id: int) -> ProcedureDraft:
        with transaction(self.ground.sessions, writes=False) as session:
            return session.get_one(ProcedureDraft, draft_id)

    def current(self) -> Procedure:
        with transaction(self.ground.sessions, writes=False) as session:
            return current_procedure(session, "four_batches")


def test_one_draws_another_publishes(ground: Ground) -> None:
    desk = Desk(ground)
    draft = desk.draft()
    desk.change(draft, *RENAMED)
    desk.submit(draft)
    with pytest.raises(NotYours):
        desk.act(Role.SYSTEM_ADMIN, approve, draft, desk.row(draft).revision)
    with pytest.raises(DraftGone):
        desk.change(draft, "项目签收", "签收")
    desk.approve(draft)
    assert (desk.current().number, desk.row(draft).stage) == (2, DraftStage.PUBLISHED)
    with transaction(ground.sessions, writes=False) as session:
        acts = session.scalars(select(Entry.act).where(Entry.act.like("draft%")).order_by(Entry.id)).all()
        assert acts == ["draft_begin", "draft_submit", "draft_publish"]
        reviewer = person(session, ground.county.county.id, Role.SECURITY_ADMIN)
        told = session.scalars(select(Message).where(Message.subject == "流程修改待审核")).all()
        assert [each.user_id for each in told] == [reviewer.user_id]


def test_whoever_changed_it_cannot_publish_it_in_any_role(sqlite_ground: Ground) -> None:
    desk = Desk(sqlite_ground)
    draft = desk.draft()
    desk.change(draft, *RENAMED, role=Role.SECURITY_ADMIN)  # as a person may who was appointed to another post since
    desk.submit(draft)
    with pytest.raises(NotYours, match="另一位"):
        desk.act(Role.SECURITY_ADMIN, approve, draft, desk.row(draft).revision)


def test_faults_sameness_and_a_missing_note_are_refused(sqlite_ground: Ground) -> None:
    desk = Desk(sqlite_ground)
    draft = desk.draft()
    with pytest.raises(ActRefused, match="相同"):
        desk.submit(draft)
    with pytest.raises(ActRefused, match="改了什么"):
        desk.act(Role.SYSTEM_ADMIN, submit, draft, " ", None)
    with pytest.raises(ActRefused, match="早于今天"):
        desk.submit(draft, days=-1)
    desk.change(draft, 'default="flow_receive_result_survey_review"', "")
    with pytest.raises(DraftFaulty) as faulty:
        desk.submit(draft)
    assert {each.problem.code for each in faulty.value.findings} == {"no_default", "no_condition"}


def test_a_refusal_goes_back_with_its_reason_and_a_changed_draft_is_not_published_unseen(sqlite_ground: Ground) -> None:
    desk = Desk(sqlite_ground)
    draft = desk.draft()
    desk.change(draft, *RENAMED)
    desk.submit(draft)
    seen = desk.row(draft).revision
    desk.act(Role.SECURITY_ADMIN, refuse, draft, "名称与方案不一致")
    assert (desk.row(draft).stage, desk.row(draft).reason) == (DraftStage.EDITING, "名称与方案不一致")
    desk.submit(draft)
    desk.act(Role.SYSTEM_ADMIN, take_back, draft)
    desk.change(draft, "项目签收", "签收登记")
    desk.submit(draft)
    with pytest.raises(ActRefused, match="重新核对"):
        desk.act(Role.SECURITY_ADMIN, approve, draft, seen)


def test_what_nobody_approved_within_a_week_lapses_and_is_submitted_anew(sqlite_ground: Ground) -> None:
    desk = Desk(sqlite_ground)
    draft = desk.draft()
    desk.change(draft, *RENAMED)
    desk.submit(draft)
    with pytest.raises(ActRefused, match="已失效"):
        desk.act(Role.SECURITY_ADMIN, approve, draft, desk.row(draft).revision, days=7)
    desk.act(Role.SYSTEM_ADMIN, take_back, draft)
    desk.act(Role.SYSTEM_ADMIN, submit, draft, "改了名称", None, days=8)
    desk.act(Role.SECURITY_ADMIN, approve, draft, desk.row(draft).revision, days=14)
    assert (desk.current().number, desk.row(draft).stage) == (2, DraftStage.PUBLISHED)


def test_a_draft_waits_for_its_day(ground: Ground) -> None:
    desk = Desk(ground)
    draft = desk.draft()
    desk.change(draft, *RENAMED)
    desk.submit(draft, days=3)
    desk.approve(draft)
    assert (desk.row(draft).stage, desk.current().number) == (DraftStage.SCHEDULED, 1)
    for days, number in ((2, 1), (3, 2), (4, 2)):
        at = ground.now + timedelta(days=days)
        assert publish_due(ground.sessions, Moment(at, at)) == (days == 3)
        assert desk.current().number == number


def test_an_old_version_comes_back_as_a_new_one(sqlite_ground: Ground) -> None:
    desk = Desk(sqlite_ground)
    first = desk.draft()
    desk.change(first, *RENAMED)
    desk.submit(first)
    desk.approve(first)
    back = desk.draft(number=1)
    desk.submit(back)
    desk.approve(back)
    now = desk.current()
    assert now.number == 3
    with transaction(sqlite_ground.sessions, writes=False) as session:
        original = session.scalars(
            select(Procedure).where(Procedure.process_id == PROCESS, Procedure.number == 1)
        ).one()
        assert session.get_one(Procedure, now.id).diagram == original.diagram
