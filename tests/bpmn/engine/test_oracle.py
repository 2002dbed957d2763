"""The gate for every upgrade of the library: random programs against an interpreter and against themselves.

Rule 10 of design/engine.md. The seeds are fixed; the long run is another suite's.
"""

import random

from bpmn.engine import Run, Surroundings, read_diagram
from tests.bpmn.programs import EVENTS, PEOPLE, PLAIN, RARE, Author, Block, Draughtsman, Interpreter, draw
from tests.bpmn.sketch import BEGIN, KEY, again, around, finish, ready, sketch

SEEDS = 200
STEPS = 60


def diagram_of(program: Block) -> bytes:
    drawn = Draughtsman()
    first, last = drawn.add(program)
    return sketch(drawn.nodes, [("s", first), *drawn.flows, (last, "e")])


def play_against_the_interpreter(seed: int, saving: bool) -> int:
    rnd = random.Random(seed)
    author = Author(rnd, PLAIN + RARE)
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


def test_random_programs_do_what_the_interpreter_does() -> None:
    steps = sum(play_against_the_interpreter(seed, saving=seed % 2 == 0) for seed in range(SEEDS))
    assert steps > 10 * SEEDS


def seen(run: Run) -> tuple[object, ...]:
    """Return all that can be told of a run."""
    return (run.ready, run.timers, run.messages, run.finished, dict(run.variables))


def play_with_events(seed: int, saving: bool) -> list[tuple[object, ...]]:
    rnd = random.Random(seed)
    author = Author(rnd, PLAIN + EVENTS + RARE)
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
    for seed in range(0, SEEDS, 2):
        plain, saved = play_with_events(seed, saving=False), play_with_events(seed, saving=True)
        assert plain == saved, f"seed {seed}"
        steps += len(plain)
    assert steps > 5 * SEEDS


def user_tasks(program: Block) -> list[str]:
    """Return the names of a program's tasks."""
    inner = [name for block in program.inner for name in user_tasks(block)]
    return [program.name, *inner] if program.kind == "task" else inner


def test_moving_about_at_random_neither_loses_nor_doubles_a_token() -> None:
    for seed in range(40):
        rnd = random.Random(seed)
        author = Author(rnd, ("task", "seq", "xor", "loop", "sub"))
        program = Block("seq", "root", (author.block(), author.block()))
        run = Run.start(read_diagram(diagram_of(program)), draw(rnd, program), around())
        size = len(run.dump(KEY))
        for _ in range(50):
            if run.finished:
                break
            (task,) = run.ready
            run = again(run)
            if rnd.random() < 0.3:
                finish(run, task.element, draw(rnd, program))
                continue
            target = rnd.choice(user_tasks(program))
            run.move(task.token, target)
            assert ready(run) == [target]
            assert len(run.dump(KEY)) < size + 40
