"""报送批次: what a unit sent to the leading group in one 请示."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.gatherings import batch_cases, batches_page, papers_of, visible_batch
from ledger.paper_access import readable
from webapp.permissions import STAFF, allows
from webapp.request import actor, ledger_session, row_number

bp = Blueprint("batches", __name__)
_PAGE = 20


@bp.get("/batches")
@allows(STAFF)
def index() -> ResponseReturnValue:
    found = batches_page(ledger_session(), actor(), request.args.get("before", type=row_number), _PAGE + 1)
    older = url_for("batches.index", before=found[_PAGE - 1].id) if len(found) > _PAGE else None
    return render_template("batches/index.html", batches=found[:_PAGE], older_url=older)


@bp.get("/batches/<int:batch_id>")
@allows(STAFF)
def show(batch_id: int) -> ResponseReturnValue:
    session = ledger_session()
    batch = visible_batch(session, actor(), batch_id) or abort(404)
    cases = batch_cases(session, actor(), batch_id)
    papers = readable(session, actor(), papers_of(session, batch_id=batch_id))
    return render_template("batches/show.html", batch=batch, cases=cases, papers=papers)
