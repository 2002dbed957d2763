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

EMAIL, SMS, CHAT = "email", "sms", "chat"
CHANNELS = (PAGE, EMAIL, SMS, CHAT)
ADDRESSED = (EMAIL, SMS)  # channels that need an address of the person's own
HOURS = (9, 11, 14, 16)  # at which messages may gather, Asia/Shanghai, where the administrator set no others
OFFERED = tuple(range(8, 20))  # hours an administrator may allow; SMS is silent from 20:00 to 08:30
Hours = Mapping[str, tuple[int, ...]]
USUAL: Hours = {PAGE: (9, 14), EMAIL: (9,), SMS: (9,), CHAT: ()}  # a group hears only of who asks for it


class MessageChoice(Base):
    """One channel of one person; no row means what is usual."""

    __tablename__ = "message_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    channel: Mapped[str]
    hours: Mapped[list[int]]  # none: not over this channel

    __table_args__ = (UniqueConstraint("user_id", "channel"),)


class AllowedHours(Base):
    """The hours an administrator allows for one channel; no row means HOURS."""

    __tablename__ = "allowed_hours"

    channel: Mapped[str] = mapped_column(primary_key=True)
    hours: Mapped[list[int]]


def allowed_hours(session: Session) -> Hours:
    """Return by channel the hours among which people choose."""
    rows = session.execute(select(AllowedHours.channel, AllowedHours.hours))
    return {**dict.fromkeys(CHANNELS, HOURS), **{channel: tuple(hours) for channel, hours in rows}}


def allow_hours(session: Session, channel: str, hours: Collection[int]) -> None:
    """Keep which hours may be chosen for a channel; there is always one."""
    kept = sorted(set(hours) & set(OFFERED)) or [HOURS[0]]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = dialect.insert(AllowedHours).values(channel=channel, hours=kept)
    session.execute(row.on_conflict_do_update(index_elements=["channel"], set_={"hours": kept}))


def hours_told(session: Session) -> tuple[int, ...]:
    """Return every hour of the day at which somebody may be told something."""
    return tuple(sorted({hour for hours in allowed_hours(session).values() for hour in hours}))


def within(chosen: Collection[int], allowed: tuple[int, ...]) -> tuple[int, ...]:
    """Return the chosen hours that are allowed; whoever chose only others is told at the first allowed after them."""
    kept = tuple(hour for hour in allowed if hour in chosen)
    if kept or not chosen:
        return kept
    return (next((hour for hour in allowed if hour >= min(chosen)), allowed[-1]),)


@dataclass(frozen=True)
class Reachable:
    """A person and where messages reach them: an address per channel they want, and the hours they gather at."""

    user_id: int
    name: str
    hours: Mapping[str, tuple[int, ...]]
    addresses: Mapping[str, str] = field(default_factory=dict)

    def wants(self, channel: str) -> bool:
        return bool(self.hours.get(channel)) and (channel not in ADDRESSED or bool(self.addresses.get(channel)))


def reachable(session: Session, user_ids: Collection[int], channels: Collection[str]) -> dict[int, Reachable]:
    """Return how to reach people over `channels`; who may not sign in is told nothing."""
    wanted = select(User.id, User.name, User.email, User.telephone).where(User.disabled_at.is_(None))
    people = session.execute(wanted.where(User.id.in_(user_ids))).all()
    allowed, chosen = allowed_hours(session), dict[int, dict[str, tuple[int, ...]]]()
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
            {
                channel: within({**USUAL, **chosen.get(user_id, {})}.get(channel, ()), allowed.get(channel, HOURS))
                for channel in channels
            },
            {EMAIL: email or "", SMS: telephone or ""},
        )
        for user_id, name, email, telephone in people
    }


def choices_of(session: Session, user_id: int) -> dict[str, tuple[int, ...]]:
    """Return a person's hours per channel, the usual ones where nothing was chosen."""
    rows = session.execute(select(MessageChoice.channel, MessageChoice.hours).where(MessageChoice.user_id == user_id))
    chosen, allowed = {**USUAL, **{channel: tuple(hours) for channel, hours in rows}}, allowed_hours(session)
    return {channel: within(hours, allowed.get(channel, HOURS)) for channel, hours in chosen.items()}


def choose(session: Session, user_id: int, channel: str, hours: Collection[int]) -> None:
    """Keep at which of the allowed hours a person is told over a channel; the page always has its first hour."""
    allowed = allowed_hours(session)[channel]
    kept = sorted(set(hours) & set(allowed)) or ([allowed[0]] if channel == PAGE else [])
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = dialect.insert(MessageChoice).values(user_id=user_id, channel=channel, hours=kept)
    session.execute(row.on_conflict_do_update(index_elements=["user_id", "channel"], set_={"hours": kept}))


def without_address(session: Session, county_id: int) -> list[tuple[User, str]]:
    """List people of a county whom email or text messages cannot reach, each with the units one works in."""
    rows = session.execute(select(User).where(User.disabled_at.is_(None)).order_by(User.id)).scalars()
    return [
        (user, "、".join(dict.fromkeys(post.unit.short_name for post in user.posts)))
        for user in rows
        if any(post.unit.county_id == county_id for post in user.posts) and not (user.email and user.telephone)
    ]
