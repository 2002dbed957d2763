"""Cases of this installation once more, in a draft: what was answered then, on a clock that stands at those moments.

A case's journal is followed act by act in the draft's engine. Steps are found again by their element and body, not by
token: the draft may lead another way. What the draft asks besides is done without an answer and told; where what was
done then has no place, the case stops, and that is told too. Everything is read, nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy.orm import Session

from bpmn.counting import Counting
from bpmn.engine import (
    MoveRefused,
    NotReady,
    ReadyTask,
    Run,
    RunawayDiagram,
    StateRefused,
    StepFailed,
    VariableRefused,
    WaitingTimer,
)
from bpmn.position import MOVED, MOVED_BACK
from bpmn.steps import OBJECTION
from bpmn.surroundings import CaseSurroundings
from bpmn.versions import Lineage, Version, lineage_of
from forms.fields import Form
from ledger.case_moves import timers_ever
from ledger.cases import WAITING, Case, Timer, WorkItem
from ledger.db import SessionFactory, day_of, transaction
from ledger.journal import Entry, history
from ledger.rehearsals import Verdict, case_played
from ledger.taking import items_of
from ledger.working_days import Calendar, dates_of, load_calendar

_KEY = b"a case of the past in a draft..."
_AHEAD = 40  # new steps and moments in a row: a draft that asks more before the next known one runs in circles
_LEARNING = frozenset({"entry", "resume", "change_timer", "recount", "replan", "repost"})
_COMPLETING = frozenset({"complete", "sign", "overdue", "skip"})
_MOVING = frozenset({"send_back", "call_back", "move"})

Detail = Mapping[str, Any]


@dataclass(frozen=True)
class Played:
    """How one case went in a draft; `passed` are the elements and flows it went through, in their order."""

    case_id: int | None
    name: str
    verdict: Verdict
    element: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()


class Stopped(Exception):
    """走不下去."""

    def __init__(self, element: str, reason: str) -> None:
        super().__init__(reason)
        self.element = element


@dataclass(frozen=True)
class Past:
    """What is known of a case: its journal, items and timers, and the versions it has been on."""

    case: Case
    rows: Sequence[Entry]
    items: Sequence[WorkItem]
    timers: Sequence[Timer]
    lineage: Lineage
    calendar: Calendar

    def stood_at(self, token: str) -> str:
        """Return the element a token stood at, "" for one that had no row."""
        known: Sequence[WorkItem | Timer] = (*self.items, *self.timers)
        return next((each.element for each in reversed(known) if each.token == token), "")

    def knows(self, element: str) -> bool:
        """Say whether the case has been on a version with this element."""
        try:
            self.lineage.element(element)
        except KeyError:
            return False
        return True


def read_past(session: Session, case_id: int) -> Past:
    """Return everything the replay of a case asks for."""
    case = case_played(session, case_id)
    return Past(
        case=case,
        rows=history(session, case_id),
        items=items_of(session, case_id),
        timers=timers_ever(session, case_id),
        lineage=lineage_of(session, case),
        calendar=load_calendar(session),
    )


def play_past(sessions: SessionFactory, draft: Version, case_ids: Sequence[int]) -> Iterator[Played]:
    """Yield how each case goes in the draft, read in a transaction of its own."""
    for case_id in case_ids:
        with transaction(sessions, writes=False) as session:
            yield Replay(read_past(session, case_id), draft).played()


@dataclass
class Replay:
    """One case on its way through a draft; `now` is the virtual clock, never before the row that is followed."""

    past: Past
    draft: Version
    notes: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    early: set[str] = field(default_factory=set)  # timers the draft fires before their time of then

    def played(self) -> Played:
        """Follow the whole journal and judge where it leads."""
        case = self.past.case
        verdict, element, reason = Verdict.SAME, "", ""
        try:
            self._begin(self.past.rows[0])
            for number, row in enumerate(self.past.rows[1:], 1):
                self._follow(row, self._names_since(number))
            self._compare_the_end()
        except Stopped as stopped:
            verdict, element, reason = Verdict.STOPPED, stopped.element, str(stopped)
        except (StepFailed, RunawayDiagram, NotReady, MoveRefused, VariableRefused, StateRefused) as refused:
            here = getattr(refused, "element", "")
            verdict, element, reason = Verdict.STOPPED, here or self._standing(), str(refused)
        except LookupError as unknown:  # a history this release has no way to follow must not end the whole run
            verdict, element, reason = Verdict.STOPPED, self._standing(), f"历史记录无法照办：{unknown}"
        if verdict is Verdict.SAME and self.notes:
            verdict = Verdict.DIFFERS
        return Played(case.id, case.project.name, verdict, element, reason, tuple(self.notes), tuple(self.passed))

    # -- the journal

    def _begin(self, row: Entry) -> None:
        self.now = row.at
        around = self._around()
        self.run = Run.start(self.draft.diagram, orjson.loads(row.detail)["variables"], around)
        around.counting.variables = self.run.variables
        self.passed += self.run.trail

    def _around(self) -> CaseSurroundings:
        case = self.past.case
        counting = Counting(self.past.calendar, dates_of(case.campaign), self.now)
        return CaseSurroundings(self.now, counting.functions, counting, self.draft, case.project)

    def _at(self, now: datetime) -> None:
        """Let the clock come to a moment; it never goes back."""
        self.now = max(self.now, now)
        around = self._around()
        self.run = Run.load(self.draft.diagram, self.run.dump(_KEY), _KEY, around)
        around.counting.variables = self.run.variables

    def _do(self, act: Callable[[], object]) -> None:
        before = len(self.run.trail)
        act()
        self.passed += self.run.trail[before:]

    def _names_since(self, number: int) -> Mapping[str, str]:
        """Return what elements of a row's time were called by the moves that came after it and stand."""
        standing: list[Mapping[str, str]] = []
        for row in self.past.rows[number:]:
            if row.act == MOVED:
                standing.append(orjson.loads(row.detail).get("renamed", {}))
            elif row.act == MOVED_BACK and standing:
                standing.pop()
        names: dict[str, str] = {}
        for renamed in standing:
            names = {**renamed, **{old: renamed.get(new, new) for old, new in names.items()}}
        return names

    def _follow(self, row: Entry, names: Mapping[str, str]) -> None:
        """Do in the draft what a row says was done then."""
        detail: Detail = orjson.loads(row.detail)
        element = names.get(row.element, row.element)
        if row.act in _COMPLETING:
            self._fire_what_is_earlier(row.at)
            self._at(row.at)
            self._complete(row, detail, element)
        elif row.act == "timer":
            self._fire_what_is_earlier(row.at)
            self._at(row.at)
            self._fire(detail, element)
        elif row.act in _MOVING:
            self._at(row.at)
            stood = self.past.stood_at(detail["token"]) or row.element
            self._move(names.get(stood, stood), names.get(detail["target"], detail["target"]))
        elif row.act in _LEARNING:
            self._at(row.at)
            self.run.variables.update(detail.get("variables", {}))
            self._reschedule(detail, names)
        elif row.act in ("add_reviewer", "drop_reviewer"):
            self._at(row.at)
            self._change_bodies(row.act, detail, element)
        elif row.act == "objection" and detail["sent_to"]:
            self._at(row.at)
            self._object()
        elif row.act == "terminate":
            self.run.abandon()

    def _complete(self, row: Entry, detail: Detail, element: str) -> None:
        name, variables = detail.get("name", element), detail.get("variables", {})
        if element not in self.draft.diagram.elements:
            self._note(f"当时办过的“{name}”在草稿里没有了")
            self.run.variables.update(variables)
            return
        task = self._come_to(element, detail.get("instance"), name)
        self._compare_forms(row, element, name)
        before = {each.token for each in self.run.ready}
        self._do(lambda: self.run.complete(task.token, variables))
        if "moved" in detail:  # straight back to who had sent it
            came = next((each.token for each in self.run.ready if each.token not in before), None)
            if came is not None and detail["target"] in self.draft.diagram.elements:
                self._do(lambda: self.run.move(came, detail["target"]))

    def _come_to(self, element: str, instance: str | None, name: str) -> ReadyTask:
        """Return the waiting task of an element; what is new in the draft and comes before it is done on the way."""
        for _step in range(_AHEAD):
            here = [each for each in self.run.ready if each.element == element]
            found = next((each for each in here if str(each.instance) == str(instance)), None)
            if found is not None:
                return found
            if not self._do_something_new():
                break
        raise Stopped(self._standing(), f"当时接着办“{name}”，草稿里这时等着的是{self._waiting_words()}")

    def _fire(self, detail: Detail, element: str) -> None:
        then = next((each for each in self.past.timers if each.token == detail["token"]), None)
        if element in self.early:
            self.early.discard(element)
            return
        if element not in self.draft.diagram.elements:
            self._note("当时等过的一个时间在草稿里没有了")
            return
        timer = self._come_to_timer(element)
        if then is not None and timer.due_at > then.due_at:
            self._note(f"{self._name(element)}要多等：当时到{_day(then.due_at)}，草稿到{_day(timer.due_at)}")
        self._at(timer.due_at)
        self._do(lambda: self.run.fire(timer.token))

    def _come_to_timer(self, element: str) -> WaitingTimer:
        for _step in range(_AHEAD):
            found = next((each for each in self.run.timers if each.element == element), None)
            if found is not None:
                return found
            if not self._do_something_new():
                break
        words = f"当时接着等{self._name(element)}，草稿里这时等着的是{self._waiting_words()}"
        raise Stopped(self._standing(), words)

    def _fire_what_is_earlier(self, before: datetime) -> None:
        """Fire what the draft lets go off sooner than it did then; what is at its old moment has a row of its own."""
        for timer in self.run.timers:
            then = [each.due_at for each in self.past.timers if each.element == timer.element]
            if timer.due_at < before and then and timer.due_at < max(then) - timedelta(days=1):
                self._note(f"{self._name(timer.element)}提前：当时到{_day(max(then))}，草稿到{_day(timer.due_at)}")
                self.early.add(timer.element)
                self._at(timer.due_at)
                self._do(lambda token=timer.token: self.run.fire(token))  # type: ignore[misc]
                return

    def _move(self, element: str, target: str) -> None:
        if target not in self.draft.diagram.elements:
            raise Stopped(self._standing(), f"当时退回到的环节“{self._old_name(target)}”在草稿里没有了")
        here = [each.token for each in self.run.ready if each.element == element]
        here += [each.token for each in self.run.timers if each.element == element]
        if not here:
            words = f"当时从“{self._old_name(element)}”退回，草稿里这时等着的是{self._waiting_words()}"
            raise Stopped(self._standing(), words)
        self._do(lambda: self.run.move(here[0], target))

    def _reschedule(self, detail: Detail, names: Mapping[str, str]) -> None:
        for token, due_at in detail.get("timers", {}).items():
            stood = self.past.stood_at(token)
            for timer in self.run.timers:
                if timer.element == names.get(stood, stood):
                    self.run.reschedule(timer.token, datetime.fromisoformat(due_at))

    def _change_bodies(self, act: str, detail: Detail, element: str) -> None:
        asked = next((each for each in self.run.ready if each.element == element), None)
        if asked is None:
            words = f"当时增减了会审单位，草稿里这时等着的是{self._waiting_words()}"
            raise Stopped(self._standing(), words)
        if act == "add_reviewer":
            self._do(lambda: self.run.add_instance(asked.token, detail["added"]))
        else:
            body = detail.get("instance")
            gone = next((each for each in self.run.ready if str(each.instance) == str(body)), asked)
            self._do(lambda: self.run.drop_instance(gone.token))
        self.run.variables.update(detail.get("variables", {}))

    def _object(self) -> None:
        self.run.variables["objection_open"] = True
        heard: list[bool] = []
        self._do(lambda: heard.append(self.run.deliver(OBJECTION)))
        if not heard[0]:
            raise Stopped(self._standing(), "当时收到了异议，草稿里这时没有地方受理")

    # -- what the draft asks besides

    def _do_something_new(self) -> bool:
        """Do one thing that the case never met: a step without an answer, or a moment waited for."""
        for task in self.run.ready:
            if not self.past.knows(task.element):
                self._note(f"多办一步{self._name(task.element)}（当时没有，按办结往下走）")
                self._do(lambda token=task.token: self.run.complete(token, {}))  # type: ignore[misc]
                return True
        for timer in self.run.timers:
            if not self.past.knows(timer.element):
                self._note(f"多等到{_day(timer.due_at)}（{self._name(timer.element)}，当时没有）")
                self._at(timer.due_at)
                self._do(lambda token=timer.token: self.run.fire(token))  # type: ignore[misc]
                return True
        return False

    def _compare_forms(self, row: Entry, element: str, name: str) -> None:
        """Tell what the draft's form demands that was not asked then."""
        item = next((each for each in self.past.items if each.id == row.item_id), None)
        if item is None or item.completed_at is None:
            return
        old = self.past.lineage.at(item.completed_at).forms.get(item.stem)
        stem = self.draft.diagram.elements[element].attributes.get("handler", item.stem)
        new = self.draft.forms.get(stem)
        if old is None or new is None:
            return
        if stem != item.stem:
            self._note(f"“{name}”改填“{new.title}”，当时填的是“{old.title}”")
            return
        for label in _demanded(new) - _known(old):
            self._note(f"“{name}”新的必填项“{label}”，当时没有")

    def _compare_the_end(self) -> None:
        """Compare where the case stands with where it stands in the draft."""
        case = self.past.case
        if case.ended_at is not None:
            for _step in range(_AHEAD):
                if self.run.finished or not self._do_something_new():
                    break
            if not self.run.finished:
                raise Stopped(self._standing(), f"当时已办结，草稿里还等着{self._waiting_words()}")
            return
        then = sorted({each.element for each in self.past.items if each.status in WAITING})
        here = sorted({each.element for each in self.run.ready})
        if then != here:
            words = "、".join(f"“{self._old_name(each)}”" for each in then) or "别的"
            self._note(f"现在等着办的是{words}，草稿里是{self._waiting_words()}")

    # -- words

    def _note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    def _name(self, element: str) -> str:
        found = self.draft.diagram.elements.get(element)
        return f"“{(found and found.name) or element}”"

    def _old_name(self, element: str) -> str:
        return self.past.lineage.element(element).name if self.past.knows(element) else element

    def _standing(self) -> str:
        """Return the first element something waits at, "" before the start and after the end."""
        if not hasattr(self, "run"):
            return ""
        run = self.run
        waits = [each.element for each in run.ready] + [each.element for each in run.timers]
        return next(iter(waits + [each.element for each in run.messages]), "")

    def _waiting_words(self) -> str:
        waits = [each.element for each in self.run.ready] + [each.element for each in self.run.timers]
        names = dict.fromkeys(self._name(each) for each in waits)
        return "、".join(names) or "（流程已结束）"


def _demanded(form: Form) -> set[str]:
    return {each.label for _section, each in form.fields() if each.required and not each.retired}


def _known(form: Form) -> set[str]:
    return {each.label for _section, each in form.fields()}


def _day(moment: datetime) -> str:
    return day_of(moment - timedelta(microseconds=1)).isoformat()
