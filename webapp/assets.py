"""Find the built pages' scripts and styles: Vite writes hashed names, and its manifest says which they are.

`webapp/static/dist` is made by `make setup`; Flask serves it under `/static/dist/`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DIST = Path(__file__).parent / "static" / "dist"
ADDRESS = "/static/dist/"


class PagesNotBuilt(Exception):
    """The pages are not built yet: run `make setup`."""

    def __init__(self, manifest: Path) -> None:
        super().__init__(f"{manifest} is missing: run `make setup`")


@dataclass(frozen=True)
class Entry:
    """The addresses a template writes into its head: one module script and its styles, in order."""

    script: str
    styles: tuple[str, ...]


@cache
def asset(name: str, dist: Path = DIST) -> Entry:
    """Return the addresses of the entry `src/<name>.js`; raise `PagesNotBuilt` or, for an unknown name, `KeyError`."""
    manifest = dist / "manifest.json"
    if not manifest.is_file():
        raise PagesNotBuilt(manifest)
    entry = json.loads(manifest.read_text(encoding="utf-8"))[f"src/{name}.js"]
    return Entry(ADDRESS + entry["file"], tuple(ADDRESS + style for style in entry.get("css", ())))
