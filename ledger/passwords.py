"""What a password must be, by policy: 等保 (`dengbao`) or OWASP ASVS 5.0 (`asvs`); and which were used before."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base
from ledger.sign_ins import is_password


class Policy(StrEnum):
    """Which rules hold: four kinds of characters and a change every 90 days, or length and nothing that is guessed."""

    DENGBAO = "dengbao"
    ASVS = "asvs"


REMEMBERED = 5  # passwords that cannot come again
LIVES = timedelta(days=90)
_LEAST = {Policy.DENGBAO: (8, 12), Policy.ASVS: (12, 15)}  # characters: everybody, administrators
_MOST = 200
_KINDS = (str.islower, str.isupper, str.isdigit, lambda mark: not mark.isalnum())
_GUESSED = ("password", "qwerty", "123456", "abc123", "admin", "111111", "sigeyipi", "pengshui", "penshui", "letmein")
_FEW = 5  # different characters


class OldPassword(Base):
    """A password somebody had: its hash, and since when."""

    __tablename__ = "old_password"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    password_hash: Mapped[str]
    set_at: Mapped[datetime]


def password_faults(password: str, policy: Policy, *, administrator: bool, login: str = "") -> list[str]:
    """Return what the policy misses in `password`, in Chinese; empty when it is good."""
    least = _LEAST[policy][administrator]
    faults = [] if len(password) >= least else [f"密码至少 {least} 位"]
    if len(password) > _MOST:
        faults.append(f"密码最多 {_MOST} 位")
    if policy is Policy.DENGBAO and not all(any(kind(mark) for mark in password) for kind in _KINDS):
        faults.append("密码应同时包含大写字母、小写字母、数字和符号")
    lowered = password.lower()
    if login and login.lower() in lowered:
        faults.append("密码不能包含登录名")
    if policy is Policy.ASVS and (len(set(password)) < _FEW or any(word in lowered for word in _GUESSED)):
        faults.append("密码太容易猜到，请换一个")
    return faults


def policy_text(policy: Policy, *, administrator: bool) -> str:
    """Tell what is asked before somebody types."""
    least = _LEAST[policy][administrator]
    if policy is Policy.ASVS:
        return f"至少 {least} 位，可以是一句话；不能是容易猜到的词"
    change = f"不能与最近 {REMEMBERED} 次相同，{LIVES.days} 天内须更换"
    return f"至少 {least} 位，同时包含大写字母、小写字母、数字和符号；{change}"


def was_used(session: Session, user_id: int, password: str) -> bool:
    """Say whether a password is one of the person's last five."""
    last = select(OldPassword.password_hash).where(OldPassword.user_id == user_id)
    hashes = session.scalars(last.order_by(OldPassword.id.desc()).limit(REMEMBERED)).all()
    return any(is_password(stored, password) for stored in hashes)


def remember(session: Session, user_id: int, password_hash: str, real_now: datetime) -> None:
    """Keep the hash of the password somebody has from now on."""
    session.add(OldPassword(user_id=user_id, password_hash=password_hash, set_at=real_now))


def is_too_old(session: Session, user_id: int, policy: Policy, real_now: datetime) -> bool:
    """Say whether a password was set so long ago that `dengbao` wants another; one never changed here is not."""
    if policy is not Policy.DENGBAO:
        return False
    newest = select(OldPassword.set_at).where(OldPassword.user_id == user_id).order_by(OldPassword.id.desc()).limit(1)
    set_at = session.scalars(newest).one_or_none()
    return set_at is not None and real_now - set_at > LIVES
