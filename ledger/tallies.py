"""What the process map and the boards count, kept ready: sums by area, renewed by the clock and never by a page.

Counting a hundred thousand cases anew for every page would take seconds. Nothing is written here while a step is
completed either: the clock sees which projects changed, works out what they count for now and adds the difference to
what they counted for before (`Tallied`). An area is a unit with all that lies below it or on its ground.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, bindparam, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base
from ledger.vocabulary import Linkage, Operation

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a case is late that waits for no person."""
RESTING = datetime(9998, 1, 1, tzinfo=UTC)
"""When a suspended case is late: it is not overdue, whatever lies in it, and has a mark of its own."""
SOURCES = ("earmarked", "integrated", "sector", "social", "unattributed")


class Tallied(Base):
    """What a project counts for at present: `shares` as `Shares.written` gives them, `revisions` to see a change."""

    __tablename__ = "tallied"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True, autoincrement=False)
    revisions: Mapped[int]  # of the project and its cases, added up: every change makes it larger
    shares: Mapped[dict[str, Any]]


class TallyMark(Base):
    """Exactly one row: how far the tallies are. Whoever renews them holds it."""

    __tablename__ = "tally_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int]  # newest journal row seen
    calendar_revision: Mapped[int]  # working times are counted with it
    renewed_at: Mapped[datetime]


class Standing(Base):
    """A step or phase a case stands at; `late_at` is when the first thing that waits there for a person is due."""

    __tablename__ = "standing"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True, autoincrement=False)
    element: Mapped[str] = mapped_column(primary_key=True)
    late_at: Mapped[datetime]
    since_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_standing_element", "element", "late_at", "case_id"),
        Index("ix_standing_since", "since_at", "case_id"),
    )


class ProjectTally(Base):
    """Projects of an area that are alike, with their money. `branch_id` is the part of the area: 0 for none."""

    __tablename__ = "project_tally"

    area_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    branch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    category: Mapped[str] = mapped_column(primary_key=True)  # Category; "" for none, as in all of these
    operation: Mapped[str] = mapped_column(primary_key=True)
    linkage: Mapped[str] = mapped_column(primary_key=True)
    exited: Mapped[bool] = mapped_column(primary_key=True)
    progress: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # of disposal, see `Shares`
    count: Mapped[int]
    earmarked_yuan: Mapped[Decimal]
    integrated_yuan: Mapped[Decimal]
    sector_yuan: Mapped[Decimal]
    social_yuan: Mapped[Decimal]
    unattributed_yuan: Mapped[Decimal]


class SourceShare(Base):
    """What a counted project has from one of SOURCES, in 元; no row where it has nothing."""

    __tablename__ = "source_share"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(primary_key=True)
    yuan: Mapped[Decimal]

    __table_args__ = (Index("ix_source_share_source", "source", "project_id"),)


class ArchiveStanding(Base):
    """How Annex 6 stands for a project's newest case: a letter of `RowStanding` for each row of its level's list."""

    __tablename__ = "archive_standing"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True, autoincrement=False)
    level: Mapped[str]  # Level
    letters: Mapped[str]


class ArchiveTally(Base):
    """Projects of an area by how a row of their level's Annex 6 stands (`RowStanding`)."""

    __tablename__ = "archive_tally"

    area_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    level: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    standing: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class CaseTally(Base):
    """Cases of an area by what they are and when the first thing in them is late."""

    __tablename__ = "case_tally"

    area_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    branch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(primary_key=True)  # CaseStatus
    late_at: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class StandingTally(Base):
    """Cases of an area that stand at a step or in a phase."""

    __tablename__ = "standing_tally"

    area_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    procedure_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    category: Mapped[str] = mapped_column(primary_key=True)
    element: Mapped[str] = mapped_column(primary_key=True)
    late_at: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class PassageTally(Base):
    """How often a step was done, or a phase left, in so many working days, by the month (202311) of its end."""

    __tablename__ = "passage_tally"

    area_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    procedure_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    category: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    element: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]


