"""The table of who may use which route, as kept in `tests/data/authorisation.tsv`.

`python -m tests.authorisation` prints it anew from the application; what changed is read before it is committed.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from ledger.settings import Settings
from webapp import create_app
from webapp.installing import set_up

TABLE = Path(__file__).parent / "data" / "authorisation.tsv"


def lines_of(app: Flask) -> list[str]:
    """Return one line per route and method: address, method, who may."""
    table = app.extensions["sigeyipi_permissions"]
    found = []
    for rule in app.url_map.iter_rules():
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        found += [f"{rule.rule}\t{method}\t{table[rule.endpoint].label}" for method in methods]
    return sorted(found)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        app = create_app(set_up(settings, datetime.now(UTC)), settings)
        sys.stdout.write("\n".join(lines_of(app)) + "\n")


if __name__ == "__main__":
    main()
