"""预览: what a paper looks like, on a page of ours: photographs, and the pages of a PDF as pictures we drew.

A Word or Excel paper is turned into a PDF first, where LibreOffice is installed (`webapp.pdf`).
The file itself is still only ever served as a download (`webapp.papers`).
"""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, abort, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from forms.preview import CannotBeShown, page_count, page_picture
from ledger.conversions import CONVERTIBLE, PDF, has_pdf, pdf_path
from ledger.paper_access import visible_attachment
from ledger.papers import Attachment, read_paper
from ledger.previews import drawn_once
from webapp.permissions import SIGNED_IN, allows
from webapp.request import actor, ledger_session, settings

bp = Blueprint("previews", __name__)
PICTURES = ("image/jpeg", "image/png")
SHOWN = (*CONVERTIBLE, PDF)
MOST_PAGES = 60  # on one page of ours; what is longer is read from the file itself


@bp.get("/papers/<int:attachment_id>/view")
@allows(SIGNED_IN)
def show(attachment_id: int) -> ResponseReturnValue:
    attachment = _visible(attachment_id)
    if not _can_be_drawn(attachment):
        return redirect(url_for("pdf.show", attachment_id=attachment_id), 302)
    try:
        count, problem = _page_count(attachment), ""
    except CannotBeShown as refused:
        count, problem = 0, str(refused)
    return render_template(
        "papers/view.html", attachment=attachment, count=count, shown=min(count, MOST_PAGES), problem=problem
    )


@bp.get("/papers/<int:attachment_id>/pages/<int:number>")
@allows(SIGNED_IN)
def page(attachment_id: int, number: int) -> Response:
    """Answer a photograph, or one page of a PDF, as a picture."""
    attachment = _visible(attachment_id)
    if not _can_be_drawn(attachment):
        abort(404)
    try:
        if not 1 <= number <= min(_page_count(attachment), MOST_PAGES):
            abort(404)
        picture, kind = _picture(attachment, number)
    except CannotBeShown:
        abort(404)
    response = send_file(BytesIO(picture), kind, max_age=0)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _visible(attachment_id: int) -> Attachment:
    found = visible_attachment(ledger_session(), actor(), attachment_id)
    return found if found is not None and found.paper.media_type in SHOWN else abort(404)


def _can_be_drawn(attachment: Attachment) -> bool:
    kind = attachment.paper.media_type
    return kind in PICTURES or has_pdf(settings().papers, attachment.sha256, kind)


def _page_count(attachment: Attachment) -> int:
    if attachment.paper.media_type in PICTURES:
        return 1
    told = drawn_once(settings().previews, attachment.sha256, "pages", lambda: b"%d" % page_count(_content(attachment)))
    return int(told)


def _picture(attachment: Attachment, number: int) -> tuple[bytes, str]:
    """Return a picture and its kind."""
    if attachment.paper.media_type in PICTURES:
        return _content(attachment), attachment.paper.media_type
    drawn = drawn_once(
        settings().previews,
        attachment.sha256,
        f"{number}.png",
        lambda: page_picture(_content(attachment), number - 1),
    )
    return drawn, "image/png"


def _content(attachment: Attachment) -> bytes:
    """Return the bytes of a photograph or a PDF, of another paper those of the PDF made from it."""
    if attachment.paper.media_type in (*PICTURES, PDF):
        return read_paper(settings().papers, attachment.sha256)
    return pdf_path(settings().papers, attachment.sha256).read_bytes()
