"""A picture beside the signature of a paper: the code that leads from a notice on the board to its public page."""

from __future__ import annotations

from io import BytesIO

from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from forms.papers.wml import twips

_WIDE, _ROOM = 32, 50  # mm: read from an arm's length; with the line below it


def with_picture(paper: bytes, picture: bytes, caption: str) -> bytes:
    """Return a .docx with a picture (PNG) at the foot of its last page, left, and a line that says what it is for."""
    document = Document(BytesIO(paper))
    framed, holds = document.add_paragraph(), document.add_paragraph()
    frame = OxmlElement("w:framePr")
    place = {"w": str(twips(_ROOM)), "wrap": "around", "vAnchor": "margin", "hAnchor": "margin"}
    for name, value in {**place, "xAlign": "left", "yAlign": "bottom"}.items():
        frame.set(qn(f"w:{name}"), value)
    framed._p.get_or_add_pPr().insert(0, frame)
    framed.add_run().add_picture(BytesIO(picture), width=Mm(_WIDE))
    told = framed.add_run(f"\n{caption}")
    told.font.size = Pt(12)
    holds.paragraph_format.line_spacing = Pt(1)
    written = BytesIO()
    document.save(written)
    return written.getvalue()
