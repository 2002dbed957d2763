"""一次性验证码: the second proof an administrator gives when signing in (TOTP, RFC 6238), and recovery codes.

The secret is sealed like personal data; a code is worth something once, within a minute and a half.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from hmac import compare_digest
from os import urandom
from secrets import choice
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base, SealedText
from ledger.sign_ins import hash_password, is_password

STEP_SECONDS = 30
DIGITS = 6
RECOVERY_CODES = 8
_SECRET_BYTES = 20
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is mistaken for another
_NEIGHBOURS = (0, -1, 1)  # a telephone's clock may be half a minute off
_ISSUER = "四个一批"


class SecondFactor(Base):
    """A person's secret; used for signing in once it was confirmed with a code."""

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, autoincrement=False)
    secret: Mapped[str] = mapped_column(SealedText)  # base32, as authenticator programs read it
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)  # of the code used last: none is taken twice


class RecoveryCode(Base):
    """A code for the day the telephone is lost; only a slow hash of it is stored, as of a password."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None]


def factor_of(session: Session, user_id: int) -> SecondFactor | None:
    """Return the person's factor, confirmed or not, held until the commit: a code counts once."""
    found = select(SecondFactor).where(SecondFactor.user_id == user_id).with_for_update()
    return session.scalars(found).one_or_none()


def begin_factor(session: Session, user_id: int, real_now: datetime) -> SecondFactor:
    """Give a person a fresh secret, to be confirmed with a code; what was there before is worth nothing."""
    drop_factor(session, user_id)
    secret = base64.b32encode(urandom(_SECRET_BYTES)).decode()
    row = SecondFactor(user_id=user_id, secret=secret, made_at=real_now, last_step=0)
    session.add(row)
    session.flush()
    return row


def drop_factor(session: Session, user_id: int) -> None:
    """Forget a person's secret and recovery codes."""
    session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def confirm_factor(session: Session, factor: SecondFactor, code: str, real_now: datetime) -> Sequence[str]:
    """Take a fresh secret into use when `code` fits; returns the recovery codes, told this once, or nothing."""
    if not is_code(factor, code, real_now):
        return ()
    factor.confirmed_at = real_now
    codes = ["-".join("".join(choice(_ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=factor.user_id, code_hash=hash_password(_bare(code))) for code in codes)
    return codes


def is_code(factor: SecondFactor, code: str, real_now: datetime) -> bool:
    """Say whether `code` is the program's code of now, of just before or just after, and not one used already."""
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdecimal()):
        return False
    now = int(real_now.timestamp()) // STEP_SECONDS
    program = TOTP(base64.b32decode(factor.secret), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303  # all programs know it  # nosec B303
    for step in (now + each for each in _NEIGHBOURS):
        if step > factor.last_step and compare_digest(program.generate(step * STEP_SECONDS).decode(), typed):
            factor.last_step = step
            return True
    return False


def is_recovery_code(session: Session, user_id: int, code: str, real_now: datetime) -> bool:
    """Use up a recovery code; False when it is none of the person's, or was used."""
    unused = select(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    for row in session.scalars(unused.with_for_update()):
        if is_password(row.code_hash, _bare(code)):
            row.used_at = real_now
            return True
    return False


def recovery_codes_left(session: Session, user_id: int) -> int:
    """Return how many recovery codes a person still has."""
    unused = select(RecoveryCode.id).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return len(session.scalars(unused).all())


def factor_address(login: str, secret: str) -> str:
    """Return the address that authenticator programs read from a QR code."""
    label = quote(f"{_ISSUER}:{login}")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(_ISSUER)}&digits={DIGITS}&period={STEP_SECONDS}"


def _bare(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()
