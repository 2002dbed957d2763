"""Soundness: the real engine driven through every choice of a diagram, before a case does it.

People, timers and messages may act in any order and conditions fall either way, so that what is found
here holds whatever the variables are; a diagram whose conditions exclude one another may be better
than its exploration, never worse. A joint activity is walked with two participants, who stand for any
number. `legal_targets` asks the markings found where an item may be sent back to (engine rule 4).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from bpmn.choices import ANY_DAY, Act, Answers, FreeSurroundings, acts, combinations
from bpmn.engine import (
    Deadlocked,
    Diagram,
    Mark,
    Marking,
    Problem,
    Run,
    RunawayDiagram,
    Severity,
    StateRefused,
    StepFailed,
    without_parts,
)
from bpmn.expressions import shorten

FORMAT = 1
KEY = b"only within one exploration"
"""Seals states that never leave this module."""
BY_HAND = frozenset({"userTask", "manualTask"})
TOKENS_PER_STEP = 3
"""How many tokens the tries of an exploration may hold together for each step of its budget."""
FINISHED: Marking = ()

REMEDIES: Mapping[str, str] = {
    "deadlock": "请用与分支同类的网关汇合。",
    "livelock": "请从回路里画一条通往结束的出线。",
    "double_token": "请用与分支同类的网关汇合。",
    "dead_element": "请检查通往它的条件和网关，或删去它。",
    "step_failed": "请检查这一步自动执行的网关、条件和回路。",
}


@dataclass(frozen=True, slots=True)
class Budget:
    """How far an exploration may go: markings kept, and elements and flows passed in all tries together."""

    markings: int = 5_000
    steps: int = 30_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault; `path` is an example, the ids of the elements passed one after another to get there.

    `code` is `deadlock`, `livelock`, `double_token`, `dead_element` or `step_failed`.
    """

    code: str
    element: str
    message: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exploration:
    """What was found; `markings` are those a case can rest in, joint activities without their parts.

    `complete` says whether everything was walked; the count of steps is that of the `Budget`.
    """

    markings: frozenset[Marking]
    findings: tuple[Finding, ...]
    complete: bool
    step_count: int

    @property
    def marking_count(self) -> int:
        return len(self.markings)

    @property
    def summary(self) -> str:
        """Say in one sentence how far it got."""
        walked = f"{self.marking_count} 种状态、{self.step_count} 步"
        if self.complete:
            return f"已全部走完，共 {walked}，发现 {len(self.findings)} 个问题。"
        return f"未全部走完：走到 {walked}时超出上限，只知道已走部分有 {len(self.findings)} 个问题。"


def explore(diagram: Diagram, budget: Budget | None = None) -> Exploration:
    """Walk through all choices of a diagram; every fault once, with the shortest way there."""
    walk = Walk(diagram, budget or Budget())
    walk.go()
    return Exploration(
        markings=frozenset(without_parts(marking) for marking in walk.origins),
        findings=tuple(walk.findings.values()),
        complete=walk.complete,
        step_count=walk.step_count,
    )


@lru_cache(maxsize=64)
def explored(diagram: Diagram) -> Exploration:
    """Return `explore(diagram)`, walked once per process and version."""
    return explore(diagram)


def reachable_markings(diagram: Diagram) -> frozenset[Marking]:
    """Return the markings found in a diagram; an incomplete exploration knows fewer, none too many."""
    return explored(diagram).markings


def legal_targets(
    markings: Collection[Marking], run: Run, token: str, candidates: Collection[str] | None = None
) -> tuple[str, ...]:
    """Return the tasks a token may be moved to, in the order of the file.

    Legal is what leads to one of `markings`; the task the token stands in is not among them. With
    `candidates` only these are tried, such as the steps a case has done. `run` is left as it is.
    Raises `NotReady` when the token is gone.
    """
    saved = run.dump(KEY)
    here = next((task.element for task in run.ready if task.token == token), "")

    def leads_to(target: str, answers: Answers) -> Marking | None:
        moved = Run.load(run.diagram, saved, KEY, FreeSurroundings(ANY_DAY, {}, answers))
        try:
            moved.move(token, target)
        except (StepFailed, RunawayDiagram):
            return None
        return without_parts(moved.marking)

    tasks = (element.id for element in run.diagram.elements.values() if element.kind in BY_HAND)
    return tuple(
        target
        for target in tasks
        if target != here
        and (candidates is None or target in candidates)
        and all(leads_to(target, answers) in markings for answers in combinations())
    )


