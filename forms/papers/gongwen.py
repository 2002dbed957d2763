"""The sheet of an official paper by GB/T 9704-2012, as a template: red head, title, text, signature, 版记, numbers.

22 lines of 28 characters stand in 156 × 225 mm. 28 characters of 16 points would need 158 mm, so they stand a quarter
of a point closer; every line of text is exactly 1/22 of the height, which all readers keep, while the grid of Word is
only kept by some.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from forms.papers.package import packed
from forms.papers.wml import BIAOSONG, HEITI, KAITI, Cell, Font, Line, repeated, row, table, tag, twips

PAGE = (210, 297)  # mm
TOP, LEFT, WIDE, HIGH = 37, 28, 156, 225  # 天头, 订口, 版心 in mm
LINES, CHARACTERS = 22, 28
PITCH = 579  # twentieths of a point: 225 mm / 22, rounded so that the 22nd line stays on the page
CLOSER = -5  # twentieths of a point between characters: 28 of them fit in 156 mm
FOOTER = 25.5  # mm from the page's edge: the dashes of the page number stand 7 mm below the text
_HEIGHT = PITCH / 20
_RED = "FF0000"

TEXT = Line(Font(spacing=CLOSER), first=2, height=_HEIGHT)
FLUSH = replace(TEXT, first=0)
_TITLE = Line(Font(BIAOSONG, 22), "center", height=33)
_ORGAN = Line(Font(BIAOSONG, 36, color=_RED), "center", before=35 * 72 / 25.4 - 7, height=50)  # 7: above the letters
_DATE_CENTRE = twips(WIDE) - 4 * 320 - 1100  # 成文日期 ends four characters from the right; its middle
_SIGNED = replace(FLUSH, align="left", centre_at=_DATE_CENTRE, with_next=True)
_SMALL = Line(Font(size=12), "left", height=17)
_RED_LINE = f'<w:pBdr><w:bottom w:val="single" w:sz="12" w:space="11" w:color="{_RED}"/></w:pBdr>'


def section() -> str:
    """Return the properties of the page: A4, the margins, the grid of lines, the footers left and right."""
    bottom, right = PAGE[1] - TOP - HIGH, PAGE[0] - LEFT - WIDE
    return (
        '<w:sectPr><w:footerReference w:type="default" r:id="rId3"/><w:footerReference w:type="even" r:id="rId4"/>'
        f'<w:pgSz w:w="{twips(PAGE[0])}" w:h="{twips(PAGE[1])}"/>'
        f'<w:pgMar w:top="{twips(TOP)}" w:right="{twips(right)}" w:bottom="{twips(bottom)}" w:left="{twips(LEFT)}"'
        f' w:header="720" w:footer="{twips(FOOTER)}" w:gutter="0"/>'
        f'<w:docGrid w:type="lines" w:linePitch="{PITCH}"/></w:sectPr>'
    )


def one(text: str) -> str:
    """Return a heading of the first order: 一、 in 黑体."""
    return replace(TEXT, font=replace(TEXT.font, name=HEITI), with_next=True).of(text)


def two(text: str) -> str:
    """Return a heading of the second order: （一） in 楷体."""
    return replace(TEXT, font=replace(TEXT.font, name=KAITI), with_next=True).of(text)


def para(*texts: str) -> str:
    return TEXT.of(*texts)


def flush(text: str) -> str:
    """Return a paragraph that begins at the margin: whom the paper is sent to."""
    return FLUSH.of(text)


def led(label: str, text: str) -> str:
    """Return a paragraph whose first words stand in 黑体: 出席：…"""
    return TEXT.of((replace(TEXT.font, name=HEITI), label), text)


def empty(count: int = 1, *, with_next: bool = False) -> str:
    return replace(FLUSH, with_next=with_next).of("") * count


def when(condition: str, *blocks: str) -> str:
    """Return blocks that only stand there when a variable is filled."""
    return f"{tag(f'if {condition}')}{''.join(blocks)}{tag('endif')}"


def each(loop: str, *blocks: str) -> str:
    """Return blocks repeated for each entry of a list: `each("项 in 措施", …)`."""
    return f"{tag(f'for {loop}')}{''.join(blocks)}{tag('endfor')}"


@dataclass(frozen=True)
class Column:
    head: str
    width: float  # mm
    text: str
    align: str = "left"


def listed(loop: str, columns: Sequence[Column]) -> str:
    """Return a table with a row for each entry of a list; its heads are repeated on each page."""
    grid = [column.width for column in columns]
    head = replace(_SMALL, font=Font(HEITI, 12), align="center")
    return table(
        (
            row([Cell(head.of(column.head)) for column in columns], grid, heading=True),
            repeated(f"for {loop}", grid),
            row([Cell(replace(_SMALL, align=column.align).of(column.text)) for column in columns], grid),
            repeated("endfor", grid),
        ),
        grid,
    )


def red_head(*, signer: bool = False) -> str:
    """Return 发文机关标志, 发文字号 (with 签发人 on a paper sent upwards) and the red line in their places.

    The mark's upper edge is 35 mm below that of the text, the line 4 mm below the number.
    """
    number = "{{ 文号 }}"
    if signer:
        room = replace(FLUSH, align="left", right_at=twips(WIDE) - 320, border=_RED_LINE)
        numbered = room.of(f"　{number}\t签发人：", (replace(TEXT.font, name=KAITI), "{{ 签发人 }}"))
    else:
        numbered = replace(FLUSH, align="center", border=_RED_LINE).of(number)
    return _ORGAN.of("{{ 发文机关 }}") + empty(2) + numbered + empty(2)


def title(text: str = "{{ 标题 }}") -> str:
    return _TITLE.of(text) + empty()


def signature(organ: str = "{{ 发文机关 }}") -> str:
    """Return 发文机关署名 in the middle above 成文日期, which ends four characters from the right.

    It never stands on a page alone: the end of the text goes with it, and 版记 where there is one.
    """
    return _SIGNATURE + empty(2, with_next=True) + _SIGNED.of(f"\t{organ}") + _SIGNED.of("\t{{ 成文日期 }}")


def annexes(loop: str, text: str) -> str:
    """Return 附件说明: a blank line, then the annexes by number."""
    return when(loop.rpartition(" in ")[2], empty(), each(loop, replace(TEXT, align="left").of(text)))


def imprint() -> str:
    """Return 版记 at the foot of the last page: whom the paper goes to in copy, who printed it and when.

    Its first and its last line are 0.35 mm thick, the one between 0.25 mm (GB/T 9704, 7.4.1). Each part is a paragraph
    in a frame of its own: LibreOffice lets a frame of several, and a floating table, fall back into the text. The upper
    one begins as high as its lines need.
    """
    printed = "　{{ 印发机关 }}\t{{ 成文日期 }}印发"
    copied = (
        when(f"{above}抄送|length <= {most}", _imprinted(_above(lines), top=_THICK, bottom=_THIN).of(_COPIED))
        for lines, (above, most) in enumerate(_LENGTHS, 1)
    )
    whole = when("抄送", *copied, _imprinted(_AT_FOOT, bottom=_THICK).of(printed))
    alone = when("not 抄送", _imprinted(_AT_FOOT, top=_THICK, bottom=_THICK).of(printed))
    return whole + alone + Line(Font(size=1), height=1).of("")  # what holds the frames


def _imprinted(place: str, **sides: int) -> Line:
    drawn = "".join(f'<w:{side} w:val="single" w:sz="{n}" w:space="1" w:color="000000"/>' for side, n in sides.items())
    frame = f'<w:framePr w:w="{twips(WIDE)}" w:hSpace="0" w:vSpace="0" w:wrap="around" w:vAnchor="margin"{place}/>'
    return replace(_IMPRINT, border=f"<w:pBdr>{drawn}</w:pBdr>", frame=frame)


def _above(lines: int) -> str:
    """Return where a frame of so many lines stands that ends where the lower one begins."""
    points = HIGH * 72 / 25.4 - (lines + 1) * _IMPRINT.height - 5  # 5: the three lines and the room beside them
    return f' w:hAnchor="margin" w:xAlign="left" w:y="{round(20 * points)}"'


_THICK, _THIN = 8, 6  # eighths of a point: 0.35 and 0.26 mm
_IMPRINT = Line(Font(size=14), "left", height=24, right_at=twips(WIDE) - 280)
_AT_FOOT = ' w:hAnchor="margin" w:xAlign="left" w:yAlign="bottom"'
_COPIED = "　抄送：{{ 抄送 }}。"
_LENGTHS = (("", 26), ("26 < ", 57), ("57 < ", 88), ("88 < ", 999))  # characters of 抄送 on one, two … lines


def paper(blocks: Iterable[str]) -> bytes:
    """Return the template of a paper made of `blocks`."""
    text, _mark, end = "".join(blocks).partition(_SIGNATURE)
    return packed(_bound(text) + end + section())


_SIGNATURE = "<!-- signature -->"
_PARAGRAPH = re.compile(r"<w:p>.*?</w:p>", re.DOTALL)
_STEPS = {"if": 1, "for": 1, "endif": -1, "endfor": -1}
_TAG = re.compile(r"\{%p (\w+)")


def _bound(text: str) -> str:
    """Keep the last paragraph that is always there, and what may follow it, on one page with the signature."""
    depth, found = 0, []
    for paragraph in _PARAGRAPH.finditer(text, text.rfind("</w:tbl>") + 1):
        if tagged := _TAG.search(paragraph[0]):
            depth += _STEPS[tagged[1]]
        else:
            found.append((paragraph.start(), depth == 0))
    for start, always in reversed(found):
        look = start + len("<w:p><w:pPr>")
        if not text.startswith("<w:keepNext/>", look):
            text = f"{text[:look]}<w:keepNext/>{text[look:]}"
        if always:
            break
    return text
