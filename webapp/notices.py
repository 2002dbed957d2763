"""消息: what the system told a person, in the page itself."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.notices import mark_read, notices_of
from webapp.permissions import SIGNED_IN, allows
from webapp.request import actor, ledger_session, moment, row_number

bp = Blueprint("notices", __name__)
_PAGE = 30


@bp.get("/notices")
@allows(SIGNED_IN)
def index() -> ResponseReturnValue:
    found = notices_of(ledger_session(), actor().user_id or 0, request.args.get("before", type=row_number), _PAGE + 1)
    older = url_for("notices.index", before=found[_PAGE - 1].id) if len(found) > _PAGE else None
    return render_template("notices/index.html", notices=found[:_PAGE], older_url=older)


@bp.post("/notices/read")
@allows(SIGNED_IN)
def read() -> ResponseReturnValue:
    mark_read(ledger_session(), actor().user_id or 0, moment().real_at)
    return redirect(url_for("notices.index"), 303)
