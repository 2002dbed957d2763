"""Who sees which rounds, what waits in them, and who has reported, is late or missing (R2, R3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import Session, joinedload

from ledger.cases import WAITING
from ledger.deadlines import DueItem, NewItem
from ledger.papers import Attachment
from ledger.people import Post, Unit, User
from ledger.rounds import RoundItem, RoundSummary, UnitRound
from ledger.scope import BUSINESS, COUNTY_WIDE, Actor, reach_of
from ledger.vocabulary import ItemStatus, Role, RoundKind, Term, UnitKind


class Standing(Term):
    """How a unit stands with one occurrence."""

    WAITING = "waiting", "待报"
    MISSING = "missing", "未报"
    LATE = "late", "迟报"
    BACKFILLED = "backfilled", "补报"
    IN_TIME = "in_time", "按时"


def standing_of(row: UnitRound, now: datetime) -> Standing:
    """Return how a unit stands with a round: what came after its due moment is late, what was opened then 补报."""
    if row.submitted_at is None:
        return Standing.MISSING if row.due_at <= now else Standing.WAITING
    if row.backfilled:
        return Standing.BACKFILLED
    return Standing.LATE if row.late else Standing.IN_TIME


def visible_rounds(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `UnitRound` that holds for what `actor` may see: the own unit's and those below (O1)."""
    reaches = {reach_of(post) for post in actor.posts if post.role in BUSINESS}
    if not reaches:
        return false()
    below = select(Unit.id).where(or_(*(Unit.path.startswith(reach, autoescape=True) for reach in reaches)))
    return UnitRound.unit_id.in_(below)


def visible_round(session: Session, actor: Actor, round_id: int) -> UnitRound | None:
    """Return a round when `actor` may see it, else None: unknown and foreign look the same."""
    wanted = select(UnitRound).where(UnitRound.id == round_id, visible_rounds(actor))
    return session.scalars(wanted.options(joinedload(UnitRound.unit))).one_or_none()


def round_of_visible_item(session: Session, actor: Actor, item_id: int) -> int | None:
    """Return the round of a step when `actor` may see it."""
    wanted = select(UnitRound.id).join(RoundItem, RoundItem.round_id == UnitRound.id)
    return session.scalars(wanted.where(RoundItem.id == item_id, visible_rounds(actor))).one_or_none()


def _mine(actor: Actor) -> ColumnElement[bool]:
    places = sorted((unit_id, role) for unit_id, role in actor.places if role in (Role.HANDLER, Role.SIGNER))
    return or_(false(), *(and_(RoundItem.unit_id == unit, RoundItem.role == role) for unit, role in places))


def waiting_rounds(actor: Actor) -> Any:
    """Return the scalar that counts the steps of rounds waiting for a person, for the menu.

    What units handed in waits for the whole office at once, and is taken in with the period: it is not counted.
    """
    wanted = (_mine(actor), RoundItem.completed_at.is_(None), RoundItem.stem != "round_check")
    return select(func.count()).select_from(RoundItem).where(*wanted).scalar_subquery()


def my_round_items(session: Session, actor: Actor) -> Sequence[RoundItem]:
    """Return the steps of rounds that wait for a person, earliest due first; what is to be taken in stands last."""
    wanted = select(RoundItem).where(_mine(actor), RoundItem.completed_at.is_(None))
    whole = (joinedload(RoundItem.round).joinedload(UnitRound.unit), joinedload(RoundItem.unit))
    order = (case((RoundItem.stem == "round_check", 1), else_=0), RoundItem.due_at, RoundItem.id)
    return session.scalars(wanted.options(*whole).order_by(*order).limit(MOST_SHOWN)).all()


MOST_SHOWN = 100


def past_rounds(session: Session, actor: Actor, unit_ids: Collection[int], limit: int) -> Sequence[UnitRound]:
    """Return the rounds of some units, the latest due first."""
    wanted = select(UnitRound).where(UnitRound.unit_id.in_(unit_ids), visible_rounds(actor))
    return session.scalars(wanted.order_by(UnitRound.due_at.desc(), UnitRound.id.desc()).limit(limit)).all()


@dataclass(frozen=True)
class Tally:
    """How many units stand how with one occurrence of a county."""

    county_id: int
    kind: str
    occurrence: str
    title: str
    due_at: datetime
    unit_count: int
    submitted_count: int
    late_count: int
    closed: bool


