"""What random programs are played for: the oracle, equivalence of saved and unsaved runs, returns.

Each function plays one seed and returns how many steps it took; an AssertionError names the seed and the step.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime

from bpmn.engine import Run, Surroundings
from tests.bpmn.interpreter import Interpreter
from tests.bpmn.programs import HANDLERS, PEOPLE, WHOLE, draw, linked_diagram, random_program
from tests.bpmn.sketch import BEGIN, KEY

STEPS = 80

Keeping = Callable[[Run, Surroundings], Run]
"""Saves a run and loads it back with other surroundings."""


def in_memory(run: Run, surroundings: Surroundings) -> Run:
    """Save a run and load it back."""
    return Run.load(run.diagram, run.dump(KEY), KEY, surroundings)


def unsaved(run: Run, surroundings: Surroundings) -> Run:
    """Go on with the very same run."""
    run._tokens.surroundings = surroundings
    return run


def surroundings(now: datetime) -> Surroundings:
    """Return surroundings at a moment, with the handlers the programs call."""
    return Surroundings(now, HANDLERS)


def starting(values: Mapping[str, object]) -> dict[str, object]:
    """Return the variables a program starts with."""
    return {"people": list(PEOPLE), "passed": 0, "weight": None, **values}


def short(element: str) -> str:
    """Return an element's name without the calls it stands in."""
    return element.rsplit("/", 1)[-1]


def told(run: Run) -> dict[str, object]:
    """Return what a run and the interpreter can both tell."""
    tasks = (short(t.element) + (f":{t.instance}" if t.instance is not None else "") for t in run.ready)
    return {
        "tasks": sorted(tasks),
        "timers": sorted((short(t.element), t.due_at) for t in run.timers),
        "messages": sorted(short(m.element) for m in run.messages),
        "counted": (run.variables["passed"], run.variables["weight"]),
        "finished": run.finished,
    }


def expected(oracle: Interpreter) -> dict[str, object]:
    """Return the same of the interpreter."""
    return {
        "tasks": oracle.names("task"),
        "timers": oracle.timers(),
        "messages": oracle.names("message"),
        "counted": (oracle.passed, oracle.weight),
        "finished": oracle.done,
    }


def play_against_the_interpreter(seed: int, keep: Keeping) -> int:
    """Play a random program of the whole subset on the engine and on the interpreter; returns the steps taken."""
    rnd = random.Random(seed)
    program = random_program(rnd, WHOLE)
    now, values = BEGIN, draw(rnd, program)
    oracle = Interpreter(values, now)
    oracle.begin(program)
    run = Run.start(linked_diagram(program), starting(values), surroundings(now))
    for step in range(STEPS):
        assert told(run) == expected(oracle), f"seed {seed}, step {step}"
        if oracle.done:
            return step
        chosen = rnd.choice(sorted(oracle.open, key=lambda each: (each.kind, each.name)))
        now = max(now, chosen.due_at or now)
        oracle.now, oracle.values = now, draw(rnd, program)
        oracle.happen(chosen.name)
        run = keep(run, surroundings(now))
        run.variables.update(oracle.values)
        happen(run, chosen.kind, chosen.name)
    return STEPS


def happen(run: Run, kind: str, name: str) -> None:
    """Let the oldest of what waits under a name go on."""
    if kind == "task":
        element, _, instance = name.partition(":")
        run.complete(
            next(t.token for t in run.ready if (short(t.element), t.instance or "") == (element, instance)), {}
        )
    elif kind == "timer":
        run.fire(next(t.token for t in run.timers if short(t.element) == name))
    else:
        run.receive(next(m.token for m in run.messages if short(m.element) == name))


def seen(run: Run) -> tuple[object, ...]:
    """Return all that can be told of a run; lists copied, for the run goes on."""
    return (run.ready, run.timers, run.messages, run.marking, run.finished, dict(run.variables))


def play_at_random(seed: int, keep: Keeping) -> list[tuple[object, ...]]:
    """Play a random program with parts added and dropped; returns what was seen after each step."""
    rnd = random.Random(seed)
    program = random_program(rnd, WHOLE)
    now = BEGIN
    run = Run.start(linked_diagram(program), starting(draw(rnd, program)), surroundings(now))
    steps = [seen(run)]
    while len(steps) <= STEPS and not run.finished:
        act = rnd.choice(possible(run))
        if act == "fire":
            now = max(now, min(timer.due_at for timer in run.timers))
        run = keep(run, surroundings(now))
        run.variables.update(draw(rnd, program))
        perform(run, act, rnd)
        steps.append(seen(run))
    return steps


def possible(run: Run) -> list[str]:
    """Return the acts a run allows, completions most often."""
    acts = ["complete"] * (2 * len(run.ready)) + ["fire"] * bool(run.timers) + ["receive"] * bool(run.messages)
    return acts + ["add", "drop"] * any(task.instance for task in run.ready)


def perform(run: Run, act: str, rnd: random.Random) -> None:
    """Do one act on a random token it fits."""
    if act == "complete":
        run.complete(rnd.choice(run.ready).token, {})
    elif act == "fire":
        run.fire(min(run.timers, key=lambda timer: (timer.due_at, timer.token)).token)
    elif act == "receive":
        run.receive(rnd.choice(run.messages).token)
    else:
        token = rnd.choice([task.token for task in run.ready if task.instance])
        run.add_instance(token, "丁") if act == "add" else run.drop_instance(token)
