"""A rehearsed year of everything: cases pushed and played through beside all rounds, two schedulers passing by.

People's acts and the clocks' passes lie on one virtual clock; whatever falls first happens first. Over the year's
first minutes both schedulers pass at once, in threads, so that they do meet; by day each passes alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bpmn.casefile import Acting
from bpmn.rehearsal.county import Stage, push
from bpmn.rehearsal.driver import Rehearsal
from ledger.campaigns import Campaign
from ledger.cases import Case, Timer, WorkItem
from ledger.db import SHANGHAI, day_of, transaction
from ledger.incidents import open_incidents
from ledger.journal import Moment
from ledger.projects import Project
from ledger.scope import CLOCK
from scheduler.recurring import open_recurring
from scheduler.sweep import Ground as ClockGround
from scheduler.sweep import sweep
from tests.case_due_oracle import due_at
from tests.memory import memory_mb
from tests.rounds_year import Year
from tests.walk import Ground

_BY_DAY = ((10, 1), (16, 31))  # when the first clock, and when the second, passes alone
_SET_BY = {
    ("disposal_plan", "plan_due_on"): "plan_due_on",
    ("evaluation", "next_due_on"): "plan_due_on",
    ("decision", "exit_due_on"): "exit_due_on",
    ("reply", "exit_due_on"): "exit_due_on",
}
"""Which answer of which step sets a day that a later step is due on."""


@dataclass
class WholeYear(Year):
    """A year of rounds with the county's cases in it."""

    cases: Rehearsal = field(kw_only=True)
    fired: int = 0
    memory: list[tuple[datetime, int]] = field(default_factory=list)  # MB of this process as the clocks pass

    def play(self) -> None:
        self.cases.gather()
        midnight = datetime.combine(day_of(self.now), datetime.min.time(), SHANGHAI)
        for n in range((self.until - day_of(self.now)).days + 1):
            for clock, (hour, minute) in enumerate(_BY_DAY):
                self._at(midnight + timedelta(days=n, hours=hour, minutes=minute), "clock", clock)
        super().play()

    def woken_at(self, midnight: datetime) -> datetime:
        return max(midnight, self.now)  # cases are pushed before the first pass

    def meanwhile(self) -> None:
        self.cases.work_until(self.now)
        self.cases.now = self.now

    def tick(self) -> int:
        """Let both schedulers pass at once."""
        with ThreadPoolExecutor(2) as pool:
            return self._passed(list(pool.map(lambda _clock: self._pass(), range(2))))

    def other(self, what: str, subject: int) -> None:
        assert what == "clock", (what, subject)
        self._expect()
        self.passes += 1
        self.memory.append((self.now, memory_mb("VmRSS")))
        if self._passed([self._pass()]):  # a unit that got its first project since the morning
            self._plan()

    def _pass(self) -> tuple[int, int]:
        ground = ClockGround(self.sessions, self.papers)
        opened = open_recurring(ground, self.moment)
        return opened, sweep(ground, self.moment).fired

    def _passed(self, done: list[tuple[int, int]]) -> int:
        fired = sum(each for _opened, each in done)
        self.fired += fired
        if fired:
            self.cases.gather()
        return sum(opened for opened, _fired in done)

    def grown(self, warm_up: timedelta) -> float:
        """Return by which part memory has grown since so long after the first pass: 0.05 is five in a hundred."""
        warm = [each for at, each in self.memory if at >= self.memory[0][0] + warm_up]
        return warm[-1] / warm[0] - 1

    def check(self) -> dict[str, int]:
        """Compare what the year left with the oracles; every timer fired once, no act was refused, nothing is stuck."""
        figures = super().check()
        assert self.cases.tally.problems == [], self.cases.tally.problems
        with transaction(self.sessions, writes=False) as session:
            assert [incident.cause for incident in open_incidents(session)] == []
            dues = compare_dues(session)
            fired = len(session.scalars(select(Timer.id).where(Timer.fired)).all())
            running = session.scalars(select(Case.id).where(Case.ended_at.is_(None))).all()
        assert fired == self.fired, f"{fired} timers fired, the clocks tell of {self.fired}"
        tally = self.cases.tally
        return {
            "cases": len(self.cases.stories),
            "cases_ended": len(self.cases.stories) - len(running),
            "cases_waiting": len(running),
            "case_acts": tally.transactions,
            "case_dues": dues,
            "timers_fired": fired,
            "returns": tally.returns,
            "objections": tally.objections,
            **figures,
        }


def whole_year(ground: Ground, until: date, seed: int, late: int = 5, never: int = 3) -> WholeYear:
    """Push every project of the ground; the year begins at the ground's own moment."""
    moment = Moment(ground.now, ground.now)
    clock = ClockGround(ground.sessions, ground.papers)
    stage = Stage(ground.sessions, ground.papers, lambda at: sweep(clock, at).fired)
    with transaction(ground.sessions) as session:
        projects = [session.get_one(Project, project.id) for project in ground.projects]
        campaign = session.get_one(Campaign, ground.county.campaign.id)
        cases = push(Acting(session, CLOCK, moment, ground.papers), projects, campaign, stage, seed)
    return WholeYear(ground.sessions, ground.papers, ground.county, ground.now, until, seed, late, never, cases=cases)


def compare_dues(session: Session) -> int:
    """Compare when each step of each case is due with the independent oracle; returns how many were compared."""
    told: dict[int, dict[str, str]] = {}
    wrong = []
    items = session.scalars(select(WorkItem).order_by(WorkItem.id)).all()
    done = sorted((each for each in items if each.completed_at is not None), key=_completed_at)
    for item in items:
        while done and _completed_at(done[0]) <= item.created_at:
            last = done.pop(0)
            days = {name: str(last.answers[each]) for (stem, each), name in _SET_BY.items() if _sets(last, stem, each)}
            told.setdefault(last.case_id, {}).update(days)
        expected = due_at(item.element, item.created_at, told.get(item.case_id, {}))
        if item.due_at != expected:
            wrong.append(f"{item.case_id} {item.element} {item.created_at} due {item.due_at}, not {expected}")
    assert not wrong, f"{len(wrong)} wrong: {wrong[:3]}"
    return len(items)


def _completed_at(item: WorkItem) -> datetime:
    assert item.completed_at is not None
    return item.completed_at


def _sets(item: WorkItem, stem: str, name: str) -> bool:
    return item.stem == stem and bool((item.answers or {}).get(name))
