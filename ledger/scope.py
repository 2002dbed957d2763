"""Who asks, and which projects and cases they see: one condition, put into every query that lists or opens them.

Unknown and foreign look the same to who asks (safety rule 3).

A unit sees its subtree; the bureau, the agriculture committee and the leading group's office see their county; a
place sees what is run on its ground; a reviewing body sees what it was asked about. No township sees another's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, false, or_, select, true, update
from sqlalchemy.orm import Session, aliased

from ledger.cases import Case, Draft, WorkItem
from ledger.db import day_of
from ledger.installation import Installation
from ledger.people import Post, SignIn, Substitution, Unit, User
from ledger.projects import Project
from ledger.vocabulary import Role, UnitKind

BUSINESS = frozenset({Role.HANDLER, Role.SIGNER, Role.SUPERVISOR})
COUNTY_WIDE = frozenset({UnitKind.CITY, UnitKind.COUNTY, UnitKind.BUREAU, UnitKind.AGRICULTURE, UnitKind.OFFICE})
_TOUCH_EVERY = timedelta(seconds=60)  # a sign-in's last use is written at most once a minute


@dataclass(frozen=True)
class PostView:
    """One post of the person who acts."""

    unit_id: int
    unit_name: str
    unit_kind: UnitKind
    unit_path: str
    county_id: int | None
    role: Role
    for_id: int | None = None  # in whose place, when it is another's post
    for_name: str = ""


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

    def stands_in(self, unit_id: int, role: str, held_by: int | None = None) -> PostView | None:
        """Return the other person's post by which this one acts at a place; None when it is the own post.

        An own post goes first, unless the item is held by (`held_by`) who is stood in for.
        """
        there = [p for p in self.posts if p.unit_id == unit_id and p.role == role]
        others = [p for p in there if p.for_id is not None and held_by in (None, p.for_id)]
        own = any(p.for_id is None for p in there) and held_by not in {p.for_id for p in others} - {None}
        return None if own or not others else others[0]

    @property
    def places(self) -> Collection[tuple[int, str]]:
        """The (unit, role) pairs whose work items are this person's."""
        return {(p.unit_id, str(p.role)) for p in self.posts}


CLOCK = Actor(None, "系统")


def actor_of(user: User, address: str = "", on: date | None = None) -> Actor:
    """Return `user` with all posts in open units, as the value that acts; `on` a day also with whom one stands in for.

    Own posts come first. Without a day nobody stands in for anybody: programs act for their own people alone.
    """
    own = [_view(post.unit, post.role) for post in user.posts if post.unit.closed_at is None]
    others = [] if on is None else [each for each in user.stand_ins if each.holds_on(on)]
    lent = [replace(_view(each.unit, each.role), for_id=each.absent_id, for_name=each.absent.name) for each in others]
    return Actor(user.id, user.name, (*own, *lent), address)


def _view(unit: Unit, role: str) -> PostView:
    return _post(unit.id, unit.short_name, unit.kind, unit.path, unit.county_id, role)


def signature_of(actor: Actor) -> str:
    """Return who acts as lists show them: unit and person."""
    return signed(actor.posts[0].unit_name if actor.posts else "", actor.name)


def signed(unit: str, name: str) -> str:
    """Return unit and person as lists show them; a person named after the unit is not told twice."""
    return name if name.startswith(unit) else f"{unit} {name}"


def reach_of(post: PostView) -> str:
    """The path below which a post sees: the county-wide units of a county see all of it."""
    if post.unit_kind in COUNTY_WIDE and post.unit_kind not in (UnitKind.CITY, UnitKind.COUNTY):
        return post.unit_path.rsplit("/", 2)[0] + "/"  # the county above the bureau, the office, the committee
    return post.unit_path


def hash_token(token: str) -> str:
    return sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Patience:
    """How long a session may idle, and how old it may grow."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True)
class Asking:
    """Who holds a session, how far the demonstration's clock is ahead, and when the session ends at last."""

    actor: Actor
    must_change_password: bool
    clock_ahead: timedelta
    ends_at: datetime


