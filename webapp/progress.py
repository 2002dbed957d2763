"""A bar on a terminal for commands that take long; into a file or a pipe nothing is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable

_WIDTH = 30  # characters


def progress_bar(label: str = "") -> Callable[[int, int], None]:
    """Return what draws how much is done, of how much, on standard error."""
    if not sys.stderr.isatty():
        return lambda _done, _all: None
    last = [-1]

    def draw(done: int, whole: int) -> None:
        if done != last[0]:
            last[0] = done
            filled = _WIDTH * done // max(whole, 1)
            ending = "\n" if done >= whole else ""
            sys.stderr.write(f"\r{label}[{'█' * filled}{'·' * (_WIDTH - filled)}] {done}/{whole}{ending}")
            sys.stderr.flush()

    return draw
