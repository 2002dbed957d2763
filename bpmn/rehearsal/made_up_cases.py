"""Made-up cases in a draft: each step's form is filled in with made-up answers, time passes by itself.

A step that a story knows is answered so that the story comes true, now and then with any of its options instead; a step
of the draft's own is answered with options drawn at will. What the server would refuse is drawn anew. Most choices look
one step ahead for what was seldom reached, so that a case that can end does end; the others are drawn blindly, so that
cases are also sent back.
The same draft, day and seed give the same cases. Nothing is written; `sigeyipi rehearse` plays a whole year on rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from bpmn.engine import NotReady, Run, RunawayDiagram, StepFailed, VariableRefused
from bpmn.playing import Waiting, standing, take_place
from bpmn.rehearsal.answers import files_wanted, fill
from bpmn.rehearsal.form_faults import form_faults
from bpmn.rehearsal.past_cases import Played
from bpmn.rehearsal.plays import Ground, Play
from bpmn.rehearsal.pretended import NUMBER
from bpmn.rehearsal.sheets import Filled, Sheet, decide, with_files
from bpmn.rehearsal.story import story_of
from bpmn.rehearsal.wishes import Moment, wishes_of
from forms.fields import FieldType, Form, Posted, options_of
from forms.parsing import FormErrors
from handlers import HANDLERS
from handlers.outcome import StepRefused
from ledger.db import day_of
from ledger.rehearsals import Verdict

_LONGEST = 500  # steps: by then a case that can end has ended
_DRAWS = 4  # choices looked at before one is taken
_BLINDLY = 0.3  # of all choices
_RARE = 0.1  # of all steps: an objection, a moment before everything else is done
_AT_WILL = 0.25  # of the steps a story knows: answered with any of its options
_TRIES = 12  # answers drawn before a form counts as one that cannot be filled in
_PICKED = frozenset({FieldType.RADIO, FieldType.SELECT, FieldType.CHECKS, FieldType.TICK})


class CannotBeFilled(ValueError):
    """表单填不下去."""


def play_made_up(ground: Ground, count: int, seed: int) -> Iterator[Played]:
    """Yield how `count` made-up cases go that begin with the ground."""
    faults: dict[str, list[str]] = {}  # of a step's form: they are every case's
    for number in range(1, count + 1):
        yield MadeUp(ground, seed, number, faults).played(f"编的项目{number}")


class MadeUp:
    """One made-up case and its clock."""

    def __init__(self, ground: Ground, seed: int, number: int, faults: dict[str, list[str]]) -> None:
        self.ground, self.faults = ground, faults
        self.random = Random(f"{seed}:{number}")  # noqa: S311  # made-up decisions, no secret
        self.story, self.number = story_of(seed, str(number)), number
        self.visits: Counter[str] = Counter()  # how often something waited at an element
        self.done: Counter[str] = Counter()  # how often a stem was completed
        self.notes: dict[str, str] = {}  # what is wrong with a form → the step it is asked at

    def played(self, name: str) -> Played:
        """Play the case to its end and tell how it went."""
        here, words = "", ""
        passed: tuple[str, ...] = ()
        try:
            self.play = Play(self.ground)
            for _step in range(_LONGEST):
                waits = self.play.waits
                if not waits:
                    break
                chosen = self._chosen(waits)
                here = chosen.element.id
                self._go_on(chosen)
            else:
                words = f"走了 {_LONGEST} 步还没有结束"
            if not words and not self.play.run.finished:
                words = "没有结束，也没有什么等着办"
        except (StepFailed, RunawayDiagram, NotReady, VariableRefused, CannotBeFilled) as refused:
            here, words = getattr(refused, "element", here), str(refused)
        if hasattr(self, "play"):
            passed = tuple(self.play.trail)
        faulty = next(iter(self.notes.values()), "")
        verdict = Verdict.STOPPED if words else Verdict.FAULTY if faulty else Verdict.SAME
        return Played(None, name, verdict, here if words else faulty, words, tuple(self.notes), passed)

    def _chosen(self, waits: list[Waiting]) -> Waiting:
        """Choose what happens next: a step of a person, now and then something else, else the next moment."""
        tasks = [each for each in waits if each.kind == "task"]
        others = [each for each in waits if each.kind != "task"]
        if tasks and (not others or self.random.random() >= _RARE):
            return self.random.choice(tasks)
        due = {each.token: each.due_at for each in self.play.run.timers}
        timers = sorted((each for each in others if each.token in due), key=lambda each: due[each.token])
        messages = [each for each in others if each.kind == "message"]
        if messages and (not timers or self.random.random() < _RARE):
            return self.random.choice(messages)
        return timers[0]

    def _go_on(self, wait: Waiting) -> None:
        """Let one thing happen: a form filled in, a moment come to, a message, a step without a form."""
        sheet = self.play.sheet(wait.token)
        if sheet is not None:
            self._note_faults(sheet)
            self._fill_in(sheet)
        else:
            self._let_happen(wait)
        self.visits.update({element for _token, element in standing(self.play.run)})

    def _let_happen(self, wait: Waiting) -> None:
        """Let a moment, a message or a step without a form take place, with the best of some drawn choices."""
        play = self.play
        due = next((each.due_at for each in play.run.timers if each.token == wait.token), play.now)
        if due > play.now:
            play.pass_to(due - timedelta(microseconds=1))  # what is due before goes off before
        play.move_clock(max(play.now, due))
        if wait.kind == "message":
            play.case.objections += 1
        draws = self._draws() if wait.asked else 1
        drawn = [{each.name: self.random.choice(each.options)[0] for each in wait.asked} for _draw in range(draws)]
        saved = play.saved() if draws > 1 else b""
        best = min(drawn, key=lambda values: self._rarity(saved, wait, values)) if draws > 1 else drawn[0]
        play.let(wait.token, best)

    def _rarity(self, saved: bytes, wait: Waiting, values: dict[str, str]) -> int:
        run = self.play.loaded(saved)
        take_place(run, wait.token, values, self.play.now)
        return self._often(run)

    def _draws(self) -> int:
        return _DRAWS if self.random.random() >= _BLINDLY else 1

    def _often(self, run: Run) -> int:
        """Return how often it was come to where a run stands; its end counts as come to once."""
        return min((self.visits[element] for _token, element in standing(run)), default=1)

    # -- forms

    def _note_faults(self, sheet: Sheet) -> None:
        element = sheet.element
        if element.id not in self.faults:
            self.faults[element.id] = form_faults(self.ground.version, element)
        for fault in self.faults[element.id]:
            self.notes.setdefault(f"“{element.name or element.id}”的表单：{fault}", element.id)

    def _fill_in(self, sheet: Sheet) -> None:
        """Fill in a form with the best of some answers that the server would take, and go on."""
        wanted = self._draws() if sheet.step.stem not in HANDLERS else 1
        found: list[Filled] = []
        refused = ""
        for _try in range(_TRIES):
            try:
                found.append(decide(*self._answered(sheet, at_will=self._at_will(sheet, refused))))
            except (FormErrors, StepRefused) as wrong:
                refused = "；".join(wrong.errors.values())
            if len(found) >= wanted:
                break
        if not found:
            title = f"“{sheet.element.name or sheet.element.id}”的表单“{sheet.form.title}”填不下去"
            raise CannotBeFilled(f"{title}：{refused}")
        saved = self.play.saved() if len(found) > 1 else b""
        best = min(found, key=lambda each: self._reach(saved, each)) if saved else found[0]
        self.play.finish(best)
        self.done[sheet.step.stem] += not best.outcome.remains

    def _at_will(self, sheet: Sheet, refused: str) -> bool:
        """Say whether any options are drawn: for a form of the draft's own, and now and then for one of a story."""
        return sheet.step.stem not in HANDLERS or (not refused and self.random.random() < _AT_WILL)

    def _reach(self, saved: bytes, filled: Filled) -> int:
        run = self.play.loaded(saved)
        run.complete(filled.sheet.token, filled.variables)
        return self._often(run)

    def _answered(self, sheet: Sheet, *, at_will: bool) -> tuple[Sheet, dict[str, list[str]]]:
        """Return a sheet with its files, and what a browser would post for it."""
        today, wishes = day_of(self.play.now), self._wishes(sheet, at_will=at_will)
        posted = fill(sheet.form, sheet.asked, sheet.initial, wishes, today)
        files = [each.name for each in files_wanted(sheet.form, sheet.asked, posted, wishes)]
        return with_files(sheet, files), posted

    def _wishes(self, sheet: Sheet, *, at_will: bool) -> dict[str, Any]:
        stem, today = sheet.step.stem, day_of(self.play.now)
        told = Moment(self.story, sheet.step, sheet.asked, self.number, self.done[stem], today, None)
        if at_will:
            return drawn(sheet.form, sheet, self.random)
        return dict(wishes_of(told))


