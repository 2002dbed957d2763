"""Two who act on one thing at the same moment, round after round: one is taken, the other is told so (safety rule 5).

Four pairs on every case of a small procedure: the same person twice, two people of a unit, a person who completes and
one who calls back what led there, a person who moves a date and the clock for which it is due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from threading import Barrier

from sqlalchemy import select

from bpmn import acts, runtime, supervision
from bpmn.casefile import Acting
from bpmn.deployment import Bundle, deploy
from bpmn.refusals import ActRefused, AlreadyDone, ItemGone
from ledger.campaigns import Campaign
from ledger.cases import WAITING, WorkItem, timers_of
from ledger.db import RowChanged, SessionFactory, day_of, transaction
from ledger.demonstration import BEGINS_AT, build_county, build_projects
from ledger.installation import found
from ledger.journal import Entry, Moment
from ledger.people import Unit, User, appoint
from ledger.projects import Project
from ledger.scope import CLOCK
from ledger.vocabulary import Role
from ledger.working_days import seed_calendar
from tests.bpmn.sketch import flows_of, node, timer
from tests.replay import assert_case
from tests.walk import person

PAIRS = ("the same person twice", "two people", "a person and 撤回", "a person and the clock")
REFUSED = (AlreadyDone, ActRefused, ItemGone, RowChanged)
"""How it is told who came second; none of them is a fault of ours."""
DUE_AT = BEGINS_AT + timedelta(days=2)
PATIENCE = 60  # seconds
Act = Callable[[], object]


def diagram() -> str:
    """Draw a procedure of three tasks, a timer and a last task."""
    given = {"sgyp__who": "责任单位", "sgyp__due": "2wd"}
    tasks = {name: node("userTask", name, name=label, **given) for name, label in _TASKS.items()}
    wait = node("intermediateCatchEvent", "wait", timer("P1D", "timeDuration"), name="等候")
    order = ["s", "first", "second", "third", "wait", "last", "e"]
    nodes = [node("startEvent", "s"), *tasks.values(), wait, node("endEvent", "e")]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
        ' xmlns:sgyp="urn:sigeyipi:bpmn:1" id="D" targetNamespace="urn:test">\n'
        '<bpmn:process id="four_batches" name="同时办理" isExecutable="true">\n'
        f"{''.join(nodes)}\n{flows_of(list(pairwise(order)))}\n"
        "</bpmn:process>\n</bpmn:definitions>\n"
    )


_TASKS = {"first": "登记", "second": "核对", "third": "复核", "last": "办结"}


@dataclass
class Doubled:
    """A county with a procedure of its own and a case per round."""

    sessions: SessionFactory
    papers: Path
    unit_id: int = 0
    bureau_id: int = 0
    cases: list[int] = field(default_factory=list)
    winners: Counter[tuple[str, int]] = field(default_factory=Counter)

    def lay(self, rounds: int) -> None:
        """Enter a county, a second 经办人 and a case for each round."""
        with transaction(self.sessions) as session:
            found(session, BEGINS_AT, demonstration=True)
            seed_calendar(session)
            county = build_county(session, BEGINS_AT, townships=("桑柘镇",))
            deploy(session, Bundle(diagram(), {}, {}), "测试", BEGINS_AT)
            self.unit_id, self.bureau_id = county.townships["桑柘镇"].id, county.bureau.id
            second = User(login="second", name="经办乙", password_hash="", created_at=BEGINS_AT)
            session.add(second)
            appoint(session, second, session.get_one(Unit, self.unit_id), Role.HANDLER)
            projects = build_projects(session, county, rounds, BEGINS_AT)
            for project in projects:
                project.responsible_unit_id = self.unit_id
            numbers, campaign_id = [project.id for project in projects], county.campaign.id
        for number in numbers:
            with transaction(self.sessions) as session:
                project, campaign = session.get_one(Project, number), session.get_one(Campaign, campaign_id)
                self.cases.append(runtime.start_case(self._acting(session, self.unit_id), project, campaign).id)

    def play(self) -> dict[str, int]:
        """Play a round of each pair on every case; AssertionError for two winners, for none, or for a fault."""
        with ThreadPoolExecutor(2) as pool:
            for case_id in self.cases:
                self._round(pool, case_id)
                assert_case(self.sessions, case_id)
        return {"rounds": len(self.cases), "twice": 0, "faults": 0}

    def _round(self, pool: ThreadPoolExecutor, case_id: int) -> None:
        self._race(pool, PAIRS[0], self.complete(case_id, "first"), self.complete(case_id, "first"))
        self._race(pool, PAIRS[1], self.complete(case_id, "second"), self.complete(case_id, "second", nth=1))
        taken = self._race(pool, PAIRS[2], self.complete(case_id, "third"), self._call_back(case_id, "second"))
        if taken:  # what was called back is done again
            self.complete(case_id, "second")()
            self.complete(case_id, "third")()
        self._race(pool, PAIRS[3], self._set_date(case_id), self._fire(case_id))

    def _race(self, pool: ThreadPoolExecutor, pair: str, *both: Act) -> int:
        """Let two act at once; returns which of them was taken."""
        start = Barrier(2)

        def attempt(act: Act) -> bool:
            start.wait(PATIENCE)
            try:
                return act() is not False
            except REFUSED:
                return False

        told = [each.result(PATIENCE) for each in [pool.submit(attempt, act) for act in both]]
        assert sorted(told) == [False, True], f"{pair}: {told}"
        self.winners[pair, told.index(True)] += 1
        return told.index(True)

    def _acting(self, session: object, unit_id: int, nth: int = 0, later: timedelta = timedelta(0)) -> Acting:
        now = BEGINS_AT + later
        return Acting(session, person(session, unit_id, Role.HANDLER, nth), Moment(now, now), self.papers)  # type: ignore[arg-type]

    def _item(self, case_id: int, element: str, *, waiting: bool = True) -> WorkItem:
        with transaction(self.sessions, writes=False) as session:
            wanted = select(WorkItem).where(WorkItem.case_id == case_id, WorkItem.element == element)
            items = session.scalars(wanted.order_by(WorkItem.id)).all()
        return [each for each in items if (each.status in WAITING) is waiting][-1]

    def complete(self, case_id: int, element: str, nth: int = 0) -> Act:
        item = self._item(case_id, element)

        def act() -> object:
            with transaction(self.sessions) as session:
                given = {"opinion": ["同意"]}
                acting = self._acting(session, self.unit_id, nth)
                return runtime.complete_item(acting, item.id, item.revision, given)

        return act

    def _call_back(self, case_id: int, element: str) -> Act:
        item = self._item(case_id, element, waiting=False)

        def act() -> object:
            with transaction(self.sessions) as session:
                nth = 0 if person(session, self.unit_id, Role.HANDLER).user_id == item.completed_by_id else 1
                acts.call_back(self._acting(session, self.unit_id, nth), item.id, "材料需要核对")
                return True

        return act

    def _set_date(self, case_id: int) -> Act:
        number = self._timer(case_id)

        def act() -> object:
            with transaction(self.sessions) as session:
                last = day_of(BEGINS_AT) + timedelta(days=10)
                acting = self._acting(session, self.bureau_id, later=DUE_AT - BEGINS_AT)
                supervision.change_timer(acting, case_id, number, last, "材料需要核对")
                return True

        return act

    def _fire(self, case_id: int) -> Act:
        number = self._timer(case_id)

        def act() -> object:
            with transaction(self.sessions) as session:
                return bool(runtime.fire_timer(Acting(session, CLOCK, Moment(DUE_AT, DUE_AT), self.papers), number))

        return act

    def _timer(self, case_id: int) -> int:
        with transaction(self.sessions, writes=False) as session:
            return timers_of(session, case_id)[0].id

    def journaled(self) -> Counter[str]:
        """Return how often each act stands in the journal."""
        with transaction(self.sessions, writes=False) as session:
            return Counter(session.scalars(select(Entry.act).where(Entry.case_id.in_(self.cases))))
