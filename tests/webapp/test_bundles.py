"""A whole procedure out and in: the same content, the full list of what is wrong, nothing changed on the way."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import pytest
from werkzeug.test import TestResponse

from bpmn.bundles import MANIFEST
from ledger.vocabulary import Role
from tests.webapp.conftest import Person, Site
from tests.webapp.test_design import begun


@pytest.fixture
def drawer(site: Site) -> Person:
    return site.person(site.ground.county.county.id, Role.SYSTEM_ADMIN)


def send(drawer: Person, content: bytes, name: str) -> TestResponse:
    return drawer.post("/design/import", {"bundle": (BytesIO(content), name)}, content_type="multipart/form-data")


def repacked(archive: bytes, name: str, old: bytes, new: bytes) -> bytes:
    target = BytesIO()
    with ZipFile(BytesIO(archive)) as source, ZipFile(target, "w") as written:
        for each in source.namelist():
            content = source.read(each)
            written.writestr(each, content.replace(old, new) if each == name else content)
    return target.getvalue()


def test_what_is_taken_out_comes_in_as_the_same(drawer: Person) -> None:
    archive = drawer.get("/design/versions/1/bundle.zip").data
    assert archive == drawer.get("/design/versions/1/bundle.zip").data
    assert archive == drawer.get(f"{begun(drawer)}/bundle.zip").data
    draft = str(send(drawer, archive, "流程.zip").headers["Location"])
    assert "与现行版本相同" in drawer.get(f"{draft}/changes").get_data(as_text=True)


def test_what_was_changed_on_the_way_is_refused(drawer: Person) -> None:
    archive = drawer.get("/design/versions/1/bundle.zip").data
    forged = repacked(archive, "procedure.bpmn", "签收项目".encode(), "签收登记".encode())
    answer = send(drawer, forged, "流程.zip")
    assert (answer.status_code, "procedure.bpmn”与清单不符" in answer.get_data(as_text=True)) == (422, True)
    with ZipFile(BytesIO(archive)) as opened:
        assert MANIFEST in opened.namelist()


def test_a_diagram_alone_is_taken_with_the_newest_tables_and_forms(drawer: Person) -> None:
    draft = begun(drawer)
    diagram = drawer.get(f"{draft}/diagram.bpmn").data.replace("签收项目".encode(), "签收登记".encode())
    taken = str(send(drawer, diagram, "新流程.bpmn").headers["Location"])
    page = drawer.get(f"{taken}/changes").get_data(as_text=True)
    assert "签收登记" in page
    assert "整张" not in page
    assert drawer.get(f"{taken}/problems.json").get_json()["problems"] == []


def test_everything_wrong_is_listed_and_nothing_is_kept(drawer: Person) -> None:
    draft = begun(drawer)
    diagram = drawer.get(f"{draft}/diagram.bpmn").data
    broken = diagram.replace(b'default="flow_receive_result_survey_review"', b"").replace(
        b">objection_upheld<", b">__import__('os')<"
    )
    answer = send(drawer, broken, "<img src=x>.bpmn")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert page.count("<li>") >= 3
    assert "<img src=x>" not in page
    assert send(drawer, b"", "空.bpmn").status_code == 422
    assert drawer.get("/design/drafts/2").status_code == 404
