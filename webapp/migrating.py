"""`sigeyipi migrate`: plan, apply and undo the move of running cases to another version of their procedure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from bpmn.engine import Weight
from bpmn.migration import Order, Outcome, Plan, move_cases, move_cases_back, plan_cases
from bpmn.starting import PROCESS
from ledger.case_moves import moves_to, running_cases
from ledger.db import SessionFactory, transaction
from ledger.installation import installation
from ledger.procedures import version_by_number
from ledger.scope import CLOCK
from webapp.request import moment_of, real_now

WEIGHTS: Mapping[Weight, tuple[str, str]] = {
    Weight.AUTO: ("auto", "可直接换版"),
    Weight.CHECK: ("check", "须确认"),
    Weight.REFUSE: ("refuse", "不能换版"),
}


class NoVersion(ValueError):
    """没有这个流程的这一版."""


@dataclass(frozen=True)
class Asked:
    """What the command line asked for; `checked` takes in the cases to be looked at, no case named means all."""

    number: int
    process_id: str = PROCESS
    case_ids: Sequence[int] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    fresh_timers: bool = False
    checked: bool = False


@dataclass(frozen=True)
class Told:
    """What is printed: `values` for programs, `lines` for people."""

    values: dict[str, Any]
    lines: list[str]


@dataclass(frozen=True)
class Migrating:
    """One installation's cases on their way; raises NoVersion, and ActRefused for a senseless mapping."""

    sessions: SessionFactory
    papers: Path
    asked: Asked

    def plan(self) -> Told:
        """Say of each case what moving it would change."""
        order = self.order()
        with transaction(self.sessions, writes=False) as session:
            return planned(list(plan_cases(self.begin(session), self.cases(order.procedure_id), order)))

    def apply(self) -> Told:
        """Move the cases, each by itself."""
        order = self.order()
        accept = Weight.CHECK if self.asked.checked else Weight.AUTO
        cases = self.cases(order.procedure_id)
        return done("换版", list(move_cases(self.sessions, self.begin, cases, order, accept)))

    def undo(self) -> Told:
        """Move back the cases that were moved to the version and stand as they stood then."""
        procedure_id = self.order().procedure_id
        with transaction(self.sessions, writes=False) as session:
            moved = self.asked.case_ids or moves_to(session, procedure_id)
        return done("换回", list(move_cases_back(self.sessions, self.begin, moved)))

    def order(self) -> Order:
        asked = self.asked
        with transaction(self.sessions, writes=False) as session:
            procedure = version_by_number(session, asked.process_id, asked.number)
        if procedure is None:
            raise NoVersion(f"流程“{asked.process_id}”没有第 {asked.number} 版")
        return Order(procedure.id, asked.mapping, asked.fresh_timers)

    def cases(self, procedure_id: int) -> Sequence[int]:
        if self.asked.case_ids:
            return self.asked.case_ids
        with transaction(self.sessions, writes=False) as session:
            return running_cases(session, self.asked.process_id, but=procedure_id)

    def begin(self, session: Session) -> Acting:
        return Acting(session, CLOCK, moment_of(installation(session), real_now()), self.papers)


def planned(plans: Sequence[Plan]) -> Told:
    """Tell plans: how many of each kind; to people, each case that does not go by itself with the reason."""
    counts = Counter(plan.weight for plan in plans)
    cases = [
        {
            "case": plan.case_id,
            "project": plan.project,
            "verdict": WEIGHTS[plan.weight][0],
            "changes": [
                {"element": c.element, "name": c.name, "verdict": WEIGHTS[c.weight][0], "message": c.sentence}
                for c in plan.changes
            ],
        }
        for plan in plans
    ]
    lines = ["　".join(f"{label} {counts[weight]}" for weight, (_, label) in WEIGHTS.items())]
    for plan in plans:
        if plan.weight is not Weight.AUTO:
            lines.append(f"{plan.case_id}　{plan.project}　{WEIGHTS[plan.weight][1]}：{plan.reason}")
    return Told({**{name: counts[weight] for weight, (name, _) in WEIGHTS.items()}, "cases": cases}, lines)


def done(word: str, outcomes: Sequence[Outcome]) -> Told:
    """Tell what became of each case; to people, only of those that stayed."""
    count = sum(each.moved for each in outcomes)
    cases = [{"case": each.case_id, "moved": each.moved, "reason": each.reason} for each in outcomes]
    lines = [f"{word} {count} 个，未动 {len(outcomes) - count} 个"]
    lines += [f"{each.case_id}　{each.reason}" for each in outcomes if not each.moved]
    return Told({"moved": count, "left": len(outcomes) - count, "cases": cases}, lines)
