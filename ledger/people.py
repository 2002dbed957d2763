"""Units, people, their roles in units, their sign-ins, and who sees what (O1, O2).

A unit's `path` names all its ancestors (`/1/2/17/`), so a subtree is one indexed prefix on every database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.db import Base, SealedText
from ledger.vocabulary import Role, UnitKind

COUNTY_WIDE = frozenset({UnitKind.CITY, UnitKind.COUNTY, UnitKind.BUREAU, UnitKind.AGRICULTURE, UnitKind.OFFICE})


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
    created_at: Mapped[datetime]

    posts: Mapped[list[Post]] = relationship(back_populates="user")


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


@dataclass(frozen=True)
class PostView:
    """One post of the person who acts."""

    unit_id: int
    unit_name: str
    unit_kind: UnitKind
    unit_path: str
    county_id: int | None
    role: Role


@dataclass(frozen=True)
class Actor:
    """Who acts: a person with all posts, or the clock (`user_id` None)."""

    user_id: int | None
    name: str
    posts: tuple[PostView, ...] = ()
    address: str = ""

    def holds(self, role: Role, unit_id: int | None = None) -> bool:
        """Say whether the person holds `role`, in `unit_id` when given."""
        return any(p.role == role and unit_id in (None, p.unit_id) for p in self.posts)

    def in_unit(self, unit_id: int) -> bool:
        return any(p.unit_id == unit_id for p in self.posts)

    @property
    def places(self) -> Collection[tuple[int, str]]:
        """The (unit, role) pairs whose work items are this person's."""
        return {(p.unit_id, str(p.role)) for p in self.posts}


CLOCK = Actor(None, "系统")


@dataclass(frozen=True)
class Standing:
    """The units of one county that a diagram's lanes can mean, looked up once per step."""

    bureau_id: int
    office_id: int
    agriculture_id: int | None
    reviewer_ids: tuple[int, ...]
    staffed: Mapping[int, bool]
