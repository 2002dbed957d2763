"""Every paper goes through LibreOffice in the fonts of official papers, Annex 1–3 on a page and a half (F1–F3, F7)."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

from forms.papers.catalogue import FORMS
from forms.papers.office import find_office, to_pdf
from tests.forms.papers.drawn import ANNEXES, PATIENCE, lowest, papers


def words(pdf: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))


def fonts(pdf: bytes) -> set[str]:
    """Return the names of the fonts a PDF carries, without the letters that mark a part of one."""
    return {
        str(font["/BaseFont"]).rpartition("+")[2]
        for page in PdfReader(BytesIO(pdf)).pages
        for font in (each.get_object() for each in page["/Resources"]["/Font"].values())  # type: ignore[index]
    }


def test_each_paper_is_drawn_in_its_fonts_and_the_fullest_form_is_a_page_and_a_half(tmp_path: Path) -> None:
    office = find_office("", tmp_path / "profile")
    assert office is not None, "LibreOffice is not installed: `make test` installs it (Debian: libreoffice-writer)"
    given = papers()
    done = to_pdf(office, given, PATIENCE)
    assert set(done) == set(given)
    for form in FORMS:
        assert "高山蔬菜大棚" in words(done[form.name]) or form.name in (
            "yearly_report",
            "weekly_summary",
        )  # of a unit, not of projects
    assert {"FandolFang-Regular", "FandolHei-Regular", "FandolSong-Regular"} <= fonts(done["reply"])
    for annex in ANNEXES:
        whole, half = lowest(done[f"{annex}-full"])
        assert whole <= 1
        assert half <= 0.5
        assert len(lowest(done[f"{annex}-blank"])) == 2
    whole, half, *further = lowest(done["annex1-over"])
    assert whole <= 1
    assert half <= 0.5
    assert further  # the rest on a sheet of its own
