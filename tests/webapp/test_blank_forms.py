"""Blank forms (F1–F3): offered on the reports page, each in its printed layout, nothing filled in."""

from __future__ import annotations

from io import BytesIO

import pytest
from docx import Document

from tests.webapp.conftest import Site


@pytest.mark.parametrize(("number", "status"), [(1, 200), (2, 200), (3, 200), (4, 404)])
def test_a_blank_form_is_a_download(site: Site, number: int, status: int) -> None:
    answer = site.town().get(f"/papers/blank/annex{number}.docx")
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        document = Document(BytesIO(answer.data))
        assert next(each.text for each in document.paragraphs) == f"附件{number}"
        words = {cell.text for row in document.tables[0].rows for cell in row.cells}
        assert not any(sign in text for sign in "●☑{" for text in words)