def tallies(session: Session, actor: Actor, limit: int) -> list[Tally]:
    """Return the occurrences of the counties a person sees whole, the latest due first."""
    counties = whole_counties(actor)
    late = or_(UnitRound.backfilled, UnitRound.submitted_at > UnitRound.due_at)
    handed = UnitRound.submitted_at.is_not(None)
    closed = exists().where(
        RoundSummary.county_id == UnitRound.county_id,
        RoundSummary.kind == UnitRound.kind,
        RoundSummary.occurrence == UnitRound.occurrence,
    )
    rows = session.execute(
        select(
            UnitRound.county_id,
            UnitRound.kind,
            UnitRound.occurrence,
            func.max(UnitRound.title),
            func.max(UnitRound.due_at),
            func.count(),
            func.sum(case((handed, 1), else_=0)),
            func.sum(case((and_(handed, late), 1), else_=0)),
            func.max(case((closed, 1), else_=0)),
        )
        .where(UnitRound.county_id.in_(counties))
        .group_by(UnitRound.county_id, UnitRound.kind, UnitRound.occurrence)
        .order_by(func.max(UnitRound.due_at).desc(), UnitRound.kind)
        .limit(limit)
    )
    return [
        Tally(county_id, kind, occurrence, title, due_at, total, int(done), int(tardy), bool(shut))
        for county_id, kind, occurrence, title, due_at, total, done, tardy, shut in rows
    ]


def whole_counties(actor: Actor) -> set[int]:
    """Return the counties a person sees whole."""
    posts = (post for post in actor.posts if post.role in BUSINESS and post.unit_kind in COUNTY_WIDE)
    return {post.county_id for post in posts if post.county_id is not None}


def rounds_of(session: Session, county_id: int, kind: str, occurrence: str, *, lock: bool = False) -> list[UnitRound]:
    """Return an occurrence's rounds with their units, in the units' order."""
    wanted = (UnitRound.county_id == county_id, UnitRound.kind == kind, UnitRound.occurrence == occurrence)
    query = select(UnitRound).where(*wanted).options(joinedload(UnitRound.unit)).order_by(UnitRound.unit_id)
    return list(session.scalars(query.with_for_update(of=UnitRound) if lock else query))


def coming_dues(session: Session, county_id: int, now: datetime) -> list[tuple[str, str, datetime]]:
    """Return kind, name and due moment of a county's occurrences opened and not due yet."""
    wanted = select(UnitRound.kind, UnitRound.occurrence, UnitRound.due_at).distinct()
    rows = session.execute(wanted.where(UnitRound.county_id == county_id, UnitRound.due_at > now))
    return [(kind, name, due_at) for kind, name, due_at in rows]


def items_waiting(session: Session, round_ids: Collection[int]) -> Sequence[RoundItem]:
    """Return the steps that wait in some rounds."""
    wanted = (RoundItem.round_id.in_(round_ids), RoundItem.completed_at.is_(None))
    query = select(RoundItem).where(*wanted).options(joinedload(RoundItem.unit)).order_by(RoundItem.id)
    return session.scalars(query).all()


def answers_in(session: Session, round_ids: Collection[int], stem: str) -> dict[int, dict[str, Any]]:
    """Return what was answered last on one step of some rounds, by round."""
    wanted = (RoundItem.round_id.in_(round_ids), RoundItem.stem == stem, RoundItem.status == ItemStatus.DONE)
    rows = session.execute(select(RoundItem.round_id, RoundItem.answers).where(*wanted).order_by(RoundItem.id))
    return {round_id: answers or {} for round_id, answers in rows}


def summaries_of(session: Session, county_id: int, kind: str, occurrence: str) -> Sequence[RoundSummary]:
    """Return how often an occurrence was closed, the last first."""
    wanted = (
        RoundSummary.county_id == county_id,
        RoundSummary.kind == kind,
        RoundSummary.occurrence == occurrence,
    )
    query = select(RoundSummary).where(*wanted).options(joinedload(RoundSummary.closed_by))
    return session.scalars(query.order_by(RoundSummary.number.desc())).all()


def earlier_summary(session: Session, county_id: int, kind: str, due_at: datetime) -> RoundSummary | None:
    """Return how the last period of a kind that was due before a moment was closed, the last time it was."""
    wanted = (RoundSummary.county_id == county_id, RoundSummary.kind == kind, RoundSummary.due_at < due_at)
    order = (RoundSummary.due_at.desc(), RoundSummary.number.desc())
    return session.scalars(select(RoundSummary).where(*wanted).order_by(*order).limit(1)).first()


