"""Every file of tests/cases/bpmn through the upload page as it is in use: in a limited child process of its own."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.benchmarks.figures import place
from tests.hostile_uploads import CASES, drawer, offer
from tests.walk import lay_ground
from tests.webapp.conftest import site_over

LONGEST_SECONDS = 5
MOST_MEMORY_MB = 300


def prove(seed: int) -> Iterator[dict[str, Any]]:
    """Yield how the files fared; AssertionError names the first that got something else or took too long."""
    with place("sqlite") as laid:
        site = site_over(lay_ground(laid.sessions, laid.folder / "papers"), datetime.now().astimezone())
        marks = laid.folder / "pwned"
        marks.mkdir()
        here = os.getcwd()
        os.chdir(laid.folder)
        try:
            person = drawer(site)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            told = [offer(site, person, path) for path in CASES]
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        finally:
            os.chdir(here)
        slowest = max(told, key=lambda each: each.seconds)
        assert slowest.seconds <= LONGEST_SECONDS, slowest
        assert grown <= MOST_MEMORY_MB, grown
        assert list(marks.iterdir()) == []
        refused = [each for each in told if each.status != 303]
        yield {
            "seed": seed,
            "files": len(told),
            "refused": len(refused),
            "problems listed": sum(each.listed for each in refused),
            "accepted": len(told) - len(refused),
            "slowest": slowest.name,
            "slowest s": round(slowest.seconds, 2),
            "memory grown MB": grown,
        }
