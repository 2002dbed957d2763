"""领取, 放回, 委托办理, 交回: one person at a time on an item, and who fills for another neither submits nor signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bpmn.refusals import ActRefused, AlreadyDone, NotYours
from bpmn.runtime import Acting, claim, colleagues, complete_item, delegate, hand_back, open_item, release, sign_item
from forms.parsing import FormErrors
from ledger.db import day_of, transaction
from ledger.outbox import Message
from ledger.people import Unit, User, appoint
from ledger.vocabulary import Level, Role
from tests.walk import Ground, Walk, fill, project_of_level

pytestmark = pytest.mark.usefixtures("quick_prints")
WHY = "下乡期间请代为填写"
FIRST, SECOND = 0, 1


def begun(ground: Ground, stem: str, *also: Role) -> Walk:
    """A township's case at a step, and a second 经办人 there, who holds `also` besides."""
    walk = Walk(ground, project_of_level(ground, Level.TOWNSHIP))
    walk.to(stem)
    with transaction(ground.sessions) as session:
        unit = session.get_one(Unit, walk.item(stem).unit_id)
        user = User(login="yi", name="经办乙", password_hash="", created_at=walk.now)
        session.add(user)
        for role in (Role.HANDLER, *also):
            appoint(session, user, unit, role)
    return walk


