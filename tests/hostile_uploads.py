"""The files of tests/cases/bpmn through the upload page: what each must get, and what must not have changed."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from sqlalchemy import func, select

from bpmn.deployment import FINDING_COUNTS, KNOWN_HANDLERS, shipped_bundle
from bpmn.engine import Severity
from bpmn.surroundings import CLASSIFICATION
from bpmn.uploads import Ground, findings
from ledger.db import Base, transaction
from ledger.journal import Entry
from ledger.vocabulary import Role
from tests.bpmn.test_checks import ACCEPTED
from tests.webapp.conftest import Person, Site

CASES = sorted((Path(__file__).parent / "cases" / "bpmn").iterdir())
_SHIPPED = shipped_bundle()
_GROUND = Ground(
    KNOWN_HANDLERS,
    tuple(_SHIPPED.decisions),
    tuple(_SHIPPED.forms),
    {"four_batches": _SHIPPED.diagram},
    {CLASSIFICATION: FINDING_COUNTS},
)
_WORDS = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Told:
    """What the page said to one file."""

    name: str
    status: int
    listed: int
    seconds: float
    draft: str = ""


def drawer(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def offer(site: Site, person: Person, path: Path) -> Told:
    """Send a file and hold the answer against what it must get; AssertionError names the file."""
    content = path.read_bytes()
    before, begun = _kept(site), time.perf_counter()
    answer = person.post(
        "/design/import", {"bundle": (BytesIO(content), path.name)}, content_type="multipart/form-data"
    )
    seconds = time.perf_counter() - begun
    if path.stem in ACCEPTED and path.suffix == ".bpmn":
        assert answer.status_code == 303, (path.name, answer.status_code)
        draft = str(answer.headers["Location"])
        figures = person.get(f"{draft}/diagram.bpmn").text
        assert "BPMNShape" in figures, (path.name, "cannot be opened in the editor")
        return Told(path.name, answer.status_code, 0, seconds, draft)
    assert answer.status_code == 422, (path.name, answer.status_code)
    listed = [_plain(line) for line in re.findall(r"<li>(.*?)</li>", answer.text, re.DOTALL)]
    assert listed == _wanted(content, path.name), path.name
    assert f"“{path.name}”" in _plain(answer.text), path.name
    after = _kept(site)
    changed = {table: count - before[table] for table, count in after.items() if count != before[table]}
    assert changed == {Entry.__tablename__: 1}, path.name
    with transaction(site.ground.sessions, writes=False) as session:
        last = session.scalars(select(Entry).order_by(Entry.id.desc()).limit(1)).one()
        assert (last.act, path.name in str(last.detail)) == ("bundle_refused" if content else "file_refused", True), (
            path.name
        )
    return Told(path.name, answer.status_code, len(listed), seconds)


def _wanted(content: bytes, name: str) -> Sequence[str]:
    """Return the full list as the checks tell it: file, sentence, remedy."""
    if not content:
        return []
    found = [each for each in findings(content, name, _GROUND) if each.problem.severity is Severity.ERROR]
    assert found, name
    return [f"{each.file}　{each.problem.message} {each.problem.remedy}" for each in found]


def _plain(page: str) -> str:
    return html.unescape(_WORDS.sub("", page)).strip()


def _kept(site: Site) -> dict[str, int]:
    """Count the rows of every table and the files of the store."""
    with transaction(site.ground.sessions, writes=False) as session:
        counts = {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }
    files = sum(1 for each in site.ground.papers.rglob("*") if each.is_file()) if site.ground.papers.exists() else 0
    return {**counts, "files": files}
