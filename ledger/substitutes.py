"""代办: who does the work of an absent person, from when to when, arranged by that person or the unit's 审核人.

The substitute holds the absent person's post for these days and nothing else; what is done by it says so in the trail.
Own work is approved by it as little as ever: who prepared something signs it in nobody's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from ledger.cases import Case, WorkItem
from ledger.db import day_of
from ledger.journal import Act, Moment
from ledger.message_texts import worded
from ledger.message_words import TextKind
from ledger.outbox import PAGE, Notice, post
from ledger.people import Post, Substitution, Unit, User
from ledger.projects import Project
from ledger.scope import Actor, signature_of
from ledger.vocabulary import Role
from ledger.writing import record

LONGEST = timedelta(days=92)
REASON_LENGTH = 100
LENT = frozenset({Role.HANDLER, Role.SIGNER})
_LINK = "/settings/own/substitutes"


class SubstitutionRefused(ValueError):
    """代办不能这样安排."""


@dataclass(frozen=True)
class Wanted:
    """One arrangement as asked for: whose post, by whom, on which days, why."""

    absent_id: int
    substitute_id: int
    unit_id: int
    role: Role
    first_on: date
    last_on: date
    reason: str


@dataclass(frozen=True)
class Lendable:
    """A post whose work somebody else can do for a while, and who could."""

    post: Post
    candidates: Sequence[User]


def lendable(session: Session, actor: Actor) -> list[Lendable]:
    """Return the posts for which a person may arrange a substitute: the own, and as 审核人 those of the unit."""
    own = [p for p in actor.posts if p.for_id is None]
    led = {p.unit_id for p in own if p.role is Role.SIGNER}
    mine = or_(Post.user_id == actor.user_id, Post.unit_id.in_(led))
    wanted = (
        select(Post).join(User, User.id == Post.user_id).where(mine, Post.role.in_(LENT), User.disabled_at.is_(None))
    )
    posts = session.scalars(wanted.options(joinedload(Post.unit), joinedload(Post.user)).order_by(Post.id)).all()
    return [Lendable(each, _candidates(session, each)) for each in posts if each.unit.closed_at is None]


def _candidates(session: Session, lent: Post) -> Sequence[User]:
    """Return who could stand in: those who work in the unit, or for the unit above where nobody else does."""
    for unit_id in (lent.unit_id, lent.unit.parent_id):
        working = (Post.unit_id == unit_id, Post.role.in_(LENT), User.disabled_at.is_(None), User.id != lent.user_id)
        found = session.scalars(select(User).join(Post, Post.user_id == User.id).where(*working).distinct()).all()
        if found:
            return sorted(found, key=lambda user: user.id)
    return ()


def arrange(session: Session, actor: Actor, wanted: Wanted, now: Moment) -> Substitution:
    """Let somebody stand in for the days asked for, and tell both. SubstitutionRefused with the reason."""
    session.execute(select(User.id).where(User.id == wanted.absent_id).with_for_update())  # two arrangements in turn
    places = ((each, each.post) for each in lendable(session, actor))
    place = (wanted.absent_id, wanted.unit_id, str(wanted.role))
    lent = next((each for each, p in places if (p.user_id, p.unit_id, p.role) == place), None)
    if lent is None:
        raise SubstitutionRefused("只能为本人，或由审核人为本单位人员安排代办")
    substitute = next((user for user in lent.candidates if user.id == wanted.substitute_id), None)
    if substitute is None:
        raise SubstitutionRefused("请选择代办人：本单位的经办人或审核人")
    reason = _reason(wanted, day_of(now.at))
    _check_days(session, wanted)
    made = Substitution(
        absent_id=wanted.absent_id,
        substitute_id=substitute.id,
        unit_id=wanted.unit_id,
        role=wanted.role,
        first_on=wanted.first_on,
        last_on=wanted.last_on,
        reason=reason,
        arranged_by_id=actor.user_id,
        arranged_at=now.at,
    )
    session.add(made)
    session.flush()
    _tell(session, actor, made, lent.post, substitute, now)
    return made


def _reason(wanted: Wanted, today: date) -> str:
    reason = " ".join(wanted.reason.split())
    if wanted.first_on > wanted.last_on:
        raise SubstitutionRefused("开始日期不能晚于结束日期")
    if wanted.last_on < today:
        raise SubstitutionRefused("结束日期已经过去")
    if wanted.last_on - wanted.first_on > LONGEST:
        raise SubstitutionRefused(f"一次最多安排 {LONGEST.days} 天；长期不在岗的请移交任务")
    if not reason or len(reason) > REASON_LENGTH:
        raise SubstitutionRefused(f"请填写原因（最多 {REASON_LENGTH} 字）")
    return reason


def _check_days(session: Session, wanted: Wanted) -> None:
    """Refuse a second substitute for the same days, and one who is away on them."""
    meets = and_(
        Substitution.ended_at.is_(None),
        Substitution.first_on <= wanted.last_on,
        Substitution.last_on >= wanted.first_on,
    )
    same = (Substitution.absent_id == wanted.absent_id, Substitution.unit_id == wanted.unit_id)
    if session.scalars(select(Substitution.id).where(meets, *same, Substitution.role == wanted.role)).first():
        raise SubstitutionRefused("这些日期里已经安排了代办人，请先结束原来的安排")
    if session.scalars(select(Substitution.id).where(meets, Substitution.absent_id == wanted.substitute_id)).first():
        raise SubstitutionRefused("代办人在这些日期里也不在岗，请另选一人")


def _tell(session: Session, actor: Actor, made: Substitution, lent: Post, substitute: User, now: Moment) -> None:
    days = f"{made.first_on.isoformat()} 至 {made.last_on.isoformat()}"
    post_name = f"{lent.unit.short_name}{Role(lent.role).label}"
    said = {"谁": signature_of(actor), "日期": days, "岗位": post_name}
    told = [
        (substitute.id, worded(session, TextKind.SUBSTITUTE, 姓名=lent.user.name, 原因=made.reason, **said)),
        (lent.user_id, worded(session, TextKind.SUBSTITUTED, 代办人=substitute.name, **said)),
    ]
    notices = [
        Notice(f"substitute:{made.id}:{user_id}", PAGE, user_id, *words, link=_LINK)
        for user_id, words in told
        if user_id != actor.user_id
    ]
    post(session, notices, now.at)
    detail = {"absent": lent.user.name, "substitute": substitute.name, "post": post_name, "days": days}
    changes = {"substitute": ["", substitute.name], "days": ["", days]}
    told_of = {**detail, "reason": made.reason, "changes": changes}
    record(session, now, actor, Act("substitute", unit=lent.unit.short_name, detail=told_of))


def end(session: Session, actor: Actor, substitution_id: int, now: Moment) -> Substitution | None:
    """End an arrangement before its last day; None unless it is the person's to end, and still stands."""
    found = session.scalars(
        select(Substitution).where(Substitution.id == substitution_id, _arranged_for(actor)).with_for_update()
    ).one_or_none()
    if found is None or found.ended_at is not None:
        return None
    found.ended_at = now.at
    detail = {
        "absent": found.absent.name,
        "substitute": found.substitute.name,
        "changes": {"substitute": [found.substitute.name, ""], "last_on": [str(found.last_on), str(day_of(now.at))]},
    }
    record(session, now, actor, Act("substitute_ended", unit=found.unit.short_name, detail=detail))
    return found


