"""Each hostile file at its own door over HTTP: refused in Chinese, nothing changed, one row of the trail.

Workbooks are in `test_imports.py`. What the limited children do is done here in this process; `tests/bpmn/test_uploads`
and `tests/forms/papers/test_trial` start the real ones.
"""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from bpmn.uploads import findings
from forms.papers.trial import judge
from ledger.db import Base, transaction
from ledger.journal import Entry
from ledger.vocabulary import Role
from tests.bpmn.test_checks import ACCEPTED, REFUSED
from tests.forms.papers.test_trial import REFUSED as REFUSED_TEMPLATES
from tests.webapp.conftest import Person, Site

CASES = Path(__file__).parents[1] / "cases"
DIAGRAMS = sorted(path.name for path in (CASES / "bpmn").iterdir())
MULTIPART = "multipart/form-data"


@pytest.fixture(autouse=True)
def within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge in this process, in a folder where a payload that runs would leave its mark."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pwned").mkdir()
    monkeypatch.setattr("bpmn.bundles.check_upload", lambda *given: list(findings(*given)))
    monkeypatch.setattr("forms.papers.trial.run_limited", lambda _program, data, _limits: judge(data))


@pytest.fixture
def system(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def state(site: Site) -> tuple[dict[str, int], list[str]]:
    """Return the rows of every table but the trail, and the files that are kept."""
    with transaction(site.ground.sessions, writes=False) as session:
        tables = [table for table in Base.metadata.sorted_tables if table.name != "journal"]
        rows = {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    return rows, sorted(str(path) for path in site.ground.papers.rglob("*") if path.is_file())


def rows_since(site: Site, before: int) -> list[Entry]:
    with transaction(site.ground.sessions, writes=False) as session:
        return list(session.scalars(select(Entry).where(Entry.id > before).order_by(Entry.id)))


def newest(site: Site) -> int:
    with transaction(site.ground.sessions, writes=False) as session:
        return session.scalars(select(func.max(Entry.id))).one()


def is_refused(site: Site, answer: TestResponse, before: tuple[object, int], act: str, name: str) -> None:
    """Hold an answer to a refusal: 4xx with a Chinese sentence, nothing else there, one row that names the file."""
    assert 400 <= answer.status_code < 500, name
    assert re.search(r"(?:alert|<li>)[^<]*(?:<[^>]*>)*[^<]*[一-鿿]", answer.text), name
    assert state(site) == before[0], name
    written = rows_since(site, before[1])
    assert [(row.act, name in row.detail) for row in written] == [(act, True)], name
    assert list(Path("pwned").iterdir()) == [], name


def test_a_diagram_or_table_at_its_door(site: Site, system: Person) -> None:
    system.token()
    for name in DIAGRAMS:
        before = (state(site), newest(site))
        sent = {"bundle": (BytesIO((CASES / "bpmn" / name).read_bytes()), name)}
        answer = system.post("/design/import", sent, content_type=MULTIPART)
        stem = name.partition(".")[0]
        if answer.status_code == 303:
            assert stem in ACCEPTED, name
            assert system.get(str(answer.headers["Location"])).status_code == 200, name
            continue
        assert stem in REFUSED or name.endswith(".dmn") or stem in ACCEPTED, name
        act = "file_refused" if stem == "bad_empty" else "bundle_refused"
        is_refused(site, answer, before, act, name)


def test_a_template_at_its_door(site: Site, system: Person) -> None:
    system.token()
    for name in REFUSED_TEMPLATES:
        before = (state(site), newest(site))
        sent = {"note": "改样式", "file": (BytesIO((CASES / "docx" / name).read_bytes()), name)}
        answer = system.post("/templates/party_minutes", sent, content_type=MULTIPART)
        is_refused(site, answer, before, "template_rejected", "problems")
    assert not Path("docx_delete").exists()


def test_a_page_in_disguise_at_its_door(site: Site) -> None:
    case, clerk = site.walk(0), site.town()
    clerk.token()
    for name in ("html_named.jpg", "html_named.pdf", "stored_xss.html", "stored_xss.svg", "xhtml_in.xml"):
        before = (state(site), newest(site))
        sent = {"text": "见附件", "files": (BytesIO((CASES / "data" / name).read_bytes()), name)}
        answer = clerk.post(f"/cases/{case.case_id}/comments", sent, content_type=MULTIPART)
        is_refused(site, answer, before, "file_refused", name)
        told = orjson.loads(rows_since(site, before[1])[-1].detail)
        assert (told["route"], name in told["reason"]) == ("comments.say", True)
    photo = {"text": "见附件", "files": (BytesIO((CASES / "data" / "polyglot.jpg").read_bytes()), "polyglot.jpg")}
    assert clerk.post(f"/cases/{case.case_id}/comments", photo, content_type=MULTIPART).status_code == 303
    page = clerk.get(f"/cases/{case.case_id}?tab=comments").get_data(as_text=True)
    found = re.search(r'href="(/papers/\d+)"', page)
    assert found is not None
    headers = clerk.get(found[1]).headers
    assert headers["Content-Disposition"].startswith("attachment")
    assert (headers["X-Content-Type-Options"], headers["Content-Security-Policy"][:7]) == ("nosniff", "sandbox")
