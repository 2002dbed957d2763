"""People, posts and units: who goes with what, and what the database itself refuses (O1, O2; safety rule 15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from ledger.approvals import ApprovalKind, ApprovalRefused, Wish, ask, decide, waiting
from ledger.db import SessionFactory, transaction
from ledger.demonstration import build_county
from ledger.people import Post, SignIn, Unit, User
from ledger.scope import Actor, actor_of
from ledger.sign_ins import Arrival, begin_sign_in
from ledger.staff import (
    PersonFacts,
    Place,
    StaffRefused,
    UnitFacts,
    change_person,
    check_places,
    clash_of,
    close_unit,
    disable,
    enable,
    enter_person,
    enter_unit,
    give_posts,
    last_of_role,
    mask,
    people_of,
    person_of,
)
from ledger.vocabulary import Role
from tests.walk import Ground

NOW = datetime(2023, 11, 6, 1, 0, tzinfo=UTC)
FACTS = PersonFacts("zhang.jia", "桑柘镇经办乙", "13800000999", "jia@example.test")


@pytest.mark.parametrize(
    ("roles", "together"),
    [
        ((Role.HANDLER, Role.SIGNER, Role.SUPERVISOR), True),
        ((Role.SYSTEM_ADMIN,), True),
        ((Role.SYSTEM_ADMIN, Role.SYSTEM_ADMIN), True),
        ((Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN), False),
        ((Role.SECURITY_ADMIN, Role.HANDLER), False),
        ((), True),
    ],
)
def test_administrators_roles_exclude_all_others(roles: tuple[Role, ...], together: bool) -> None:
    assert (clash_of(roles) == "") is together


@pytest.mark.parametrize(
    ("plain", "shown"), [("13800000001", "138****0001"), ("12345", "*****"), ("jia@example.test", "j***@example.test")]
)
def test_addresses_are_masked(plain: str, shown: str) -> None:
    assert mask(plain) == shown


def administrator(ground: Ground) -> Actor:
    with transaction(ground.sessions, writes=False) as session:
        return actor_of(session.scalars(select(User).where(User.login == "xitong")).one())


def test_the_database_keeps_administrators_apart(ground: Ground) -> None:
    """Whatever a program forgets, a trigger refuses an administrator's second role."""
    for login, role in (("xitong", Role.HANDLER), ("ducha", Role.AUDIT_ADMIN)):
        with transaction(ground.sessions) as session:
            user = session.scalars(select(User).where(User.login == login)).one()
            session.add(Post(user_id=user.id, unit_id=ground.county.bureau.id, role=role))
            with pytest.raises(DatabaseError, match="exclude"):
                session.flush()
            session.rollback()
    with transaction(ground.sessions) as session:
        held = session.scalars(select(Post).join(User).where(User.login == "ducha")).one()
        session.add(Post(user_id=held.user_id, unit_id=ground.county.bureau.id, role=Role.HANDLER))
        session.flush()
        held.role = Role.SYSTEM_ADMIN
        with pytest.raises(DatabaseError, match="exclude"):
            session.flush()
        session.rollback()


def test_posts_change_as_a_whole_and_end_sessions(ground: Ground) -> None:
    town, other = ground.county.townships["桑柘镇"].id, ground.county.agriculture.id
    with transaction(ground.sessions) as session:
        user = enter_person(session, FACTS, NOW, "-")
        give_posts(session, user, [Place(town, Role.HANDLER), Place(town, Role.SIGNER)], NOW)
        begin_sign_in(session, user, NOW, Arrival("127.0.0.1", "test"))
        session.flush()
        give_posts(session, user, [Place(other, Role.HANDLER)], NOW)
    with transaction(ground.sessions, writes=False) as session:
        held = session.execute(select(Post.unit_id, Post.role).where(Post.user_id == user.id)).all()
        assert [tuple(row) for row in held] == [(other, "handler")]
        assert session.scalars(select(SignIn.ended_at).where(SignIn.user_id == user.id)).all() == [NOW]


def test_a_unit_is_staffed_while_somebody_who_may_sign_in_handles_for_it(ground: Ground) -> None:
    village = next(unit for (_, name), unit in ground.county.villages.items() if name == "龙门村").id
    with transaction(ground.sessions) as session:
        user = enter_person(session, FACTS, NOW, "-")
        assert not session.get_one(Unit, village).staffed
        give_posts(session, user, [Place(village, Role.HANDLER)], NOW)
        assert session.get_one(Unit, village).staffed
        disable(session, user, NOW)
        assert not session.get_one(Unit, village).staffed
        enable(session, user)
        assert session.get_one(Unit, village).staffed


