"""A thousand rounds of each pair that acts at the same moment, on both databases: one winner, no fault (rule 5).

`ROUNDS=100` in the environment plays fewer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from time import monotonic

from tests.benchmarks.figures import DATABASES, place
from tests.doubled import PAIRS, Doubled

ROUNDS = 1_000


def prove(_seed: int) -> Iterator[dict[str, object]]:
    """Race every pair on a case of its own; who is quicker is the machine's to say."""
    rounds = int(os.environ.get("ROUNDS", ROUNDS))
    for database in DATABASES:
        began = monotonic()
        with place(database) as here:
            doubled = Doubled(here.sessions, here.folder)
            doubled.lay(rounds)
            figures = doubled.play()
            won = {pair: [doubled.winners[pair, which] for which in (0, 1)] for pair in PAIRS}
        yield {"database": database, **figures, "won": won, "seconds": round(monotonic() - began, 1)}
