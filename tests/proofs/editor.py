"""`make prove NAME=editor MIWG=DIR`: every public reference diagram opens in the editor, is saved and opens again.

The editor leaves out what BPMN says by default; beside that no element of a model may be lost, and saving what was
saved changes nothing. Drawings may lose the lines of what is not drawn at all.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from playwright.sync_api import sync_playwright

from tests.conftest import CHROMIUM_FLAGS
from tests.proofs.miwg import BPMN, REFERENCES
from tests.webapp.modeler import meaning, open_and_save, opened_modeler, pieces

DECLARED = re.compile(r"^<\?xml[^>]*\?>")


def prove(_seed: int) -> Iterator[dict[str, Any]]:
    """Yield a line per reference diagram; without MIWG one line that says so."""
    folder = os.environ.get("MIWG", "")
    if not folder:
        yield {"skipped": "MIWG names no checkout"}
        return
    references = [path for path in sorted(Path(folder).rglob("*.bpmn")) if path.parent.name == REFERENCES]
    assert references, f"no {REFERENCES}/*.bpmn below {folder}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS))
        with opened_modeler(browser) as page:
            for path in references:
                written = DECLARED.sub("", path.read_bytes().decode("utf-8-sig"))
                saved, warnings = open_and_save(page, written)
                lost = identified(written) - identified(saved)
                assert not lost, (path.name, lost)
                again, _ = open_and_save(page, saved)
                assert meaning(again) == meaning(saved), path.name
                yield {"file": path.name, "elements": pieces(meaning(written)).total(), "warnings": len(warnings)}
        browser.close()


def identified(xml: str) -> set[tuple[str, str]]:
    """Return kind and id of everything a model names; its drawing is not looked at."""
    nodes = ElementTree.fromstring(xml.encode()).iter()
    return {(each.tag, each.get("id", "")) for each in nodes if str(each.tag).startswith(BPMN) and each.get("id")}
