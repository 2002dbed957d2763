"""500 mutations of each good file, dealt to the doors that take its kind: no fault, no hang, no growth (issue 10).

What breaks is told at the end, so that one fault does not hide the next. Figures are of the process that serves and
sends: the server alone is smaller. `TIMES` in the environment sends fewer.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import place
from tests.doors import doors
from tests.mutations import Sent, good_files, send
from tests.walk import lay_ground
from tests.webapp.conftest import site_over

TIMES = 500
LONGEST_SECONDS = 5.0  # of one page
GROWTH_MB = 300


def prove(seed: int) -> Iterator[dict[str, Any]]:
    """Yield a line for each file at each door and one for all; AssertionError names what broke."""
    os.environ["SIGEYIPI_REQUESTS_PER_MINUTE"], os.environ["SIGEYIPI_UPLOAD_QUOTA_MB"] = "0", "1000000"
    os.environ["SIGEYIPI_IDLE_MINUTES"] = "700"  # who stands at the last door waits long
    times = int(os.environ.get("TIMES", TIMES))
    with place("sqlite") as laid:
        site = site_over(lay_ground(laid.sessions, laid.folder / "papers"), datetime.now().astimezone())
        ways, files = doors(site), good_files()
        warm = list(send(ways, (), seed, 1))  # what is loaded at the first use is not growth
        assert warm
        before, told = memory_mb("VmRSS"), list[Sent]()
        for (door, file), group in groupby(send(ways, files, seed, times), lambda each: (each.door, each.file)):
            mine = list(group)
            told += mine
            answers = dict(sorted(Counter(each.statuses[0] for each in mine).items()))
            longest = max(each.seconds for each in mine)
            yield {"door": door, "file": file, "mutations": len(mine), "answers": answers, "slowest": round(longest, 2)}
        yield {"seed": seed, **_figures(told), "growth_mb": memory_mb("VmHWM") - before}
        assert memory_mb("VmHWM") - before <= GROWTH_MB
        _check(told, seed)


def _figures(told: Sequence[Sent]) -> dict[str, Any]:
    return {
        "files": len({each.file for each in told}),
        "doors": len({each.door for each in told}),
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


def memory_mb(what: str) -> int:
    """Return this process's memory now (VmRSS) or at its highest (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(what))
