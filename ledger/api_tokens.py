"""Tokens with which a person's own programs act for the person: no more than the person may, and not for ever.

Only a token's hash is stored (as for a sign-in): who reads the table can do nothing with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import ForeignKey, func, select, update
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.db import Base
from ledger.people import Post, User

PREFIX = "sgyp_"  # lets a scanner for leaked secrets know one
NAME_LENGTH = 40
MOST_TOKENS = 10
LIVES_DAYS = (30, 90, 180, 365)
_TOUCH_EVERY = timedelta(hours=1)


class ApiToken(Base):
    """One token of one person; rows are revoked, never deleted. All times are real time."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    name: Mapped[str]  # what it is for, as the person calls it
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class TokenRefused(ValueError):
    """令牌不能创建."""


def create_token(session: Session, user_id: int, name: str, days: int, real_now: datetime) -> tuple[str, ApiToken]:
    """Return a new token, told this once, and its row; TokenRefused says what is wrong with the request."""
    words = " ".join(name.split())
    if not words or len(words) > NAME_LENGTH:
        raise TokenRefused(f"请写明令牌的用途（最多 {NAME_LENGTH} 字）")
    if days not in LIVES_DAYS:
        raise TokenRefused("请选择有效期")
    valid = (ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > real_now)
    if session.scalars(select(func.count()).select_from(ApiToken).where(*valid)).one() >= MOST_TOKENS:
        raise TokenRefused(f"最多同时有 {MOST_TOKENS} 个有效令牌，请先停用不用的")
    token = PREFIX + token_urlsafe(32)
    row = ApiToken(
        user_id=user_id,
        name=words,
        token_hash=_hash(token),
        created_at=real_now,
        expires_at=real_now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    return token, row


def user_of_token(session: Session, token: str, real_now: datetime) -> User | None:
    """Return whose token it is; None when it is unknown, revoked or expired, or the person is disabled."""
    if not token.startswith(PREFIX):
        return None
    wanted = select(ApiToken).join(User, User.id == ApiToken.user_id)
    valid = (ApiToken.token_hash == _hash(token), ApiToken.revoked_at.is_(None), ApiToken.expires_at > real_now)
    loaded = joinedload(ApiToken.user).joinedload(User.posts).joinedload(Post.unit)
    row = session.scalars(wanted.where(*valid, User.disabled_at.is_(None)).options(loaded)).unique().one_or_none()
    if row is None:
        return None
    if row.used_at is None or real_now - row.used_at > _TOUCH_EVERY:
        row.used_at = real_now
    return row.user


def tokens_of(session: Session, user_id: int) -> Sequence[ApiToken]:
    """Return a person's tokens, newest first."""
    return session.scalars(select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.id.desc())).all()


def revoke_token(session: Session, user_id: int, token_id: int, real_now: datetime) -> ApiToken | None:
    """End one of a person's own tokens for good; None for a foreign one and one that has ended."""
    own = (ApiToken.id == token_id, ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    row = session.scalars(select(ApiToken).where(*own)).one_or_none()
    if row is not None:
        row.revoked_at = real_now
    return row


def revoke_all_tokens(session: Session, user_id: int, real_now: datetime) -> None:
    """End every token of a person: on disabling, other posts, a password lost or a hand-over."""
    own = (ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    session.execute(update(ApiToken).where(*own).values(revoked_at=real_now))


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
