"""Drive every case of a campaign to its end on a virtual clock, with the forms, acts and commits that people use.

What is to be done lies in one queue by its virtual moment. Whoever takes an item up opens it as its page does, answers
what its form asks so that the project's story comes true, and completes it with the files it demands, in one
transaction as the browser's POST does. The clock sweeps once a virtual day, as the product's own clock would.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import count
from pathlib import Path
from time import perf_counter

from sqlalchemy.orm import Session

from bpmn.acts import return_targets, send_back
from bpmn.casefile import Acting
from bpmn.refusals import ItemGone
from bpmn.rehearsal.answers import files_wanted, fill
from bpmn.rehearsal.desks import Desks
from bpmn.rehearsal.story import Story
from bpmn.rehearsal.wishes import Moment as Situation
from bpmn.rehearsal.wishes import Wishes, is_return, wishes_of
from bpmn.runtime import (
    Completed,
    OpenItem,
    answer_item,
    record_overdue,
    register_objection,
    sign_item,
)
from forms.fields import Field, Posted
from ledger.db import SHANGHAI, SessionFactory, day_of, transaction
from ledger.journal import Moment
from ledger.meetings import batches_of
from ledger.papers import File, Place, attach
from ledger.pending import Pending, next_timer_at, pending_after, revision_of
from ledger.scope import Actor
from ledger.vocabulary import MeetingKind, PaperKind, Role
from ledger.working_days import Calendar

Sweep = Callable[[Moment], int]
"""One pass of the product's clock; returns how many timers fired."""
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
_OPENS, _CLOSES = 9, 17  # working hours in Asia/Shanghai
_MEETING_EVERY = 3  # days between a unit's meetings
_LAST_DAY = 1200  # a rehearsal that takes longer runs in circles
_SENT_BACK_FROM = "disposal_plan"
_NOTICES = frozenset({"notice_unit", "notice_site"})


@dataclass(frozen=True, order=True)
class Task:
    """Something that somebody takes up at a virtual moment; `number` keeps the order of what falls together."""

    at: datetime
    number: int
    kind: str = field(compare=False)  # item, sign, overdue or objection
    case_id: int = field(compare=False)
    item: Pending | None = field(compare=False, default=None)
    raised: int = field(compare=False, default=0)  # objections to raise


@dataclass
class Tally:
    """What happened so far."""

    transactions: int = 0
    timers_fired: int = 0
    returns: int = 0
    objections: int = 0
    exits: int = 0
    finished: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass
