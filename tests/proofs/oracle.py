"""≥ 2,000 random programs of the whole subset against an interpreter that knows no diagram (engine rule 10)."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from tests.bpmn.random_runs import in_memory, play_against_the_interpreter, unsaved

PROGRAMS = 3_000


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Play every program twice: saved after each step, and never."""
    began, steps = monotonic(), 0
    for number in range(seed * 100_000, seed * 100_000 + PROGRAMS):
        once, again = play_against_the_interpreter(number, unsaved), play_against_the_interpreter(number, in_memory)
        assert once == again, f"seed {number}"
        steps += once + again
    yield {"programs": PROGRAMS, "steps": steps, "differences": 0, "seconds": round(monotonic() - began, 1)}