def who_asks(
    session: Session, token: str, real_now: datetime, patience: Patience, address: str = "", *, touch: bool = True
) -> Asking | None:
    """Return who holds `token`, or None when the session ended, idled too long or grew too old.

    One statement reads the person, all posts in open units, and the installation's clock. Unless `touch` is false,
    the session's idling begins anew.
    """
    rows = session.connection().execute(_asking(), {"token": hash_token(token)}).all()
    if not rows:
        return None
    created_at, seen_at, user_id, name, must_change, demonstration, seconds = rows[0][:7]
    if real_now - seen_at > patience.idle or real_now - created_at > patience.absolute:
        return None
    if touch and real_now - seen_at > _TOUCH_EVERY:
        session.execute(update(SignIn).where(SignIn.token_hash == hash_token(token)).values(seen_at=real_now))
    ahead = clock_ahead(demonstration, seconds)
    asker = Actor(user_id, name, _posts(rows, day_of(real_now + ahead)), address)
    return Asking(asker, must_change, ahead, created_at + patience.absolute)


_OWN, _LENT = 7, 13  # where the columns of an own post begin, and those of one that is stood in for


def _posts(rows: Sequence[Sequence[Any]], today: date) -> tuple[PostView, ...]:
    """Return the own posts of who asks, then those of absent people; each row holds one of both, or none."""
    own = {tuple(row[_OWN:_LENT]): _post(*row[_OWN:_LENT]) for row in rows if row[_OWN] is not None}
    lent = {
        tuple(row[_LENT:]): replace(_post(*row[_LENT : _LENT + 6]), for_id=row[-4], for_name=row[-3])
        for row in rows
        if row[_LENT] is not None and row[-3] is not None and row[-2] <= today <= row[-1]
    }
    return (*own.values(), *lent.values())


@lru_cache(maxsize=1)
def _asking() -> Select[Any]:
    # whom the portal vouches for needs no password here, and is not asked to change one
    due = (User.must_change_password & SignIn.portal_token.is_(None)).label("due")
    person: tuple[Any, ...] = (SignIn.created_at, SignIn.seen_at, User.id, User.name, due)
    clock: tuple[Any, ...] = (Installation.demonstration, Installation.clock_offset_seconds)
    unit: tuple[Any, ...] = (Unit.id, Unit.short_name, Unit.kind, Unit.path, Unit.county_id)
    lives = (SignIn.token_hash == bindparam("token"), SignIn.ended_at.is_(None), User.disabled_at.is_(None))
    wanted = select(*person, *clock, *unit, Post.role, *_LENDING).select_from(SignIn)
    wanted = wanted.join(User, User.id == SignIn.user_id)
    wanted = wanted.outerjoin(Installation, true()).outerjoin(Post, Post.user_id == User.id)
    wanted = wanted.outerjoin(Unit, (Unit.id == Post.unit_id) & Unit.closed_at.is_(None))
    return _with_lent(wanted).where(*lives).order_by(Post.id, Substitution.id)


_ABSENT, _KEPT, _PLACE = aliased(User), aliased(Post), aliased(Unit)
_LENDING: tuple[Any, ...] = (
    *(_PLACE.id, _PLACE.short_name, _PLACE.kind, _PLACE.path, _PLACE.county_id, _KEPT.role),
    *(_ABSENT.id, _ABSENT.name, Substitution.first_on, Substitution.last_on),
)


def _with_lent(wanted: Select[Any]) -> Select[Any]:
    """Join whom a person stands in for: the absent person may still sign in and has the post, in an open unit."""
    arranged = (Substitution.substitute_id == User.id) & Substitution.ended_at.is_(None)
    kept = (_KEPT.user_id == _ABSENT.id) & (_KEPT.unit_id == Substitution.unit_id) & (_KEPT.role == Substitution.role)
    joined = wanted.outerjoin(Substitution, arranged)
    joined = joined.outerjoin(_ABSENT, (_ABSENT.id == Substitution.absent_id) & _ABSENT.disabled_at.is_(None))
    joined = joined.outerjoin(_KEPT, kept)
    return joined.outerjoin(_PLACE, (_PLACE.id == _KEPT.unit_id) & _PLACE.closed_at.is_(None))