class RateDay(Base):
    """What the three rates of an area rest on at the end of a day (R6), kept for their trend."""

    __tablename__ = "rate_day"

    area_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    on: Mapped[date] = mapped_column(primary_key=True)
    project_count: Mapped[int]
    stopped_count: Mapped[int]
    difficult_count: Mapped[int]
    weak_linkage_count: Mapped[int]


@dataclass(frozen=True)
class Place:
    """A step or phase where a case stands."""

    element: str
    late_at: datetime
    since_at: datetime


@dataclass(frozen=True)
class CaseShare:
    """What one case counts for; `passed` holds (element, month, working days, how often)."""

    case_id: int
    campaign_id: int
    procedure_id: int
    status: str
    standing: tuple[Place, ...]
    passed: tuple[tuple[str, int, int, int], ...]

    def written(self) -> list[Any]:
        """Return what `Tallied` keeps of it."""
        here = [[place.element, place.late_at.isoformat()] for place in self.standing]
        return [self.campaign_id, self.procedure_id, self.status, here, self.passed]


@dataclass(frozen=True)
class Shares:
    """What one project counts for: in which areas (each with the branch of it), as what, with which cases.

    `progress` is the disposal's percentage in tens, 0–10; NOT_BEGUN while nothing is entered, NO_DISPOSAL before it.
    """

    areas: tuple[tuple[int, int], ...]
    category: str
    operation: str
    linkage: str
    exited: bool
    progress: int
    money: tuple[Decimal, ...]  # by SOURCES, 元
    cases: tuple[CaseShare, ...]
    archive: tuple[str, str] | None = None  # level and a letter of `RowStanding` per row; None without a case

    def written(self) -> dict[str, Any]:
        """Return what `Tallied` keeps: no more than `amounts_of` needs."""
        return {
            "areas": self.areas,
            "is": [self.category, self.operation, self.linkage, self.exited, self.progress],
            "money": [str(amount) for amount in self.money],
            "cases": [each.written() for each in self.cases],
            "archive": self.archive,
        }


NOT_BEGUN, NO_DISPOSAL = -1, -2
Amounts = dict[str, Any]  # by column: numbers, and exact 元
Sums = dict[type[Base], dict[tuple[Any, ...], Amounts]]


def amounts_of(written: Mapping[str, Any]) -> Iterator[tuple[type[Base], tuple[Any, ...], Amounts]]:
    """Yield table, key and amounts of everything written shares count for."""
    category, operation, linkage, exited, progress = written["is"]
    money = {f"{source}_yuan": Decimal(text) for source, text in zip(SOURCES, written["money"], strict=True)}
    level, letters = written.get("archive") or ("", "")
    for area, branch in written["areas"]:
        for row, letter in enumerate(letters, 1):
            yield ArchiveTally, (area, level, row, letter), {"count": 1}
        yield ProjectTally, (area, branch, category, operation, linkage, exited, progress), {**money, "count": 1}
        for campaign, procedure, status, standing, passed in written["cases"]:
            late_at = min((datetime.fromisoformat(late) for _element, late in standing), default=NEVER)
            yield CaseTally, (area, branch, campaign, status, late_at), {"count": 1}
            here = (area, procedure, campaign, category)
            for element, late in standing:
                yield StandingTally, (*here, element, datetime.fromisoformat(late)), {"count": 1}
            for element, month, days, count in passed:
                yield PassageTally, (*here, month, element, days), {"count": count}