def problems_of(exploration: Exploration, diagram: Diagram) -> tuple[Problem, ...]:
    """Return the findings as the deploy gate lists problems; an exploration beyond its budget adds a warning."""
    found = []
    for finding in exploration.findings:
        where = diagram.elements.get(finding.element)
        name = where.name if where else diagram.name
        remedy = REMEDIES[finding.code]
        found.append(
            Problem(finding.element, name, finding.code, Severity.ERROR, finding.message, remedy, finding.path)
        )
    if not exploration.complete:
        remedy = "请减少并行的分支，或拆分流程；发布后请留意是否有办不下去的项目。"
        here = (diagram.process_id, diagram.name)
        found.append(Problem(*here, "unexplored", Severity.WARNING, exploration.summary, remedy))
    return tuple(found)


def dump_markings(markings: Collection[Marking]) -> bytes:
    """Write markings down; the same markings give the same bytes."""
    return msgspec.msgpack.encode([FORMAT, sorted(markings)])


def load_markings(written: bytes) -> frozenset[Marking]:
    """Undo `dump_markings`; raises `StateRefused` when it wrote something else."""
    try:
        form, markings = msgspec.msgpack.decode(written, type=tuple[int, tuple[Marking, ...]])
    except msgspec.MsgspecError as error:
        raise StateRefused("流程版本的状态表无法读取。") from error
    if form != FORMAT:
        raise StateRefused("流程版本的状态表是另一种格式。")
    return frozenset(markings)


