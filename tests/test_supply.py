"""What a release installs is written down: every part locked by its hash, every licence known (issue 10, row 8)."""

from __future__ import annotations

import json
import re

from tests.supply import LICENCES, LOCK, PAGES, closure, constrained, licence_lines, locked, page_parts

STRONG = ("AGPL", "GPL-3.0-only", "GPL-3.0-or-later", "GPL-2.0-only", "GPL-2.0-or-later")
"""Licences that would bind the whole product."""


def test_the_licences_are_the_listed_ones_and_none_is_unknown() -> None:
    lines = LICENCES.read_text(encoding="utf-8").splitlines()
    assert sorted(set(licence_lines()) - set(lines)) == []  # another Python may need fewer parts
    told = {line.split("\t")[0]: line.split("\t")[2] for line in lines}
    assert [name for name, licence in told.items() if licence in ("", "UNKNOWN")] == []
    bound = {name for name, licence in told.items() if licence.replace("LGPL", "").startswith(STRONG)}
    assert bound == set()


def test_every_part_of_a_release_is_locked_by_its_hash() -> None:
    lock, known = locked(), constrained()
    assert sorted(closure().keys() - lock.keys()) == []
    assert {name: version for name, version in lock.items() if known.get(name) != version} == {}
    text = LOCK.read_text(encoding="utf-8")
    assert len(lock) == len([line for line in text.splitlines() if line[:1] != "#"])
    assert "://" not in text


def test_every_part_of_the_pages_is_locked_and_listed() -> None:
    parts = page_parts()
    asked = json.loads((PAGES / "package.json").read_text(encoding="utf-8"))
    assert sorted(asked["dependencies"].keys() - parts.keys()) == []
    assert [name for name, part in parts.items() if not part.get("integrity", "").startswith("sha512-")] == []
    assert asked["version"]  # without one npm writes no list of parts
    listed = {line.split("\t")[0] for line in LICENCES.read_text(encoding="utf-8").splitlines()}
    assert {name for name in listed if name.startswith("npm:")} == {f"npm:{name}" for name in parts}


def test_a_release_is_asked_of_both_databases_and_told_as_a_list() -> None:
    audit = (LICENCES.parents[1] / ".ci" / "audit").read_text(encoding="utf-8")
    make = (LICENCES.parents[1] / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"--requirement constraints\.txt", audit)
    assert re.search(r"npm .*audit --omit=dev --audit-level=high", audit)
    assert re.search(r"^check: audit$", make, re.MULTILINE)
    assert len(re.findall(r"> build/sbom-pages\.json|--output-file build/sbom\.json", make)) == 2
