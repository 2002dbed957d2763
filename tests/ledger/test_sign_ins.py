"""Safety rules 9 and 10: sessions in a table, lock-out in the database, passwords by policy."""

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import Type
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import sign_ins
from ledger.db import SessionFactory, transaction
from ledger.demonstration import PASSWORD, build_county
from ledger.people import SignIn, User
from ledger.scope import Patience, who_asks
from tests.conftest import SHIPPED_HASHER

NOW = datetime(2023, 11, 6, 1, 0, tzinfo=UTC)
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
LOGIN = "sangzhezhen.jingban"


@pytest.fixture
def county(sessions: SessionFactory) -> SessionFactory:
    with transaction(sessions) as session:
        build_county(session, NOW, ("桑柘镇",))
    return sessions


def test_rule_9_a_stored_password_costs_19_mib_and_two_passes_at_least() -> None:
    """OWASP's Password Storage Cheat Sheet gives the least Argon2id should be asked to do."""
    assert SHIPPED_HASHER.type is Type.ID
    assert (SHIPPED_HASHER.memory_cost >= 19 * 1024, SHIPPED_HASHER.time_cost >= 2) == (True, True)


def _try(session: Session, password: str, at: datetime) -> bool:
    return sign_ins.check_password(session, LOGIN, password, at) is not None


def test_the_sixth_try_is_locked_out_for_fifteen_minutes(county: SessionFactory) -> None:
    for _ in range(5):
        with transaction(county) as session:  # each failure is committed: a restart does not forgive it
            assert not _try(session, "wrong", NOW)
    with transaction(county) as session:
        assert not _try(session, PASSWORD, NOW + timedelta(minutes=14))
        assert _try(session, PASSWORD, NOW + timedelta(minutes=15))


def test_unknown_and_disabled_are_refused(county: SessionFactory) -> None:
    with transaction(county) as session:
        assert sign_ins.check_password(session, "nobody", PASSWORD, NOW) is None
        session.scalars(select(User).where(User.login == LOGIN)).one().disabled_at = NOW
        assert not _try(session, PASSWORD, NOW)


def _sign_in(session: Session) -> str:
    user = session.scalars(select(User).where(User.login == LOGIN)).one()
    return sign_ins.begin_sign_in(session, user, NOW, sign_ins.Arrival("127.0.0.1", "test"))


def _holder(session: Session, token: str, at: datetime) -> str | None:
    session.flush()
    asking = who_asks(session, token, at, Patience(IDLE, ABSOLUTE))
    return session.get_one(User, asking.actor.user_id).login if asking else None


def test_only_the_hash_of_a_token_is_stored(county: SessionFactory) -> None:
    with transaction(county) as session:
        token = _sign_in(session)
        session.flush()
        assert token not in session.scalars(select(SignIn.token_hash)).one()
        assert _holder(session, token, NOW) == LOGIN
        assert _holder(session, token + "x", NOW) is None


def test_idle_and_absolute_limits(county: SessionFactory) -> None:
    with transaction(county) as session:
        token = _sign_in(session)
        for half_hours in range(1, 25):  # used every half hour it lives on, until twelve hours are over
            assert _holder(session, token, NOW + timedelta(minutes=30 * half_hours)) == LOGIN
        assert _holder(session, token, NOW + timedelta(hours=12, seconds=1)) is None
        other = _sign_in(session)
        assert _holder(session, other, NOW + timedelta(minutes=30, seconds=1)) is None


def test_sign_out_disable_and_password_change_kill_the_token(county: SessionFactory) -> None:
    with transaction(county) as session:
        user = session.scalars(select(User).where(User.login == LOGIN)).one()
        signed_out, changed = _sign_in(session), _sign_in(session)
        session.flush()
        sign_ins.end_sign_in(session, signed_out, NOW)
        assert (_holder(session, signed_out, NOW), _holder(session, changed, NOW)) == (None, LOGIN)
        sign_ins.set_password(session, user, "Xin-mima-2024", NOW)
        assert _holder(session, changed, NOW) is None
        disabled = _sign_in(session)
        user.disabled_at = NOW
        assert _holder(session, disabled, NOW) is None
