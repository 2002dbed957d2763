"""Enter people and units, give people posts, take posts away (O1, O2).

The three administrators' roles exclude one another and every business role: who runs the system decides nothing in it,
and who may look at the trail cannot touch it. A trigger on `post` holds this below the program too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from ledger.api_tokens import revoke_all_tokens
from ledger.people import Post, Unit, User, appoint
from ledger.scope import Actor, units_below
from ledger.sign_ins import end_all_sign_ins, hash_password
from ledger.vocabulary import Role, UnitKind

ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
PAGE = 50
MOST_POSTS = 12
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
_TELEPHONE = re.compile(r"[0-9+][0-9-]{4,19}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{3,180}")
_CODE = re.compile(r"[0-9]{6,12}(-[A-Z0-9]{1,8})?")
_NAME_LENGTH = 40
_ONE_TIME_BYTES = 9


class StaffRefused(ValueError):
    """What was typed about a person or a unit is wrong; `errors` names each field's fault in Chinese."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class PersonFacts:
    """What is entered about a person; empty text for what is not known."""

    login: str
    name: str
    telephone: str = ""
    email: str = ""


@dataclass(frozen=True)
class UnitFacts:
    """What is entered about a unit."""

    code: str
    name: str  # as printed
    short_name: str  # as listed
    kind: str
    parent_id: int


@dataclass(frozen=True, order=True)
class Place:
    """A role in a unit, as asked for."""

    unit_id: int
    role: Role


def clash_of(roles: Collection[Role]) -> str:
    """Say in Chinese which roles one person cannot hold together; empty when they go together."""
    held = set(roles)
    found = held & ADMINISTRATORS
    if not found or len(held) == 1:
        return ""
    names = "、".join(role.label for role in Role if role in held)
    return f"同一人不能同时担任：{names}（系统、安全、审计管理员彼此互斥，也不能兼任业务岗位）"


def people_of(session: Session, admin: Actor, words: str = "", after: int = 0) -> Sequence[User]:
    """Return a page of the people an administrator looks after, in the order they were entered.

    Those are who hold a post below the administrator's unit, and who hold none. `words` is part of a name, a sign-in
    name or a unit's name.
    """
    found = select(User).where(_looked_after(admin), User.id > after)
    for word in words.split():
        in_unit = exists().where(
            Post.user_id == User.id, Post.unit_id == Unit.id, Unit.name.contains(word, autoescape=True)
        )
        named = (User.name.contains(word, autoescape=True), User.login.contains(word.lower(), autoescape=True))
        found = found.where(or_(*named, in_unit))
    loaded = selectinload(User.posts).joinedload(Post.unit)
    return session.scalars(found.options(loaded).order_by(User.id).limit(PAGE + 1)).all()


def person_of(session: Session, admin: Actor, user_id: int) -> User | None:
    """Return one of the people an administrator looks after, with posts; None for unknown and foreign alike."""
    found = select(User).where(User.id == user_id, _looked_after(admin))
    return session.scalars(found.options(selectinload(User.posts).joinedload(Post.unit))).one_or_none()


def _looked_after(admin: Actor) -> ColumnElement[bool]:
    paths = [post.unit_path for post in admin.posts if post.role in ADMINISTRATORS]
    below = or_(*(Unit.path.startswith(path, autoescape=True) for path in paths))
    inside = exists().where(Post.user_id == User.id, Post.unit_id == Unit.id, below)
    return or_(inside, ~exists().where(Post.user_id == User.id))


def enter_person(session: Session, facts: PersonFacts, now: datetime, password_hash: str) -> User:
    """Enter a person without any post, with a one-time password that must be changed at the first sign-in."""
    facts = _cleaned(facts)
    errors = _faults(facts)
    if "login" not in errors and session.scalars(select(User.id).where(User.login == facts.login)).first():
        errors["login"] = f"登录名“{facts.login}”已有人使用"
    if errors:
        raise StaffRefused(errors)
    user = User(
        login=facts.login,
        name=facts.name,
        password_hash=password_hash,
        must_change_password=True,
        telephone=facts.telephone or None,
        email=facts.email or None,
        created_at=now,
    )
    session.add(user)
    session.flush()
    return user


def change_person(user: User, facts: PersonFacts) -> dict[str, list[str]]:
    """Take new facts of a person, the sign-in name aside; returns field → [old, new], personal data masked."""
    facts = _cleaned(facts)
    errors = _faults(facts)
    errors.pop("login", None)
    if errors:
        raise StaffRefused(errors)
    changes: dict[str, list[str]] = {}
    for name, masked in (("name", False), ("telephone", True), ("email", True)):
        old, new = getattr(user, name) or "", getattr(facts, name)
        if old != new:
            changes[name] = [mask(old), mask(new)] if masked else [old, new]
            setattr(user, name, new if name == "name" else new or None)
    return changes