class Rehearsal:
    """All cases of one campaign, their stories, and the virtual clock."""

    sessions: SessionFactory
    papers: Path
    calendar: Calendar
    desks: Desks
    stories: Mapping[int, Story]  # case → story
    numbers: Mapping[int, str]  # case → 项目编号
    units: dict[int, int]  # case → responsible unit
    meeting_fields: Mapping[str, str]  # step → its form's field that names a meeting
    sweep: Sweep
    now: datetime
    tally: Tally = field(default_factory=Tally)
    _queue: list[Task] = field(default_factory=list)
    _serial: Iterator[int] = field(default_factory=count)
    _seen: int = 0  # newest item known
    _visits: Counter[tuple[int, str]] = field(default_factory=Counter)
    _periods: Counter[int] = field(default_factory=Counter)  # publicity periods that began, by case
    _gone: set[int] = field(default_factory=set)  # cases sent back by an act
    _exited: set[int] = field(default_factory=set)

    def run(self, told: Callable[[int], None]) -> Tally:
        """Work until every case has ended or nothing moves any more; `told` hears how many have ended."""
        began, last = perf_counter(), self.now + timedelta(days=_LAST_DAY)
        self.gather()
        while self.tally.finished < len(self.stories) and self.now < last:
            self.work_until(self._next_sweep(), told)
            if not self._queue and not self._to_next_timer():
                break
            self._sweep()
        self.tally.exits = len(self._exited)
        self.tally.seconds = perf_counter() - began
        return self.tally

    def gather(self) -> None:
        """Plan what came since the last look, whoever brought it: the push, or a clock that passed."""
        with self._reading() as session:
            self._gather(session)

    # -- time

    def _next_sweep(self) -> datetime:
        tomorrow = day_of(self.now) + timedelta(days=1)
        return datetime.combine(tomorrow, time(0, 5), SHANGHAI)

    def _to_next_timer(self) -> bool:
        """Let the days pass in which nothing can happen; False when nothing ever will."""
        with self._reading() as session:
            due_at = next_timer_at(session)
        if due_at is not None:
            self.now = max(self.now, due_at - timedelta(days=1))
        return due_at is not None

    def _sweep(self) -> None:
        self.now = self._next_sweep()
        fired = self.sweep(Moment(self.now, self.now))
        self.tally.timers_fired += fired
        self.tally.transactions += fired
        if fired:
            self.gather()

    def work_until(self, moment: datetime, told: Callable[[int], None] = lambda _finished: None) -> None:
        """Do what falls before `moment`, in its order; what else the county does, its own clocks too, comes between."""
        while self._queue and self._queue[0].at < moment:
            task = heapq.heappop(self._queue)
            self.now = task.at
            self._do(task)
            told(self.tally.finished)

    def _plan(self, hours: float, kind: str, case_id: int, item: Pending | None = None, raised: int = 0) -> None:
        at = self._at_work(self.now + timedelta(hours=hours))
        heapq.heappush(self._queue, Task(at, next(self._serial), kind, case_id, item, raised))

    def _at_work(self, moment: datetime) -> datetime:
        """Return `moment`, or the next at which an office is open."""
        local = moment.astimezone(SHANGHAI)
        if local.hour >= _CLOSES:
            local = (local + timedelta(days=1)).replace(hour=_OPENS)
        elif local.hour < _OPENS:
            local = local.replace(hour=_OPENS)
        while not self.calendar.is_working(local.date()):
            local = (local + timedelta(days=1)).replace(hour=_OPENS)
        return local

    # -- what is to be done

    def _gather(self, session: Session) -> None:
        """Plan every item that came since the last look."""
        for item in pending_after(session, self._seen):
            self._seen = max(self._seen, item.id)
            self._plan_item(item)

    def _look(self, session: Session, done: Completed) -> None:
        """Plan what came with an act that says it brought something new."""
        if done.next and not done.remains:
            self._gather(session)

    def _plan_item(self, item: Pending) -> None:
        story = self.stories.get(item.case_id)
        if story is None:
            return
        if item.stem == "joint_review" and story.late_reviewer and self._is_first_body(item):
            late = (item.due_at - self.now).total_seconds() / 3600
            self._plan(late + 1, "overdue", item.case_id, item)
            return
        hours, late_step = story.lag(item.stem, self._visits[item.case_id, item.stem])
        if late_step:
            hours += max((item.due_at - self.now).total_seconds() / 3600, 0)
        self._plan(hours, "item", item.case_id, item)

    def _is_first_body(self, item: Pending) -> bool:
        return item.unit_id == min(unit for (unit, _role), who in self.desks.people.items() if _reviews(who))

    def _do(self, task: Task) -> None:
        try:
            if task.kind == "objection":
                self._object(task)
            elif task.item is not None:
                {"item": self._take_up, "sign": self._sign, "overdue": self._overdue}[task.kind](task.item)
        except ItemGone:
            return  # cancelled meanwhile: the case went another way
        except Exception as error:  # one broken case must not end the rehearsal: it is told as a problem
            stem = task.item.stem if task.item is not None else task.kind
            self.tally.problems.append(f"{self.numbers[task.case_id]} {stem}：{type(error).__name__}：{error}")

    def _overdue(self, item: Pending) -> None:
        with self._acting(self.desks.person(self.units[item.case_id], Role.HANDLER)) as acting:
            record_overdue(acting, item.id)
            self._gather(acting.session)

    def _object(self, task: Task) -> None:
        """Raise the objections of a period, the second while the first is examined."""
        with self._acting(self.desks.person(self.units[task.case_id], Role.HANDLER)) as acting:
            register_objection(acting, task.case_id, "村民代表甲", "13800000000", "认为分类与实际情况不符，请核查。")
            self._gather(acting.session)
        self.tally.objections += 1
        if task.raised > 1:
            self._plan(0.2, "objection", task.case_id, raised=task.raised - 1)

    # -- an item

    def _take_up(self, item: Pending) -> None:
        if self._sends_back(item) and self._send_back(item):
            return
        meeting = self._meeting(item)
        if meeting is None:
            return  # the unit meets another day
        today = day_of(self.now)
        batch = self.desks.batch(item.unit_id, today) if item.stem == "submission" else None
        visit = self._visits[item.case_id, item.stem]
        taken: list[tuple[Situation, Wishes, bool]] = []
        with self._acting(self.desks.person(item.unit_id, item.role)) as acting:

            def answer(shown: OpenItem) -> Posted:
                story = self.stories[item.case_id]
                situation = Situation(story, shown.step, shown.asked, shown.item.id, visit, today, batch)
                wishes = {**wishes_of(situation), **meeting}
                taken.append((situation, wishes, shown.item.signed))
                posted = fill(shown.form, shown.asked, shown.initial_posted, wishes, today)
                for each in files_wanted(shown.form, shown.asked, posted, wishes):
                    self._upload(acting, item, each)
                return posted

            done = answer_item(acting, item.id, answer)
            if item.stem == "submission" and batch is None:
                newest = batches_of(acting.session, item.unit_id, self.desks.campaign_id)[0]
                self.desks.begun(item.unit_id, newest.id, today)
            self._look(acting.session, done)
        ((situation, wishes, signed),) = taken
        self.tally.returns += is_return(situation, wishes)
        self._after(item, wishes, done, signed=signed)

    def _after(self, item: Pending, wishes: Wishes, done: Completed, *, signed: bool) -> None:
        """Note what a completion led to and plan what it alone knows of."""
        if done.remains:
            self._plan(*((6, "sign") if signed else (40, "item")), item.case_id, item)
            return
        self._visits[item.case_id, item.stem] += 1
        self.tally.finished += done.finished
        if wishes.get("exit") == "decided":
            self._exited.add(item.case_id)
        if item.stem == "reassign" and wishes.get("unit"):
            self.units[item.case_id] = int(wishes["unit"])
        if item.stem in _NOTICES:
            self._plan_objections(item.case_id)

    def _plan_objections(self, case_id: int) -> None:
        """Raise this period's objections two days after the later notice."""
        posted = min(self._visits[case_id, stem] for stem in _NOTICES)
        periods = self.stories[case_id].objections
        if posted > self._periods[case_id]:
            self._periods[case_id] = posted
            if posted <= len(periods):
                self._plan(48, "objection", case_id, raised=len(periods[posted - 1]))

    def _sign(self, item: Pending) -> None:
        story, refused = self.stories[item.case_id], f"unsigned {item.stem}"
        approve = not story.unsigned or self._visits[item.case_id, refused] > 0
        with self._acting(self.desks.person(item.unit_id, Role.SIGNER)) as acting:
            opinion = "同意" if approve else "请补充说明后再送审"
            done = sign_item(acting, item.id, revision_of(acting.session, item.id), approve, opinion)
            self._look(acting.session, done)
        if approve:
            self._after(item, {}, done, signed=True)
        else:
            self.tally.returns += 1
            self._visits[item.case_id, refused] += 1
            self._plan(6, "item", item.case_id, item)

    def _sends_back(self, item: Pending) -> bool:
        story = self.stories[item.case_id]
        return story.sent_back and item.stem == _SENT_BACK_FROM and item.case_id not in self._gone

    def _send_back(self, item: Pending) -> bool:
        """Send the case back to the nearest earlier step the diagram allows; False when there is none."""
        self._gone.add(item.case_id)
        with self._acting(self.desks.person(item.unit_id, item.role)) as acting:
            targets = return_targets(acting, item.id)
            if targets:
                send_back(acting, item.id, item.revision, targets[-1][0], "预演：材料需要重新核实")
                self.tally.returns += 1
                self._gather(acting.session)
        return bool(targets)

    # -- what an item needs beside its form

    def _meeting(self, item: Pending) -> dict[str, str] | None:
        """Return the answer that names the unit's meeting of today, nothing for a step without one.

        None when the unit does not meet today: the item waits for the day it does.
        """
        name = self.meeting_fields.get(item.stem)
        if name is None:
            return {}
        kind, today = _kind_of(item), day_of(self.now)
        if self.desks.has_meeting(item.unit_id, kind, today):
            return {name: str(self.desks.join_meeting(item.unit_id, kind))}
        away = (today.toordinal() + item.unit_id) % _MEETING_EVERY
        if away:
            self._plan(24 * (_MEETING_EVERY - away), "item", item.case_id, item)
            return None
        with self._acting(self.desks.person(item.unit_id, Role.HANDLER)) as acting:
            return {name: str(self.desks.hold_meeting(acting, item.unit_id, kind, today))}

    def _upload(self, acting: Acting, item: Pending, each: Field) -> None:
        """Attach a file to the item, as the browser sends it along with the form."""
        content = _PDF + f"{item.id} {each.name} {item.revision}".encode()
        place = Place(PaperKind(each.kind), case_id=item.case_id, item_id=item.id, field=each.name)
        file = File(f"{each.label}.pdf", "application/pdf", content)
        attach(acting.session, self.papers, file, place, acting.actor, self.now)

    # -- transactions

    @contextmanager
    def _acting(self, person: Actor) -> Iterator[Acting]:
        with transaction(self.sessions) as session:
            yield Acting(session, person, Moment(self.now, self.now), self.papers)
        self.tally.transactions += 1

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with transaction(self.sessions, writes=False) as session:
            yield session


def _kind_of(item: Pending) -> MeetingKind:
    return MeetingKind.GROUP if item.stem == "decision" else MeetingKind.PARTY


def _reviews(person: Actor) -> bool:
    return any(post.unit_kind == "reviewer" for post in person.posts)