def _arranged_for(actor: Actor) -> ColumnElement[bool]:
    """Return the condition of what a person may end: the own, and as 审核人 what concerns the unit."""
    led = {p.unit_id for p in actor.posts if p.role is Role.SIGNER and p.for_id is None}
    return or_(Substitution.absent_id == actor.user_id, Substitution.unit_id.in_(led))


def substitutions_of(session: Session, actor: Actor, today: date) -> Sequence[Substitution]:
    """Return what stands or is to come and concerns a person: as absent, as substitute, as 审核人 of the unit."""
    concerns = or_(_arranged_for(actor), Substitution.substitute_id == actor.user_id)
    wanted = select(Substitution).where(concerns, Substitution.ended_at.is_(None), Substitution.last_on >= today)
    whole = (joinedload(Substitution.absent), joinedload(Substitution.substitute), joinedload(Substitution.unit))
    return session.scalars(wanted.options(*whole).order_by(Substitution.first_on, Substitution.id)).all()


def end_all_of(session: Session, user_id: int, now: Moment) -> int:
    """End every arrangement of who leaves, on either side of it; returns how many."""
    either = or_(Substitution.absent_id == user_id, Substitution.substitute_id == user_id)
    found = session.scalars(select(Substitution).where(either, Substitution.ended_at.is_(None))).all()
    for each in found:
        each.ended_at = now.at
    return len(found)


def done_for(session: Session, actor: Actor, limit: int) -> Sequence[WorkItem]:
    """Return what others did in a person's place, the last first."""
    mine = or_(WorkItem.completed_for_id == actor.user_id, WorkItem.prepared_for_id == actor.user_id)
    wanted: Any = select(WorkItem).where(mine, WorkItem.completed_at.is_not(None))
    whole = (
        joinedload(WorkItem.case).joinedload(Case.project).load_only(Project.name, Project.number),
        joinedload(WorkItem.completed_by),
        joinedload(WorkItem.prepared_by),
    )
    found: Sequence[WorkItem] = session.scalars(
        wanted.options(*whole).order_by(WorkItem.completed_at.desc()).limit(limit)
    ).all()
    return found


def units_led(actor: Actor) -> frozenset[int]:
    """Return the units a person leads in one's own right: as 审核人."""
    return frozenset(p.unit_id for p in actor.posts if p.role is Role.SIGNER and p.for_id is None)


def names_of_units(session: Session, unit_ids: frozenset[int]) -> dict[int, str]:
    """Return the listed names of units by id."""
    rows = session.execute(select(Unit.id, Unit.short_name).where(Unit.id.in_(unit_ids)))
    return {row.id: row.short_name for row in rows}
