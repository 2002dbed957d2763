"""What hangs on one person among all that waits: items taken, asked to be filled, and begun in a draft."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, defer, joinedload

from ledger.cases import Case, Draft, WorkItem
from ledger.people import Post, User
from ledger.vocabulary import Role

_WORKING = (Role.HANDLER, Role.SIGNER)


def held_items(session: Session, user_id: int) -> Sequence[WorkItem]:
    """Return the open items a person has taken, asked somebody to fill, or begun to write, oldest first.

    A signed item that waits for its signature hangs on nobody.
    """
    begun = select(Draft.item_id).where(Draft.user_id == user_id)
    hangs = or_(WorkItem.claimed_by_id == user_id, WorkItem.delegated_by_id == user_id, WorkItem.id.in_(begun))
    wanted = select(WorkItem).where(WorkItem.completed_at.is_(None), hangs)
    whole = (joinedload(WorkItem.unit), joinedload(WorkItem.case).options(joinedload(Case.project), defer(Case.state)))
    return session.scalars(wanted.options(*whole, defer(WorkItem.answers)).order_by(WorkItem.id)).all()


def held_counts(session: Session, user_ids: Collection[int]) -> Mapping[int, int]:
    """Count the open items each person has taken."""
    wanted = select(WorkItem.claimed_by_id, func.count()).where(
        WorkItem.completed_at.is_(None), WorkItem.claimed_by_id.in_(user_ids)
    )
    rows = session.execute(wanted.group_by(WorkItem.claimed_by_id))
    return {user_id: count for user_id, count in rows if user_id is not None}


def move_draft(session: Session, item_id: int, from_id: int, to_id: int) -> bool:
    """Give what one person typed on an item to another who has typed nothing there; says whether it moved."""
    drafts = {draft.user_id: draft for draft in session.scalars(select(Draft).where(Draft.item_id == item_id))}
    if from_id not in drafts or to_id in drafts:
        return False
    drafts[from_id].user_id = to_id
    return True


def members(session: Session, unit_ids: Collection[int]) -> Sequence[User]:
    """Return who works in some units, those who may no longer sign in too."""
    wanted = select(User).join(Post, Post.user_id == User.id)
    found = wanted.where(Post.unit_id.in_(unit_ids), Post.role.in_(_WORKING)).distinct().order_by(User.id)
    return session.scalars(found).all()


def member(session: Session, user_id: int) -> User | None:
    """Return a person with posts."""
    wanted = select(User).where(User.id == user_id).options(joinedload(User.posts).joinedload(Post.unit))
    return session.scalars(wanted).unique().one_or_none()
