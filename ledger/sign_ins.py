"""Signing in and out: passwords, lock-out and sessions, all in tables (safety rules 9 and 10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.people import SignIn, User
from ledger.scope import hash_token

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
HASHER = PasswordHasher()
NOBODY = HASHER.hash("nobody has this password")  # an unknown login costs the same time as a wrong password


@dataclass(frozen=True)
class Arrival:
    """From where and by which program a person signs in; with the portal's ID token when the portal vouched."""

    address: str
    agent: str
    portal_token: str | None = None


class SignInRefused(Exception):
    """用户名或密码不正确，或连续失败次数过多，请15分钟后再试。"""


def hash_password(password: str) -> str:
    return HASHER.hash(password)


def check_password(session: Session, login: str, password: str, real_now: datetime) -> User | None:
    """Return the user when `password` is right; None for every other reason, so that none can be told apart.

    Five failures lock the account for 15 minutes; the count is in the database, so no restart forgives it.
    """
    user = session.scalars(select(User).where(User.login == login).with_for_update()).one_or_none()
    right = is_password(user.password_hash if user else NOBODY, password)
    if user is None or user.disabled_at is not None:
        return None
    if is_locked(user, real_now):
        return None
    if right:
        user.failed_count, user.locked_until_at = 0, None
        return user
    count_failure(user, real_now)
    return None


def account_named(session: Session, login: str) -> User | None:
    """Return whose sign-in name this is, disabled or not; nobody's where no name could be so."""
    if "\0" in login:
        return None  # PostgreSQL cannot even be asked
    return session.scalars(select(User).where(User.login == login)).one_or_none()


def user_named(session: Session, login: str) -> User | None:
    """Return who has this sign-in name and may sign in."""
    return session.scalars(select(User).where(User.login == login, User.disabled_at.is_(None))).one_or_none()


def count_failure(user: User, real_now: datetime) -> None:
    """Count one failed attempt; the fifth locks the account."""
    user.failed_count += 1
    if user.failed_count >= FAILURES_ALLOWED:
        user.failed_count, user.locked_until_at = 0, real_now + LOCKED_FOR


def is_locked(user: User, real_now: datetime) -> bool:
    return user.locked_until_at is not None and real_now < user.locked_until_at


def is_password(stored: str, password: str) -> bool:
    """Say whether `password` is the one whose hash is stored."""
    try:
        return HASHER.verify(stored, password)
    except VerifyMismatchError:
        return False


def begin_sign_in(session: Session, user: User, real_now: datetime, arrival: Arrival) -> str:
    """Open a session and return its random token; only the token's hash is stored."""
    token = token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=hash_token(token),
            user_id=user.id,
            created_at=real_now,
            seen_at=real_now,
            address=arrival.address,
            agent=arrival.agent[:200],
            portal_token=arrival.portal_token,
        )
    )
    return token


def end_sign_in(session: Session, token: str, real_now: datetime) -> str | None:
    """End one session for good: the cookie is worth nothing afterwards. Returns the portal's token it was opened with.

    None is returned where a password was given.
    """
    this = (SignIn.token_hash == hash_token(token), SignIn.ended_at.is_(None))
    brought = session.scalars(select(SignIn.portal_token).where(*this)).one_or_none()
    session.execute(update(SignIn).where(*this).values(ended_at=real_now, portal_token=None))
    return brought


def end_all_sign_ins(session: Session, user_id: int, real_now: datetime) -> None:
    """End every session of a person: on disabling, a changed role or a changed password."""
    session.execute(
        update(SignIn)
        .where(SignIn.user_id == user_id, SignIn.ended_at.is_(None))
        .values(ended_at=real_now, portal_token=None)
    )


def set_password(session: Session, user: User, password: str, real_now: datetime) -> None:
    """Store a new password and end the person's sessions."""
    user.password_hash, user.must_change_password = hash_password(password), False
    end_all_sign_ins(session, user.id, real_now)
