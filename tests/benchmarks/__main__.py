"""`make bench NAME=w1`: run one benchmark, or all; each module `wN` has `measure() -> Iterator[Figure]`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def names() -> list[str]:
    """Return the benchmarks there are, in the order of their numbers."""
    return sorted((path.stem for path in Path(__file__).parent.glob("w*.py")), key=lambda name: (len(name), name))


def main(wanted: list[str]) -> int:
    """Print one JSON object a line; 2 when a name is unknown."""
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        print(f"unknown: {' '.join(unknown)}; there are {' '.join(names())}", file=sys.stderr)
        return 2
    for name in wanted or names():
        for figure in import_module(f"tests.benchmarks.{name}").measure():
            print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
