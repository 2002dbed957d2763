"""The little Markdown of the manual, read into values; what is written there never becomes HTML by itself.

`#` the title, `##` a section, `-` a point, `1.` a step, `![words](name)` a picture of `webapp/static/help`, anything
else a paragraph; in a line `**strong**`, a value between backticks, and `[words](page#place)` leading to another page
of the manual. A point that begins with `{#name other}` can be led to by these names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

_PICTURE = re.compile(r"!\[(?P<words>[^\]]+)\]\((?P<name>[\w-]+)\)")
_STEP = re.compile(r"(?P<number>\d{1,2})\. ")
_PLACES = re.compile(r"\{#(?P<names>[\w ]+)\} ?")
_PIECE = re.compile(r"\*\*(?P<strong>[^*]+)\*\*|`(?P<code>[^`]+)`|\[(?P<link>[^\]]+)\]\((?P<target>[\w#]+)\)")


class Kind(StrEnum):
    """What a block is, or a piece of a line."""

    PARAGRAPH = "paragraph"
    POINTS = "points"
    STEPS = "steps"
    PICTURE = "picture"
    TEXT = "text"
    STRONG = "strong"
    CODE = "code"
    LINK = "link"


@dataclass(frozen=True)
class Piece:
    """A few words of a line; only a link has a target: a page of the manual, `#` and a place on it."""

    kind: Kind
    words: str
    target: str = ""


@dataclass(frozen=True)
class Line:
    pieces: tuple[Piece, ...]
    places: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return "".join(each.words for each in self.pieces)


@dataclass(frozen=True)
class Block:
    """Lines of one kind that follow each other; of a picture the only line says what is on it."""

    kind: Kind
    lines: tuple[Line, ...]
    begins_at: int = 1  # the number of the first step: a picture between two steps does not begin anew
    picture: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Manual:
    """One page."""

    title: str
    sections: tuple[Section, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(block for section in self.sections for block in section.blocks)


def read_manual(text: str) -> Manual:
    """Read a page; what stands between the title and the first section is no part of it."""
    title, _, rest = text.partition("\n")
    return Manual(title.removeprefix("# "), tuple(_section(part.splitlines()) for part in rest.split("\n## ")[1:]))


def _section(lines: Sequence[str]) -> Section:
    said = groupby((line for line in lines[1:] if line), key=_kind)
    return Section(lines[0], tuple(block for kind, together in said for block in _blocks(kind, list(together))))


def _kind(line: str) -> Kind:
    if line.startswith("- "):
        return Kind.POINTS
    if _STEP.match(line):
        return Kind.STEPS
    return Kind.PICTURE if _PICTURE.fullmatch(line) else Kind.PARAGRAPH


def _blocks(kind: Kind, lines: Sequence[str]) -> Iterator[Block]:
    if kind is Kind.POINTS:
        yield Block(kind, tuple(_line(line.removeprefix("- ")) for line in lines))
    elif kind is Kind.STEPS:
        first = _STEP.match(lines[0])
        yield Block(kind, tuple(_line(_STEP.sub("", line, 1)) for line in lines), int(first["number"]) if first else 1)
    elif kind is Kind.PICTURE:
        for found in map(_PICTURE.fullmatch, lines):
            if found:
                yield Block(kind, (_line(found["words"]),), picture=found["name"])
    else:
        yield from (Block(kind, (_line(line),)) for line in lines)


def _line(text: str) -> Line:
    places = _PLACES.match(text)
    if places is None:
        return Line(tuple(_pieces(text)))
    return Line(tuple(_pieces(text[places.end() :])), tuple(places["names"].split()))


def _pieces(text: str) -> Iterator[Piece]:
    begin = 0
    for found in _PIECE.finditer(text):
        if found.start() > begin:
            yield Piece(Kind.TEXT, text[begin : found.start()])
        kind = next(kind for kind in (Kind.STRONG, Kind.CODE, Kind.LINK) if found[kind.value] is not None)
        yield Piece(kind, found[kind.value], found["target"] or "")
        begin = found.end()
    if begin < len(text):
        yield Piece(Kind.TEXT, text[begin:])