def made_up_answers(play: Play, sheet: Sheet, said: Posted) -> tuple[dict[str, list[str]], list[str]]:
    """Return what fills the rest of a form so that the case goes straight on, and the fields that need a file.

    What somebody has typed already stays.
    """
    story = replace(
        story_of(0, NUMBER), returned_at=frozenset(), withdrawn=False, exit_at=None, dissent=None, unreached=0
    )
    visit = sum(each.stem == sheet.step.stem for each in play.case.done)
    today = day_of(play.now)
    told = Moment(story, sheet.step, sheet.asked, 1, visit, today, None)
    typed = {name.split(".")[0] for name, values in said.items() if any(values)}
    wishes = {name: value for name, value in wishes_of(told).items() if name not in typed}
    posted = fill(sheet.form, sheet.asked, {**sheet.initial, **said}, wishes, today)
    return posted, [each.name for each in files_wanted(sheet.form, sheet.asked, posted, wishes)]


def drawn(form: Form, sheet: Sheet, random: Random) -> dict[str, Any]:
    """Return any option for every question that offers some."""
    wishes: dict[str, Any] = {}
    for _section, each in form.fields():
        if each.retired or each.type not in _PICKED:
            continue
        options = [option.value for option in options_of(each, sheet.asked)]
        if each.type is FieldType.TICK:
            wishes[each.name] = each.required or random.random() < 0.5
        elif each.type is FieldType.CHECKS and options:
            least = max(each.min or 0, 1)
            most = min(each.max or len(options), len(options))
            wishes[each.name] = random.sample(options, random.randint(min(least, most), most))
        elif options:
            wishes[each.name] = random.choice(options)
    return wishes
