"""公告: a case's publicities on one page, acts on the running one, and the notice to print with its QR code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

import segno
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from bpmn.casefile import CaseFile, take_case
from bpmn.notices import WHERE, notice_for_board
from bpmn.publicity_acts import PLACES, keeps_publicity
from bpmn.publicity_record import AGAIN, Posting, Publicity, PublicityState, changes_of, publicities
from bpmn.runtime import ActRefused, Repost, extend_publicity, open_item, repost
from ledger.case_views import visible_case
from ledger.cases import Case, draft_of
from ledger.journal import Act
from ledger.outside import notice_token
from ledger.papers import Attachment, File, Place, attach, attachments_of_case
from ledger.projects import masked
from ledger.vocabulary import ItemStatus, PaperKind
from ledger.writing import record
from webapp.permissions import OBJECTIONS, STAFF, allows
from webapp.refusals import NOTHING, Refusal, told_on
from webapp.request import acting, actor, ledger_session, moment, settings
from webapp.uploads import sent_files, take

bp = Blueprint("publicity", __name__, url_prefix="/cases/<int:case_id>/publicity")
STATE_PILLS = {
    PublicityState.POSTING: "p-gray",
    PublicityState.RUNNING: "p-blue",
    PublicityState.INTERRUPTED: "p-orange",
    PublicityState.UPHELD: "p-red",
    PublicityState.OVER: "p-green",
    PublicityState.LEFT: "p-gray",
}
_SCALE = 8  # pixels of one module of the code: 1 cm on paper is then sharp


@bp.get("")
@allows(STAFF)
def show(case_id: int) -> ResponseReturnValue:
    """Show every publicity of a case: postings, counted days, objections, changes, how it ended."""
    return _page(case_id)


def _page(case_id: int, refused: Refusal = NOTHING) -> str:
    file = _file(case_id)
    found = publicities(file)
    keeps = _keeps(file)
    return render_template(
        "publicity/show.html",
        case=file.case,
        project=file.project,
        publicities=found,
        present=found[0] if found else None,
        changes=changes_of(file, found[0]) if found else (),
        by_objection=_by_objection(case_id),
        pills=STATE_PILLS,
        places=PLACES,
        waiting_photos={each.item.stem: each.again for each in found[0].postings} if found else {},
        refused=refused,
        keeps=keeps,
        contact_of=lambda one: one.contact if keeps else masked(one.contact),
        mine=_mine(found),
        address=address_of(case_id),
        code=_code(case_id).svg_data_uri(scale=4, border=2),
    )


@bp.post("/extend")
@allows(OBJECTIONS)
@told_on(_page)
def extend(case_id: int) -> ResponseReturnValue:
    _file(case_id)
    extend_publicity(acting(), case_id, _day("last", "延长到哪一天"), request.form.get("reason", ""))
    flash("公告期已延长。")
    return redirect(url_for("publicity.show", case_id=case_id), 303)


@bp.post("/repost")
@allows(OBJECTIONS)
@told_on(_page)
def post_again(case_id: int) -> ResponseReturnValue:
    """Count the period anew after a notice was posted again, with a photograph of each place; a refusal keeps them."""
    _file(case_id)
    photos = {name: tuple(take(each) for each in sent_files(request.files.getlist(f"photo_{name}"))) for name in PLACES}
    try:
        with ledger_session().begin_nested():
            repost(acting(), case_id, _posted_again(photos))
    except ActRefused as refused:
        _keep(case_id, photos)
        return _page(case_id, Refusal(request.path, str(refused), request.form)), 409
    flash("已登记重新张贴，公告期重新计算。")
    return redirect(url_for("publicity.show", case_id=case_id), 303)


def _posted_again(photos: Mapping[str, tuple[File, ...]]) -> Repost:
    places = tuple(name for name in PLACES if name in request.form.getlist("places"))
    return Repost(places, _day("posted_on", "重新张贴的日期"), request.form.get("reason", ""), photos)


def _keep(case_id: int, photos: Mapping[str, tuple[File, ...]]) -> None:
    """Keep the photographs beside the notices where those are this person's to keep."""
    file = _file(case_id)
    for posting in [posting for shown in publicities(file)[:1] for posting in shown.postings] if _keeps(file) else ():
        for photo in photos.get(posting.item.stem, ()):
            place = Place(PaperKind.NOTICE, case_id=case_id, item_id=posting.item.id, field=AGAIN)
            attach(ledger_session(), settings().papers, photo, place, actor(), moment().at)
            act = Act("upload", case_id=case_id, item_id=posting.item.id, detail={"file": photo.name})
            record(ledger_session(), moment(), actor(), act)