def papers_of_summary(session: Session, summary_id: int) -> Sequence[Attachment]:
    """Return the papers written when a period was closed."""
    wanted = (Attachment.round_summary_id == summary_id, Attachment.removed_at.is_(None))
    whole = (joinedload(Attachment.paper), joinedload(Attachment.attached_by))
    return session.scalars(select(Attachment).where(*wanted).options(*whole).order_by(Attachment.id)).all()


def handlers_of(session: Session, unit_ids: Collection[int]) -> dict[int, list[int]]:
    """Return by unit the 经办人 who may sign in."""
    wanted = (Post.unit_id.in_(unit_ids), Post.role == str(Role.HANDLER), User.disabled_at.is_(None))
    found: dict[int, list[int]] = {}
    rows = session.execute(select(Post.unit_id, Post.user_id).join(User, User.id == Post.user_id).where(*wanted))
    for unit_id, user_id in rows.all():
        found.setdefault(unit_id, []).append(user_id)
    return found


def _running() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on steps that somebody is reminded of: they wait, and their period is not closed."""
    closed = exists().where(
        RoundSummary.county_id == UnitRound.county_id,
        RoundSummary.kind == UnitRound.kind,
        RoundSummary.occurrence == UnitRound.occurrence,
    )
    return (
        RoundItem.completed_at.is_(None),
        RoundItem.status == ItemStatus.OPEN,
        RoundItem.stem != "round_check",
        ~closed,
    )


def round_items_due(session: Session, until: datetime) -> list[DueItem]:
    """Return the units' waiting steps due at or before a moment, earliest first."""
    rows = session.execute(
        select(
            RoundItem.id,
            RoundItem.name,
            UnitRound.title,
            RoundItem.unit_id,
            Unit.path,
            RoundItem.role,
            RoundItem.due_at,
            Unit.short_name,
        )
        .join(UnitRound, UnitRound.id == RoundItem.round_id)
        .join(Unit, Unit.id == RoundItem.unit_id)
        .where(*_running(), RoundItem.due_at <= until)
        .order_by(RoundItem.due_at, RoundItem.id)
    )
    return [DueItem(*row[:-1], milestone_at=None, unit_name=row.short_name, of_round=True) for row in rows]


def round_items_new(session: Session, since: datetime, until: datetime) -> list[NewItem]:
    """Return the units' waiting steps that came after `since`, up to `until`, in the order they came."""
    columns = (RoundItem.id, RoundItem.name, UnitRound.title, RoundItem.unit_id, RoundItem.role, RoundItem.due_at)
    rows = session.execute(
        select(*columns, RoundItem.created_at, RoundItem.returned_reason != "", Unit.short_name)
        .join(UnitRound, UnitRound.id == RoundItem.round_id)
        .join(Unit, Unit.id == RoundItem.unit_id)
        .where(*_running(), RoundItem.created_at > since, RoundItem.created_at <= until)
        .order_by(RoundItem.id)
    )
    return [NewItem(*row, of_round=True) for row in rows]


def round_items_open(session: Session, item_ids: Collection[int]) -> set[int]:
    """Return which steps still wait: nobody is told of one that is done."""
    wanted = (RoundItem.id.in_(item_ids), RoundItem.status.in_(WAITING))
    return set(session.scalars(select(RoundItem.id).where(*wanted))) if item_ids else set()


def closing(session: Session, since: datetime, until: datetime) -> list[tuple[int, str, int, int]]:
    """Return periods that ended in a span and are not closed: who collects them, title, how many are in and missing.

    The yearly reports are collected by the leading group's office, all others by the bureau (R2–R4).
    """
    closed = exists().where(
        RoundSummary.county_id == UnitRound.county_id,
        RoundSummary.kind == UnitRound.kind,
        RoundSummary.occurrence == UnitRound.occurrence,
    )
    handed = func.sum(case((UnitRound.submitted_at.is_not(None), 1), else_=0))
    collector = case((UnitRound.kind == RoundKind.YEARLY, str(UnitKind.OFFICE)), else_=str(UnitKind.BUREAU))
    rows = session.execute(
        select(Unit.id, func.max(UnitRound.title), handed, func.count())
        .join(Unit, and_(Unit.county_id == UnitRound.county_id, Unit.kind == collector))
        .where(UnitRound.due_at > since, UnitRound.due_at <= until, ~closed, ~UnitRound.backfilled)
        .group_by(Unit.id, UnitRound.kind, UnitRound.occurrence)
        .order_by(Unit.id, func.max(UnitRound.due_at))
    )
    return [(unit_id, title, int(done), total - int(done)) for unit_id, title, done, total in rows]
