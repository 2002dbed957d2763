"""预览 of papers: photographs and drawn pages, for whom the paper is visible to and nobody else (issue 5 item 9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.conversions import keep_pdf
from ledger.db import transaction
from ledger.papers import File, Place, attach, sha256_of
from ledger.scope import CLOCK
from ledger.vocabulary import PaperKind
from tests.acceptance.people import picture
from tests.forms.test_preview import pdf
from tests.webapp.conftest import Site
from webapp import previews

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"


def put(site: Site, case_id: int, name: str, media_type: str, content: bytes) -> str:
    """Lay a paper on a case; returns its address."""
    with transaction(site.ground.sessions) as session:
        place = Place(PaperKind.CONTRACT, case_id=case_id)
        paper = attach(session, site.ground.papers, File(name, media_type, content), place, CLOCK, site.ground.now)
        session.flush()
        return f"/papers/{paper.id}"


def test_a_pdf_is_shown_page_by_page_and_drawn_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    walk, town = site.walk(), site.town()
    paper = put(site, walk.case_id, "协议书.pdf", PDF, pdf([(500, 700), (700, 500)]))
    assert f'href="{paper}/view"' in town.get(f"/cases/{walk.case_id}?tab=papers").text
    page = town.get(f"{paper}/view").text
    assert [f'src="{paper}/pages/{number}"' in page for number in (1, 2, 3)] == [True, True, False]
    drawn = town.get(f"{paper}/pages/2")
    assert (drawn.mimetype, drawn.data[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert drawn.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"

    monkeypatch.setattr(previews, "page_picture", lambda *_: pytest.fail("drawn a second time"))
    assert town.get(f"{paper}/pages/2").data == drawn.data
    assert [town.get(f"{paper}/pages/{number}").status_code for number in (0, 3)] == [404, 404]


def test_a_photograph_is_shown_as_it_is(site: Site) -> None:
    walk, town = site.walk(), site.town()
    paper = put(site, walk.case_id, "现场照片.png", "image/png", picture())
    assert f'src="{paper}/pages/1"' in town.get(f"{paper}/view").text
    shown = town.get(f"{paper}/pages/1")
    assert (shown.mimetype, shown.data) == ("image/png", picture())


def test_nobody_looks_at_a_strangers_paper(site: Site) -> None:
    walk, stranger = site.walk(), site.town("保家镇")
    paper = put(site, walk.case_id, "协议书.pdf", PDF, pdf([(500, 700)]))
    assert [stranger.get(f"{paper}/{part}").status_code for part in ("view", "pages/1")] == [404, 404]
    assert site.visitor().get(f"{paper}/view").status_code == 302


def test_what_cannot_be_drawn_says_so_and_is_still_offered(site: Site) -> None:
    walk, town = site.walk(), site.town()
    paper = put(site, walk.case_id, "加密.pdf", PDF, b"%PDF-1.4 not one")
    answer = town.get(f"{paper}/view")
    assert (answer.status_code, "不能预览" in answer.text, f'href="{paper}"' in answer.text) == (200, True, True)
    assert town.get(f"{paper}/pages/1").status_code == 404


def test_a_word_paper_is_shown_once_it_has_been_turned_into_a_pdf(site: Site) -> None:
    walk, town = site.walk(), site.town()
    content = b"PK\x03\x04 a plan"
    paper = put(site, walk.case_id, "方案.docx", DOCX, content)
    assert f'href="{paper}/view"' in town.get(f"/cases/{walk.case_id}?tab=papers").text
    assert town.get(f"{paper}/view").headers["Location"] == f"{paper}/pdf"
    assert town.get(f"{paper}/pages/1").status_code == 404
    keep_pdf(site.ground.papers, sha256_of(content), pdf([(500, 700), (500, 700)]))
    assert f'src="{paper}/pages/2"' in town.get(f"{paper}/view").text
    assert f'href="{paper}/view"' in town.get(f"{paper}/pdf").text
    assert town.get(f"{paper}/pages/2").mimetype == "image/png"


def test_drawn_pages_lie_beside_the_papers_not_among_them(site: Site) -> None:
    walk, town = site.walk(), site.town()
    paper = put(site, walk.case_id, "协议书.pdf", PDF, pdf([(500, 700)]))
    before = sorted(file for file in site.ground.papers.rglob("*") if file.is_file())
    assert town.get(f"{paper}/pages/1").status_code == 200
    assert sorted(file for file in site.ground.papers.rglob("*") if file.is_file()) == before
    kept = [Path(file).name[-5:] for file in (site.ground.papers.parent / "previews").rglob("*.png")]
    assert kept == ["1.png"]
