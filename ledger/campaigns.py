"""工作批次: a round of the whole procedure with its dates, and the due dates tasks take from it (T2).

A due rule is what an administrator writes at a step of the diagram:
`2wd`, `campaign:survey`, `3wd cap campaign:survey`, `campaign:decision else 1wd`, `variable:plan_due_on`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base, day_of, end_of_day
from ledger.working_days import Calendar

MOMENTS = ("plan", "mobilise", "survey", "decision", "disposal", "first_results", "report")
_TERM = r"(?:(?P<{0}days>\d{{1,3}})wd|campaign:(?P<{0}campaign>[a-z_]+)|variable:(?P<{0}variable>[a-z_]+))"
_RULE = re.compile(
    rf"^{_TERM.format('')}(?: cap {_TERM.format('cap_')})?(?: else (?P<else_days>\d{{1,3}})wd)?$",
)
_LATE_DAYS = 2  # spec: a date already past becomes 2 working days after creation


class Campaign(Base):
    """One 工作批次 of a county and its seven dates (art. 16–20, 23)."""

    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str]
    year: Mapped[int]
    plan_on: Mapped[date]
    mobilise_on: Mapped[date]
    survey_on: Mapped[date]
    decision_on: Mapped[date]
    disposal_on: Mapped[date]
    first_results_on: Mapped[date]
    report_on: Mapped[date]
    closed_at: Mapped[datetime | None]

    @property
    def dates(self) -> dict[str, date]:
        return {name: getattr(self, f"{name}_on") for name in MOMENTS}


class UnknownDueRule(ValueError):
    """期限规则写法有误."""


@dataclass(frozen=True)
class Term:
    """One term of a due rule; exactly one of the three is set."""

    days: int | None
    campaign: str | None
    variable: str | None


@dataclass(frozen=True)
class DueRule:
    term: Term
    cap: Term | None
    late_days: int


@dataclass(frozen=True)
class Due:
    """When an item is due, and whether its date was already past when the item came (压缩)."""

    at: datetime
    compressed: bool


def read_due_rule(text: str) -> DueRule:
    """Parse a due rule; UnknownDueRule with a Chinese sentence when it is not one."""
    match = _RULE.match(text.strip())
    if match is None:
        raise UnknownDueRule(f"期限“{text}”写法有误，应如 2wd、campaign:survey、3wd cap campaign:survey")
    parts = match.groupdict()
    for name in (parts["campaign"], parts["cap_campaign"]):
        if name is not None and name not in MOMENTS:
            raise UnknownDueRule(f"期限“{text}”里的批次日期“{name}”不存在")
    cap = _term(parts, "cap_")
    return DueRule(
        _term(parts, "") or Term(None, None, None),
        cap,
        int(parts["else_days"]) if parts["else_days"] else _LATE_DAYS,
    )


def _term(parts: Mapping[str, str | None], prefix: str) -> Term | None:
    days, campaign, variable = (parts[prefix + name] for name in ("days", "campaign", "variable"))
    if days is None and campaign is None and variable is None:
        return None
    return Term(int(days) if days else None, campaign, variable)


def due_of(
    rule: DueRule, created_at: datetime, dates: Mapping[str, date], variables: Mapping[str, object], calendar: Calendar
) -> Due:
    """Return when an item created at `created_at` is due: 24:00 Asia/Shanghai of the last day, as UTC."""
    created_on = day_of(created_at)
    ends = [_day(term, created_on, dates, variables, calendar) for term in (rule.term, rule.cap) if term is not None]
    known = [day for day in ends if day is not None]
    day = min(known) if known else None
    if day is None or day < created_on:
        return Due(end_of_day(calendar.period(created_on, rule.late_days).end), compressed=day is not None)
    return Due(end_of_day(day), compressed=False)


def _day(
    term: Term, created_on: date, dates: Mapping[str, date], variables: Mapping[str, object], calendar: Calendar
) -> date | None:
    if term.days is not None:
        return calendar.period(created_on, term.days).end
    if term.campaign is not None:
        return calendar.last_working_day(dates[term.campaign])
    given = variables.get(term.variable or "")
    return calendar.last_working_day(date.fromisoformat(str(given))) if given else None


def campaigns_of(session: Session, county_ids: Collection[int]) -> Sequence[Campaign]:
    """Return the campaigns of `county_ids`, the newest first."""
    query = select(Campaign).where(Campaign.county_id.in_(county_ids))
    return session.scalars(query.order_by(Campaign.year.desc(), Campaign.id.desc())).all()


def open_campaign(session: Session, county_id: int, name: str, year: int, dates: Mapping[str, date]) -> Campaign:
    """Enter a new campaign with its dates by the names of MOMENTS."""
    days = {f"{moment}_on": dates[moment] for moment in MOMENTS}
    campaign = Campaign(county_id=county_id, name=name, year=year, **days)
    session.add(campaign)
    session.flush()
    return campaign


def hold_campaign(session: Session, campaign_id: int) -> None:
    """Let nobody else push into a campaign until the commit: of two pushes the later sees the earlier one's cases."""
    session.execute(select(Campaign.id).where(Campaign.id == campaign_id).with_for_update(key_share=True))
