"""What a person searched a list for: remembered from one visit to the next, kept under a name, shared with the unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, delete, or_, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.db import Base
from ledger.people import Unit, User
from ledger.scope import Actor

LAST = ""
"""The name under which the last search of a list is remembered."""
NAME_LENGTH = 20
MOST_FILTERS = 20


class SavedFilter(Base):
    """One search of one list by one person; `unit_id` when the colleagues of that unit see it too."""

    __tablename__ = "saved_filter"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    listing: Mapped[str]
    name: Mapped[str]
    query: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]

    user: Mapped[User] = relationship()
    unit: Mapped[Unit | None] = relationship()

    __table_args__ = (UniqueConstraint("user_id", "listing", "name"),)


class FilterRefused(ValueError):
    """查询条件不能保存."""


@dataclass(frozen=True)
class Search:
    """A search of one list, as its address writes it."""

    listing: str
    query: Mapping[str, str]


def remember(session: Session, actor: Actor, search: Search, now: datetime) -> None:
    """Remember what a person last searched a list for; an empty search forgets it."""
    known = _own(session, actor, search.listing, LAST)
    if not search.query:
        if known is not None:
            session.delete(known)
        return
    _keep(session, known, SavedFilter(user_id=actor.user_id, listing=search.listing, name=LAST), search, now)


def remembered(session: Session, actor: Actor, listing: str) -> dict[str, str]:
    """Return what a person last searched a list for."""
    known = _own(session, actor, listing, LAST)
    return dict(known.query) if known is not None else {}


def save_filter(session: Session, actor: Actor, search: Search, name: str, shared: bool, now: datetime) -> SavedFilter:
    """Keep a search under a name, in place of one of that name; `shared` shows it to the unit. FilterRefused."""
    words = " ".join(name.split())
    if not words:
        raise FilterRefused("请给保存的条件起个名字")
    if len(words) > NAME_LENGTH:
        raise FilterRefused(f"条件的名字最多 {NAME_LENGTH} 字")
    if not search.query:
        raise FilterRefused("还没有选择条件，不能保存")
    own = [each for each in saved_filters(session, actor, search.listing) if each.user_id == actor.user_id]
    known = next((each for each in own if each.name == words), None)
    if known is None and len(own) >= MOST_FILTERS:
        raise FilterRefused(f"最多保存 {MOST_FILTERS} 组条件，请先删去不用的")
    kept = _keep(session, known, SavedFilter(user_id=actor.user_id, listing=search.listing, name=words), search, now)
    kept.unit_id = actor.posts[0].unit_id if shared and actor.posts else None
    return kept


def _keep(session: Session, known: SavedFilter | None, new: SavedFilter, search: Search, now: datetime) -> SavedFilter:
    kept = known or new
    kept.query, kept.saved_at = dict(search.query), now
    session.add(kept)
    return kept


def saved_filters(session: Session, actor: Actor, listing: str) -> Sequence[SavedFilter]:
    """Return a list's named searches: the person's own, then those that colleagues share."""
    units = {post.unit_id for post in actor.posts}
    wanted = select(SavedFilter).where(
        SavedFilter.listing == listing,
        SavedFilter.name != LAST,
        or_(SavedFilter.user_id == actor.user_id, SavedFilter.unit_id.in_(units)),
    )
    rows = session.scalars(wanted.options(joinedload(SavedFilter.user)).order_by(SavedFilter.id)).all()
    return sorted(rows, key=lambda each: each.user_id != actor.user_id)


def drop_filter(session: Session, actor: Actor, filter_id: int) -> None:
    """Forget one of a person's own named searches; a foreign one is left alone."""
    session.execute(delete(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.user_id == actor.user_id))


def _own(session: Session, actor: Actor, listing: str, name: str) -> SavedFilter | None:
    mine = (SavedFilter.user_id == actor.user_id, SavedFilter.listing == listing, SavedFilter.name == name)
    return session.scalars(select(SavedFilter).where(*mine)).one_or_none()
