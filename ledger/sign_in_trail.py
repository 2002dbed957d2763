"""Which sessions of a person are open, and when the person signed in, failed or signed out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger.journal import Entry
from ledger.people import SignIn

ACTS = {
    "sign_in": "登录",
    "sign_out": "退出",
    "sign_in_refused": "登录失败",
    "password_changed": "修改密码",
}
_MOST = 30


def open_sign_ins(
    session: Session, user_id: int, real_now: datetime, idle: timedelta | None = None
) -> Sequence[SignIn]:
    """Return a person's sessions that were not ended, newest first; those idle for longer than `idle` left out."""
    found = select(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None))
    if idle is not None:
        found = found.where(SignIn.seen_at > real_now - idle)
    return session.scalars(found.order_by(SignIn.created_at.desc()).limit(_MOST)).all()


def end_one(session: Session, user_id: int, token_hash: str, real_now: datetime) -> bool:
    """End one of a person's own sessions; False when it is not theirs or has ended."""
    mine = (SignIn.user_id == user_id, SignIn.token_hash == token_hash, SignIn.ended_at.is_(None))
    ended = session.execute(
        update(SignIn).where(*mine).values(ended_at=real_now, portal_token=None).returning(SignIn.token_hash)
    )
    return ended.first() is not None


def sign_in_trail(session: Session, user_id: int) -> Sequence[tuple[Entry, str]]:
    """Return the last sign-ins, failures and password changes of a person with their Chinese names, newest first."""
    found = select(Entry).where(Entry.user_id == user_id, Entry.act.in_(ACTS))
    rows = session.scalars(found.order_by(Entry.id.desc()).limit(_MOST)).all()
    return [(row, ACTS[row.act]) for row in rows]
