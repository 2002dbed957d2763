"""Random programs changed at random while a case runs in them: what is carried over keeps its tokens and ends.

Which markings the new program can have is found by the exploration, which knows nothing of where the case came from.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from bpmn.correspondence import wishes_for
from bpmn.engine import Run, Weight, carry, without_parts
from bpmn.exploration import explore
from tests.bpmn.programs import Block, draw, linked_diagram, random_program
from tests.bpmn.random_returns import KINDS, SMALL, assert_sound, play_to_the_end
from tests.bpmn.random_runs import in_memory, perform, possible, starting, surroundings
from tests.bpmn.sketch import BEGIN, KEY

STEPS = 12
CHANGES = 3
BRANCHING = ("xor", "and", "or")


def play_moves(seed: int) -> Counter[str]:
    """Move a case of one random program to changed ones after each step; returns how the moves came out."""
    rnd = random.Random(seed)
    old = random_program(rnd, KINDS, depth=3)
    new = old
    for number in range(rnd.randint(0, CHANGES)):
        new = changed(rnd, new, f"n{number}")
    diagram, goal = linked_diagram(old), linked_diagram(new)
    explored = explore(goal, SMALL)
    if not explored.complete:
        return Counter()
    outcomes: Counter[str] = Counter()
    now, values = BEGIN, {**draw(rnd, new), **draw(rnd, old)}
    run = Run.start(diagram, starting(values), surroundings(now))
    for step in range(STEPS):
        if run.finished:
            break
        outcomes[move(run, new, seed, step)] += 1
        now = max([now, *(timer.due_at for timer in run.timers)])
        run = in_memory(run, surroundings(now))
        run.variables.update(draw(rnd, old))
        perform(run, rnd.choice([act for act in possible(run) if act not in ("add", "drop")]), rnd)
    return outcomes


def move(run: Run, new: Block, seed: int, step: int) -> str:
    """Carry a case over and play it to its end; says what became of it."""
    where, goal = f"seed {seed}, step {step}", linked_diagram(new)
    before = run.dump(KEY)
    carried = carry(run, goal, wishes_for(run.diagram, goal, {}), surroundings(BEGIN))
    assert run.dump(KEY) == before, where
    weight = max((change.weight for change in carried.changes), default=Weight.AUTO)
    assert (carried.run is None) is (weight is Weight.REFUSE), where
    if carried.run is None:
        return "refused"
    explored = explore(goal, SMALL)
    if without_parts(carried.run.marking) not in explored.markings:
        return "unreachable"
    assert_kept(run, carried.run, where)
    if weight is Weight.AUTO:
        assert carried.run.ready == run.ready, where
        assert carried.run.timers == run.timers, where
        assert carried.run.messages == run.messages, where
    if goal is run.diagram:
        assert (weight, carried.run.dump(KEY)) == (Weight.AUTO, before), where
    arrived = in_memory(carried.run, surroundings(BEGIN))
    assert arrived.marking == carried.run.marking, where
    assert_sound(arrived, explored, where)
    play_to_the_end(arrived, new, explored, where)
    return weight.name.lower()


def assert_kept(run: Run, carried: Run, where: str) -> None:
    """What waits for a person waits on under its name; what waits for a moment, until the same moment."""
    assert set(run.ready) <= set(carried.ready), where
    due = {timer.token: timer for timer in run.timers}
    assert all(due[timer.token] == timer for timer in carried.timers if timer.token in due), where


def changed(rnd: random.Random, block: Block, name: str) -> Block:
    """Change one place of a program, somewhere in its depth."""
    if block.inner and rnd.random() < 0.7:
        place = rnd.randrange(len(block.inner))
        inner = list(block.inner)
        inner[place] = changed(rnd, inner[place], name)
        return replace(block, inner=tuple(inner))
    task = Block("task", f"{name}t")
    ways = [
        Block("seq", f"{name}s", (block, task)),
        Block("seq", f"{name}s", (task, block)),
        Block("sub", f"{name}p", (block,)),
        task,
    ]
    if block.kind in BRANCHING:
        ways += [replace(block, inner=(*block.inner, task))] * 2
    if block.kind in BRANCHING and len(block.inner) > 2:
        ways += [replace(block, inner=block.inner[:-1])] * 2
    if block.kind == "sub":
        ways += [block.inner[0]] * 2
    return rnd.choice(ways)