def test_what_is_typed_about_a_person_is_checked(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        with pytest.raises(StaffRefused) as wrong:
            enter_person(session, PersonFacts("X!", " ", "12a", "nobody"), NOW, "-")
        assert set(wrong.value.errors) == {"login", "name", "telephone", "email"}
        with pytest.raises(StaffRefused, match="已有人使用"):
            enter_person(session, PersonFacts("xitong", "甲"), NOW, "-")
        user = enter_person(session, FACTS, NOW, "-")
        changes = change_person(user, PersonFacts("ignored", "桑柘镇经办丙", "13800000998", "jia@example.test"))
    assert changes == {"name": ["桑柘镇经办乙", "桑柘镇经办丙"], "telephone": ["138****0999", "138****0998"]}
    assert user.login == "zhang.jia"


def test_an_administrator_sees_own_county_and_people_without_posts(ground: Ground) -> None:
    with transaction(ground.sessions) as session:
        elsewhere = Unit(code="500242", name="酉阳", short_name="酉阳", kind="county", parent_id=None, path="/9999/")
        session.add(elsewhere)
        stranger = enter_person(session, PersonFacts("stranger", "外县经办甲"), NOW, "-")
        give_posts(session, stranger, [], NOW)
        session.flush()
        session.add(Post(user_id=stranger.id, unit_id=elsewhere.id, role=Role.HANDLER))
        newcomer = enter_person(session, FACTS, NOW, "-")
    admin = administrator(ground)
    with transaction(ground.sessions, writes=False) as session:
        assert person_of(session, admin, stranger.id) is None
        assert person_of(session, admin, newcomer.id) is not None
        assert [user.login for user in people_of(session, admin, "ducha")] == ["ducha"]
        assert stranger.id not in {user.id for user in people_of(session, admin)}
        with pytest.raises(StaffRefused, match="不在您的管理范围"):
            check_places(session, admin, [Place(elsewhere.id, Role.HANDLER)])


def test_the_last_administrator_of_a_role_is_noticed(ground: Ground) -> None:
    with transaction(ground.sessions, writes=False) as session:
        person = {user.login: user for user in session.scalars(select(User))}
        assert last_of_role(session, person["anquan"]) == "安全管理员"
        assert last_of_role(session, person["ducha"]) == ""


def test_units_are_entered_below_and_closed_when_empty(ground: Ground) -> None:
    admin = administrator(ground)
    town = ground.county.townships["桑柘镇"]
    with transaction(ground.sessions) as session:
        unit = enter_unit(session, admin, UnitFacts("500243107204", "新村", "新村", "village", town.id))
        assert (unit.path, unit.county_id) == (f"{town.path}{unit.id}/", town.county_id)
        with pytest.raises(StaffRefused) as wrong:
            enter_unit(session, admin, UnitFacts("500243107204", "", "新村", "hamlet", 0))
        assert set(wrong.value.errors) == {"code", "name", "kind", "parent_id"}
        with pytest.raises(StaffRefused, match="未撤销的单位"):
            close_unit(session, session.get_one(Unit, town.id), NOW)
        with pytest.raises(StaffRefused, match="任职"):
            close_unit(session, session.get_one(Unit, ground.county.office.id), NOW)
        close_unit(session, unit, NOW)
        assert unit.closed_at == NOW


def test_nobody_approves_the_own_wish_and_a_wish_is_decided_once(ground: Ground) -> None:
    admin = administrator(ground)
    with transaction(ground.sessions) as session:
        other = actor_of(session.scalars(select(User).where(User.login == "anquan")).one())
        wish = Wish(ApprovalKind.POSTS, 1, {"posts": []}, "接替")
        first = ask(session, wish, admin, NOW)
        with pytest.raises(ApprovalRefused, match="等待复核"):
            ask(session, wish, other, NOW)
        with pytest.raises(ApprovalRefused, match="自己的申请"):
            decide(session, first.id, admin, NOW, approved=True)
        assert decide(session, first.id, other, NOW, approved=True).approved is True
        with pytest.raises(ApprovalRefused, match="处理过"):
            decide(session, first.id, other, NOW, approved=False)
        late = ask(session, wish, admin, NOW)
        assert [row.id for row in waiting(session, NOW)] == [late.id]
        with pytest.raises(ApprovalRefused, match="失效"):
            decide(session, late.id, other, NOW + timedelta(days=7), approved=True)
        assert waiting(session, NOW + timedelta(days=7)) == []
        with pytest.raises(ApprovalRefused, match="理由"):
            ask(session, Wish(ApprovalKind.POSTS, 2, {}, " "), admin, NOW)


def test_a_real_installation_has_units_without_people(sessions: SessionFactory) -> None:
    with transaction(sessions) as session:
        build_county(session, NOW, ("桑柘镇",), staffed=False)
        assert session.scalars(select(User)).all() == []
