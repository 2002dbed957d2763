"""Units, people, their roles in units, their sign-ins, and who sees what (O1, O2).

A unit's `path` names all its ancestors (`/1/2/17/`), so a subtree is one indexed prefix on every database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from ledger.asking import asked_once
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
    large_type: Mapped[bool] = mapped_column(default=False)  # 大字版, wherever the person signs in
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


def actor_of(user: User, address: str = "") -> Actor:
    """Return `user` with all posts in open units, as the value that acts."""
    posts = tuple(
        PostView(
            post.unit_id,
            post.unit.short_name,
            UnitKind(post.unit.kind),
            post.unit.path,
            post.unit.county_id,
            Role(post.role),
        )
        for post in user.posts
        if post.unit.closed_at is None
    )
    return Actor(user.id, user.name, posts, address)


def signature_of(actor: Actor) -> str:
    """Return unit and person as lists show them; a person named after the unit is not told twice."""
    unit = actor.posts[0].unit_name if actor.posts else ""
    return actor.name if actor.name.startswith(unit) else f"{unit} {actor.name}"


def standing(session: Session, county_id: int) -> Standing:
    """Look up the units of a county that lanes can mean, and which of all its units are staffed (one statement)."""
    rows = session.execute(
        select(Unit.id, Unit.kind, Unit.staffed)
        .where(Unit.county_id == county_id, Unit.closed_at.is_(None))
        .order_by(Unit.id)
    ).all()
    by_kind: dict[str, list[int]] = {}
    for unit_id, kind, _staffed in rows:
        by_kind.setdefault(kind, []).append(unit_id)
    return Standing(
        bureau_id=by_kind[UnitKind.BUREAU][0],
        office_id=by_kind[UnitKind.OFFICE][0],
        agriculture_id=next(iter(by_kind.get(UnitKind.AGRICULTURE, [])), None),
        reviewer_ids=tuple(by_kind.get(UnitKind.REVIEWER, [])),
        staffed={unit_id: staffed for unit_id, _kind, staffed in rows},
    )


def units_below(session: Session, actor: Actor) -> Sequence[Unit]:
    """Return the open units of the person's subtrees, by kind and name."""
    paths = {reach_of(post) for post in actor.posts}
    inside = or_(*(Unit.path.startswith(path, autoescape=True) for path in paths)) if paths else false()
    return session.scalars(select(Unit).where(inside, Unit.closed_at.is_(None)).order_by(Unit.id)).all()


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


def reach_of(post: PostView) -> str:
    """The path below which a post sees: the county-wide units of a county see all of it."""
    if post.unit_kind in COUNTY_WIDE and post.unit_kind not in (UnitKind.CITY, UnitKind.COUNTY):
        return post.unit_path.rsplit("/", 2)[0] + "/"  # the county above the bureau, the office, the committee
    return post.unit_path


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


def holders_of_posts(session: Session) -> dict[tuple[int, str], Actor]:
    """Return for each unit and role the first person who holds it."""
    users = session.scalars(select(User).options(selectinload(User.posts).joinedload(Post.unit)).order_by(User.id))
    found: dict[tuple[int, str], Actor] = {}
    for actor in map(actor_of, users):
        for place in actor.places:
            found.setdefault(place, actor)
    return found
