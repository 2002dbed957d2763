"""Pieces of WordprocessingML out of which the shipped templates are built; lengths in mm and points.

A text may hold a template's tags; everything else in it is written as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

LATIN_FONT = "Times New Roman"
FANGSONG, KAITI, HEITI, SONGTI = "仿宋_GB2312", "楷体_GB2312", "黑体", "宋体"
BIAOSONG = "方正小标宋简体"
_TWIPS_PER_MM = 1440 / 25.4


def twips(mm: float) -> int:
    """Return a length in twentieths of a point, the unit of every length in the file."""
    return round(mm * _TWIPS_PER_MM)


@dataclass(frozen=True)
class Font:
    """A Chinese font by its official name, its size in points; digits and letters stand in Times New Roman."""

    name: str = FANGSONG
    size: float = 16
    bold: bool = False
    color: str = ""
    spacing: int = 0  # between characters, in twentieths of a point

    def run(self, text: str) -> str:
        """Return a run holding `text`; a line break in it is a line break, a tab a tab."""
        bold = "<w:b/>" if self.bold else ""
        color = f'<w:color w:val="{self.color}"/>' if self.color else ""
        spacing = f'<w:spacing w:val="{self.spacing}"/>' if self.spacing else ""
        # where the font is missing, another of the same script is taken by the language: else Japanese glyphs
        return (
            f'<w:r><w:rPr><w:rFonts w:ascii="{LATIN_FONT}" w:hAnsi="{LATIN_FONT}" w:eastAsia="{self.name}"'
            f' w:hint="eastAsia"/>{bold}{color}{spacing}<w:sz w:val="{round(2 * self.size)}"/>'
            f'<w:szCs w:val="{round(2 * self.size)}"/><w:lang w:eastAsia="zh-CN"/></w:rPr>{_text(text)}</w:r>'
        )


def _text(text: str) -> str:
    pieces = []
    for piece in re.split(r"([\n\t])", text):
        if piece == "\n":
            pieces.append("<w:br/>")
        elif piece == "\t":
            pieces.append("<w:tab/>")
        elif piece:
            pieces.append(f'<w:t xml:space="preserve">{escape(piece, quote=False)}</w:t>')
    return "".join(pieces)


@dataclass(frozen=True)
class Line:
    """How a paragraph looks: alignment, indents in characters of its font, distances and line height in points."""

    font: Font = Font()
    align: str = "both"
    first: float = 0  # characters the first line is set in
    left: float = 0
    right: float = 0
    before: float = 0
    after: float = 0
    height: float = 0  # exact; 0 leaves it to the text
    centre_at: int = 0  # twips from the left where text after a tab is centred
    right_at: int = 0  # twips from the left where text after a tab ends
    with_next: bool = False
    border: str = ""  # WordprocessingML of a paragraph border
    frame: str = ""  # and of the frame it stands in
    new_page: bool = False

    def of(self, *texts: str | tuple[Font, str]) -> str:
        """Return a paragraph of the texts, each in the line's own font or in the one given with it."""
        runs = (self.font.run(t) if isinstance(t, str) else t[0].run(t[1]) for t in texts)
        return f"<w:p>{self._properties()}{''.join(runs)}</w:p>"

    def _properties(self) -> str:
        height = (
            f' w:line="{round(20 * self.height)}" w:lineRule="exact"'
            if self.height
            else ' w:line="240" w:lineRule="auto"'
        )
        tabs = "".join(
            f'<w:tab w:val="{kind}" w:pos="{at}"/>'
            for kind, at in (("center", self.centre_at), ("right", self.right_at))
            if at
        )
        return (
            f"<w:pPr>{'<w:keepNext/>' if self.with_next else ''}{'<w:pageBreakBefore/>' if self.new_page else ''}"
            f'{self.frame}<w:widowControl w:val="0"/>{self.border}{f"<w:tabs>{tabs}</w:tabs>" if tabs else ""}'
            f'<w:spacing w:before="{round(20 * self.before)}" w:after="{round(20 * self.after)}"{height}/>'
            f'{self._indents()}<w:jc w:val="{self.align}"/></w:pPr>'
        )

    def _indents(self) -> str:
        size = 20 * self.font.size
        given = (("firstLine", self.first), ("left", self.left), ("right", self.right))
        indents = "".join(f' w:{side}Chars="{round(100 * n)}" w:{side}="{round(n * size)}"' for side, n in given if n)
        return f"<w:ind{indents}/>" if indents else ""


