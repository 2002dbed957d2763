"""What a release holds: every Python part with its version, its licence and the hash of its wheel, and every npm part.

    python -m tests.supply licences > docs/licences.tsv
    python -m tests.supply lock > requirements.lock

The lock is of the reference platform (Linux x86-64, CPython 3.11) and asks the registry that pip is set up with; the
file itself holds no address. Other platforms make their own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
EXTRAS = ("aliyun", "chat", "oidc", "tencent")
PAGES = REPOSITORY / "webapp" / "frontend"
LICENCES, LOCK = REPOSITORY / "docs" / "licences.tsv", REPOSITORY / "requirements.lock"
_CLASSIFIED = "License :: OSI Approved :: "


def wanted() -> list[str]:
    """Return what the product asks for, the extras a county may use among it."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(each for name in EXTRAS for each in project["optional-dependencies"][name])]


def closure() -> dict[str, Distribution]:
    """Return every installed part that the product needs, by its name, the parts of its parts among them."""
    found: dict[str, Distribution] = {}
    open_ones = [Requirement(each) for each in wanted()]
    seen: set[tuple[str, str]] = set()
    while open_ones:
        asked = open_ones.pop()
        for extra in ("", *asked.extras):
            name = canonicalize_name(asked.name)
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            part = found[name] = distribution(asked.name)
            needs = map(Requirement, part.requires or ())
            open_ones += [each for each in needs if each.marker is None or each.marker.evaluate({"extra": extra})]
    return dict(sorted(found.items()))


def licence_of(part: Distribution) -> str:
    """Return the licence as the part's metadata tells it, in one line; "" for none."""
    told = part.metadata
    if expression := told.get("License-Expression"):
        return expression
    classified = [each.removeprefix(_CLASSIFIED) for each in told.get_all("Classifier") or () if _CLASSIFIED in each]
    plain = (told.get("License") or "").strip().split("\n")[0][:80]
    return "; ".join(classified) or plain


def page_parts() -> dict[str, dict[str, Any]]:
    """Return what the built pages hold of npm, by name: what only the build needs is no part of a release."""
    locked = json.loads((PAGES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    parts = {path.rpartition("node_modules/")[2]: part for path, part in locked.items() if path}
    return {name: part for name, part in sorted(parts.items()) if not part.get("dev")}


def licence_lines() -> list[str]:
    python = [f"{name}\t{part.version}\t{licence_of(part)}" for name, part in closure().items()]
    pages = [f"npm:{name}\t{part['version']}\t{part.get('license', '')}" for name, part in page_parts().items()]
    return python + pages


def lock_lines() -> Iterator[str]:
    """Ask pip what it would install and yield a requirement with its hash for each part."""
    asked = ("--dry-run", "--ignore-installed", "--constraint", "constraints.txt")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = (sys.executable, "-m", "pip", "install", "--quiet", "--report", str(report), *asked, *wanted())
        subprocess.run(command, check=True, cwd=REPOSITORY, stdout=sys.stderr)
        told = json.loads(report.read_text())
    yield "# Linux x86-64, CPython 3.11: pip install --require-hashes -r requirements.lock; our wheel: --no-deps"
    parts = {canonicalize_name(each["metadata"]["name"]): each for each in told["install"]}
    for name, each in sorted(parts.items()):
        digest = each["download_info"]["archive_info"]["hashes"]["sha256"]
        yield f"{name}=={each['metadata']['version']} --hash=sha256:{digest}"


def locked() -> dict[str, str]:
    """Return the versions of the lock by name."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    found = (re.fullmatch(r"(\S+)==(\S+) --hash=sha256:[0-9a-f]{64}", line) for line in lines if line[:1] != "#")
    return {each[1]: each[2] for each in found if each is not None}


def constrained() -> dict[str, str]:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


if __name__ == "__main__":
    made = {"licences": licence_lines, "lock": lock_lines}[sys.argv[1]]()
    sys.stdout.write("\n".join(made) + "\n")