def mask(text: str) -> str:
    """Hide the middle of a telephone number or an address: 13800000001 → 138****0001 (M2)."""
    head, at, place = text.partition("@")
    if at:
        return f"{head[:1]}***@{place}"
    return f"{text[:3]}****{text[-4:]}" if len(text) > 7 else "*" * len(text)  # three and four digits


def reset_password(session: Session, user: User, real_now: datetime) -> str:
    """Give a person a one-time password, told this once, lift the lock, end all sessions and tokens."""
    password = one_time_password()
    user.password_hash, user.must_change_password = hash_password(password), True
    user.failed_count, user.locked_until_at = 0, None
    end_all_sign_ins(session, user.id, real_now)
    revoke_all_tokens(session, user.id, real_now)
    return password


def one_time_password() -> str:
    """Return a password that policy `dengbao` would take, though it must be changed at once."""
    return f"{token_urlsafe(_ONE_TIME_BYTES)}-aA1"


def disable(session: Session, user: User, real_now: datetime) -> None:
    """Let a person sign in no more, and end what sessions and tokens there are: enabling does not bring them back."""
    user.disabled_at = real_now
    end_all_sign_ins(session, user.id, real_now)
    revoke_all_tokens(session, user.id, real_now)
    _staff_anew(session, {post.unit_id for post in user.posts})


def enable(session: Session, user: User) -> None:
    """Let a person sign in again, with the old password and the posts that are left."""
    user.disabled_at, user.failed_count, user.locked_until_at = None, 0, None
    _staff_anew(session, {post.unit_id for post in user.posts})


def check_places(session: Session, admin: Actor, places: Collection[Place]) -> list[Place]:
    """Return the wanted posts in order; StaffRefused when a unit is foreign or roles exclude each other."""
    wanted = sorted(set(places))
    known = {unit.id for unit in units_below(session, admin)}
    if any(place.unit_id not in known for place in wanted):
        raise StaffRefused({"posts": "所选单位不存在，或不在您的管理范围内"})
    if len(wanted) > MOST_POSTS:
        raise StaffRefused({"posts": f"一人最多 {MOST_POSTS} 个岗位"})
    clash = clash_of([place.role for place in wanted])
    if clash:
        raise StaffRefused({"posts": clash})
    return wanted


def give_posts(session: Session, user: User, places: Collection[Place], real_now: datetime) -> None:
    """Let a person hold exactly these posts; sessions and tokens end: nobody acts with yesterday's rights."""
    clash = clash_of([place.role for place in places])
    if clash:
        raise StaffRefused({"posts": clash})
    before = {Place(post.unit_id, Role(post.role)): post for post in user.posts}
    gone = [post.id for place, post in before.items() if place not in places]
    touched = {post.unit_id for post in before.values()} | {place.unit_id for place in places}
    session.execute(delete(Post).where(Post.id.in_(gone)))  # before the new ones: a trigger looks at both
    session.expire(user, ["posts"])
    for place in sorted(set(places) - before.keys()):
        appoint(session, user, session.get_one(Unit, place.unit_id), place.role)
        session.flush()
    end_all_sign_ins(session, user.id, real_now)
    revoke_all_tokens(session, user.id, real_now)
    _staff_anew(session, touched)


def _staff_anew(session: Session, unit_ids: Collection[int]) -> None:
    """A unit is staffed while somebody handles for it; else its township does (lanes read this)."""
    session.flush()
    handling = (Post.unit_id.in_(unit_ids), Post.role == Role.HANDLER, User.disabled_at.is_(None))
    handled = set(session.scalars(select(Post.unit_id).join(User).where(*handling).distinct()))
    for unit in session.scalars(select(Unit).where(Unit.id.in_(unit_ids))):
        unit.staffed = unit.id in handled


def holders_of(session: Session, role: Role) -> Sequence[int]:
    """Return the numbers of everybody who holds a role anywhere and may sign in."""
    held = select(User.id).join(Post).where(Post.role == role, User.disabled_at.is_(None))
    return session.scalars(held.distinct().order_by(User.id)).all()


def last_of_role(session: Session, user: User) -> str:
    """Say which administrator's role nobody else could fill any more; empty when all stay filled."""
    for role in ADMINISTRATORS & {Role(post.role) for post in user.posts}:
        others = select(func.count(User.id)).join(Post).where(Post.role == role, User.id != user.id)
        if session.scalars(others.where(User.disabled_at.is_(None))).one() == 0:
            return role.label
    return ""


