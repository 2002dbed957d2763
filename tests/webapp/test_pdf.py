"""A paper as PDF on its page: queued, turned, taken; what to install where LibreOffice is missing (issue 6 item 7)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from pypdf import PdfReader

from ledger.cases import Case
from ledger.db import transaction
from ledger.papers import File, Place, attach
from ledger.scope import CLOCK
from ledger.vocabulary import PaperKind
from tests.bpmn.test_conversions import DOCX, NOW, fake_office
from tests.forms.papers.test_binder import pdf
from tests.webapp.conftest import Site


@pytest.fixture
def paper(site: Site) -> int:
    """A Word paper on a case of 桑柘镇."""
    return laid(site, "调研报告.docx", DOCX, b"one")


def laid(site: Site, name: str, media_type: str, content: bytes) -> int:
    walk = site.walk()
    with transaction(site.ground.sessions) as session:
        place = Place(PaperKind.OTHER, case_id=walk.case_id)
        attached = attach(session, site.ground.papers, File(name, media_type, content), place, CLOCK, NOW)
        session.flush()
        return attached.id


def test_a_paper_is_turned_and_taken(site: Site, paper: int, tmp_path: Path) -> None:
    site.app.extensions["sigeyipi_office"] = fake_office(tmp_path)
    town = site.town()
    assert "生成 PDF" in town.get(f"/papers/{paper}/pdf").get_data(as_text=True)
    assert town.get(f"/papers/{paper}/paper.pdf").status_code == 404
    assert town.post(f"/papers/{paper}/pdf").location == f"/papers/{paper}/pdf"
    assert "下载 PDF" in town.get(f"/papers/{paper}/pdf").get_data(as_text=True)  # a test waits for the background
    assert "“调研报告.docx”的 PDF 已生成" in town.get("/notices").text  # who went on to something else is told
    assert town.post(f"/papers/{paper}/pdf").location == f"/papers/{paper}/paper.pdf"
    answer = town.get(f"/papers/{paper}/paper.pdf")
    assert answer.data == b"%PDF-one"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert site.town("保家镇").get(f"/papers/{paper}/paper.pdf").status_code == 404


def test_without_libreoffice_the_page_says_what_to_install(site: Site, paper: int) -> None:
    site.app.extensions["sigeyipi_office"] = None
    town = site.town()
    assert town.post(f"/papers/{paper}/pdf").status_code == 303
    page = town.get(f"/papers/{paper}/pdf").get_data(as_text=True)
    assert "没有安装 LibreOffice" in page
    assert "libreoffice-writer" in page
    assert site.town("保家镇").get(f"/papers/{paper}/pdf").status_code == 404


def test_p13_a_case_is_bound_into_one_pdf(site: Site, tmp_path: Path) -> None:
    site.app.extensions["sigeyipi_office"] = fake_office(tmp_path)
    walk = site.walk()
    bodies = {"审批表.docx": PaperKind.APPLICATION, "坏的.docx": PaperKind.REPLY}
    with transaction(site.ground.sessions) as session:
        for name, kind in bodies.items():
            content = b"bad" if name.startswith("坏") else pdf(300, 301)
            place = Place(kind, case_id=walk.case_id)
            attach(session, site.ground.papers, File(name, DOCX, content), place, CLOCK, NOW)
    town, path = site.town(), f"/cases/{walk.case_id}/binder"
    assert "其中 2 份还要转换" in town.get(path).text
    assert town.get(f"{path}.pdf").status_code == 404
    assert town.post(path).status_code == 303
    page = town.get(path).text
    assert "共 2 页" in page
    assert "没有装入的：坏的.docx" in page
    told = town.get("/notices").text
    assert "的装订本已备好" in told
    assert "有 1 份材料没有转成" in told
    reader = PdfReader(BytesIO(town.get(f"{path}.pdf").data))
    assert [int(each.mediabox.width) for each in reader.pages] == [300, 301]
    assert site.town("保家镇").get(f"{path}.pdf").status_code == 404


def test_p13_all_ended_cases_are_bound_at_once(site: Site, tmp_path: Path) -> None:
    site.app.extensions["sigeyipi_office"] = fake_office(tmp_path)
    walk = site.walk()
    with transaction(site.ground.sessions) as session:
        place = Place(PaperKind.APPLICATION, case_id=walk.case_id)
        attach(session, site.ground.papers, File("审批表.docx", DOCX, pdf(300)), place, CLOCK, NOW)
        session.get_one(Case, walk.case_id).ended_at = walk.now
    town = site.town()
    assert town.post("/reports/binders").status_code == 303
    assert "正在为 1 个已归档项目生成装订本，1 份材料" in town.get("/reports").text
    assert "装订本已生成" in town.get("/notices").text
    with ZipFile(BytesIO(town.get("/reports/archive.zip").data)) as package:
        assert [name.rpartition("/")[2] for name in package.namelist()].count("装订本.pdf") == 1
