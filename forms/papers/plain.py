"""A paper printed plainly from the data: title, two columns of label and text, who signs, the day.

It is an office file somebody will open and alter, so what people typed stays text: no field, formula or markup can come
of it, and characters that no office file may hold are left out. Written directly: a county's year prints ten thousand.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from forms.papers.package import packed
from forms.rendering import chinese_date

TITLE_FONT = "方正小标宋简体"
TEXT_FONT = "仿宋_GB2312"
LATIN_FONT = "Times New Roman"
_MM = 1440 / 25.4  # twentieths of a point, the unit of all lengths below
_COLUMNS = (round(38 * _MM), round(118 * _MM))  # the 156 mm between the margins
_LONG_TITLE = 20  # characters: a longer title would leave one alone on its second line
_PAGE = (
    f'<w:sectPr><w:pgSz w:w="{round(210 * _MM)}" w:h="{round(297 * _MM)}"/>'
    f'<w:pgMar w:top="{round(37 * _MM)}" w:right="{round(26 * _MM)}" w:bottom="{round(35 * _MM)}"'
    f' w:left="{round(28 * _MM)}" w:header="720" w:footer="720" w:gutter="0"/></w:sectPr>'
)
_TABLE = (
    '<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/>'
    f'<w:tblW w:w="{sum(_COLUMNS)}" w:type="dxa"/><w:jc w:val="center"/><w:tblLayout w:type="fixed"/></w:tblPr>'
    f'<w:tblGrid><w:gridCol w:w="{_COLUMNS[0]}"/><w:gridCol w:w="{_COLUMNS[1]}"/></w:tblGrid>'
)


@dataclass(frozen=True)
class _Line:
    """How one line of the paper looks; sizes and distances in points."""

    alignment: str
    font: str = TEXT_FONT
    size: int = 14
    before: int = 0
    after: int = 0

    def wrap(self, text: str) -> str:
        """Return a paragraph holding `text` as it is."""
        # where the font is missing, another of the same script is taken by the language: else Japanese glyphs
        return (
            f'<w:p><w:pPr><w:spacing w:before="{20 * self.before}" w:after="{20 * self.after}" w:line="276"'
            f' w:lineRule="auto"/><w:jc w:val="{self.alignment}"/></w:pPr><w:r><w:rPr>'
            f'<w:rFonts w:ascii="{LATIN_FONT}" w:hAnsi="{LATIN_FONT}" w:eastAsia="{self.font}"/>'
            f'<w:sz w:val="{2 * self.size}"/><w:lang w:eastAsia="zh-CN"/></w:rPr>{_text(text)}</w:r></w:p>'
        )


_LABEL = _Line("center", before=2, after=2)
_VALUE = _Line("left", before=2, after=2)
_SIGNED = _Line("right", before=24)
_DAY = _Line("right")


def print_paper(title: str, rows: Sequence[tuple[str, str]], signed: str, day: date) -> bytes:
    """Return a .docx on A4: `title`, a row per (label, text), then `signed` and `day` at the right.

    A line break in a text is a line of its own.
    """
    heading = _Line("center", TITLE_FONT, 22 if len(title) <= _LONG_TITLE else 18, after=16)
    table = f"{_TABLE}{''.join(_row(label, text) for label, text in rows)}</w:tbl>" if rows else ""
    body = "".join(
        (heading.wrap(_one_line(title)), table, _SIGNED.wrap(_one_line(signed)), _DAY.wrap(chinese_date(day)), _PAGE)
    )
    return packed(body, _one_line(title), day)


def clean(text: str) -> str:
    """Leave out what XML or a reader cannot take: control and format characters, halves and non-characters."""
    if text.isprintable():
        return text
    return "".join(character for character in text if character in "\n\t" or not _unprintable(character))


def _unprintable(character: str) -> bool:
    point = ord(character)
    return (
        unicodedata.category(character) in ("Cc", "Cf", "Cs") or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
    )


def _one_line(text: str) -> str:
    return clean(text).replace("\n", " ")


def _row(label: str, text: str) -> str:
    return f"<w:tr>{_cell(label, _LABEL, _COLUMNS[0])}{_cell(text, _VALUE, _COLUMNS[1])}</w:tr>"


def _cell(text: str, line: _Line, width: int) -> str:
    lines = "".join(line.wrap(each) for each in clean(text).split("\n"))
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>{lines}</w:tc>'


def _text(text: str) -> str:
    parts = (f'<w:t xml:space="preserve">{escape(part, quote=False)}</w:t>' for part in text.split("\t"))
    return "<w:tab/>".join(parts)


__all__ = ["clean", "print_paper"]
