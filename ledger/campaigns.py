"""工作批次: a round of the whole procedure with its dates; what they make due is in `ledger.working_days` (T2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base
from ledger.working_days import MOMENTS


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
