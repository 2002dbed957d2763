"""What a paper looks like: the pages of a PDF drawn as pictures, so that nobody's file runs in anybody's browser.

A PDF is a stranger's program to whoever opens it: it is drawn in a limited child process, page by page.
"""

from __future__ import annotations

import struct
import zlib
from importlib import import_module
from typing import Any

from forms.sheets.limited import ChildDied, Limits, OutOfLimits, run_limited

WIDTH = 1000  # pixels of a drawn page
_HIGHEST = 3 * WIDTH  # of a page that is a roll of paper
_LIMITS = Limits(memory_bytes=1 << 30, cpu_seconds=10, wall_seconds=20.0)
_NUMBER = struct.Struct(">I")
_CHUNK = struct.Struct(">I4s")


class CannotBeShown(ValueError):
    """文件加密、损坏或太复杂，不能预览."""


def page_count(pdf: bytes) -> int:
    """Return how many pages a PDF has; CannotBeShown when it cannot be opened within the limits."""
    return _NUMBER.unpack(_limited("forms.preview:tell", pdf))[0]  # type: ignore[no-any-return]  # a number by its format


def page_picture(pdf: bytes, page: int) -> bytes:
    """Return a page (from 0) as a PNG, WIDTH pixels wide; CannotBeShown."""
    return _limited("forms.preview:draw", _NUMBER.pack(page) + pdf)


def _limited(task: str, data: bytes) -> bytes:
    try:
        return run_limited(task, data, _LIMITS)
    except (OutOfLimits, ChildDied) as wrong:
        raise CannotBeShown("文件加密、损坏或太复杂，不能预览，请下载后查看") from wrong


def tell(pdf: bytes) -> bytes:
    """Count the pages; runs in the child."""
    return _NUMBER.pack(len(_opened(pdf)))


def draw(asked: bytes) -> bytes:
    """Draw the page whose number precedes the PDF; runs in the child."""
    page = _opened(asked[_NUMBER.size :])[_NUMBER.unpack_from(asked)[0]]
    width, height = page.get_size()
    bitmap = page.render(scale=min(WIDTH / width, _HIGHEST / height), rev_byteorder=True)
    pixels, line = bytes(bitmap.buffer), bitmap.width * bitmap.n_channels
    rows = b"".join(b"\0" + pixels[at : at + line] for at in range(0, bitmap.height * bitmap.stride, bitmap.stride))
    return _png(bitmap.width, bitmap.height, rows)


def _opened(pdf: bytes) -> Any:
    # imported in the child alone: the library loads PDFium, which no process of ours needs
    return import_module("pypdfium2").PdfDocument(pdf)


def _png(width: int, height: int, rows: bytes) -> bytes:
    """Return lines of red, green and blue, each behind a zero, as a PNG."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _CHUNK.pack(len(data), tag) + data + _NUMBER.pack(zlib.crc32(tag + data)) for tag, data in parts
    )
