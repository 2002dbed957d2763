"""The gate for every upgrade of the library: random programs against an interpreter and against themselves.

Rule 10 of design/engine.md. The seeds are fixed; the long run is another suite's.
"""

import random

import pytest

from bpmn.engine import Run, Surroundings, read_diagram
from tests.bpmn.programs import EVENTS, PEOPLE, PLAIN, Author, Block, Draughtsman, Interpreter, draw
from tests.bpmn.sketch import BEGIN, again, around, finish, ready, sketch

SEEDS = 200
STEPS = 60


def diagram_of(program: Block) -> bytes:
    drawn = Draughtsman()
    first, last = drawn.add(program)
    return sketch(drawn.nodes, [("s", first), *drawn.flows, (last, "e")])


def play_against_the_interpreter(seed: int, saving: bool) -> int:
    rnd = random.Random(seed)
    author = Author(rnd, PLAIN)
    program = Block("seq", "root", (author.block(), author.block(), author.block(2)))
    values = draw(rnd, program)
    oracle = Interpreter(values)
    oracle.enter(program, oracle.finish)
    run = Run.start(read_diagram(diagram_of(program)), {"people": list(PEOPLE), **values}, around())
    for step in range(STEPS):
        expected = sorted(name for name, _ in oracle.open)
        assert ready(run) == expected, f"seed {seed}, step {step}"
        assert run.finished == oracle.done, f"seed {seed}, step {step}"
        if oracle.done:
            return step
        oracle.values = values = draw(rnd, program)
        chosen = rnd.choice(expected)
        oracle.complete(chosen)
        if saving:
            run = again(run)
        finish(run, chosen, values)
    return STEPS


@pytest.mark.parametrize("saving", [False, True])
def test_random_programs_do_what_the_interpreter_does(saving: bool) -> None:
    steps = sum(play_against_the_interpreter(seed, saving) for seed in range(SEEDS))
    assert steps > 10 * SEEDS


def seen(run: Run) -> tuple[object, ...]:
    """Return all that can be told of a run."""
    return (run.ready, run.timers, run.messages, run.finished, dict(run.variables))


def play_with_events(seed: int, saving: bool) -> list[tuple[object, ...]]:
    rnd = random.Random(seed)
    author = Author(rnd, PLAIN + EVENTS)
    program = Block("seq", "root", (author.block(), author.block(), author.block()))
    now = BEGIN
    run = Run.start(read_diagram(diagram_of(program)), {"people": list(PEOPLE), **draw(rnd, program)}, around())
    told = [seen(run)]
    for _ in range(STEPS):
        if run.finished:
            break
        acts = ["complete"] * (2 * len(run.ready)) + ["fire"] * bool(run.timers) + ["deliver"] * bool(run.messages)
        acts += ["add", "drop"] * any(task.instance for task in run.ready)
        act = rnd.choice(acts)
        values = draw(rnd, program)
        if act == "fire":
            now = max(now, min(timer.due_at for timer in run.timers))
        if saving:
            run = again(run)
        run._tokens.surroundings = Surroundings(now, {})
        run.variables.update(values)
        perform(run, act, rnd)
        told.append(seen(run))
    return told


def perform(run: Run, act: str, rnd: random.Random) -> None:
    """Do one act on a random token it fits."""
    if act == "complete":
        run.complete(rnd.choice(run.ready).token, {})
    elif act == "fire":
        run.fire(min(run.timers, key=lambda timer: (timer.due_at, timer.token)).token)
    elif act == "deliver":
        assert run.deliver("news")
    else:
        token = rnd.choice([task.token for task in run.ready if task.instance])
        run.add_instance(token, "丁") if act == "add" else run.drop_instance(token)


def test_saving_after_every_step_changes_nothing() -> None:
    steps = 0
    for seed in range(SEEDS):
        plain, saved = play_with_events(seed, saving=False), play_with_events(seed, saving=True)
        assert plain == saved, f"seed {seed}"
        steps += len(plain)
    assert steps > 10 * SEEDS
