"""消息: what the outbox has for a person inside the pages themselves (channel `page`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ledger.outbox import Message

PAGE = "page"


def unread_count(session: Session, user_id: int | None) -> int:
    mine = (Message.user_id == user_id, Message.channel == PAGE, Message.read_at.is_(None))
    return session.scalars(select(func.count()).select_from(Message).where(*mine)).one()


def notices_of(session: Session, user_id: int, before_id: int | None, limit: int) -> Sequence[Message]:
    """Return a person's messages, newest first; `before_id` continues a list."""
    query = select(Message).where(Message.user_id == user_id, Message.channel == PAGE)
    if before_id is not None:
        query = query.where(Message.id < before_id)
    return session.scalars(query.order_by(Message.id.desc()).limit(limit)).all()


def mark_read(session: Session, user_id: int, now: datetime) -> None:
    """Mark all of a person's messages read."""
    session.execute(
        update(Message)
        .where(Message.user_id == user_id, Message.channel == PAGE, Message.read_at.is_(None))
        .values(read_at=now)
    )
