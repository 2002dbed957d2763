"""Messages decided in a transaction, delivered after it: never lost, never decided twice (safety rule 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, cast, func, literal, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base, UtcDateTime
from ledger.people import Post, User
from ledger.vocabulary import Role


class Message(Base):
    """One message to one person over one channel. `dedupe_key` is why it cannot be written twice."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    subject: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    not_before_at: Mapped[datetime]
    leased_until_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        Index(
            "ix_message_unsent",
            "not_before_at",
            sqlite_where=text("sent_at IS NULL AND dead_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND dead_at IS NULL"),
        ),
    )


LEASE = timedelta(minutes=2)  # longer than any channel may take; then the message is somebody else's to send
MOST_ATTEMPTS = 8
_FIRST_WAIT = timedelta(minutes=1)
PAGE = "page"  # the channel that is always there


@dataclass(frozen=True)
class Notice:
    """A message decided on; a `key` already written is not written again."""

    key: str
    channel: str
    user_id: int
    subject: str
    body: str


def post(session: Session, notices: Sequence[Notice], now: datetime) -> int:
    """Write messages into the outbox and return how many are new; two clocks at once write each one once."""
    rows = [
        {
            "dedupe_key": notice.key,
            "channel": notice.channel,
            "user_id": notice.user_id,
            "subject": notice.subject,
            "body": notice.body,
            "created_at": now,
            "not_before_at": now,
            "attempts": 0,
            "error": "",
        }
        for notice in notices
    ]
    if not rows:
        return 0
    known = set(session.scalars(select(Message.dedupe_key).where(Message.dedupe_key.in_([n.key for n in notices]))))
    fresh = [row for row in rows if row["dedupe_key"] not in known]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    if fresh:
        session.execute(dialect.insert(Message).on_conflict_do_nothing(index_elements=["dedupe_key"]), fresh)
    return len(fresh)


@dataclass(frozen=True)
class Telling:
    """A message for everybody who works in a unit, in the pages; each one's key is `key` with the person's number."""

    key: str
    subject: str
    body: str


def post_to_unit(session: Session, unit_id: int, telling: Telling, now: datetime) -> None:
    """Write a message for each 经办人 of a unit who may sign in; one statement, and none of them twice."""
    row = {
        "dedupe_key": literal(f"{telling.key}:") + cast(Post.user_id, String),
        "channel": literal(PAGE),
        "user_id": Post.user_id,
        "subject": literal(telling.subject),
        "body": literal(telling.body),
        "created_at": literal(now, UtcDateTime()),
        "not_before_at": literal(now, UtcDateTime()),
        "attempts": literal(0),
        "error": literal(""),
    }
    people = (Post.unit_id == unit_id, Post.role == Role.HANDLER, User.disabled_at.is_(None))
    wanted = select(*row.values()).join(User, User.id == Post.user_id).where(*people)
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    written = dialect.insert(Message).from_select(list(row), wanted, include_defaults=False)
    session.execute(written.on_conflict_do_nothing(index_elements=["dedupe_key"]))


def claim_message(session: Session, now: datetime) -> Message | None:
    """Lease the oldest message that is to be sent; None when none is left. Several senders never take the same one."""
    free = or_(Message.leased_until_at.is_(None), Message.leased_until_at <= now)
    waiting = (Message.sent_at.is_(None), Message.dead_at.is_(None), Message.not_before_at <= now, free)
    oldest = select(Message).where(*waiting).order_by(Message.not_before_at, Message.id).limit(1)
    message = session.scalars(oldest.with_for_update(skip_locked=True)).one_or_none()
    if message is not None:
        message.leased_until_at, message.attempts = now + LEASE, message.attempts + 1
    return message


def settle_message(
    session: Session, message_id: int, now: datetime, failure: str = "", *, for_good: bool = False
) -> bool:
    """Write down how sending went; after a failure it waits twice as long each time, after eight it is dead (True)."""
    message = session.get_one(Message, message_id, with_for_update=True)
    message.leased_until_at, message.error = None, failure
    if not failure:
        message.sent_at = now
    elif for_good or message.attempts >= MOST_ATTEMPTS:
        message.dead_at = now
    else:
        message.not_before_at = now + _FIRST_WAIT * 2 ** (message.attempts - 1)
    return message.dead_at is not None


def messages_of(session: Session, user_id: int, limit: int = 50) -> Sequence[Message]:
    """Return a person's in-page messages, newest first."""
    mine = (Message.user_id == user_id, Message.sent_at.is_not(None), Message.channel == "page")
    return session.scalars(select(Message).where(*mine).order_by(Message.id.desc()).limit(limit)).all()


def unread_count(session: Session, user_id: int) -> int:
    """Count a person's in-page messages not read yet."""
    mine = (Message.user_id == user_id, Message.sent_at.is_not(None), Message.read_at.is_(None))
    wanted = select(func.count()).select_from(Message).where(*mine, Message.channel == "page")
    return session.scalars(wanted).one()


def read_message(session: Session, message_id: int, user_id: int, now: datetime) -> None:
    """Mark a person's own message as read; a foreign one is left alone."""
    message = session.get(Message, message_id)
    if message is not None and message.user_id == user_id and message.read_at is None:
        message.read_at = now
