"""Messages decided in a transaction, delivered after it: never lost, never decided twice (safety rule 11).

A message in the page is delivered by being here. Any other is leased by one sender at a time, sent with no transaction
open, and settled; a lease that its sender did not live to settle ends by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Dialect,
    ForeignKey,
    Index,
    String,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base, Prepared, UtcDateTime, connection_of, prepared
from ledger.people import Post, User
from ledger.vocabulary import Role

PAGE = "page"  # the channel that is always there
DIGEST = "digest"
NO_ITEM = 0  # of a line that speaks of no item: nothing can overtake it
AT_ONCE = "at_once"  # a person asked another for something: told over every channel without waiting for an hour
_UNSENT = text("sent_at IS NULL AND dead_at IS NULL")


class Message(Base):
    """One message to one person over one channel. `dedupe_key` is why it cannot be written twice."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    kind: Mapped[str] = mapped_column(default="")  # digest, urge, …: which text and which provider's template
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    subject: Mapped[str]
    body: Mapped[str]
    link: Mapped[str] = mapped_column(default="")  # the page it is about, as a path of ours
    lines: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))  # what it speaks of, as `Line`; None: of no item
    created_at: Mapped[datetime]
    not_before_at: Mapped[datetime]
    leased_until_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]  # given up, or overtaken: all it spoke of was done before it went out
    read_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
    receipt: Mapped[str] = mapped_column(default="", index=True)  # the provider's number for it
    delivered_at: Mapped[datetime | None]  # as the provider reported
    parts: Mapped[int] = mapped_column(default=0)  # text messages it was billed as

    __table_args__ = (
        Index("ix_message_unsent", "channel", "not_before_at", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
        Index("ix_message_kind_created_at", "kind", "created_at"),
    )


LEASE = timedelta(seconds=80)  # then, with a tick, somebody else sends what a dead sender held: within 90 s
MOST_ATTEMPTS = 8
_FIRST_WAIT = timedelta(minutes=1)


@dataclass(frozen=True)
class Line:
    """One item in a message: `left` working days until it is due, negative when overdue, None when it is new."""

    item_id: int
    text: str
    brief: str
    left: int | None = None
    round_item_id: int = NO_ITEM  # a step of a round, where the line speaks of one


@dataclass(frozen=True)
class Notice:
    """A message decided on; a `key` already written is not written again."""

    key: str
    channel: str
    user_id: int
    subject: str
    body: str
    kind: str = ""
    lines: tuple[Line, ...] | None = None
    not_before_at: datetime | None = None
    link: str = ""


def post(session: Session, notices: Sequence[Notice], now: datetime) -> int:
    """Write messages into the outbox and return how many are new; two clocks at once write each one once."""
    if not notices:
        return 0
    keys = [notice.key for notice in notices]
    known = set(session.scalars(select(Message.dedupe_key).where(Message.dedupe_key.in_(keys))))
    fresh = [_row(notice, now) for notice in notices if notice.key not in known]
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
    connection = connection_of(session)
    given = {"unit": unit_id, "key": f"{telling.key}:", "subject": telling.subject, "body": telling.body, "now": now}
    _to_unit(connection.dialect).write(connection, given)


@lru_cache(maxsize=16)
def _to_unit(database: Dialect) -> Prepared:
    dialect = postgresql if database.name == "postgresql" else sqlite
    moment = bindparam("now", type_=UtcDateTime())
    row: dict[str, ColumnElement[Any]] = {
        "dedupe_key": bindparam("key", type_=String()) + cast(Post.user_id, String),
        "channel": literal(PAGE),
        "user_id": Post.__table__.c.user_id,
        "subject": bindparam("subject", type_=String()),
        "body": bindparam("body", type_=String()),
        "created_at": moment,
        "not_before_at": moment,
        "sent_at": moment,
        "kind": literal("passed"),
        "link": literal(""),
        "receipt": literal(""),
        "parts": literal(0),
        "attempts": literal(0),
        "error": literal(""),
    }
    people = (Post.unit_id == bindparam("unit"), Post.role == str(Role.HANDLER), User.disabled_at.is_(None))
    wanted = select(*row.values()).join(User, User.id == Post.user_id).where(*people)
    written = dialect.insert(Message.__table__).from_select(list(row), wanted, include_defaults=False)
    return prepared(written.on_conflict_do_nothing(index_elements=["dedupe_key"]), database)


def _row(notice: Notice, now: datetime) -> dict[str, Any]:
    return {
        "dedupe_key": notice.key,
        "channel": notice.channel,
        "kind": notice.kind,
        "user_id": notice.user_id,
        "subject": notice.subject,
        "body": notice.body,
        "link": notice.link,
        "lines": None if notice.lines is None else [_told(line) for line in notice.lines],
        "created_at": now,
        "not_before_at": notice.not_before_at or now,
        "attempts": 0,
        "sent_at": now if notice.channel == PAGE else None,
        "error": "",
        "receipt": "",
        "parts": 0,
    }


def _told(line: Line) -> list[Any]:
    return [line.item_id, line.text, line.brief, line.left, line.round_item_id]


def lines_of(message: Message) -> tuple[Line, ...]:
    """Return what a message speaks of."""
    return tuple(Line(*row) for row in message.lines or ())


def claim_messages(
    session: Session, channel: str, now: datetime, limit: int, lease: timedelta = LEASE
) -> Sequence[Message]:
    """Lease the oldest messages to be sent over a channel; several senders never take the same one."""
    free = or_(Message.leased_until_at.is_(None), Message.leased_until_at <= now)
    waiting = (Message.channel == channel, Message.sent_at.is_(None), Message.dead_at.is_(None))
    oldest = select(Message).where(*waiting, Message.not_before_at <= now, free)
    ordered = oldest.order_by(Message.not_before_at, Message.id).limit(limit)
    claimed = session.scalars(ordered.with_for_update(skip_locked=True)).all()
    for message in claimed:
        message.leased_until_at, message.attempts = now + lease, message.attempts + 1
    return claimed


def give_back(session: Session, message_ids: Collection[int], not_before_at: datetime) -> None:
    """Return messages that were claimed and not tried: their attempt does not count."""
    session.execute(
        update(Message)
        .where(Message.id.in_(message_ids), Message.sent_at.is_(None))
        .values(leased_until_at=None, attempts=Message.attempts - 1, not_before_at=not_before_at)
    )


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


def note_sent(session: Session, message_id: int, now: datetime, receipt: str, parts: int) -> None:
    """Settle a message that went out, in one statement: thousands are sent in a row."""
    given = {"message": message_id, "now": now, "number": receipt, "count": parts}
    session.connection().execute(_SENT, given)


_TABLE: Any = Message.__table__
_SENT = (  # built once: building it takes longer than sending it
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("message"))
    .values(
        sent_at=bindparam("now", type_=UtcDateTime()),
        leased_until_at=None,
        error="",
        receipt=bindparam("number"),
        parts=bindparam("count"),
    )
)


