"""How high a printed row must be to show all its text: no program measures merged or filled-down cells by itself.

Counted with a margin, for every office has its own fonts: a column is taken as a little narrower than it is and a line
as a little higher. A row that would be higher than a sheet allows goes on over several rows, merged.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

LINE_POINTS: Final = 15  # of 10-point text, in the fonts with the highest lines
PADDING_POINTS: Final = 4
HIGHEST_POINTS: Final = 400  # the format allows 409.5
_PIECE_POINTS: Final = 120  # of a row that goes on: a page breaks only between rows
_MARKS_PER_WIDTH: Final = 1.05  # widths are counted in digits of 11 points, the text is of 10
_PIECES = re.compile(r"[!-~]+| +|.", re.DOTALL)


@cache
def _width(mark: str) -> int:
    return 2 if unicodedata.east_asian_width(mark) in "WFA" else 1


def text_width(text: str) -> int:
    """Return how wide one line of text stands, in narrow characters of a Chinese font: “ counts double there."""
    return len(text) if text.isascii() else sum(map(_width, text))


@lru_cache(maxsize=50_000)
def line_count(text: str, width: float) -> int:
    """Return over how many lines `text` breaks in a column `width` narrow characters wide."""
    capacity = max(int(width * _MARKS_PER_WIDTH), 2)
    return lines_of(text, capacity)


def lines_of(text: str, capacity: int) -> int:
    """Return over how many lines `text` breaks where one holds `capacity` narrow characters."""
    return sum(_broken(line, capacity) for line in text.split("\n"))


def _broken(line: str, capacity: int) -> int:
    """Break between any two Chinese characters, but within a word of Latin letters only where it fills a line."""
    if text_width(line) <= capacity:
        return 1
    lines, used = 1, 0
    for piece in _PIECES.findall(line):
        wide = text_width(piece)
        if used + wide <= capacity:
            used += wide
        elif piece.isspace():
            lines, used = lines + 1, 0
        elif wide <= capacity:
            lines, used = lines + 1, wide
        else:  # a long word begins on a line of its own and is cut
            lines += -(-wide // capacity) - (0 if used else 1)
            used = wide % capacity or capacity
    return lines


def points(lines: int) -> int:
    """Return the height of so many lines."""
    return lines * LINE_POINTS + PADDING_POINTS


def split_height(height: int) -> tuple[int, int]:
    """Return how many rows a height needs, and how high each of them is."""
    rows = 1 if height <= HIGHEST_POINTS else -(-height // _PIECE_POINTS)
    return rows, -(-height // rows)
