"""The looks of a workbook's cells: plain for lists, printed for the annexes, in the fonts of official papers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MOST_PLACES: Final = 10
PLACES_FORMAT: Final = 163  # own number formats begin above it: 0.0 is 164
# styles of either look; a number with n places has WHOLE + n
TITLE, LINE, HEADING, TEXT, SHORT, NOTE, WHOLE = 1, 2, 3, 4, 5, 6, 7
PRINTED: Final = WHOLE + MOST_PLACES  # added to a plain style, gives the printed one
_CENTRED = '<alignment horizontal="center" vertical="center" wrapText="1"/>'
_LEFT = '<alignment vertical="center" wrapText="1"/>'
_FONTS = (
    ("宋体", 11, ""),
    ("宋体", 14, "<b/>"),
    ("宋体", 11, "<b/>"),
    ("方正小标宋简体", 20, ""),
    ("仿宋_GB2312", 12, ""),
    ("黑体", 10, ""),
    ("仿宋_GB2312", 10, ""),
)


def styles_part() -> str:
    """Return styles.xml; the content is the same for every workbook."""
    formats = "".join(
        f'<numFmt numFmtId="{PLACES_FORMAT + places}" formatCode="0.{"0" * places}"/>'
        for places in range(1, MOST_PLACES + 1)
    )
    fonts = "".join(f'<font>{bold}<sz val="{size}"/><name val="{name}"/></font>' for name, size, bold in _FONTS)
    side = "".join(f'<{name} style="thin"><color auto="1"/></{name}>' for name in ("left", "right", "top", "bottom"))
    cells = ['<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>', *_plain(), *_printed()]
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="{MOST_PLACES}">{formats}</numFmts>'
        f'<fonts count="{len(_FONTS)}">{fonts}</fonts>'
        '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/>'
        '</fill><fill><patternFill patternType="solid"><fgColor rgb="FFF2F2F2"/></patternFill></fill></fills>'
        '<borders count="2"><border><left/><right/><top/><bottom/></border>'
        f"<border>{side}</border></borders>"
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(cells)}">{"".join(cells)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def _plain() -> Iterator[str]:
    middle = '<alignment vertical="center"/>'
    yield _format(0, 1, border=0, more='<alignment horizontal="center" vertical="center"/>')
    yield _format(0, 0, border=0, more=middle)
    yield _format(0, 2, fill=2, more=_CENTRED)
    yield _format(49, 0, more=_LEFT)
    yield _format(49, 0, more=_CENTRED)
    yield _format(49, 0, border=0, more=_LEFT)
    yield from (_format(number, 0, more=middle) for number in _numbers())


def _printed() -> Iterator[str]:
    """Yield the printed styles, in the order of the plain ones."""
    yield _format(0, 3, border=0, more='<alignment horizontal="center" vertical="center"/>')
    yield _format(0, 4, border=0, more='<alignment vertical="center"/>')
    yield _format(0, 5, more=_CENTRED)
    yield _format(49, 6, more=_LEFT)
    yield _format(49, 6, more=_CENTRED)
    yield _format(49, 6, border=0, more='<alignment vertical="top" wrapText="1"/>')
    yield from (_format(number, 6, more='<alignment horizontal="center" vertical="center"/>') for number in _numbers())


def _numbers() -> Iterator[int]:
    yield 1
    yield from range(PLACES_FORMAT + 1, PLACES_FORMAT + MOST_PLACES + 1)


def _format(number: int, font: int, *, more: str, fill: int = 0, border: int = 1) -> str:
    return (
        f'<xf numFmtId="{number}" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" applyNumberFormat="1"'
        f' applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">{more}</xf>'
    )
