"""Wanders through the procedure at random: completions with every verdict, and every act people and the clock have.

wander = Wanderer(ground, project, rnd=random.Random(7))
wander.acts(60)
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bpmn.acts import call_back, return_targets, send_back, transfer, urge
from bpmn.handing import Leaving, hand_over
from bpmn.holding import claim, colleagues, delegate, release
from bpmn.migration import Order, move_back, move_case
from bpmn.refusals import ActRefused, AlreadyDone, CaseClosed, ItemGone, NotYours, OutsidePublicity
from bpmn.reviewers import add_reviewer, candidates, drop_reviewer
from bpmn.runtime import Acting, record_overdue, register_objection
from bpmn.supervision import change_timer, move_targets, move_token, resume, suspend
from forms.parsing import FormErrors
from handlers.outcome import StepRefused
from ledger.cases import WAITING, WorkItem, timers_of
from ledger.db import day_of
from ledger.people import User
from ledger.vocabulary import ItemStatus, Role
from tests.bpmn.redrawn import others
from tests.walk import Walk

REFUSALS = (
    *(ActRefused, AlreadyDone, CaseClosed, ItemGone, NotYours, OutsidePublicity),
    *(FormErrors, StepRefused),
)
"""After any of these the case is where it was."""
WHY = "材料需要核对"
VERDICTS: dict[str, list[dict[str, Any]]] = {
    "receive": [{"verdict": "back", "reason": WHY}],
    "preliminary_opinion": [{"verdict": "survey", "reason": WHY}],
    "party_meeting": [{"verdict": "survey", "reason": WHY}],
    "village_opinion": [{"verdict": "back", "reason": WHY, "opinion": WHY}],
    "unit_opinion": [{"verdict": "back", "reason": WHY}],
    "acceptance_check": [{"verdict": "application", "reason": WHY}, {"verdict": "survey", "reason": WHY}],
    "decision": [{"verdict": "return", "reason": WHY}],
    "filing": [{"verdict": "back", "reason": WHY}],
    "disposal": [
        {"action": "progress", "percent": 40},
        {"action": "exit", "exit_reason": WHY, "exit_recover_yuan": "1000.00"},
    ],
}


@dataclass
class Wanderer(Walk):
    """A walk without a plan; `done` counts what happened, refusals under their own names."""

    rnd: random.Random = field(default_factory=random.Random)
    done: Counter[str] = field(default_factory=Counter)

    def acts(self, count: int) -> None:
        """Try so many acts, most of them completions; fewer when the case ends."""
        rarer: list[Callable[[], object]] = [self.return_one, self.take_back, self.pass_on, self.urge_one]
        rarer += [self.object_now, self.refuse_signature, self.come_late, self.wait, self.move_about]
        rarer += [self.stand_still, self.take, self.ask_colleague, self.ask_more, self.ask_fewer, self.set_date]
        rarer += [self.leave, self.change_version, self.change_back]
        for _ in range(count):
            if self.case.ended_at is not None:
                return
            act = self.go_on if self.rnd.random() < 0.6 else self.rnd.choice(rarer)
            if not self.waiting():  # a publicity period, or the day from which disposal opens
                act = self.rnd.choice(
                    [self.wait, self.object_now, self.set_date, self.stand_still, self.change_version]
                )
            try:
                happened = act()
            except REFUSALS as refusal:
                self.done[f"{act.__name__} refused: {type(refusal).__name__}"] += 1
            else:
                self.done[act.__name__] += happened is not False

    def pick(self, *statuses: ItemStatus) -> WorkItem | None:
        found = [item for item in self.items() if item.status in statuses]
        return self.rnd.choice(found) if found else None

    # -- what may happen

    def go_on(self) -> object:
        """Complete something, with an unusual verdict now and then; where nothing waits, time passes."""
        item = self.pick(*WAITING)
        if item is None:
            return self.wait()
        if item.status == ItemStatus.UNSIGNED:
            return self.sign(item.stem)
        given = self.rnd.choice(VERDICTS.get(item.stem, [{}])) if self.rnd.random() < 0.2 else {}
        if item.stem == "evaluation" and self.rnd.random() < 0.4:
            given = {"reached": "no", "next_due_on": (day_of(self.now) + timedelta(days=30)).isoformat()}
        if item.stem == "objection":
            given = {"objections": self.findings(item)}
        return self.complete(item.stem, instance=item.instance, sign=self.rnd.random() < 0.8, **given)

    def findings(self, item: WorkItem) -> list[dict[str, str]]:
        """Find each objection of an examination right or wrong."""
        with self.acting(item.role, item.unit_id) as acting:
            keys = [key for key, _ in self.prepare(acting, item, {}).asked.records["objections"]]
        return [{"key": key, "upheld": self.rnd.choice(["yes", "no"]), "finding": WHY} for key in keys]

    def return_one(self) -> object:
        item = self.pick(ItemStatus.OPEN)
        if item is None:
            return False
        with self.acting(item.role, item.unit_id) as acting:
            targets = [target for target, _ in return_targets(acting, item.id)]
        if not targets:
            return False
        with self.acting(item.role, item.unit_id) as acting:
            straight = self.rnd.random() < 0.3
            return send_back(acting, item.id, item.revision, self.rnd.choice(targets), WHY, straight_back=straight)

    def take_back(self) -> object:
        """Call back what was completed last."""
        done = [item for item in self.items() if item.completed_at is not None and item.status == ItemStatus.DONE]
        if not done:
            return False
        last = max(done, key=lambda item: (item.completed_at, item.id))
        role = Role.SIGNER if last.signed else last.role
        with self.acting(role, last.unit_id) as acting:
            return call_back(acting, last.id, WHY)

    def pass_on(self) -> object:
        item = self.pick(ItemStatus.OPEN)
        if item is None:
            return False
        units = [unit.id for unit in self.ground.county.townships.values() if unit.id != item.unit_id]
        with self.acting(item.role, item.unit_id) as acting:
            return transfer(acting, item.id, item.revision, self.rnd.choice(units), WHY)

    def urge_one(self) -> object:
        item = self.pick(*WAITING)
        if item is None:
            return False
        with self.acting(Role.HANDLER, self.ground.county.bureau.id) as acting:
            return urge(acting, item.id) > 0

    def object_now(self) -> object:
        with self.acting(Role.HANDLER, self.ground.county.bureau.id) as acting:
            return register_objection(acting, self.case_id, "村民", "", "公告的面积不对")

    def refuse_signature(self) -> object:
        item = self.pick(ItemStatus.UNSIGNED)
        return self.sign(item.stem, approve=False, opinion=WHY) if item is not None else False

    def come_late(self) -> object:
        """Let a reviewing body miss its date."""
        late = [item for item in self.items("joint_review") if item.status in WAITING]
        if not late or not self.project.responsible_unit_id:
            return False
        self.now = max(self.now, late[0].due_at)
        with self.acting(Role.HANDLER, self.project.responsible_unit_id) as acting:
            return record_overdue(acting, late[0].id)

    def wait(self) -> object:
        self.pass_days(self.rnd.randint(1, 3))
        return self.fire() > 0

    def bureau(self) -> AbstractContextManager[Acting]:
        return self.acting(Role.HANDLER, self.ground.county.bureau.id)

    def move_about(self) -> object:
        """Move a token to any place the bureau may."""
        item = self.pick(*WAITING)
        if item is None:
            return False
        with self.bureau() as acting:
            targets = [target for target, _ in move_targets(acting, self.case_id, item.token)]
        if not targets:
            return False
        with self.bureau() as acting:
            return move_token(acting, self.case_id, item.token, self.rnd.choice(targets), WHY)

    def stand_still(self) -> object:
        """Suspend the case and resume it some days later."""
        with self.bureau() as acting:
            suspend(acting, self.case_id, WHY)
        self.pass_days(self.rnd.randint(0, 2))
        with self.bureau() as acting:
            return resume(acting, self.case_id, WHY)

    def take(self) -> object:
        item = self.pick(ItemStatus.OPEN)
        if item is None:
            return False
        with self.acting(item.role, item.unit_id) as acting:
            claim(acting, item.id, item.revision)
        with self.bureau() as acting:
            return release(acting, item.id, item.revision + 1, WHY)

    def leave(self) -> object:
        """Let who has taken an item leave, and hand over what hangs on that person."""
        item = self.pick(ItemStatus.OPEN)
        if item is None:
            return False
        with self.acting(item.role, item.unit_id) as acting:
            claim(acting, item.id, item.revision)
            leaver = acting.session.get_one(User, acting.actor.user_id)
            leaving = Leaving(leaver.id, None, WHY)
        with self.acting(Role.SYSTEM_ADMIN, self.ground.county.county.id) as acting:
            return hand_over(acting, acting.session.merge(leaver, load=False), leaving).item_count > 0

    def change_version(self) -> object:
        """Move the case to another version of its procedure, and now and then back again."""
        with self.session() as session:
            versions = others(session, self.case_id)
        if not versions:
            return False
        order = Order(self.rnd.choice(versions), fresh_timers=self.rnd.random() < 0.5)
        with self.bureau() as acting:
            move_case(acting, self.case_id, order)
        return self.rnd.random() < 0.5 or self.change_back()

    def change_back(self) -> object:
        with self.bureau() as acting:
            move_back(acting, self.case_id)
        return True

    def ask_colleague(self) -> object:
        """Have a colleague fill an item, and take it back."""
        item = self.pick(ItemStatus.OPEN)
        if item is None:
            return False
        with self.acting(item.role, item.unit_id) as acting:
            asked = [user_id for user_id, _ in colleagues(acting, item.id)]
        if not asked:
            return False
        with self.acting(item.role, item.unit_id) as acting:
            delegate(acting, item.id, item.revision, self.rnd.choice(asked), WHY)
        with self.bureau() as acting:
            return release(acting, item.id, item.revision + 1, WHY)

    def part(self) -> WorkItem | None:
        found = [item for item in self.items() if item.status in WAITING and item.instance is not None]
        return self.rnd.choice(found) if found and self.project.responsible_unit_id else None

    def ask_more(self) -> object:
        item = self.part()
        if item is None:
            return False
        with self.acting(Role.HANDLER, self.project.responsible_unit_id or 0) as acting:
            units = [unit_id for unit_id, _ in candidates(acting, item.id)]
            return add_reviewer(acting, item.id, self.rnd.choice(units), WHY) if units else False

    def ask_fewer(self) -> object:
        item = self.part()
        if item is None:
            return False
        with self.acting(Role.HANDLER, self.project.responsible_unit_id or 0) as acting:
            return drop_reviewer(acting, item.id, WHY)

    def set_date(self) -> object:
        """Let a running timer end some days later."""
        with self.session() as session:
            running = timers_of(session, self.case_id)
        if not running:
            return False
        last = day_of(running[0].due_at) + timedelta(days=self.rnd.randint(0, 4))
        with self.bureau() as acting:
            return change_timer(acting, self.case_id, running[0].id, last, WHY)
