"""Made-up cases in a draft: at each step one of the choices its conditions ask for is drawn, time passes by itself.

Most choices look one step ahead for what was seldom reached, so that a case that can end does end; the others are
drawn blindly, so that cases are also sent back.
The same draft, day and seed give the same cases. Nothing is asked of forms and handlers here; `sigeyipi rehearse`
plays a whole year with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from random import Random

from bpmn.engine import Diagram, NotReady, Run, RunawayDiagram, StepFailed, VariableRefused
from bpmn.playing import Waiting, around, first_variables, take_place, waiting
from bpmn.rehearsal.past_cases import Played
from ledger.db import day_of
from ledger.rehearsals import Verdict
from ledger.working_days import Calendar

_KEY = b"a made-up case in a draft......."
_LONGEST = 500  # steps: by then a case that can end has ended
_DRAWS = 4  # choices looked at before one is taken
_BLINDLY = 0.3  # of all choices
_RARE = 0.1  # of all steps: an objection, a moment before everything else is done


def play_made_up(diagram: Diagram, calendar: Calendar, began: datetime, count: int, seed: int) -> Iterator[Played]:
    """Yield how `count` made-up cases go that begin at `began`."""
    for number in range(1, count + 1):
        yield MadeUp(diagram, calendar, began, Random(f"{seed}:{number}")).played(f"编的项目{number}")  # noqa: S311


class MadeUp:
    """One made-up case and its clock."""

    def __init__(self, diagram: Diagram, calendar: Calendar, began: datetime, random: Random) -> None:
        self.diagram, self.calendar = diagram, calendar
        self.began, self.now, self.random = began, began, random
        self.passed: list[str] = []
        self.visits: Counter[str] = Counter()  # how often something waited at an element

    def played(self, name: str) -> Played:
        """Play the case to its end and tell how it went."""
        here, words = "", ""
        try:
            self._begin()
            for _step in range(_LONGEST):
                waits = waiting(self.run)
                if not waits:
                    break
                here = waits[0].element.id
                self._go_on(self._chosen(waits))
            else:
                words = f"走了 {_LONGEST} 步还没有结束"
            if not words and not self.run.finished:
                words = "没有结束，也没有什么等着办"
        except (StepFailed, RunawayDiagram, NotReady, VariableRefused) as refused:
            here, words = getattr(refused, "element", here), str(refused)
        verdict = Verdict.STOPPED if words else Verdict.SAME
        return Played(None, name, verdict, here if words else "", words, (), tuple(self.passed))

    def _begin(self) -> None:
        counting, surroundings = around(self.calendar, day_of(self.began), self.now)
        counting.variables = first_variables(self.now)
        self.run = Run.start(self.diagram, first_variables(self.now), surroundings)
        self.passed += self.run.trail

    def _chosen(self, waits: list[Waiting]) -> Waiting:
        """Choose what happens next: a step of a person, now and then something else, else the next moment."""
        tasks = [each for each in waits if each.kind == "task"]
        others = [each for each in waits if each.kind != "task"]
        if tasks and (not others or self.random.random() >= _RARE):
            return self.random.choice(tasks)
        due = {each.token: each.due_at for each in self.run.timers}
        timers = sorted((each for each in others if each.token in due), key=lambda each: due[each.token])
        messages = [each for each in others if each.kind == "message"]
        if messages and (not timers or self.random.random() < _RARE):
            return self.random.choice(messages)
        return timers[0]

    def _go_on(self, wait: Waiting) -> None:
        """Let one thing happen, with the best of some drawn choices or with any."""
        due = {each.token: each.due_at for each in self.run.timers}
        self.now = max(self.now, due.get(wait.token, self.now))
        saved = self.run.dump(_KEY)
        draws = _DRAWS if wait.asked and self.random.random() >= _BLINDLY else 1
        tried = [self._tried(saved, wait) for _draw in range(draws)]
        self.run = min(tried, key=self._often)
        self.visits.update({each.element.id for each in waiting(self.run)})
        self.passed += self.run.trail

    def _tried(self, saved: bytes, wait: Waiting) -> Run:
        """Return where a drawn choice leads."""
        counting, surroundings = around(self.calendar, day_of(self.began), self.now)
        run = Run.load(self.diagram, saved, _KEY, surroundings)
        counting.variables = run.variables
        values = {each.name: self.random.choice(each.options)[0] for each in wait.asked}
        take_place(run, wait.token, values, self.now)
        return run

    def _often(self, run: Run) -> int:
        """Return how often it was come to where a run stands; its end counts as come to once."""
        return min((self.visits[each.element.id] for each in waiting(run)), default=1)
