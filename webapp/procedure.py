"""流程图: the procedure as it is in force, every phase openable."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from ledger.procedures import current_procedure
from webapp.permissions import SIGNED_IN, allows
from webapp.request import ledger_session

bp = Blueprint("procedure", __name__)
MAIN = "four_batches"


@bp.get("/procedure")
@allows(SIGNED_IN)
def show() -> ResponseReturnValue:
    return render_template("procedure/show.html", procedure=current_procedure(ledger_session(), MAIN))


@bp.get("/procedure/diagram.bpmn")
@allows(SIGNED_IN)
def diagram() -> ResponseReturnValue:
    return diagram_answer(current_procedure(ledger_session(), MAIN).diagram)


def diagram_answer(diagram: str) -> Response:
    """Send a diagram for the viewer; opened by itself it is a download, never a page."""
    headers = {"Content-Disposition": "attachment", "Content-Security-Policy": "sandbox; default-src 'none'"}
    return Response(diagram, mimetype="application/xml", headers=headers)
