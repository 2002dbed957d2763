"""`make prove NAME=oracle`: run one proof, or all; each module has `prove(seed) -> Iterator[dict]` and prints figures.

A proof fails by an AssertionError that says what was found; `MIWG=DIR` in the environment adds the public diagrams,
`DATABASES=postgresql` leaves out the other one.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path


def names() -> list[str]:
    """Return the proofs there are."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main(wanted: list[str]) -> int:
    """Print one JSON object a line; 2 when a name is unknown."""
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        print(f"unknown: {' '.join(unknown)}; there are {' '.join(names())}", file=sys.stderr)
        return 2
    for name in wanted or names():
        for figures in import_module(f"tests.proofs.{name}").prove(int(os.environ.get("SEED", "1"))):
            print(json.dumps({"proof": name, **figures}, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