def by(walk: Walk, nth: int, act: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """Do an act as the n-th 经办人 of the unit whose item waits, with the revision as it is now."""
    item = walk.item(walk.waiting()[0])
    with walk.acting(Role.HANDLER, item.unit_id, nth) as acting:
        return act(acting, item.id, item.revision, *arguments, **more)


def id_of(walk: Walk, nth: int) -> int:
    with walk.acting(Role.HANDLER, walk.item(walk.waiting()[0]).unit_id, nth) as acting:
        assert acting.actor.user_id is not None
        return acting.actor.user_id


def posted(walk: Walk, nth: int, **given: Any) -> dict[str, list[str]]:
    item = walk.item(walk.waiting()[0])
    with walk.acting(Role.HANDLER, item.unit_id, nth) as acting:
        shown = walk.prepare(acting, item, given)
        return fill(shown, {**walk.answers_for(shown), **given}, day_of(walk.now))


class TestClaim:
    def test_only_who_claimed_it_completes_it(self, ground: Ground) -> None:
        walk = begun(ground, "receive")
        answers = posted(walk, FIRST)
        by(walk, FIRST, claim)
        assert walk.item("receive").claimed_by_id == id_of(walk, FIRST)
        with pytest.raises(NotYours, match="经办甲领取"):
            by(walk, SECOND, complete_item, answers)
        with pytest.raises(NotYours, match="领取"):
            by(walk, SECOND, claim)
        with pytest.raises(ActRefused, match="已由您领取"):
            by(walk, FIRST, claim)
        by(walk, FIRST, complete_item, answers)
        assert walk.waiting() == ["field_survey"]

    def test_released_it_is_for_everybody_again(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "receive")
        with pytest.raises(ActRefused, match="不用放回"):
            by(walk, FIRST, release)
        by(walk, FIRST, claim)
        with pytest.raises(NotYours, match="领取人放回"):
            by(walk, SECOND, release)
        by(walk, FIRST, release)
        by(walk, SECOND, claim)
        assert walk.item("receive").claimed_by_id == id_of(walk, SECOND)

    @pytest.mark.parametrize("role", [Role.SIGNER, "bureau"])
    def test_an_absence_stops_nobody(self, sqlite_ground: Ground, role: str) -> None:
        walk = begun(sqlite_ground, "receive")
        by(walk, FIRST, claim)
        item = walk.item("receive")
        unit, holding = (item.unit_id, role) if role != "bureau" else (sqlite_ground.county.bureau.id, Role.HANDLER)
        with pytest.raises(ActRefused, match="原因"), walk.acting(holding, unit) as acting:
            release(acting, item.id, item.revision)
        with walk.acting(holding, unit) as acting:
            release(acting, item.id, item.revision, "经办人休假")
        assert walk.item("receive").claimed_by_id is None

    def test_of_two_who_claim_the_second_is_late(self, ground: Ground) -> None:
        walk = begun(ground, "receive")
        item = walk.item("receive")
        by(walk, FIRST, claim)
        with pytest.raises(AlreadyDone), walk.acting(Role.HANDLER, item.unit_id, SECOND) as acting:
            claim(acting, item.id, item.revision)


class TestDelegate:
    def test_the_colleague_fills_and_who_asked_submits(self, ground: Ground) -> None:
        walk = begun(ground, "field_survey")
        with walk.acting(Role.HANDLER, walk.item("field_survey").unit_id) as acting:
            assert colleagues(acting, walk.item("field_survey").id) == ((id_of_second(acting), "经办乙"),)
        by(walk, FIRST, delegate, id_of(walk, SECOND), WHY)
        answers = posted(walk, SECOND, note="现场核对两次")
        with pytest.raises(NotYours, match="领取"):
            by(walk, FIRST, complete_item, answers)
        with pytest.raises(NotYours, match="交回委托人"):
            by(walk, SECOND, complete_item, answers)
        with pytest.raises(FormErrors):
            by(walk, SECOND, hand_back, {})
        by(walk, SECOND, hand_back, answers)
        item = walk.item("field_survey")
        assert (item.claimed_by_id, item.delegated_by_id) == (id_of(walk, FIRST), None)
        with walk.acting(Role.HANDLER, item.unit_id) as acting:
            given = open_item(acting, item.id).initial_posted
        assert given["surveyed_on"] == answers["surveyed_on"]
        by(walk, FIRST, complete_item, given)
        assert set(walk.waiting()) == {"joint_review"}
        with walk.session() as session:
            told = session.scalars(select(Message).where(Message.dedupe_key.startswith("hold:"))).all()
            assert [message.subject.split("：")[0] for message in told] == ["委托办理", "已交回"]

    def test_refused_to_strangers_for_signatures_and_twice(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "receive")
        with walk.acting(Role.HANDLER, sqlite_ground.county.bureau.id) as acting:
            stranger = acting.actor.user_id
        for user_id, reason, sentence in [
            (stranger, WHY, "只能委托"),
            (10**6, WHY, "只能委托"),
            (id_of(walk, FIRST), WHY, "不能委托给自己"),
            (id_of(walk, SECOND), " ", "原因"),
        ]:
            with pytest.raises(ActRefused, match=sentence):
                by(walk, FIRST, delegate, user_id, reason)
        by(walk, FIRST, delegate, id_of(walk, SECOND), WHY)
        with pytest.raises(ActRefused, match="不能再委托"):
            by(walk, SECOND, delegate, id_of(walk, FIRST), WHY)
        by(walk, FIRST, release)  # taken back by who asked
        assert walk.item("receive").claimed_by_id == id_of(walk, FIRST)
        with pytest.raises(ActRefused, match="不是委托"):
            by(walk, FIRST, hand_back, {})
        walk.complete("receive")
        walk.to("unit_opinion")
        item, other = walk.item("unit_opinion"), id_of(walk, SECOND)
        with pytest.raises(ActRefused, match="不能委托"), walk.acting(Role.SIGNER, item.unit_id) as acting:
            delegate(acting, item.id, item.revision, other, WHY)

    def test_rule_5_who_filled_for_another_does_not_sign(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "application", Role.SIGNER)
        by(walk, FIRST, delegate, id_of(walk, SECOND), WHY)
        answers = posted(walk, SECOND)
        by(walk, SECOND, hand_back, answers)
        walk.complete("application")
        item = walk.item("unit_opinion")
        with pytest.raises(NotYours, match="不能再由您审核"), walk.acting(Role.SIGNER, item.unit_id, 1) as acting:
            complete_item(acting, item.id, item.revision, {})
        walk.complete("unit_opinion")

    def test_rule_5_a_signed_step_filled_for_another(self, sqlite_ground: Ground) -> None:
        walk = begun(sqlite_ground, "evaluation", Role.SIGNER)
        by(walk, FIRST, delegate, id_of(walk, SECOND), WHY)
        by(walk, SECOND, hand_back, posted(walk, SECOND, reached="yes"))
        walk.complete("evaluation", sign=False)
        item = walk.item("evaluation")
        with pytest.raises(NotYours, match="不能审核"), walk.acting(Role.SIGNER, item.unit_id, 1) as acting:
            sign_item(acting, item.id, item.revision, True, "同意")


def id_of_second(acting: Acting) -> int:
    return acting.session.scalars(select(User.id).where(User.login == "yi")).one()
