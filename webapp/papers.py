"""材料: downloads, in the scope of who asks; a stored file is never shown inside a page of ours."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, abort, send_file

from bpmn.prints import DOCX
from forms.papers.application import blank_facts
from forms.papers.catalogue import BY_NAME
from forms.papers.filling import print_paper
from ledger.db import day_of
from ledger.paper_access import visible_attachment
from ledger.paper_templates import template_of
from ledger.papers import read_paper
from webapp.permissions import SIGNED_IN, STAFF, allows
from webapp.request import actor, ledger_session, moment, settings

bp = Blueprint("papers", __name__)


@bp.get("/papers/<int:attachment_id>")
@allows(SIGNED_IN)
def download(attachment_id: int) -> Response:
    attachment = visible_attachment(ledger_session(), actor(), attachment_id) or abort(404)
    content = read_paper(settings().papers, attachment.sha256)
    response = send_file(
        BytesIO(content), attachment.paper.media_type, as_attachment=True, download_name=attachment.name, max_age=0
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.get("/papers/blank/annex<int:number>.docx")
@allows(STAFF)
def blank(number: int) -> Response:
    """Answer Annex 1, 2 or 3 as printed, with nothing filled in (F1–F3)."""
    form = BY_NAME.get(f"annex{number}") or abort(404)
    now = moment().at
    template = template_of(ledger_session(), form.name, now, now) or form.shipped
    content = print_paper(form.title, form.complete(blank_facts()), template, day_of(now))
    return send_file(BytesIO(content), DOCX, as_attachment=True, download_name=f"{form.title}（空白）.docx", max_age=0)
