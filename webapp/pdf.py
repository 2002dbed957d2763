"""Papers as PDF: turned by LibreOffice where it is installed, kept, and told what to install where it is not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from bpmn.conversions import Bench, work_off
from forms.papers.office import Office, find_office
from ledger.conversions import (
    CONVERTIBLE,
    PDF,
    ahead_of,
    ask,
    conversion_of,
    failed_among,
    has_pdf,
    pdf_path,
    waiting_among,
)
from ledger.db import transaction
from ledger.installation import installation
from ledger.notices import Finished, tell_finished
from ledger.paper_access import visible_attachment
from ledger.papers import Attachment, read_paper
from ledger.vocabulary import ConversionStage
from webapp.background import after_the_answer
from webapp.permissions import SIGNED_IN, allows
from webapp.request import actor, ledger_session, moment, moment_of, real_now, sessions, settings

bp = Blueprint("pdf", __name__)
_OFFICE = "sigeyipi_office"


def office() -> Office | None:
    """Return this machine's LibreOffice; looked for once."""
    known = current_app.extensions
    if _OFFICE not in known:
        known[_OFFICE] = find_office(settings().office, settings().office_profile)
    found: Office | None = known[_OFFICE]
    return found


def bench() -> Bench | None:
    """Return where papers are turned; None without LibreOffice."""
    found = office()
    return None if found is None else Bench(sessions(), settings().papers, found, real_now)


@dataclass(frozen=True)
class Order:
    """Papers somebody asked for as PDF: their hashes, what is there when they are turned, and where."""

    digests: Collection[str]
    what: str
    link: str


def turn_after_the_answer(order: Order) -> None:
    """Begin to turn what waits, once this request has committed, and tell who asked; nothing without LibreOffice."""
    there, user_id = bench(), actor().user_id
    if there is not None:
        after_the_answer(lambda: _turn(there, order, user_id))


def _turn(there: Bench, order: Order, user_id: int | None) -> None:
    work_off(there)
    with transaction(there.sessions) as session:
        if waiting_among(session, order.digests):
            return  # another worker is at it: the page goes on telling how far it is
        failed = failed_among(session, order.digests)
        body = f"有 {len(failed)} 份材料没有转成，原因写在页面上。" if failed else "可以打开下载。"
        now = moment_of(installation(session), there.clock()).at
        tell_finished(session, user_id, Finished(order.what, body, order.link), now)


@bp.post("/papers/<int:attachment_id>/pdf")
@allows(SIGNED_IN)
def turn(attachment_id: int) -> ResponseReturnValue:
    """Answer a paper's PDF at once where it is there, else put it into the queue."""
    attachment = _seen(attachment_id)
    if _is_there(attachment):
        return redirect(url_for("pdf.file", attachment_id=attachment_id), 303)
    if office() is not None:
        ask(ledger_session(), [attachment.sha256], moment().real_at)
        here = url_for("pdf.show", attachment_id=attachment_id)
        turn_after_the_answer(Order((attachment.sha256,), f"“{attachment.name}”的 PDF 已生成", here))
    return redirect(url_for("pdf.show", attachment_id=attachment_id), 303)


@bp.get("/papers/<int:attachment_id>/pdf")
@allows(SIGNED_IN)
def show(attachment_id: int) -> str:
    return render_template("papers/pdf.html", **_standing(attachment_id))


@bp.get("/papers/<int:attachment_id>/pdf/progress")
@allows(SIGNED_IN)
def progress(attachment_id: int) -> str:
    """Answer the part of the page that changes while a paper waits."""
    return render_template("papers/pdf_progress.html", **_standing(attachment_id))


@bp.get("/papers/<int:attachment_id>/paper.pdf")
@allows(SIGNED_IN)
def file(attachment_id: int) -> Response:
    attachment = _seen(attachment_id)
    if not _is_there(attachment):
        abort(404)
    made = attachment.paper.media_type != PDF
    papers = settings().papers
    content = pdf_path(papers, attachment.sha256).read_bytes() if made else read_paper(papers, attachment.sha256)
    name = f"{attachment.name.rpartition('.')[0] or attachment.name}.pdf"
    response = send_file(BytesIO(content), PDF, as_attachment=True, download_name=name, max_age=0)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _seen(attachment_id: int) -> Attachment:
    return visible_attachment(ledger_session(), actor(), attachment_id) or abort(404)


def _is_there(attachment: Attachment) -> bool:
    return has_pdf(settings().papers, attachment.sha256, attachment.paper.media_type)


def _standing(attachment_id: int) -> dict[str, Any]:
    attachment = _seen(attachment_id)
    asked = conversion_of(ledger_session(), attachment.sha256)
    waits = asked is not None and asked.stage in (ConversionStage.QUEUED, ConversionStage.WORKING)
    return {
        "attachment": attachment,
        "there": _is_there(attachment),
        "can": attachment.paper.media_type in CONVERTIBLE,
        "installed": office() is not None,
        "waits": waits,
        "working": asked is not None and asked.stage == ConversionStage.WORKING,
        "ahead": ahead_of(ledger_session(), asked) if asked is not None and waits else 0,
        "message": asked.message if asked is not None else "",
    }
