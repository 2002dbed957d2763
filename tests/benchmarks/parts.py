"""Where processor time goes: the stack is looked at every few milliseconds of it and booked under a part of the house.

A profiler that hears of every call makes calls look dear; looking now and then costs one part in a hundred.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from tests.conftest import REPOSITORY

EVERY = 0.01  # seconds of processor time
# the deepest frame of ours decides; of two prefixes the longer one
PARTS: Mapping[str, str] = {
    "bpmn/": "acts",
    "bpmn/engine/": "engine",
    "bpmn/minutes.py": "papers",
    "bpmn/packages.py": "papers",
    "bpmn/prints.py": "papers",
    "bpmn/rehearsal/": "making up answers",
    "bpmn/replying.py": "papers",
    "bpmn/tables.py": "tables",
    "forms/": "forms",
    "forms/papers/": "papers",
    "forms/sheets/": "tables",
    "handlers/": "forms",
    "ledger/": "reading rows",
    "ledger/db.py": "begin, commit, columns",
    "ledger/papers.py": "files",
    "ledger/pending.py": "looking for work",
    "ledger/statistics.py": "tables",
    "ledger/writing.py": "writing rows",
    "scheduler/": "clock",
}


@contextmanager
def booked() -> Iterator[Counter[str]]:
    """Book processor time by part while the block runs, in the main thread; the counter holds looks."""
    looks: Counter[str] = Counter()
    before = signal.signal(signal.SIGPROF, lambda _number, frame: looks.update([part_of(frame)]))
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        yield looks
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def part_of(frame: FrameType | None) -> str:
    """Return the part that the deepest frame of the repository belongs to."""
    root = f"{REPOSITORY}/"
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(root):
            inside = path.removeprefix(root)
            fitting = [prefix for prefix in PARTS if inside.startswith(prefix)]
            if fitting:
                return PARTS[max(fitting, key=len)]
        frame = frame.f_back
    return "elsewhere"


def shares(looks: Counter[str], total: float) -> dict[str, float]:
    """Deal `total` out by the looks, the largest part first."""
    every = max(sum(looks.values()), 1)
    return {part: round(total * count / every, 3) for part, count in looks.most_common()}