def tag(content: str) -> str:
    """Return a paragraph that only holds a tag of the template: it leaves no line behind."""
    return Line(Font(size=10.5)).of(f"{{%p {content} %}}")


@dataclass(frozen=True)
class Cell:
    """A cell over `span` columns of the table's grid; `down` is restart or continue in cells joined downwards."""

    content: str  # paragraphs
    span: int = 1
    down: str = ""
    open: Sequence[str] = ()  # sides without a line
    align: str = "center"  # top, center, bottom


def row(
    cells: Iterable[Cell], grid: Sequence[float], *, height: float = 0, heading: bool = False, whole: bool = True
) -> str:
    """Return a row over `grid` (column widths in mm), `height` mm or more; a `heading` stands on each page."""
    written, at = [], 0
    for cell in cells:
        written.append(_cell(cell, sum(grid[at : at + cell.span])))
        at += cell.span
    parts = "<w:cantSplit/>" if whole else ""
    parts += f'<w:trHeight w:val="{twips(height)}" w:hRule="atLeast"/>' if height else ""
    parts += "<w:tblHeader/>" if heading else ""
    return f"<w:tr>{f'<w:trPr>{parts}</w:trPr>' if parts else ''}{''.join(written)}</w:tr>"


def _cell(cell: Cell, width: float) -> str:
    span = f'<w:gridSpan w:val="{cell.span}"/>' if cell.span > 1 else ""
    down = "" if not cell.down else f'<w:vMerge w:val="{cell.down}"/>'
    sides = "".join(f'<w:{side} w:val="nil"/>' for side in cell.open)
    borders = f"<w:tcBorders>{sides}</w:tcBorders>" if sides else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{twips(width)}" w:type="dxa"/>{span}{down}{borders}'
        f'<w:vAlign w:val="{cell.align}"/></w:tcPr>{cell.content}</w:tc>'
    )


def table(
    rows: Iterable[str],
    grid: Sequence[float],
    *,
    placed: str = "",
    lines: Mapping[str, int] | None = None,
    margin: float = 1.2,
    padding: float = 0,
) -> str:
    """Return a centred table; `grid` are the column widths, `margin` and `padding` the room around text, in mm.

    `placed` says where it floats, `lines` how thick each side is, in eighths of a point, 0 for none.
    """
    columns = "".join(f'<w:gridCol w:w="{twips(width)}"/>' for width in grid)
    sides = (("top", padding), ("left", margin), ("bottom", padding), ("right", margin))
    room = "".join(f'<w:{side} w:w="{twips(width)}" w:type="dxa"/>' for side, width in sides)
    drawn = "".join(
        f'<w:{name} w:val="{"single" if thick else "nil"}" w:sz="{thick}" w:space="0" w:color="000000"/>'
        for name, thick in (lines or {}).items()
    )
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/>{placed}<w:tblW w:w="{twips(sum(grid))}" w:type="dxa"/>'
        f'<w:jc w:val="center"/>{f"<w:tblBorders>{drawn}</w:tblBorders>" if drawn else ""}<w:tblLayout w:type="fixed"/>'
        f"<w:tblCellMar>{room}</w:tblCellMar></w:tblPr>"
        f"<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def repeated(tag_text: str, grid: Sequence[float]) -> str:
    """Return a row of a table that only holds a tag of the template: it leaves no row behind."""
    return row([Cell(Line(Font(size=9)).of(f"{{%tr {tag_text} %}}"), len(grid))], grid)