def _post(unit_id: int, name: str, kind: str, path: str, county_id: int | None, role: str) -> PostView:
    return PostView(unit_id, name, UnitKind(kind), path, county_id, Role(role))


def clock_ahead(demonstration: bool | None, seconds: int | None) -> timedelta:
    """Return how far the clock of the procedure is ahead; only the demonstration's can be."""
    return timedelta(seconds=(seconds or 0) if demonstration else 0)


ASKED_OPINIONS = ("joint_review", "consultation")
"""The steps that ask a unit for its opinion alone: it sees what that is about, not the whole case (P3)."""


def visible_projects(actor: Actor, *, wholly: bool = False) -> ColumnElement[bool]:
    """Return the condition on `Project` that holds for what `actor` may see; administrators' roles see nothing.

    `wholly` leaves out those a person's units were only asked an opinion of.
    """
    posts = [post for post in actor.posts if post.role in BUSINESS]
    if not posts:
        return false()
    reaches = {reach_of(post) for post in posts}
    below = select(Unit.id).where(or_(*(Unit.path.startswith(reach, autoescape=True) for reach in reaches)))
    whole = {post.county_id for post in posts if post.unit_kind in COUNTY_WIDE}
    own = {post.unit_id for post in posts}
    # says which table is the outer one: the statement around may itself join cases and items
    given = (Case.project_id == Project.id, WorkItem.case_id == Case.id, WorkItem.unit_id.in_(own))
    more = (WorkItem.stem.not_in(ASKED_OPINIONS),) if wholly else ()
    asked = exists().where(*given, *more).correlate(Project)
    return or_(
        Project.county_id.in_(below) if None in whole else Project.county_id.in_(whole),
        Project.responsible_unit_id.in_(below),
        Project.township_id.in_(below),
        Project.village_id.in_(below),
        asked,
    )


def case_id_of_visible_item(session: Session, actor: Actor, item_id: int) -> int | None:
    """Return the case of an item when `actor` may see it, else None."""
    found = _visible(session, actor, item_id, hold=False)
    return None if found is None else found.case_id


@dataclass(frozen=True)
class Held:
    """A case that nobody else acts on until the commit, and the revision of one's own draft on the item; 0 for none."""

    case_id: int
    draft_revision: int


def hold_visible_item(session: Session, actor: Actor, item_id: int) -> Held | None:
    """Hold the case of an item when `actor` may see it, else None; what is read afterwards is how it stands."""
    return _visible(session, actor, item_id, hold=True)


def _visible(session: Session, actor: Actor, item_id: int, *, hold: bool) -> Held | None:
    wanted = {"item": item_id, "user": actor.user_id}
    row = session.connection().execute(_visible_item(actor.posts, hold), wanted).one_or_none()
    return None if row is None else Held(row[0], row[1] or 0)


@lru_cache(maxsize=1024)
def _visible_item(posts: tuple[PostView, ...], hold: bool) -> Select[Any]:
    mine = (Draft.item_id == WorkItem.id, Draft.user_id == bindparam("user"))
    own = {post.unit_id for post in posts if post.role in BUSINESS}  # who was only asked sees no other's opinion
    seen = or_(visible_projects(Actor(None, "", posts), wholly=True), WorkItem.unit_id.in_(own))
    wanted = (
        select(WorkItem.case_id, select(Draft.revision).where(*mine).scalar_subquery())
        .join(Case, Case.id == WorkItem.case_id)
        .join(Project, Project.id == Case.project_id)
        .where(WorkItem.id == bindparam("item"), seen)
    )
    return wanted.with_for_update(of=Case) if hold else wanted


def units_below(session: Session, actor: Actor) -> Sequence[Unit]:
    """Return the open units of the person's subtrees, in the order they were entered."""
    paths = {reach_of(post) for post in actor.posts}
    inside = or_(*(Unit.path.startswith(path, autoescape=True) for path in paths)) if paths else false()
    return session.scalars(select(Unit).where(inside, Unit.closed_at.is_(None)).order_by(Unit.id)).all()
