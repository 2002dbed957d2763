"""The processes a case's procedure calls: their own picture, with where the case stands in it."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from bpmn.position import inside, position
from bpmn.versions import version_of_case
from ledger.case_views import visible_case
from ledger.cases import Case
from ledger.procedures import Procedure, versions_by_hash
from webapp.permissions import STAFF, allows
from webapp.procedure import diagram_answer
from webapp.request import actor, ledger_session, moment

bp = Blueprint("called", __name__, url_prefix="/cases/<int:case_id>/calls/<path:call>")


@bp.get("/picture")
@allows(STAFF)
def show(case_id: int, call: str) -> ResponseReturnValue:
    case, procedure = _called(case_id, call)
    name = version_of_case(case).diagram.elements[call].name or procedure.name
    return render_template("cases/called.html", case=case, call=call, name=name, procedure=procedure)


@bp.get("/diagram.bpmn")
@allows(STAFF)
def diagram(case_id: int, call: str) -> ResponseReturnValue:
    return diagram_answer(_called(case_id, call)[1].diagram)


@bp.get("/position.json")
@allows(STAFF)
def state(case_id: int, call: str) -> ResponseReturnValue:
    case, _ = _called(case_id, call)
    return inside(position(ledger_session(), case, moment().at), call)


def _called(case_id: int, call: str) -> tuple[Case, Procedure]:
    """Return a case and the version of the process it calls at a call activity; 404 where there is none."""
    case = visible_case(ledger_session(), actor(), case_id)
    element = version_of_case(case).diagram.elements.get(call) if case is not None else None
    if case is None or element is None or element.called is None:
        abort(404)
    (procedure,) = versions_by_hash(ledger_session(), [(case.callees or {})[element.called]])
    return case, procedure