def note_receipt(session: Session, receipt: str, now: datetime, failure: str = "") -> bool:
    """Write down what the provider reports of a message; False when it is none of ours."""
    reported = {"delivered_at": now} if not failure else {"error": failure}
    known = (Message.receipt == receipt, Message.sent_at.is_not(None))
    if not receipt or not session.scalars(select(exists().where(*known))).one():
        return False
    session.execute(update(Message).where(*known).values(reported))
    return True


def revive(session: Session, message_id: int, now: datetime) -> bool:
    """Send a dead message once more from the start; False when it is not dead."""
    message = session.get(Message, message_id, with_for_update=True)
    if message is None or message.dead_at is None:
        return False
    message.dead_at, message.attempts, message.not_before_at, message.error = None, 0, now, ""
    return True


def parts_sent(session: Session, channel: str, user_ids: Collection[int], since: datetime) -> int:
    """Count the text messages billed for these people since a moment."""
    sent = and_(Message.channel == channel, Message.sent_at >= since, Message.user_id.in_(user_ids))
    return session.scalars(select(func.coalesce(func.sum(Message.parts), 0)).where(sent)).one()


def told_at_once(session: Session, since: datetime) -> Sequence[Message]:
    """Return the pages' messages since a moment that go over a person's other channels too."""
    wanted = (Message.kind == AT_ONCE, Message.channel == PAGE, Message.created_at >= since)
    return session.scalars(select(Message).where(*wanted).order_by(Message.id)).all()


def last_digests(session: Session, since: datetime) -> dict[tuple[int, str], datetime]:
    """Return when each person was last told over each channel, by digests written since a moment."""
    told = select(Message.user_id, Message.channel, func.max(Message.created_at))
    written = told.where(Message.kind == DIGEST, Message.created_at >= since)
    rows = session.execute(written.group_by(Message.user_id, Message.channel))
    return {(user_id, channel): at for user_id, channel, at in rows}