@bp.get("/poster")
@allows(STAFF)
def poster(case_id: int) -> ResponseReturnValue:
    """Show what the notice says, with the paper to be put up at each of the two places."""
    file = _file(case_id)
    found = publicities(file) or abort(404)
    words = _words(found[0])
    return render_template(
        "publicity/poster.html",
        case=file.case,
        project=file.project,
        postings=found[0].postings,
        where=WHERE,
        content=words.get("content", ""),
        contact=words.get("contact", ""),
        address=address_of(case_id),
        code=_code(case_id).svg_data_uri(scale=5, border=2),
    )


@bp.get("/<int:item_id>/notice.docx")
@allows(STAFF)
def notice(case_id: int, item_id: int) -> Response:
    """Answer the official notice of one place, before and after it hangs, with the code of its public page."""
    found = publicities(_file(case_id)) or abort(404)
    posting = next((each for each in found[0].postings if each.item.id == item_id), None) or abort(404)
    words = posting.answers if posting.posted_on is not None else _begun(posting)
    paper = notice_for_board(acting(), item_id, words, _picture(case_id).getvalue())
    return send_file(BytesIO(paper.content), paper.media_type, as_attachment=True, download_name=paper.name, max_age=0)


@bp.get("/code.png")
@allows(STAFF)
def code(case_id: int) -> Response:
    """Answer the QR code alone, for who lays out the notice by hand."""
    file = _file(case_id)
    return send_file(
        _picture(case_id),
        "image/png",
        as_attachment=True,
        download_name=f"公告二维码 {file.project.name}.png",
        max_age=0,
    )


def address_of(case_id: int) -> str:
    """Return the whole address of a notice's public page, as the outside reaches it."""
    path = url_for("public_notice.show", case_id=case_id, token=notice_token(ledger_session(), case_id))
    return (settings().public_url or request.host_url).rstrip("/") + path


def _code(case_id: int) -> segno.QRCode:
    return segno.make(address_of(case_id), error="m", micro=False)


def _picture(case_id: int) -> BytesIO:
    drawn = BytesIO()
    _code(case_id).save(drawn, kind="png", scale=_SCALE, border=4)
    drawn.seek(0)
    return drawn


def _file(case_id: int) -> CaseFile:
    """Return a case the person may see."""
    _visible(case_id)
    return take_case(acting(), case_id, lock=False)


def _visible(case_id: int) -> Case:
    return visible_case(ledger_session(), actor(), case_id) or abort(404)


def _keeps(file: CaseFile) -> bool:
    return keeps_publicity(actor(), file.project.responsible_unit_id, file.project.county_id)


def _mine(found: list[Publicity]) -> set[int]:
    """Return the waiting notices that are the person's to post."""
    postings = found[0].postings if found else ()
    waiting = (each.item for each in postings if each.item.status == ItemStatus.OPEN)
    return {item.id for item in waiting if (item.unit_id, item.role) in actor().places}


def _by_objection(case_id: int) -> dict[int, list[Attachment]]:
    """Return what was handed in with each objection."""
    found: dict[int, list[Attachment]] = {}
    for paper in attachments_of_case(ledger_session(), case_id):
        if paper.kind == PaperKind.OBJECTION and paper.objection_id is not None:
            found.setdefault(paper.objection_id, []).append(paper)
    return found


def _words(present: Publicity) -> dict[str, Any]:
    """Return what the notice says: as it was posted, else as it is being written, else as it begins."""
    posted = next((each.answers for each in present.postings if each.posted_on is not None), None)
    return dict(posted) if posted else _begun(present.postings[0])


def _begun(posting: Posting) -> dict[str, Any]:
    draft = draft_of(ledger_session(), posting.item.id, actor().user_id or 0)
    typed = draft.posted if draft is not None else open_item(acting(), posting.item.id).initial_posted
    return {name: values[0] for name, values in typed.items() if values}


def _day(name: str, asked: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError as wrong:
        raise ActRefused(f"请填写{asked}") from wrong