def differences(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Sums:
    """Return what has to be added where, so that `after` is counted in place of `before`."""
    sums: Sums = {}
    for sign, written in [*((-1, each) for each in before), *((1, each) for each in after)]:
        for table, key, amounts in amounts_of(written):
            at = sums.setdefault(table, {}).setdefault(key, {})
            for name, amount in amounts.items():
                at[name] = at.get(name, 0) + sign * amount
    return {
        table: {key: amounts for key, amounts in keyed.items() if any(amounts.values())}
        for table, keyed in sums.items()
    }


def add_sums(session: Session, sums: Sums) -> None:
    """Add to the tallies; what comes down to nothing leaves them."""
    for kind, keyed in sums.items():
        table: Any = kind.__table__
        keys = [column.key for column in table.primary_key]
        amounts = [column.key for column in table.columns if column.key not in keys]
        changes = sorted(keyed.items(), key=lambda pair: str(pair[0]))
        rows = [{**dict(zip(keys, key, strict=True)), **change} for key, change in changes]
        if rows:
            added = _upsert(session, table)
            values = {name: table.c[name] + added.excluded[name] for name in amounts}
            session.execute(added.on_conflict_do_update(index_elements=keys, set_=values), rows)
        fewer = [{f"of_{name}": row[name] for name in keys} for row in rows if row["count"] < 0]
        if fewer:
            here = [table.c[name] == bindparam(f"of_{name}") for name in keys]
            session.connection().execute(delete(table).where(*here, table.c.count == 0), fewer)


def _upsert(session: Session, table: Any) -> Any:
    """Return an INSERT that can say what happens to rows already there."""
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def place_cases(session: Session, cases: Sequence[CaseShare]) -> None:
    """Write anew where these cases stand."""
    session.execute(delete(Standing).where(Standing.case_id.in_([each.case_id for each in cases])))
    session.add_all(
        Standing(case_id=each.case_id, element=place.element, late_at=place.late_at, since_at=place.since_at)
        for each in cases
        for place in each.standing
    )


def place_archive(session: Session, known: Mapping[int, tuple[str, str] | None]) -> None:
    """Write anew how the archive of these projects stands: level and a letter per row, None without a case."""
    session.execute(delete(ArchiveStanding).where(ArchiveStanding.project_id.in_(known)))
    for project_id, archive in known.items():
        if archive is not None:
            level, letters = archive
            session.add(ArchiveStanding(project_id=project_id, level=level, letters=letters))


def place_money(session: Session, known: Mapping[int, Sequence[Decimal]]) -> None:
    """Write anew what these projects have from each of SOURCES."""
    session.execute(delete(SourceShare).where(SourceShare.project_id.in_(known)))
    session.add_all(
        SourceShare(project_id=project_id, source=source, yuan=yuan)
        for project_id, amounts in known.items()
        for source, yuan in zip(SOURCES, amounts, strict=True)
        if yuan
    )


def keep_rates(session: Session, today: date, area_ids: Sequence[int] | None) -> None:
    """Write down what today's rates rest on, of the areas named or of all (None)."""
    staying = case((ProjectTally.exited.is_(False), ProjectTally.count), else_=0)
    sums = (
        func.sum(staying),
        *(
            func.sum(case((condition, staying), else_=0))
            for condition in (
                ProjectTally.operation == Operation.STOPPED,
                ProjectTally.operation == Operation.DIFFICULT,
                ProjectTally.linkage == Linkage.PARTIAL,
            )
        ),
    )
    wanted = select(ProjectTally.area_id, *sums).group_by(ProjectTally.area_id)
    if area_ids is not None:
        wanted = wanted.where(ProjectTally.area_id.in_(area_ids))
    names = ("project_count", "stopped_count", "difficult_count", "weak_linkage_count")
    rows = [
        {"area_id": area, "on": today, **dict(zip(names, map(int, counts), strict=True))}
        for area, *counts in session.execute(wanted)
    ]
    if rows:
        kept = _upsert(session, RateDay.__table__)
        values = {name: kept.excluded[name] for name in names}
        session.execute(kept.on_conflict_do_update(index_elements=["area_id", "on"], set_=values), rows)


def take_mark(session: Session, now: datetime) -> TallyMark:
    """Return the mark, held until the commit; made at the first renewal."""
    wanted = select(TallyMark).with_for_update().execution_options(populate_existing=True)
    mark = session.scalars(wanted).one_or_none()
    if mark is None:
        mark = TallyMark(id=1, entry_id=0, calendar_revision=0, renewed_at=now)
        session.add(mark)
        session.flush()
    return mark


def forget_revisions(session: Session) -> None:
    """Have everything counted anew: the working days are others now."""
    session.execute(update(Tallied).values(revisions=-1))


def mark_of(session: Session) -> TallyMark | None:
    """Return how far the tallies are, None before they were counted the first time."""
    return session.scalars(select(TallyMark)).one_or_none()
