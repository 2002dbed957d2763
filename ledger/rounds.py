"""周期报送: one round of one unit (R1–R4), its steps, the due moments the bureau set, and how a period was closed.

A round runs a small procedure of its own in the same engine, but it is about a unit, not about a project. It is no
`Case`: a case's whole life (taking, papers, classes, the register) hangs on its project. The unique key of a round is
why no occurrence is ever opened twice, however many schedulers run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger.campaigns import Campaign
from ledger.db import Base, SealedJson, last_day, partial_index
from ledger.papers import Attachment
from ledger.people import Unit, User
from ledger.procedures import Procedure
from ledger.projects import Project
from ledger.round_dates import Occurrence, monthly, of_campaign, weekly
from ledger.vocabulary import RoundKind, UnitKind
from ledger.working_days import Calendar, dates_of

REPORTING = (UnitKind.TOWNSHIP, UnitKind.DEPARTMENT, UnitKind.AGRICULTURE, UnitKind.BUREAU)
"""Who may run projects; a township reports always, others when they run one."""


class UnitRound(Base):
    """One occurrence of a round for one unit; `state` is the engine's, only `bpmn.rounds` writes it."""

    __tablename__ = "unit_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)  # kind, occurrence and unit: what exists once
    county_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    kind: Mapped[str]  # RoundKind
    occurrence: Mapped[str]
    title: Mapped[str]
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    state: Mapped[bytes] = mapped_column(LargeBinary)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    provisional: Mapped[bool]  # its due moment rests on a year whose calendar is not entered
    backfilled: Mapped[bool]  # opened by a person after its due moment had passed
    submitted_at: Mapped[datetime | None]  # when the unit had last done its part; None: missing, or sent back
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # as they were confirmed
    ended_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column()

    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    procedure: Mapped[Procedure] = relationship()
    campaign: Mapped[Campaign | None] = relationship()

    __table_args__ = (Index("ix_unit_round_occurrence", "county_id", "kind", "occurrence"),)
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  # SQLAlchemy's own declaration

    @property
    def late(self) -> bool:
        """Say whether what was handed in came after its due moment."""
        return self.backfilled or (self.submitted_at is not None and self.submitted_at > self.due_at)


class RoundItem(Base):
    """A step of a round that waits, or waited, for a unit and role."""

    __tablename__ = "round_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("unit_round.id"), index=True)
    token: Mapped[str]  # the engine's name of this task
    element: Mapped[str]
    name: Mapped[str]
    stem: Mapped[str]
    article: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[str]  # Role
    status: Mapped[str]  # ItemStatus
    sent_by: Mapped[str]
    returned_reason: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    draft: Mapped[Any | None] = mapped_column(SealedJson)  # what was typed and not handed in; never validated
    answers: Mapped[Any | None] = mapped_column(SealedJson)
    summary: Mapped[str]
    completed_at: Mapped[datetime | None]
    completed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    revision: Mapped[int] = mapped_column()

    round: Mapped[UnitRound] = relationship()
    unit: Mapped[Unit] = relationship()
    completed_by: Mapped[User | None] = relationship()

    __table_args__ = (
        partial_index("ix_round_item_waiting", "unit_id", "role", "due_at", where="completed_at IS NULL"),
    )
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  # SQLAlchemy's own declaration


class RoundDate(Base):
    """A due moment that the bureau set for a week in place of the calendar's (R2)."""

    __tablename__ = "round_date"

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    occurrence: Mapped[str]
    due_at: Mapped[datetime]
    reason: Mapped[str]

    __table_args__ = (UniqueConstraint("county_id", "occurrence"),)


class RoundPause(Base):
    """A kind of round that a county does not hold at present."""

    __tablename__ = "round_pause"

    county_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)


class RoundSummary(Base):
    """A period closed by who collects it: the county's total, who was late or missing; closed again, a new number."""

    __tablename__ = "round_summary"

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str]
    occurrence: Mapped[str]
    number: Mapped[int]  # 1, 2, 3 … of the occurrence
    title: Mapped[str]
    due_at: Mapped[datetime]
    figures: Mapped[dict[str, Any]]  # the county's total
    late: Mapped[list[str]]  # names of units
    missing: Mapped[list[str]]
    note: Mapped[str]
    closed_at: Mapped[datetime]
    closed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))

    closed_by: Mapped[User] = relationship()

    __table_args__ = (UniqueConstraint("county_id", "kind", "occurrence", "number"),)


def key_of(occurrence: Occurrence, unit_id: int) -> str:
    """Return the one key an occurrence has for a unit."""
    return f"{occurrence.kind}:{occurrence.name}:{unit_id}"


