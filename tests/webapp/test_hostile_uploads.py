"""Every hostile and edge diagram through the upload page; `make prove NAME=uploads` has each in its own child."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmn import bundles, uploads
from tests.bpmn.test_checks import ACCEPTED, REFUSED
from tests.hostile_uploads import CASES, drawer, offer
from tests.webapp.conftest import Site

IN_ITS_CHILD = ("dos_fork_bomb.bpmn", "xml_billion_laughs.bpmn", "ok_gb18030.bpmn")


def test_every_file_gets_what_it_must_with_its_full_list(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused with every problem and one row in the audit, or a draft that can be opened; nothing else changes."""
    marks = tmp_path / "pwned"
    marks.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bundles, "check_upload", lambda *given: list(uploads.findings(*given)))
    person = drawer(site)
    told = [offer(site, person, path) for path in CASES]
    assert [each.name for each in told] == [path.name for path in CASES]
    assert len(told) == len(REFUSED) + len(ACCEPTED) + 1  # and a decision table
    assert list(marks.iterdir()) == []


def test_the_page_asks_the_child_that_is_limited(site: Site) -> None:
    person = drawer(site)
    told = [offer(site, person, path) for path in CASES if path.name in IN_ITS_CHILD]
    assert [each.status for each in told] == [422, 303, 422]
