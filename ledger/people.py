"""Units, people, their roles in units and their sign-ins (O1, O2).

A unit's `path` names all its ancestors (`/1/2/17/`), so a subtree is one indexed prefix on every database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, exists, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger.asking import asked_once
from ledger.db import Base, SealedText
from ledger.vocabulary import Role, UnitKind


class Unit(Base):
    """A node of the tree 市 → 县 → units of the county → villages; rows are closed, never deleted."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)  # region code, with a suffix for the units of a county
    name: Mapped[str]  # as printed: 彭水县桑柘镇人民政府
    short_name: Mapped[str]  # as listed: 桑柘镇
    kind: Mapped[str]  # UnitKind
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    county_id: Mapped[int | None]  # of everything at or below a county
    path: Mapped[str] = mapped_column(index=True)
    staffed: Mapped[bool] = mapped_column(default=False)  # somebody can act for it; else its township does
    closed_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_unit_county_id_kind", "county_id", "kind"),)


class User(Base):
    """A person who signs in. The telephone number and the address are personal data (M2)."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    telephone: Mapped[str | None] = mapped_column(SealedText)
    email: Mapped[str | None] = mapped_column(SealedText)
    failed_count: Mapped[int] = mapped_column(default=0)
    locked_until_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    large_type: Mapped[bool] = mapped_column(default=False)  # 大字版, wherever the person signs in
    created_at: Mapped[datetime]

    posts: Mapped[list[Post]] = relationship(back_populates="user")
    stand_ins: Mapped[list[Substitution]] = relationship(
        primaryjoin="and_(User.id == Substitution.substitute_id, Substitution.ended_at.is_(None))", viewonly=True
    )


class Post(Base):
    """A role that a person holds in a unit (岗位)."""

    __tablename__ = "post"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    role: Mapped[str]  # Role

    user: Mapped[User] = relationship(back_populates="posts")
    unit: Mapped[Unit] = relationship()

    __table_args__ = (UniqueConstraint("user_id", "unit_id", "role"),)


class Substitution(Base):
    """代办: for some days one person does what waits for a post of another, under one's own name and beside one's own.

    It never gives more than the absent person holds, and ends with the post.
    """

    __tablename__ = "substitution"

    id: Mapped[int] = mapped_column(primary_key=True)
    absent_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    substitute_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    role: Mapped[str]  # Role of the post
    first_on: Mapped[date]
    last_on: Mapped[date]
    reason: Mapped[str]
    arranged_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    arranged_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # before its last day

    absent: Mapped[User] = relationship(foreign_keys=[absent_id])
    substitute: Mapped[User] = relationship(foreign_keys=[substitute_id])
    unit: Mapped[Unit] = relationship()

    def holds_on(self, day: date) -> bool:
        """Say whether it counts on a day: its own days, and a post that the absent person still has."""
        if self.ended_at is not None or not self.first_on <= day <= self.last_on:
            return False
        kept = any(post.unit_id == self.unit_id and post.role == self.role for post in self.absent.posts)
        return kept and self.absent.disabled_at is None and self.unit.closed_at is None


class SignIn(Base):
    """A session of one browser; only the hash of its random id is stored (safety rule 9)."""

    __tablename__ = "sign_in"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]  # real time: the demonstration's clock does not move it
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str]
    agent: Mapped[str]
    # the ID token of the portal that vouched, or "" where it is too long; none where a password was given
    portal_token: Mapped[str | None] = mapped_column(SealedText)


@asked_once
def units_of_kind(session: Session, county_id: int, kinds: Collection[str]) -> Sequence[Unit]:
    """Return a county's open units of `kinds`, in the order they were entered."""
    wanted = (Unit.county_id == county_id, Unit.kind.in_(kinds), Unit.closed_at.is_(None))
    return session.scalars(select(Unit).where(*wanted).order_by(Unit.id)).all()


def appoint(session: Session, user: User, unit: Unit, role: Role) -> Post:
    """Give `user` a role in `unit`; a handler makes the unit staffed."""
    post = Post(user=user, unit=unit, role=role)
    session.add(post)
    if role is Role.HANDLER:
        unit.staffed = True
    return post


def holders_in(session: Session, unit_id: int, role: Role) -> Sequence[User]:
    """Return who holds a role in a unit and may sign in, in the order they were entered."""
    wanted = (Post.unit_id == unit_id, Post.role == role, User.disabled_at.is_(None))
    return session.scalars(select(User).join(Post, Post.user_id == User.id).where(*wanted).order_by(User.id)).all()


def signer_and_telephone(session: Session, unit_id: int, user_id: int | None) -> tuple[str, str]:
    """Return who alone signs for a unit, "" where nobody or several do, and a person's telephone number."""
    signs = exists().where(Post.user_id == User.id, Post.unit_id == unit_id, Post.role == Role.SIGNER)
    wanted = select(User.id, User.name, User.telephone, signs).where(or_(User.id == user_id, signs))
    rows = session.execute(wanted.where(User.disabled_at.is_(None))).all()
    signers = [name for _id, name, _telephone, is_signer in rows if is_signer]
    telephone = next((telephone for found, _name, telephone, _is_signer in rows if found == user_id), None)
    return signers[0] if len(signers) == 1 else "", telephone or ""


def colleagues_of(session: Session, user_id: int) -> Collection[int]:
    """Return everybody who holds a post in one of a person's units, the person too."""
    units = select(Post.unit_id).where(Post.user_id == user_id)
    return set(session.scalars(select(Post.user_id).where(Post.unit_id.in_(units))))


def counties(session: Session) -> Sequence[Unit]:
    """Return the counties of this installation, in the order they were entered."""
    return session.scalars(select(Unit).where(Unit.kind == UnitKind.COUNTY).order_by(Unit.id)).all()


def anybody(session: Session) -> bool:
    """Say whether anybody can sign in yet."""
    return session.scalars(select(User.id).limit(1)).first() is not None
