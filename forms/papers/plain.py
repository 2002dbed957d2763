"""A paper printed plainly from the data: title, two columns of label and text, who signs, the day.

It is an office file somebody will open and alter, so what people typed stays text: no field, formula or markup can come
of it, and characters that no office file may hold are left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO

from docx import Document
from docx.document import Document as Paper
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_PARAGRAPH_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from forms.rendering import chinese_date

TITLE_FONT = "方正小标宋简体"
TEXT_FONT = "仿宋_GB2312"
LATIN_FONT = "Times New Roman"
_PAGE = (Mm(210), Mm(297))
_MARGINS = {"top_margin": Mm(37), "bottom_margin": Mm(35), "left_margin": Mm(28), "right_margin": Mm(26)}
_COLUMNS = (Mm(38), Mm(118))  # the 156 mm between the margins
_TITLE_SIZE, _LONG_TITLE_SIZE, _TEXT_SIZE = Pt(22), Pt(18), Pt(14)
_LONG_TITLE = 20  # characters: a longer title would leave one alone on its second line
_NOTHING, _ROW_GAP = Pt(0), Pt(2)
# Word takes its own clock for a file without dates; a paper's bytes shall depend on its content alone
_UNDATED = datetime(2000, 1, 1)  # python-docx wants it without a zone


def print_paper(title: str, rows: Sequence[tuple[str, str]], signed: str, day: date) -> bytes:
    """Return a .docx on A4: `title`, a row per (label, text), then `signed` and `day` at the right.

    A line break in a text is a line of its own.
    """
    paper = _blank(day)
    size = _TITLE_SIZE if len(title) <= _LONG_TITLE else _LONG_TITLE_SIZE
    _write(paper.add_paragraph(), title, TITLE_FONT, size, WD_PARAGRAPH_ALIGNMENT.CENTER, after=Pt(16))
    if rows:
        _table(paper, rows)
    for place, line in enumerate((signed, chinese_date(day))):
        before = Pt(24) if place == 0 else _NOTHING
        _write(paper.add_paragraph(), line, TEXT_FONT, _TEXT_SIZE, WD_PARAGRAPH_ALIGNMENT.RIGHT, before=before)
    file = BytesIO()
    paper.save(file)
    return file.getvalue()


def clean(text: str) -> str:
    """Leave out what XML or a reader cannot take: control and format characters, halves and non-characters."""
    return "".join(character for character in text if character in "\n\t" or not _unprintable(character))


def _unprintable(character: str) -> bool:
    point = ord(character)
    return (
        unicodedata.category(character) in ("Cc", "Cf", "Cs") or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
    )


def _blank(day: date) -> Paper:
    paper = Document()
    section = paper.sections[0]
    section.page_width, section.page_height = _PAGE
    for name, width in _MARGINS.items():
        setattr(section, name, width)
    properties = paper.core_properties
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = datetime.combine(day, time())  # not the machine's clock
    return paper


def _table(paper: Paper, rows: Sequence[tuple[str, str]]) -> None:
    table: Table = paper.add_table(rows=len(rows), cols=len(_COLUMNS), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, _COLUMNS, strict=True):
        column.width = width
    cells = table._cells  # one walk over the table: asking each row for its cells takes quadratic time
    for place, (label, text) in enumerate(rows):
        left, right = cells[2 * place], cells[2 * place + 1]
        _fill(left, label, WD_PARAGRAPH_ALIGNMENT.CENTER, _COLUMNS[0])
        _fill(right, text, WD_PARAGRAPH_ALIGNMENT.LEFT, _COLUMNS[1])


def _fill(cell: _Cell, text: str, alignment: WD_PARAGRAPH_ALIGNMENT, width: Mm) -> None:
    cell.width = width
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    for place, line in enumerate(clean(text).split("\n")):
        paragraph = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
        _write(paragraph, line, TEXT_FONT, _TEXT_SIZE, alignment, _ROW_GAP, _ROW_GAP)


def _write(
    paragraph: Paragraph,
    text: str,
    font: str,
    size: Pt,
    alignment: WD_PARAGRAPH_ALIGNMENT,
    before: Pt = _NOTHING,
    after: Pt = _NOTHING,
) -> None:
    paragraph.alignment = alignment
    paragraph.paragraph_format.space_before = before
    paragraph.paragraph_format.space_after = after
    paragraph.paragraph_format.line_spacing = 1.15
    run = paragraph.add_run(clean(text).replace("\n", " "))
    run.font.size = size
    run.font.name = LATIN_FONT
    properties = run._element.get_or_add_rPr()
    properties.get_or_add_rFonts().set(qn("w:eastAsia"), font)
    # where the font is missing, another of the same script is taken by the language: else Japanese or Taiwan glyphs
    language = OxmlElement("w:lang")
    language.set(qn("w:eastAsia"), "zh-CN")
    properties.append(language)


__all__ = ["clean", "print_paper"]
