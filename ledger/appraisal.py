"""考核: how a unit did over a period, from rounds, returns, overdue items and spot checks, by a formula that is shown.

Score = 100 less so many points for each; never below 0 (R5: findings count in the unit's appraisal).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from ledger.cases import Case, WorkItem
from ledger.db import end_of_day
from ledger.people import Unit
from ledger.round_dates import start_of_day
from ledger.rounds import RoundItem, UnitRound, reporting_units
from ledger.spot_checks import Finding, SpotCheckProject
from ledger.vocabulary import CaseStatus, ItemStatus

FULL_SCORE = 100
POINTS: Mapping[str, tuple[str, int]] = {
    "late": ("迟报、补报", 2),
    "missing": ("未报", 4),
    "returned": ("被退回", 1),
    "overdue": ("超期办理", 1),
    "problems": ("抽查发现问题", 3),
    "unmended": ("整改逾期", 5),
}
"""What counts, what it is called, and the points it takes."""
FORMULA = f"得分 = {FULL_SCORE} − " + " − ".join(f"{label}×{points}" for label, points in POINTS.values()) + "，最低为0"


@dataclass(frozen=True)
class Appraisal:
    """One unit's sheet: how often each thing of POINTS happened, and how many rounds it had."""

    unit: Unit
    round_count: int
    counts: Mapping[str, int]

    @property
    def score(self) -> int:
        lost = sum(POINTS[name][1] * self.counts[name] for name in POINTS)
        return max(0, FULL_SCORE - lost)

    @property
    def in_time(self) -> int:
        """Rounds reported in time."""
        return self.round_count - self.counts["late"] - self.counts["missing"]


@dataclass(frozen=True)
class Span:
    """The days an appraisal covers, both included."""

    since: date
    until: date


def appraisals(session: Session, county_id: int, span: Span, now: datetime) -> Sequence[Appraisal]:
    """Return every reporting unit's sheet over a span, the best first."""
    units = reporting_units(session, county_id)
    counts = {unit.id: dict.fromkeys(POINTS, 0) for unit in units}
    totals = dict.fromkeys(counts, 0)
    begins, ends = start_of_day(span.since), min(end_of_day(span.until), now)
    tardy = or_(UnitRound.backfilled, UnitRound.submitted_at > UnitRound.due_at)
    handed = UnitRound.submitted_at.is_not(None)
    rounds = (
        select(
            UnitRound.unit_id,
            func.count(),
            func.sum(case((and_(handed, tardy), 1), else_=0)),
            func.sum(case((UnitRound.submitted_at.is_(None), 1), else_=0)),
        )
        .where(UnitRound.unit_id.in_(counts), UnitRound.due_at > begins, UnitRound.due_at <= ends)
        .group_by(UnitRound.unit_id)
    )
    for unit_id, total, late, missing in session.execute(rounds):
        totals[unit_id] = total
        counts[unit_id].update(late=int(late), missing=int(missing))
    _count_items(session, counts, begins, ends)
    _count_findings(session, counts, span, now)
    sheets = [Appraisal(unit, totals[unit.id], counts[unit.id]) for unit in units]
    return sorted(sheets, key=lambda sheet: (-sheet.score, sheet.unit.id))


def _count_items(session: Session, counts: dict[int, dict[str, int]], begins: datetime, ends: datetime) -> None:
    """Count items sent back in the span, and those due in it that were or are done late.

    An item that the case's course took away was not done late, whenever that was; in a suspended case none is.
    What was sent back is a step of a case or a report of a round.
    """
    of_unit = WorkItem.unit_id.in_(counts)
    back = (WorkItem.returned_reason != "", WorkItem.created_at > begins, WorkItem.created_at <= ends)
    returned = select(WorkItem.unit_id, func.count()).where(of_unit, *back).group_by(WorkItem.unit_id)
    again = (RoundItem.returned_reason != "", RoundItem.created_at > begins, RoundItem.created_at <= ends)
    reports = select(RoundItem.unit_id, func.count()).where(RoundItem.unit_id.in_(counts), *again)
    for unit_id, count in (*session.execute(returned), *session.execute(reports.group_by(RoundItem.unit_id))):
        counts[unit_id]["returned"] += count
    waits = and_(WorkItem.completed_at.is_(None), Case.status != CaseStatus.SUSPENDED)
    late = or_(WorkItem.completed_at > WorkItem.due_at, waits)
    due = (WorkItem.due_at > begins, WorkItem.due_at <= ends, WorkItem.status != ItemStatus.CANCELLED, late)
    overdue = select(WorkItem.unit_id, func.count()).join(Case, Case.id == WorkItem.case_id).where(of_unit, *due)
    for unit_id, count in session.execute(overdue.group_by(WorkItem.unit_id)):
        counts[unit_id]["overdue"] = count


def _count_findings(session: Session, counts: dict[int, dict[str, int]], span: Span, now: datetime) -> None:
    """Count problems found in the span, and those not mended by their day."""
    found = (SpotCheckProject.checked_on >= span.since, SpotCheckProject.checked_on <= span.until)
    problem = (SpotCheckProject.mend_by_on.is_not(None), *found, SpotCheckProject.unit_id.in_(counts))
    for row in session.scalars(select(SpotCheckProject).where(*problem)):
        counts[row.unit_id]["problems"] += 1
        assert row.mend_by_on is not None  # asked for in the statement
        mended = row.finding in (Finding.MENDED, Finding.SETTLED) and row.mended_on is not None
        done = row.mended_on if mended else None
        if end_of_day(row.mend_by_on) <= now and (done is None or done > row.mend_by_on):
            counts[row.unit_id]["unmended"] += 1
