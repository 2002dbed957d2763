"""1,500 returns in one case: the state stays as small and a step as quick as at first, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from tests.benchmarks.figures import DATABASES, place
from tests.bpmn.many_returns import compared, go_round
from tests.replay import assert_case
from tests.walk import Walk, lay_ground

RETURNS = 1_500
COMPARED = 100
SERIAL_BYTES = 8
MOST = 1.2


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Compare the medians of the first and last hundred returns and completions; the seed picks the project."""
    for database in DATABASES:
        with place(database) as laid:
            ground, began = lay_ground(laid.sessions, laid.folder), monotonic()
            walk = Walk(ground, ground.projects[seed % len(ground.projects)])
            for _ in go_round(walk, 20):  # what is read once per process
                continue
            rounds = list(go_round(walk, RETURNS))
            took = round(monotonic() - began, 1)
            for name, steps in zip(("send_back", "complete"), map(list, zip(*rounds, strict=True)), strict=True):
                figures = compared(steps, COMPARED)
                yield {"database": database, "returns": RETURNS, "act": name, **figures, "seconds": took}
                assert figures["last_bytes"] <= figures["first_bytes"] + SERIAL_BYTES
                assert figures["last_statements"] == figures["first_statements"]
                assert figures["ratio"] <= MOST, f"a step takes {figures['ratio']} times as long"
            assert assert_case(laid.sessions, walk.case_id).count("send_back") == RETURNS + 20
