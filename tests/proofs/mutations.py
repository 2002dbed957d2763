"""500 mutations of each good file, dealt to the doors that take its kind: no fault, no hang, no growth (issue 10).

Sent in rounds of 25 with a seed each. What breaks is told at the end, so that one fault does not hide the next.
Figures are of the process that serves and sends: the server alone is smaller. `TIMES` in the environment sends fewer,
`MINUTES` ends after the round in which they have passed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

from tests.benchmarks.figures import place
from tests.doors import doors
from tests.memory import memory_mb
from tests.mutations import Sent, good_files, send
from tests.walk import lay_ground
from tests.webapp.conftest import site_over

TIMES, ROUND = 500, 25
LONGEST_SECONDS = 5.0  # of one page
GROWTH_MB = 300


def prove(seed: int) -> Iterator[dict[str, Any]]:
    """Yield a line after each round, one for each door and one for all; AssertionError names what broke."""
    os.environ["SIGEYIPI_REQUESTS_PER_MINUTE"], os.environ["SIGEYIPI_UPLOAD_QUOTA_MB"] = "0", "1000000"
    os.environ["SIGEYIPI_IDLE_MINUTES"] = "700"  # who stands at the last door waits long
    times, until = int(os.environ.get("TIMES", TIMES)), monotonic() + 60 * float(os.environ.get("MINUTES", "inf"))
    with place("sqlite") as laid:
        site = site_over(lay_ground(laid.sessions, laid.folder / "papers"), datetime.now().astimezone())
        ways, files, told = doors(site), good_files(), list[Sent]()
        warm = list(send(ways, (), seed, 1))  # what is loaded at the first use is not growth
        assert warm
        before, done = memory_mb("VmRSS"), 0
        while done < times and monotonic() < until:
            told += send(ways, files, seed + done, min(ROUND, times - done))
            done += ROUND
            yield {"seed": seed, "of_each_file": done, **_figures(told), "growth_mb": memory_mb("VmHWM") - before}
        for door in ways:
            mine = [each for each in told if each.door == door.name]
            answers = dict(sorted(Counter(each.statuses[0] for each in mine).items()))
            yield {"door": door.name, **_figures(mine), "answers": answers}
        assert memory_mb("VmHWM") - before <= GROWTH_MB
        _check(told, seed)


def _figures(told: Sequence[Sent]) -> dict[str, Any]:
    return {
        "files": len({each.file for each in told}),
        "mutations": len(told),
        "pages": sum(len(each.statuses) for each in told),
        "faults": sum(status >= 500 for each in told for status in each.statuses),
        "slowest_seconds": round(max(each.seconds for each in told), 2),
    }


def _check(told: Sequence[Sent], seed: int) -> None:
    wrong = [each for each in told if not each.statuses or max(each.statuses) >= 500]
    assert not wrong, (seed, wrong[:5])
    hung = [each for each in told if each.seconds > LONGEST_SECONDS]
    assert not hung, (seed, hung[:5])