class Walk:
    """One exploration under way: breadth first, so that the way noted to each marking is a shortest one."""

    def __init__(self, diagram: Diagram, budget: Budget) -> None:
        self.diagram = diagram
        self.budget = budget
        self.step_count = 0
        self.token_count = 0  # of all tries together: what many branches at once cost beside the steps
        self.complete = False
        self.spent = False
        self.passed: set[str] = set()
        self.origins: dict[Marking, tuple[Marking | None, tuple[str, ...]]] = {}
        self.sources: dict[Marking, set[Marking]] = {}
        self.ahead: deque[tuple[Marking, bytes]] = deque()
        self.stuck: set[Marking] = set()
        self.findings: dict[tuple[str, str], Finding] = {}

    def go(self) -> None:
        """Walk until nothing is left or the budget is spent, then judge the whole."""
        self.follow(None, None, None)
        while self.ahead and not self.spent:
            self.expand(*self.ahead[0])
            if not self.spent:
                self.ahead.popleft()
        self.complete = not self.spent
        self.judge_endings()
        if self.complete:
            self.judge_elements()

    def expand(self, marking: Marking, saved: bytes) -> None:
        """Try everything that can happen in a marking."""
        for act in acts(Run.load(self.diagram, saved, KEY, self.around(Answers()))):
            self.follow(marking, saved, act)

    def around(self, answers: Answers) -> FreeSurroundings:
        return FreeSurroundings(ANY_DAY, {}, answers)

    def follow(self, marking: Marking | None, saved: bytes | None, act: Act | None) -> None:
        """Try one act, or the start of a case, with every combination of answers."""
        for answers in combinations():
            tokens = self.token_count >= TOKENS_PER_STEP * self.budget.steps
            self.spent = self.spent or tokens or self.step_count >= self.budget.steps
            if self.spent:
                return
            self.attempt(marking, saved, act, answers)

    def attempt(self, marking: Marking | None, saved: bytes | None, act: Act | None, answers: Answers) -> None:
        """Try one act with one set of answers and note where it leads."""
        around = self.around(answers)
        run, failure = None, None
        try:
            if saved is None or act is None:
                run = Run.start(self.diagram, {}, around)
            else:
                run = Run.load(self.diagram, saved, KEY, around)
                act.take_place(run)
        except (StepFailed, RunawayDiagram) as error:
            failure = error
        # A run that failed is worth nothing but for what it tells of the way there.
        trail = run.trail if run else ()
        self.step_count += 1 + len(trail)
        self.passed.update(trail)
        if failure is not None:
            self.report_failure(marking, self.nodes(trail), failure)
        elif run is not None:
            self.arrive(marking, run)

    def arrive(self, source: Marking | None, run: Run) -> None:
        """Note the marking a try has led to."""
        marking = run.marking
        self.token_count += len(marking)
        if marking not in self.origins:
            if len(self.origins) >= self.budget.markings:
                self.spent = True
                return
            self.origins[marking] = source, self.nodes(run.trail)
            self.report_doubles(marking)
            if marking != FINISHED:
                self.ahead.append((marking, run.dump(KEY)))
        if source is not None:
            self.sources.setdefault(marking, set()).add(source)

    def nodes(self, trail: tuple[str, ...]) -> tuple[str, ...]:
        """Return the elements of a trail, each once, without its flows."""
        return tuple(dict.fromkeys(p for p in trail if self.diagram.elements[p].kind != "sequenceFlow"))

    # -- judging

    def judge_endings(self) -> None:
        """Look for markings after which nothing ends, not even in a failure; what is not yet walked may end."""
        unwalked = {marking for marking, _ in self.ahead}
        ending = self.leading_to({FINISHED} | unwalked | self.stuck)
        for marking, (source, _) in self.origins.items():
            if marking not in ending and (source is None or source in ending):
                where = innermost(marking)
                message = f"走到{self.label(where)}之后再也到不了结束，只能一直循环。"
                self.report("livelock", where, message, self.path_to(marking))

    def leading_to(self, goals: Collection[Marking]) -> set[Marking]:
        """Return the markings from which one of `goals` can be reached."""
        found: set[Marking] = set()
        todo = list(goals)
        while todo:
            marking = todo.pop()
            if marking not in found:
                found.add(marking)
                todo += self.sources.get(marking, ())
        return found

    def judge_elements(self) -> None:
        """Report what no try has passed, but nothing twice: a flow beside a dead element, a join known to be stuck."""
        told = {element for _, element in self.findings}
        dead = {e.id for e in self.diagram.elements.values() if e.id not in self.passed}
        for element in self.diagram.elements.values():
            beside = {element.source, element.target} & dead
            if element.id in dead and element.id not in told and not beside:
                self.report("dead_element", element.id, f"{self.label(element.id)}在任何情况下都走不到。", ())

    # -- reporting

    def report(self, code: str, element: str, message: str, path: tuple[str, ...]) -> None:
        """Keep the first finding of its kind at an element."""
        self.findings.setdefault((code, element), Finding(code, element, message, path))

    def report_doubles(self, marking: Marking) -> None:
        for where in doubled(marking):
            message = f"{self.label(where)}会同时出现两次：并行的分支没有用同类网关汇合。"
            self.report("double_token", where, message, self.path_to(marking))

    def report_failure(
        self, marking: Marking | None, leg: tuple[str, ...], failure: StepFailed | RunawayDiagram
    ) -> None:
        """Tell of a step the engine refuses; `leg` is how far it got from `marking`."""
        if marking is not None:
            self.stuck.add(marking)
        path = *self.path_to(marking), *leg
        if isinstance(failure, Deadlocked):
            message = f"流程会卡在{self.label(failure.element)}：它等的分支不会再来，也没有任何事项可办。"
            self.report("deadlock", failure.element, message, path)
        elif isinstance(failure, StepFailed):
            self.report("step_failed", failure.element, str(failure), path)
        else:
            self.report("step_failed", leg[0] if leg else self.diagram.process_id, str(failure), path)

    def path_to(self, marking: Marking | None) -> tuple[str, ...]:
        """Return the elements passed on the shortest way to a marking."""
        legs: list[tuple[str, ...]] = []
        while marking is not None:
            marking, leg = self.origins[marking]
            legs.append(leg)
        return tuple(place for leg in reversed(legs) for place in leg)

    def label(self, element: str) -> str:
        found = self.diagram.elements.get(element)
        return f"“{shorten((found and found.name) or element)}”"


def innermost(marking: Marking) -> str:
    """Return the element the first token stands at, in the innermost sub-process."""
    mark = marking[0]
    while mark.inside:
        mark = mark.inside[0]
    return mark.element


def doubled(marking: Marking) -> Iterator[str]:
    """Yield the elements at which two tokens of one scope stand in the same way."""
    last: Mark | None = None
    for mark in marking:
        if last is not None and (mark.element, mark.via) == (last.element, last.via):
            yield mark.element
        last = mark
        yield from doubled(mark.inside)
