"""Random returns on random diagrams: a token is moved to any legal place, again and again, and none is lost or doubled.

What must stand where after a return is worked out here from the diagram's nesting alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bpmn.engine import Diagram, ReadyTask, Run, without_parts
from bpmn.exploration import Budget, Exploration, explore, legal_targets
from tests.bpmn.programs import PEOPLE, PLAIN, RARE, SCOPES, Block, draw, linked_diagram, random_program
from tests.bpmn.random_runs import in_memory, perform, possible, starting, surroundings
from tests.bpmn.sketch import BEGIN, KEY

KINDS = PLAIN * 2 + RARE + SCOPES + ("edge", "wait")
"""Without the timer that lets its task go on: its late task may rightly be open twice."""
RETURNS = 30
SMALL = Budget(markings=300, steps=6_000)
ENOUGH = 400  # acts after which a run that should end has not


@dataclass(frozen=True)
class Returned:
    """How often one program was sent back, and the size of its state before and after all that."""

    count: int
    first_bytes: int
    largest_bytes: int


def play_returns(seed: int) -> Returned:
    """Send a random program back up to `RETURNS` times and play it to its end; 0 when it is too big to explore."""
    rnd = random.Random(seed)
    program = random_program(rnd, KINDS, depth=3)
    diagram = linked_diagram(program)
    explored = explore(diagram, SMALL)
    if not explored.complete:
        return Returned(0, 0, 0)
    count, now, sizes = 0, BEGIN, []
    run = Run.start(diagram, starting(draw(rnd, program)), surroundings(now))
    for _ in range(RETURNS * 4):
        if run.finished or count == RETURNS:
            break
        now = max([now, *(timer.due_at for timer in run.timers)])
        run = in_memory(run, surroundings(now))
        if run.ready and rnd.random() < 0.7:
            count += send_back(run, explored, rnd)
        else:
            run.variables.update(draw(rnd, program))
            perform(run, rnd.choice([act for act in possible(run) if act not in ("add", "drop")]), rnd)
        assert_sound(run, explored, f"seed {seed}")
        sizes.append(len(run.dump(KEY)))
    play_to_the_end(run, program, explored, f"seed {seed}")
    return Returned(count, sizes[0] if sizes else 0, max(sizes, default=0))


def send_back(run: Run, explored: Exploration, rnd: random.Random) -> bool:
    """Move a random token to a random legal place and compare what is open with what should be."""
    task = rnd.choice(run.ready)
    targets = legal_targets(explored.markings, run, task.token)
    if not targets:
        return False
    target, before = rnd.choice(targets), run.ready
    stays = {each.token for each in before} - {each.token for each in cancelled(run.diagram, before, task, target)}
    run.move(task.token, target)
    kept = {each.token for each in run.ready if each in before}
    new = [(each.element, each.instance) for each in run.ready if each not in before]
    assert kept == stays, f"{task.element} to {target}: {before} became {run.ready}"
    assert sorted(new, key=str) == sorted(parts(run.diagram, target), key=str), f"{task.element} to {target}"
    return True


def cancelled(diagram: Diagram, ready: tuple[ReadyTask, ...], task: ReadyTask, target: str) -> Iterator[ReadyTask]:
    """Yield what ends with a token: all of the outermost activity around it that does not hold the target."""
    around = [each for each in nesting(diagram, task.element) if each not in nesting(diagram, target)[1:]]
    outermost = around[-1] if around else task.element
    return (each for each in ready if outermost in nesting(diagram, each.element))


def nesting(diagram: Diagram, element: str) -> list[str]:
    """Return an element and the sub-processes around it, innermost first."""
    parent = diagram.elements[element].parent
    return [element, *(nesting(diagram, parent) if parent else ())]


def parts(diagram: Diagram, target: str) -> list[tuple[str, object]]:
    """Return what opens at a task."""
    multiple = diagram.elements[target].multiple
    people: tuple[object, ...] = {"parallel": PEOPLE, "sequential": PEOPLE[:1]}.get(multiple or "", (None,))
    return [(target, person) for person in people]


def assert_sound(run: Run, explored: Exploration, where: str) -> None:
    """Nothing is open twice, and the tokens stand as the diagram could have brought them."""
    twice = [each for each, times in Counter((t.element, t.instance) for t in run.ready).items() if times > 1]
    assert not twice, f"{where}: {twice}"
    assert without_parts(run.marking) in explored.markings, f"{where}: {run.marking}"


def play_to_the_end(run: Run, program: Block, explored: Exploration, where: str) -> None:
    """Complete what is left with every loop leaving: a lost token would hold it up for ever."""
    values: dict[str, object] = dict.fromkeys(draw(random.Random(0), program), 0)
    run.variables.update(values)
    rnd = random.Random(0)
    for _ in range(ENOUGH):
        if run.finished:
            return
        if run.ready:
            perform(run, "complete", rnd)
        else:
            run = in_memory(run, surroundings(max(timer.due_at for timer in run.timers)))
            perform(run, "fire", rnd)
        assert_sound(run, explored, where)
    raise AssertionError(f"{where}: not finished, {run.ready}")
