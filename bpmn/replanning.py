"""A campaign's dates are changed while its cases run: open due dates that rest on them move, with a reason (T2).

What a person set, or a pause put off, stays; what would be past already is due 2 working days from today (压缩).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bpmn.casefile import Acting, CaseFile, take_case
from bpmn.moving_on import DEFAULT_DUE, journal
from bpmn.recounting import Moved, counted
from bpmn.round_periods import realign
from bpmn.supervision import set_timers
from ledger.campaigns import Campaign
from ledger.cases import Timer, WorkItem, cases_under_way, timers_of
from ledger.journal import Act
from ledger.working_days import MOMENTS, Due, dates_of, due_of, load_calendar, read_due_rule
from ledger.writing import record

REPLAN = "replan"


@dataclass(frozen=True)
class Plan:
    """A campaign's dates by the names of MOMENTS, as they were and as they are to be."""

    before: Mapping[str, date]
    after: Mapping[str, date]

    @property
    def changes(self) -> dict[str, list[str]]:
        """Old → new of each date that changes."""
        named = ((name, self.before[name], self.after[name]) for name in MOMENTS)
        return {name: [str(before), str(after)] for name, before, after in named if before != after}


def replan(
    acting: Acting, campaign: Campaign, dates: Mapping[str, date], reason: str, *, write: bool
) -> tuple[Moved, ...]:
    """Give a campaign other dates and move what rests on them; `write` False only tells what would move.

    Each case is locked and journalled with the reason, in one transaction with the campaign itself.
    """
    plan = Plan(dates_of(campaign), dates)
    moved: list[Moved] = []
    if plan.changes:
        for case_id in cases_under_way(acting.session, campaign.id):
            moved += _replan_case(take_case(acting, case_id, lock=write), plan, reason, write)
    if write and plan.changes:
        for name, day in dates.items():
            setattr(campaign, f"{name}_on", day)
        acting.session.flush()
        realign(acting, campaign.county_id, load_calendar(acting.session))
        told = {"campaign": campaign.id, **plan.changes, "reason": reason, "moved": len(moved)}
        record(acting.session, acting.moment, acting.actor, Act("campaign_changed", detail=told))
    return tuple(moved)


def _replan_case(file: CaseFile, plan: Plan, reason: str, write: bool) -> list[Moved]:
    timers = {row: at for row in timers_of(file.session, file.case.id) if (at := _timer_at(file, row, plan))}
    items = [change for item in file.waiting for change in _item_changes(file, item, plan)]
    told = [
        Moved(file.case.id, file.project.name, file.element(t.element).name, t.due_at, at) for t, at in timers.items()
    ]
    told += [Moved(file.case.id, file.project.name, each.name, each.before, each.due.at) for each in items]
    if write and told:
        for each in items:
            each.carry_out()
        moments = set_timers(file, {row.token: at for row, at in timers.items()})
        changes = [[each.name, each.before.isoformat(), each.after.isoformat()] for each in told]
        summary = f"工作批次日期调整，{len(told)}个期限变动：{reason}"
        journal(file, REPLAN, {"timers": moments, "moved": changes, "reason": reason, "summary": summary})
    return told


def _timer_at(file: CaseFile, row: Timer, plan: Plan) -> datetime | None:
    element = file.element(row.element)
    if element.timer is None or element.timer_is_duration:
        return None
    if counted(file, element, row, file.calendar, plan.before) != row.due_at:
        return None
    after = counted(file, element, row, file.calendar, plan.after)
    return after if after != row.due_at else None


@dataclass(frozen=True)
class _Change:
    """A moment of an item that moves: its due date, or its milestone."""

    item: WorkItem
    name: str
    before: datetime
    due: Due
    milestone: bool = False

    def carry_out(self) -> None:
        if self.milestone:
            self.item.milestone_at = None if self.due.compressed else self.due.at
        else:
            self.item.due_at, self.item.compressed = self.due.at, self.due.compressed


def _item_changes(file: CaseFile, item: WorkItem, plan: Plan) -> Iterator[_Change]:
    attributes = file.element(item.element).attributes
    due = _moved_due(file, item, attributes.get("due", DEFAULT_DUE), item.due_at, plan)
    if due is not None:
        yield _Change(item, item.name, item.due_at, due)
    rule = attributes.get("milestone")
    if rule is not None and item.milestone_at is not None:
        milestone = _moved_due(file, item, rule, item.milestone_at, plan)
        if milestone is not None:
            yield _Change(item, f"{item.name}（阶段性成效）", item.milestone_at, milestone, milestone=True)


def _moved_due(file: CaseFile, item: WorkItem, rule_text: str, due_at: datetime, plan: Plan) -> Due | None:
    """Return a due moment by the new dates, None when it stays or did not come from the old ones."""
    rule, variables = read_due_rule(rule_text), file.run.variables
    if due_of(rule, item.created_at, plan.before, variables, file.calendar).at != due_at:
        return None
    after = due_of(rule, item.created_at, plan.after, variables, file.calendar)
    if after.at == due_at:
        return None
    # nobody can be late for a day that was set when it had passed
    return after if after.at > file.now else due_of(rule, file.now, plan.after, variables, file.calendar)
