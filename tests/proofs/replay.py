"""Cases wander through every act at random; each one's journal, replayed, is its saved state, on both databases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from time import monotonic

from tests.benchmarks.figures import DATABASES, place
from tests.bpmn.redrawn import LONGER, WORDS, newly, renamed
from tests.replay import assert_case
from tests.walk import FINDINGS, lay_ground
from tests.wander import Wanderer

CASES = 40
ACTS = 100


def prove(seed: int) -> Iterator[dict[str, object]]:
    """Wander with many cases of every class, checking each after every quarter of its way."""
    for database in DATABASES:
        with place(database) as laid:
            ground, began = lay_ground(laid.sessions, laid.folder, projects=CASES), monotonic()
            for bundle in (LONGER, WORDS, renamed("application", "application_form")):
                newly(ground, bundle)
            rows: Counter[str] = Counter()
            for number, project in enumerate(ground.projects):
                category = list(FINDINGS)[number % len(FINDINGS)]
                wander = Wanderer(ground, project, category, rnd=random.Random(seed * 100_000 + number))
                for _quarter in range(4):
                    wander.acts(ACTS // 4)
                    acts = assert_case(laid.sessions, wander.case_id)
                rows.update(acts)
            took = round(monotonic() - began, 1)
            yield {"database": database, "cases": CASES, "differences": 0, "rows": dict(rows), "seconds": took}
