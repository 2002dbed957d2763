"""1,500 returns in one case: the state stays as small and a step as quick as at first, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from tests.benchmarks.figures import DATABASES, place
from tests.bpmn.many_returns import beside, compared, go_round
from tests.replay import assert_case
from tests.walk import Walk, lay_ground

RETURNS = 1_500
COMPARED = 100
SERIAL_BYTES = 8
MOST = 1.2


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Compare a hundred returns of a case after 1,500 with those of a fresh one; the seed picks the project."""
    for database in DATABASES:
        with place(database) as laid:
            ground, began = lay_ground(laid.sessions, laid.folder), monotonic()
            walk = Walk(ground, ground.projects[seed % len(ground.projects)])
            for _ in go_round(walk, RETURNS):
                continue
            fresh = Walk(ground, ground.projects[(seed + 1) % len(ground.projects)])
            rounds = list(beside(walk, fresh, COMPARED))
            took = round(monotonic() - began, 1)
            for act, name in enumerate(("send_back", "complete")):
                figures = compared([old[act] for old, _ in rounds], [new[act] for _, new in rounds])
                yield {"database": database, "returns": RETURNS, "act": name, **figures, "seconds": took}
                assert figures["old_bytes"] <= figures["fresh_bytes"] + SERIAL_BYTES
                assert figures["old_statements"] == figures["fresh_statements"]
                assert figures["ratio"] <= MOST, f"a step takes {figures['ratio']} times as long"
            assert assert_case(laid.sessions, walk.case_id).count("send_back") == RETURNS + COMPARED