def enter_unit(session: Session, admin: Actor, facts: UnitFacts) -> Unit:
    """Enter a unit below one that the administrator looks after; StaffRefused names what is wrong."""
    parents = {unit.id: unit for unit in units_below(session, admin)}
    parent, errors = parents.get(facts.parent_id), _unit_faults(facts)
    if parent is None:
        errors["parent_id"] = "请选择上级单位"
    if session.scalars(select(Unit.id).where(Unit.code == facts.code)).first() is not None:
        errors["code"] = f"代码 {facts.code} 已有单位使用"
    if errors or parent is None:
        raise StaffRefused(errors)
    unit = Unit(
        code=facts.code,
        name=facts.name,
        short_name=facts.short_name,
        kind=UnitKind(facts.kind),
        parent_id=parent.id,
        path="",
    )
    session.add(unit)
    session.flush()
    unit.path = f"{parent.path}{unit.id}/"
    unit.county_id = unit.id if unit.kind == UnitKind.COUNTY else parent.county_id
    return unit


def rename_unit(unit: Unit, name: str, short_name: str) -> dict[str, list[str]]:
    """Rename a unit from now on; papers already written keep the old name. Returns field → [old, new]."""
    fresh = {"name": " ".join(name.split()), "short_name": " ".join(short_name.split())}
    errors = {field: "请填写名称（最多 40 字）" for field, text in fresh.items() if not 0 < len(text) <= _NAME_LENGTH}
    if errors:
        raise StaffRefused(errors)
    changes = {field: [getattr(unit, field), text] for field, text in fresh.items() if getattr(unit, field) != text}
    unit.name, unit.short_name = fresh["name"], fresh["short_name"]
    return changes


def unit_of(session: Session, admin: Actor, unit_id: int) -> Unit | None:
    """Return an open unit the administrator looks after; None for unknown and foreign alike."""
    return next((unit for unit in units_below(session, admin) if unit.id == unit_id), None)


def close_unit(session: Session, unit: Unit, now: datetime) -> None:
    """Close a unit for good; StaffRefused while people hold posts in it or open units lie below it."""
    below = select(func.count(Unit.id)).where(Unit.parent_id == unit.id, Unit.closed_at.is_(None))
    if session.scalars(below).one():
        raise StaffRefused({"unit": "下面还有未撤销的单位，请先处理"})
    if session.scalars(select(func.count(Post.id)).where(Post.unit_id == unit.id)).one():
        raise StaffRefused({"unit": "还有人员在这个单位任职，请先调整岗位"})
    unit.closed_at = now


def staff_counts(session: Session, unit_ids: Collection[int]) -> Mapping[int, int]:
    """Return how many people hold posts in each unit."""
    counted = select(Post.unit_id, func.count(Post.user_id.distinct())).where(Post.unit_id.in_(unit_ids))
    return {row.unit_id: row[1] for row in session.execute(counted.group_by(Post.unit_id))}


def posts_text(session: Session, places: Sequence[Place]) -> list[str]:
    """Return posts as people read them: 桑柘镇 经办人."""
    ids = {place.unit_id for place in places}
    names = {unit.id: unit.short_name for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)))}
    return [f"{names[place.unit_id]} {place.role.label}" for place in places]


def user_with_posts(session: Session, user_id: int) -> User:
    """Return a person with posts, locked until the commit: posts are changed by one at a time."""
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    found = select(User).where(User.id == user_id).options(joinedload(User.posts).joinedload(Post.unit))
    return session.scalars(found).unique().one()


def _cleaned(facts: PersonFacts) -> PersonFacts:
    def one_line(text: str) -> str:
        return " ".join(text.replace("\0", "").split())

    return PersonFacts(one_line(facts.login), one_line(facts.name), one_line(facts.telephone), one_line(facts.email))


def _faults(facts: PersonFacts) -> dict[str, str]:
    errors = {}
    if not _LOGIN.fullmatch(facts.login):
        errors["login"] = "登录名为 3—40 位小写字母、数字、点、横线，以字母或数字开头"
    if not 0 < len(facts.name) <= _NAME_LENGTH:
        errors["name"] = f"请填写姓名（最多 {_NAME_LENGTH} 字）"
    if facts.telephone and not _TELEPHONE.fullmatch(facts.telephone):
        errors["telephone"] = "电话号码只能有数字和横线"
    if facts.email and not _EMAIL.fullmatch(facts.email):
        errors["email"] = "邮箱地址应写成 name@example.cn 的样子"
    return errors


def _unit_faults(facts: UnitFacts) -> dict[str, str]:
    errors = {}
    if not _CODE.fullmatch(facts.code):
        errors["code"] = "代码为 6—12 位数字，部门可在后面加横线和字母数字，如 500243-BM7"
    for field, text in (("name", facts.name), ("short_name", facts.short_name)):
        if not 0 < len(text) <= _NAME_LENGTH:
            errors[field] = f"请填写名称（最多 {_NAME_LENGTH} 字）"
    if facts.kind not in [str(kind) for kind in UnitKind]:
        errors["kind"] = "请选择单位类别"
    return errors