def insert_round(session: Session, values: Mapping[str, Any]) -> int | None:
    """Write a round unless its key is there already; returns its id, or None when somebody else opened it."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = dialect.insert(UnitRound).values(**values, revision=1).on_conflict_do_nothing(index_elements=["key"])
    return session.scalars(row.returning(UnitRound.id)).one_or_none()


def reporting_units(session: Session, county_id: int) -> Sequence[Unit]:
    """Return the units of a county that report: open townships, and others that run a project."""
    running = select(Project.responsible_unit_id).where(Project.county_id == county_id)
    wanted = (Unit.county_id == county_id, Unit.closed_at.is_(None), Unit.kind.in_(REPORTING))
    reports = or_(Unit.kind == UnitKind.TOWNSHIP, Unit.id.in_(running))
    return session.scalars(select(Unit).where(*wanted, reports).order_by(Unit.id)).all()


def occurrences(
    session: Session, county_id: int, calendar: Calendar, since: date, until: date
) -> tuple[Occurrence, ...]:
    """Return what a county's rounds have due from `since` to `until`, earliest first.

    Rounds are held from the first date of the oldest campaign that is not closed; a kind that the county paused, and a
    county without a campaign, has none.
    """
    open_ones = select(Campaign).where(Campaign.county_id == county_id, Campaign.closed_at.is_(None))
    campaigns = session.scalars(open_ones.order_by(Campaign.id)).all()
    if not campaigns:
        return ()
    begins = max(since, min(campaign.plan_on for campaign in campaigns))
    found = [*weekly(calendar, begins, until, overrides_of(session, county_id)), *monthly(calendar, begins, until)]
    for campaign in campaigns:
        own = of_campaign(calendar, campaign.id, campaign.year, dates_of(campaign))
        found += [each for each in own if since <= last_day(each.due_at) <= until]
    paused = paused_kinds(session, county_id)
    return tuple(sorted((each for each in found if each.kind not in paused), key=lambda each: each.due_at))


def overrides_of(session: Session, county_id: int) -> dict[str, datetime]:
    """Return the due moments that the bureau set itself, by week."""
    wanted = select(RoundDate).where(RoundDate.county_id == county_id)
    return {row.occurrence: row.due_at for row in session.scalars(wanted)}


def keep_date(session: Session, given: RoundDate) -> None:
    """Keep the due moment the bureau set for a week, in place of one set before."""
    wanted = (RoundDate.county_id == given.county_id, RoundDate.occurrence == given.occurrence)
    known = session.scalars(select(RoundDate).where(*wanted)).one_or_none()
    if known is None:
        session.add(given)
    else:
        known.due_at, known.reason = given.due_at, given.reason


def paused_kinds(session: Session, county_id: int) -> set[RoundKind]:
    """Return the kinds of rounds that a county does not hold at present."""
    return {
        RoundKind(kind) for kind in session.scalars(select(RoundPause.kind).where(RoundPause.county_id == county_id))
    }


def opened_keys(session: Session, keys: Collection[str]) -> set[str]:
    """Return which of these rounds exist."""
    return set(session.scalars(select(UnitRound.key).where(UnitRound.key.in_(keys))))


def take_round_item(session: Session, item_id: int, *, lock: bool) -> RoundItem | None:
    """Return a step with its round, both locked when they are to be changed."""
    round_id = session.scalars(select(RoundItem.round_id).where(RoundItem.id == item_id)).one_or_none()
    if round_id is None:
        return None
    take_round(session, round_id, lock=lock)
    wanted = select(RoundItem).where(RoundItem.id == item_id).execution_options(populate_existing=True)
    return session.scalars(wanted).one_or_none()


def take_round(session: Session, round_id: int, *, lock: bool) -> UnitRound | None:
    """Return a round, locked when it is to be changed."""
    wanted = select(UnitRound).where(UnitRound.id == round_id).execution_options(populate_existing=True)
    return session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def round_items(session: Session, round_id: int) -> list[RoundItem]:
    """Return all steps of a round in the order they came."""
    wanted = select(RoundItem).where(RoundItem.round_id == round_id).order_by(RoundItem.id)
    return list(session.scalars(wanted.execution_options(populate_existing=True)))


def previous_figures(session: Session, round_: UnitRound) -> dict[str, Any] | None:
    """Return what the unit last confirmed in a round of this kind that was due before this one."""
    wanted = (UnitRound.unit_id == round_.unit_id, UnitRound.kind == round_.kind, UnitRound.due_at < round_.due_at)
    confirmed = select(UnitRound.figures).where(*wanted, UnitRound.submitted_at.is_not(None))
    return session.scalars(confirmed.order_by(UnitRound.due_at.desc()).limit(1)).first()


def round_papers(session: Session, round_id: int) -> Sequence[Attachment]:
    """Return what lies on a round's steps, in the order it came."""
    here = select(RoundItem.id).where(RoundItem.round_id == round_id)
    wanted = (Attachment.round_item_id.in_(here), Attachment.removed_at.is_(None))
    whole = (joinedload(Attachment.paper), joinedload(Attachment.attached_by))
    return session.scalars(select(Attachment).where(*wanted).options(*whole).order_by(Attachment.id)).all()
