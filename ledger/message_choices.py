"""Which channels a person wants, and at which hours; what the administrator allows bounds it (T3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base
from ledger.outbox import PAGE
from ledger.people import User

EMAIL, SMS = "email", "sms"
CHANNELS = (PAGE, EMAIL, SMS)
HOURS = (9, 11, 14, 16)  # at which messages may gather, Asia/Shanghai; SMS is silent from 20:00 to 08:30
USUAL: Mapping[str, tuple[int, ...]] = {PAGE: (9, 14), EMAIL: (9,), SMS: (9,)}


class MessageChoice(Base):
    """One channel of one person; no row means what is usual."""

    __tablename__ = "message_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    channel: Mapped[str]
    hours: Mapped[list[int]]  # none: not over this channel

    __table_args__ = (UniqueConstraint("user_id", "channel"),)


@dataclass(frozen=True)
class Reachable:
    """A person and where messages reach them: an address per channel they want, and the hours they gather at."""

    user_id: int
    name: str
    hours: Mapping[str, tuple[int, ...]]
    addresses: Mapping[str, str] = field(default_factory=dict)

    def wants(self, channel: str) -> bool:
        return bool(self.hours.get(channel)) and (channel == PAGE or bool(self.addresses.get(channel)))


def reachable(session: Session, user_ids: Collection[int], channels: Collection[str]) -> dict[int, Reachable]:
    """Return how to reach people over `channels`; who may not sign in is told nothing."""
    wanted = select(User.id, User.name, User.email, User.telephone).where(User.disabled_at.is_(None))
    people = session.execute(wanted.where(User.id.in_(user_ids))).all()
    chosen: dict[int, dict[str, tuple[int, ...]]] = {}
    rows = session.execute(
        select(MessageChoice.user_id, MessageChoice.channel, MessageChoice.hours).where(
            MessageChoice.user_id.in_(user_ids)
        )
    )
    for user_id, channel, hours in rows:
        chosen.setdefault(user_id, {})[channel] = tuple(hours)
    return {
        user_id: Reachable(
            user_id,
            name,
            {channel: {**USUAL, **chosen.get(user_id, {})}.get(channel, ()) for channel in channels},
            {EMAIL: email or "", SMS: telephone or ""},
        )
        for user_id, name, email, telephone in people
    }


def choices_of(session: Session, user_id: int) -> dict[str, tuple[int, ...]]:
    """Return a person's hours per channel, the usual ones where nothing was chosen."""
    rows = session.execute(select(MessageChoice.channel, MessageChoice.hours).where(MessageChoice.user_id == user_id))
    return {**USUAL, **{channel: tuple(hours) for channel, hours in rows}}


def choose(session: Session, user_id: int, channel: str, hours: Collection[int]) -> None:
    """Keep at which hours a person is told over a channel; the page always has its first hour."""
    kept = sorted(set(hours) & set(HOURS)) or ([HOURS[0]] if channel == PAGE else [])
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = dialect.insert(MessageChoice).values(user_id=user_id, channel=channel, hours=kept)
    session.execute(row.on_conflict_do_update(index_elements=["user_id", "channel"], set_={"hours": kept}))


def without_address(session: Session, county_id: int) -> list[tuple[str, bool, bool]]:
    """List people of a county whom email or text messages cannot reach: name, has an email, has a telephone."""
    rows = session.execute(select(User).where(User.disabled_at.is_(None)).order_by(User.id)).scalars()
    return [
        (user.name, bool(user.email), bool(user.telephone))
        for user in rows
        if any(post.unit.county_id == county_id for post in user.posts) and not (user.email and user.telephone)
    ]
