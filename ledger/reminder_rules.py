"""Which reminders there are, on how many working days, over which channels: set by the administrator (T3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base
from ledger.message_choices import CHANNELS
from ledger.vocabulary import Term

MOST_DAYS = 30
MOST_MOMENTS = 5


class ReminderKind(Term):
    """What people are reminded of; `days` of a rule means for each what its label says."""

    BEFORE = "before", "到期前（工作日，0 为当天）"
    OVERDUE = "overdue", "超期后每个工作日"
    SIGNER = "signer", "超期后告知本单位审核人（工作日）"
    SUPERVISOR = "supervisor", "超期后告知督查（工作日）"
    NEW = "new", "新到和退回的任务"
    ROUND = "round", "周期报送到期前（工作日，0 为当天）"
    PUBLICITY = "publicity", "公告期满前（工作日，0 为当天）"
    CALENDAR = "calendar", "下一年放假安排没有录入（11月1日起，告知系统管理员）"
    INCIDENT = "incident", "有异常等待处理（告知系统管理员）"


WITH_DAYS = frozenset(
    {ReminderKind.BEFORE, ReminderKind.SIGNER, ReminderKind.SUPERVISOR, ReminderKind.ROUND, ReminderKind.PUBLICITY}
)
FIRST_DAY_ONLY = frozenset({ReminderKind.SIGNER, ReminderKind.SUPERVISOR})
"""Kinds with one number: from that day on."""
OF_ITEMS = (ReminderKind.BEFORE, ReminderKind.OVERDUE, ReminderKind.SIGNER, ReminderKind.SUPERVISOR, ReminderKind.NEW)
"""Kinds that speak of a project's items, and may be otherwise for one campaign."""


class ReminderRule(Base):
    """A rule that differs from what is usual; no row means the usual one."""

    __tablename__ = "reminder_rule"

    kind: Mapped[str] = mapped_column(primary_key=True)
    enabled: Mapped[bool]
    days: Mapped[list[int]]
    channels: Mapped[list[str]]


class CampaignRule(Base):
    """A rule that one 工作批次 has of its own, in place of the county's."""

    __tablename__ = "campaign_reminder_rule"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    enabled: Mapped[bool]
    days: Mapped[list[int]]
    channels: Mapped[list[str]]


@dataclass(frozen=True)
class Rule:
    """One kind's rule: working days, and the channels it may use."""

    enabled: bool = True
    days: tuple[int, ...] = ()
    channels: tuple[str, ...] = CHANNELS

    def over(self, channel: str) -> bool:
        """Say whether the rule tells over a channel."""
        return self.enabled and channel in self.channels


Rules = Mapping[ReminderKind, Rule]

USUAL: Rules = {
    ReminderKind.BEFORE: Rule(days=(3, 1, 0)),
    ReminderKind.OVERDUE: Rule(),
    ReminderKind.SIGNER: Rule(days=(1,)),
    ReminderKind.SUPERVISOR: Rule(days=(3,)),
    ReminderKind.NEW: Rule(),
    ReminderKind.ROUND: Rule(days=(1, 0)),
    ReminderKind.PUBLICITY: Rule(days=(1, 0)),
    ReminderKind.CALENDAR: Rule(),
    ReminderKind.INCIDENT: Rule(),
}


def rules_of(session: Session) -> dict[ReminderKind, Rule]:
    """Return every kind's rule."""
    changed = {
        ReminderKind(row.kind): Rule(row.enabled, tuple(row.days), tuple(row.channels))
        for row in session.scalars(select(ReminderRule))
    }
    return {**USUAL, **changed}


@dataclass(frozen=True)
class RuleBook:
    """The county's rules, and those of campaigns that have some of their own."""

    county: Rules = field(default_factory=lambda: USUAL)
    campaigns: Mapping[int, Rules] = field(default_factory=dict)

    def of(self, campaign_id: int) -> Rules:
        """Return the rules for an item of a campaign; 0 for what belongs to none."""
        return self.campaigns.get(campaign_id, self.county)

    def farthest(self, kind: ReminderKind) -> int:
        """Return how many working days ahead a kind looks at most."""
        return max((day for rules in (self.county, *self.campaigns.values()) for day in rules[kind].days), default=0)


def rule_book(session: Session) -> RuleBook:
    """Return all rules there are."""
    county, own = rules_of(session), dict[int, dict[ReminderKind, Rule]]()
    for row in session.scalars(select(CampaignRule)):
        rule = Rule(row.enabled, tuple(row.days), tuple(row.channels))
        own.setdefault(row.campaign_id, dict(county))[ReminderKind(row.kind)] = rule
    return RuleBook(county, own)


def rule_fault(kind: ReminderKind, rule: Rule) -> str:
    """Return in Chinese what makes no sense in a rule's days, or nothing."""
    if kind not in WITH_DAYS:
        return ""
    days = set(rule.days)
    if not 1 <= len(days) <= (1 if kind in FIRST_DAY_ONLY else MOST_MOMENTS):
        wanted = "一个数" if kind in FIRST_DAY_ONLY else f"1至{MOST_MOMENTS}个数"
        return f"“{kind.label}”请填写{wanted}"
    least = 1 if kind in FIRST_DAY_ONLY else 0
    if any(not least <= day <= MOST_DAYS for day in days):
        return f"“{kind.label}”的天数应在{least}至{MOST_DAYS}之间"
    return ""


def change_rule(session: Session, kind: ReminderKind, rule: Rule) -> None:
    """Keep a rule that has no `rule_fault`."""
    days = sorted(set(rule.days), reverse=True) if kind in WITH_DAYS else []
    values = {"enabled": rule.enabled, "days": days, "channels": in_order(rule.channels)}
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = dialect.insert(ReminderRule).values(kind=str(kind), **values)
    session.execute(row.on_conflict_do_update(index_elements=["kind"], set_=values))


def change_campaign_rule(session: Session, campaign_id: int, kind: ReminderKind, rule: Rule) -> None:
    """Keep a rule without `rule_fault` for one campaign; one that is the county's is not kept twice."""
    session.execute(delete(CampaignRule).where(CampaignRule.campaign_id == campaign_id, CampaignRule.kind == str(kind)))
    days = sorted(set(rule.days), reverse=True) if kind in WITH_DAYS else []
    kept = Rule(rule.enabled, tuple(days), tuple(in_order(rule.channels)))
    if kept != rules_of(session)[kind]:
        values = {"enabled": kept.enabled, "days": days, "channels": list(kept.channels)}
        session.add(CampaignRule(campaign_id=campaign_id, kind=str(kind), **values))
        session.flush()


def in_order(channels: Collection[str]) -> list[str]:
    """Return channels in the order they are listed, unknown ones left out."""
    return [channel for channel in CHANNELS if channel in channels]
