"""The binder: PDFs in their order with bookmarks; what cannot be read is left out and named (P13, F6)."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader, PdfWriter

from forms.papers.binder import CannotBind, Leaf, bind, unpacked


def pdf(*widths: int, password: str = "") -> bytes:
    """Return a PDF with a page of each width, to know it by."""
    writer, target = PdfWriter(), BytesIO()
    for width in widths:
        writer.add_blank_page(width, 500)
    if password:
        writer.encrypt(password)
    writer.write(target)
    return target.getvalue()


def test_p13_papers_are_bound_in_order_with_bookmarks() -> None:
    leaves = [
        Leaf("1 审批表", "审批表.docx", pdf(101, 102)),
        Leaf("4 会议纪要", "坏的.pdf", b"%PDF-1.4 not one"),
        Leaf("4 会议纪要", "加密.pdf", pdf(999, password="x")),
        Leaf("4 会议纪要", "纪要.docx", pdf(103)),
    ]
    bound = unpacked(bind(leaves, "项目归档材料"))
    reader = PdfReader(BytesIO(bound.pdf))
    assert [int(page.mediabox.width) for page in reader.pages] == [101, 102, 103]
    assert (bound.page_count, bound.left_out) == (3, ("坏的.pdf", "加密.pdf"))
    assert reader.metadata is not None
    assert reader.metadata.title == "项目归档材料"
    first, (paper,), second, (minutes,) = reader.outline
    assert [each["/Title"] for each in (first, paper, second, minutes)] == [
        *("1 审批表", "审批表.docx", "4 会议纪要", "纪要.docx")
    ]
    assert reader.get_destination_page_number(minutes) == 2


def test_p13_nothing_to_bind_is_said() -> None:
    with pytest.raises(CannotBind, match="没有可以装订"):
        bind([Leaf("1", "坏的.pdf", b"no pdf")], "x")
