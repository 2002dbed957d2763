"""消息: what the outbox has for a person inside the pages, and what became of every message (channel by channel)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from ledger.outbox import PAGE, Message, Notice, post
from ledger.people import User
from ledger.vocabulary import Term


class Fate(Term):
    """What became of a message."""

    WAITING = "waiting", "待发送"
    SENT = "sent", "已发出"
    DELIVERED = "delivered", "已送达"
    DEAD = "dead", "未发出"


_FATES: dict[Fate, ColumnElement[bool]] = {
    Fate.WAITING: and_(Message.sent_at.is_(None), Message.dead_at.is_(None)),
    Fate.SENT: and_(Message.sent_at.is_not(None), Message.delivered_at.is_(None)),
    Fate.DELIVERED: Message.delivered_at.is_not(None),
    Fate.DEAD: Message.dead_at.is_not(None),
}


def fate_of(message: Message) -> Fate:
    """Return what became of a message."""
    if message.dead_at is not None:
        return Fate.DEAD
    if message.delivered_at is not None:
        return Fate.DELIVERED
    return Fate.WAITING if message.sent_at is None else Fate.SENT


@dataclass(frozen=True)
class Finished:
    """Long work that has come to its end while nobody waited for it; `link` is where its result stands."""

    subject: str
    body: str
    link: str


def tell_finished(session: Session, user_id: int | None, work: Finished, now: datetime) -> None:
    """Tell who began long work that it has ended: they went on to something else meanwhile."""
    if user_id is not None:
        key = f"finished:{work.link}:{now.isoformat()}:{user_id}"
        post(session, [Notice(key, PAGE, user_id, work.subject, work.body, link=work.link)], now)


def unread(user_id: int | None) -> Any:
    """Return the scalar that counts a person's messages not read yet."""
    mine = (Message.user_id == user_id, Message.channel == PAGE, Message.read_at.is_(None))
    return select(func.count()).select_from(Message).where(*mine).scalar_subquery()


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


def outgoing_messages(
    session: Session, fate: Fate | None, channel: str, before_id: int | None, limit: int
) -> Sequence[tuple[Message, str]]:
    """Return messages that leave the building with their receivers' names, newest first."""
    wanted: list[Any] = [Message.channel != PAGE]
    if fate is not None:
        wanted.append(_FATES[fate])
    if channel:
        wanted.append(Message.channel == channel)
    if before_id is not None:
        wanted.append(Message.id < before_id)
    query = select(Message, User.name).join(User, User.id == Message.user_id).where(*wanted)
    return [(message, name) for message, name in session.execute(query.order_by(Message.id.desc()).limit(limit))]


def message_counts(session: Session, since: datetime) -> dict[tuple[str, Fate], int]:
    """Count what became of the messages written since a moment, by channel."""
    counts: dict[tuple[str, Fate], int] = {}
    for fate, condition in _FATES.items():
        rows = session.execute(
            select(Message.channel, func.count())
            .where(Message.channel != PAGE, Message.created_at >= since, condition)
            .group_by(Message.channel)
        )
        counts |= {(channel, fate): count for channel, count in rows}
    return counts
