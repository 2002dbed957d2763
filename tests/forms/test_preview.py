"""A paper drawn as pictures: every page in its own shape, and what is no honest PDF told in words (issue 5 item 9)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import pytest

from forms.preview import WIDTH, CannotBeShown, page_count, page_picture

RED = b"\xff\x00\x00"


def pdf(sizes: Sequence[tuple[int, int]]) -> bytes:
    """Write a PDF of red pages by hand."""
    drawn = [f"1 0 0 rg 0 0 {width} {height} re f".encode() for width, height in sizes]
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(len(sizes)))
    bodies = [b"<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {len(sizes)}/Kids[{kids}]>>".encode()]
    for n, ((width, height), text) in enumerate(zip(sizes, drawn, strict=True)):
        bodies.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents {4 + 2 * n} 0 R>>".encode())
        bodies.append(b"<</Length %d>>stream\n%b\nendstream" % (len(text), text))
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(written))
        written += b"%d 0 obj%b endobj\n" % (number, body)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(bodies) + 1, rows)
    return (
        written + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, len(written))
    )


def seen(png: bytes) -> tuple[int, int, bytes]:
    """Return width, height and the colour in the middle of a PNG."""
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[start - 4 : start])
    lines = zlib.decompress(png[start + 4 : start + 4 + length])
    middle = (height // 2) * (1 + 3 * width) + 1 + 3 * (width // 2)
    return width, height, lines[middle : middle + 3]


def test_every_page_is_drawn_in_its_own_shape() -> None:
    two = pdf([(500, 750), (1500, 750)])
    assert page_count(two) == 2
    assert seen(page_picture(two, 0)) == (WIDTH, 1500, RED)
    assert seen(page_picture(two, 1)) == (WIDTH, 500, RED)


def test_a_roll_of_paper_is_drawn_smaller() -> None:
    assert seen(page_picture(pdf([(100, 6000)]), 0))[1] == 3 * WIDTH


@pytest.mark.parametrize("content", [b"%PDF-1.4 and nothing else", b""])
def test_what_cannot_be_opened_is_told(content: bytes) -> None:
    with pytest.raises(CannotBeShown, match="不能预览"):
        page_count(content)


def test_a_page_that_is_not_there_is_told() -> None:
    with pytest.raises(CannotBeShown):
        page_picture(pdf([(500, 750)]), 1)
