"""Play a draft before it is a version: one pretended case gone through move by move, on a clock of its own.

A step is done with its real form, read and decided as the server does with a real one, or by picking what the
conditions after it ask for. The whole play lives in memory: it is built from its moves and written nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bpmn.engine import NotReady, ReadyTask, Run, RunawayDiagram, StepFailed, VariableRefused
from bpmn.moving_on import DEFAULT_DUE
from bpmn.playing import Waiting, around, deciding, first_variables, made_up_dates, standing, take_place, waiting
from bpmn.rehearsal.moves import Move
from bpmn.rehearsal.pretended import County, pretended
from bpmn.rehearsal.sheets import Filled, Sheet, Table, carry_out, decide, has_form, sheet_of, with_files
from bpmn.versions import Version
from forms.parsing import FormErrors
from handlers.outcome import StepRefused
from ledger.db import day_of
from ledger.working_days import Calendar, Due, UnknownDueRule, due_of, read_due_rule

_KEY = b"a case played in a draft........"
_MOMENTS = 200  # timers that go off in one move of the clock: by then the diagram runs in circles


class GoesNowhere(ValueError):
    """这一步现在办不了."""


REFUSALS = (GoesNowhere, FormErrors, StepRefused, NotReady, StepFailed, RunawayDiagram, VariableRefused)
"""Everything that can speak against a move."""


@dataclass(frozen=True)
class Ground:
    """What every play of a draft stands on: the draft as read, what its forms can name, the calendar, the beginning."""

    version: Version
    county: County
    calendar: Calendar
    began: datetime


class Play:
    """One pretended case; raises StepFailed, RunawayDiagram and VariableRefused where it cannot even begin."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.now = ground, ground.began
        self.began_on = day_of(ground.began)
        self.case = pretended(ground.county, self.began_on)
        self.filled = False  # once a form was filled in: then tables decide, as they will
        counting, surroundings = around(ground.calendar, self.began_on, self.now)
        counting.variables = first_variables(self.now, list(ground.county.reviewers))
        self.run = Run.start(ground.version.diagram, counting.variables, surroundings)
        self.trail = list(self.run.trail)
        self.since: dict[str, datetime] = {}  # when something began to wait, by token
        self._note_arrivals()

    # -- what there is

    @property
    def day(self) -> int:
        """Return how many days have passed."""
        return (day_of(self.now) - self.began_on).days

    @property
    def waits(self) -> list[Waiting]:
        return waiting(self.run)

    def due_of(self, wait: Waiting) -> Due | None:
        """Return until when a person's step is to be done; None for a moment, a message and a rule nobody can read."""
        if wait.kind != "task":
            return None
        try:
            rule = read_due_rule(wait.element.attributes.get("due", DEFAULT_DUE))
        except UnknownDueRule:
            return None
        dates = made_up_dates(self.began_on)
        return due_of(rule, self.since[wait.token], dates, self.run.variables, self.ground.calendar)

    def task(self, token: str) -> ReadyTask | None:
        return next((each for each in self.run.ready if each.token == token), None)

    def sheet(self, token: str) -> Sheet | None:
        """Return the form that a waiting step is asked with; None for a step without one."""
        task = self.task(token)
        if task is None or not has_form(self.ground.version, self.run.diagram.elements[task.element]):
            return None
        table = Table(self.ground.version, self.ground.calendar, made_up_dates(self.began_on), self.now)
        return sheet_of(table, self.case, self.run, task)

    # -- what may be done

    def take(self, move: Move) -> None:
        """Do one move; raises one of REFUSALS, and what was done of the move is then not to be looked at."""
        if not move.element:
            self.pass_to(self.ground.began + timedelta(days=move.day))
            return
        self.move_clock(max(self.now, self.ground.began + timedelta(days=move.day)))
        wait = self.waiting_for(move)
        if wait is None:
            raise GoesNowhere(f"应办{self._name(move)}，这时等着的是{self.standing()}")
        if wait.kind == "timer":
            due = next(each.due_at for each in self.run.timers if each.token == wait.token)
            self.move_clock(max(self.now, due))
        if wait.kind == "message":
            self.case.objections += 1
        if wait.kind == "task" and move.posted is not None:
            sheet = self.sheet(wait.token)
            if sheet is None:
                raise GoesNowhere(f"{self._name(move)}没有表单")
            self.finish(decide(with_files(sheet, move.files), move.posted))
        else:
            self.let(wait.token, move.values)

    def let(self, token: str, values: Mapping[str, str]) -> None:
        """Let one thing happen at the present moment, with choices instead of answers."""
        self._do(lambda: take_place(self.run, token, values, self.now))

    def finish(self, filled: Filled) -> None:
        """Let the case learn what came of a form and go on; an item that stays open only learns."""
        known = self.findings
        carry_out(self.case, filled)
        if not self.filled or self.findings != known:  # what tables look at
            self.filled = True
            self._load()
        if filled.outcome.remains:
            self.run.variables.update(filled.variables)
            return
        self._do(lambda: self.run.complete(filled.sheet.token, filled.variables))

    def pass_to(self, moment: datetime) -> None:
        """Let time pass; what goes off on the way goes off at its own moment. Raises GoesNowhere for circles."""
        for _moment in range(_MOMENTS):
            due = min(self.run.timers, key=lambda each: each.due_at, default=None)
            if due is None or due.due_at > moment:
                self.move_clock(max(self.now, moment))
                return
            self.move_clock(max(self.now, due.due_at))
            self._do(lambda token=due.token: self.run.fire(token))  # type: ignore[misc]
        raise GoesNowhere(f"时间走不过去：连着有 {_MOMENTS} 个定时到期")

    @property
    def findings(self) -> Sequence[str]:
        """What the survey of the pretended project found, which the classification table looks at."""
        return self.case.project.get("findings") or ()

    def waiting_for(self, move: Move) -> Waiting | None:
        """Return what waits where a move was made: by element and body, for tokens are another play's."""
        here = [each for each in self.waits if each.element.id == move.element]
        return next((each for each in here if self.instance_of(each.token) == move.instance), None)

    def instance_of(self, token: str) -> str:
        """Return whose part a waiting step is, "" where it is nobody's in particular."""
        task = self.task(token)
        return "" if task is None or task.instance is None else str(task.instance)

    def standing(self) -> str:
        """Name what waits now."""
        elements = self.run.diagram.elements
        names = dict.fromkeys(elements[element].name or element for _token, element in standing(self.run))
        return "、".join(f"“{name}”" for name in names) or "（流程已结束）"

    def _name(self, move: Move) -> str:
        found = self.run.diagram.elements.get(move.element)
        part = f"（{self.ground.county.name(move.instance)}）" if move.instance else ""
        return f"“{(found and found.name) or move.element}”{part}"

    def _do(self, act: Callable[[], object]) -> None:
        before = len(self.run.trail)
        act()
        self.trail += self.run.trail[before:]
        self._note_arrivals()

    def _note_arrivals(self) -> None:
        self.since = {token: self.since.get(token, self.now) for token, _element in standing(self.run)}

    def move_clock(self, moment: datetime) -> None:
        """Let it be another moment; nothing goes off by it."""
        if moment != self.now:
            self.now = moment
            self._load()

    def _load(self) -> None:
        """Take the case up anew at the present moment, as every act on a real one does."""
        self.run = self.loaded(self.run.dump(_KEY))

    def saved(self) -> bytes:
        """Return the run as it stands, for `loaded`."""
        return self.run.dump(_KEY)

    def loaded(self, saved: bytes) -> Run:
        """Return a run as it was saved, at the present moment."""
        counting, surroundings = around(self.ground.calendar, self.began_on, self.now)
        if self.filled:
            surroundings = deciding(surroundings, self.ground.version, self.findings)
        run = Run.load(self.ground.version.diagram, saved, _KEY, surroundings)
        counting.variables = run.variables
        return run


@dataclass(frozen=True)
class Course:
    """Where moves lead: `wrong` says which of them could not be made, `play` stands before it."""

    play: Play
    made: tuple[Move, ...]
    wrong: str = ""


def play_moves(ground: Ground, moves: Sequence[Move]) -> Course:
    """Make moves one after the other, as far as they go; raises what Play raises where the case cannot begin."""
    play = Play(ground)
    for number, move in enumerate(moves, 1):
        try:
            play.take(move)
        except REFUSALS as refused:
            made = tuple(moves[: number - 1])
            return Course(replayed(ground, made), made, f"第 {number} 步{refused}")
    return Course(play, tuple(moves))


def replayed(ground: Ground, moves: Sequence[Move]) -> Play:
    """Make moves that are known to go."""
    play = Play(ground)
    for move in moves:
        play.take(move)
    return play
