"""The process map's figures: how many cases stand at each step of an area, how many are late, how long steps take."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, load_only

from ledger.campaigns import Campaign
from ledger.procedures import Procedure
from ledger.tallies import RESTING, PassageTally, StandingTally


@dataclass(frozen=True)
class MapFilter:
    """What is counted: cases of an area on these versions; the period (months as 202311) is that of steps' ends."""

    area_id: int
    procedure_ids: tuple[int, ...]
    campaign_id: int | None = None
    category: str = ""
    first_month: int | None = None
    last_month: int | None = None


@dataclass(frozen=True)
class StepFigures:
    """A step or a phase. Half the passages took at most `median_days` working days, nine tenths `p90_days`."""

    case_count: int = 0
    late_count: int = 0
    passed_count: int = 0
    median_days: int | None = None
    p90_days: int | None = None
    resting_count: int = 0  # of `case_count`, suspended: not overdue


def step_figures(session: Session, wanted: MapFilter, now: datetime) -> dict[str, StepFigures]:
    """Return the figures of every element at which a case stands or that one passed."""
    late = func.sum(case((StandingTally.late_at <= now, StandingTally.count), else_=0))
    resting = func.sum(case((StandingTally.late_at == RESTING, StandingTally.count), else_=0))
    counts = (func.sum(StandingTally.count), late, resting)
    standing = select(StandingTally.element, *counts).where(*_of(StandingTally, wanted))
    here = {element: figures for element, *figures in session.execute(standing.group_by(StandingTally.element))}
    took = {element: figures for element, *figures in session.execute(_passages(wanted))}
    return {
        element: _figures(here.get(element, (0, 0, 0)), took.get(element, (0, None, None)))
        for element in {*here, *took}
    }


def _figures(here: Sequence[Any], took: Sequence[Any]) -> StepFigures:
    count, late, resting = map(int, here)
    passed, median, ninth = map(_number, took)
    return StepFigures(count, late, passed, median, ninth, resting)


def _number(value: Any) -> Any:
    return None if value is None else int(value)


def _of(tally: type[StandingTally] | type[PassageTally], wanted: MapFilter) -> list[Any]:
    conditions: list[Any] = [tally.area_id == wanted.area_id, tally.procedure_id.in_(wanted.procedure_ids)]
    if wanted.campaign_id is not None:
        conditions.append(tally.campaign_id == wanted.campaign_id)
    if wanted.category:
        conditions.append(tally.category == wanted.category)
    return conditions


def _passages(wanted: MapFilter) -> Any:
    """Select per element how often it was passed and the nearest-rank median and 90th percentile of its days."""
    conditions = _of(PassageTally, wanted)
    if wanted.first_month is not None:
        conditions.append(PassageTally.month >= wanted.first_month)
    if wanted.last_month is not None:
        conditions.append(PassageTally.month <= wanted.last_month)
    count = func.sum(PassageTally.count).label("count")
    grouped = select(PassageTally.element, PassageTally.days, count).where(*conditions)
    by_days = grouped.group_by(PassageTally.element, PassageTally.days).subquery()
    columns = by_days.c
    running = select(
        columns.element,
        columns.days,
        func.sum(columns.count).over(partition_by=columns.element, order_by=columns.days).label("upto"),
        func.sum(columns.count).over(partition_by=columns.element).label("total"),
    ).subquery()
    reached = running.c
    return select(
        reached.element,
        func.max(reached.total),
        func.min(case((reached.upto * 2 >= reached.total, reached.days))),
        func.min(case((reached.upto * 10 >= reached.total * 9, reached.days))),
    ).group_by(reached.element)


def versions_of(session: Session, process_id: str) -> Sequence[Procedure]:
    """Return the versions of a process without their bundles, the newest first."""
    wanted = select(Procedure).where(Procedure.process_id == process_id).order_by(Procedure.number.desc())
    columns = (Procedure.process_id, Procedure.number, Procedure.name, Procedure.sha256, Procedure.callees)
    slight = load_only(*columns, Procedure.deployed_at)
    return session.scalars(wanted.options(slight)).all()


def campaigns_in(session: Session, county_ids: Collection[int]) -> Sequence[Campaign]:
    """Return the campaigns of these counties, the newest first."""
    return session.scalars(
        select(Campaign).where(Campaign.county_id.in_(county_ids)).order_by(Campaign.id.desc())
    ).all()


def worst_steps(figures: Mapping[str, StepFigures], steps: Collection[str], most: int = 5) -> list[str]:
    """Return the steps with the most late cases, among equals the slower (p90), the fuller; only such as have any."""
    late = [step for step in steps if step in figures and figures[step].late_count]
    rank = {step: (figures[step].late_count, figures[step].p90_days or 0, figures[step].case_count) for step in late}
    return sorted(late, key=lambda step: rank[step], reverse=True)[:most]
