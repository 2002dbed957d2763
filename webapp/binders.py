"""装订本: all archived papers of a case as one PDF; asked for, waited for, taken (P13, issue 6 item 5)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from bpmn.binders import Binding, Shelf, bind_cases, binder_of, binder_title, binding_of, rows_of
from bpmn.prints import file_name
from forms.papers.binder import Bound, CannotBind
from ledger.archive import cases_with_projects, of_ended_cases
from ledger.case_views import visible_case
from ledger.cases import Case
from ledger.conversions import PDF, ask, waiting_among
from ledger.db import transaction
from ledger.installation import installation
from ledger.notices import Finished, tell_finished
from ledger.scope import visible_projects
from ledger.statistics import both
from webapp.background import after_the_answer
from webapp.pdf import Order, bench, office, turn_after_the_answer
from webapp.permissions import STAFF, allows
from webapp.request import actor, ledger_session, moment, moment_of, settings

bp = Blueprint("binders", __name__)
_ASKED_AT_ONCE = 5000  # papers of one statement


@bp.post("/cases/<int:case_id>/binder")
@allows(STAFF)
def begin(case_id: int) -> ResponseReturnValue:
    """Have every paper turned that has no PDF yet."""
    case = _visible(case_id)
    binding = _binding(case)
    if office() is not None and binding.waiting:
        digests = [paper.sha256 for paper in binding.waiting]
        ask(ledger_session(), digests, moment().real_at)
        here = url_for("binders.show", case_id=case_id)
        turn_after_the_answer(Order(digests, f"“{case.project.name}”的装订本已备好", here))
    return redirect(url_for("binders.show", case_id=case_id), 303)


@bp.get("/cases/<int:case_id>/binder")
@allows(STAFF)
def show(case_id: int) -> str:
    return render_template("cases/binder.html", **_standing(case_id))


@bp.get("/cases/<int:case_id>/binder/progress")
@allows(STAFF)
def progress(case_id: int) -> str:
    """Answer the part of the page that changes while papers are turned."""
    return render_template("cases/binder_progress.html", **_standing(case_id))


@bp.get("/cases/<int:case_id>/binder.pdf")
@allows(STAFF)
def file(case_id: int) -> Response:
    """Answer the binder, bound now unless it was before."""
    case = _visible(case_id)
    try:
        bound = _bound(case)
    except CannotBind:
        bound = None
    if bound is None:
        abort(404)
    name = f"{file_name(_title(case))}（装订本）.pdf"
    response = send_file(BytesIO(bound.pdf), PDF, as_attachment=True, download_name=name, max_age=0)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/reports/binders")
@allows(STAFF)
def begin_all() -> ResponseReturnValue:
    """Have the papers of all ended cases a person sees turned and bound: their archive then holds the binders."""
    there = bench()
    if there is None:
        flash("服务器没有安装 LibreOffice，不能生成装订本，请联系系统管理员安装。")
        return redirect(url_for("reports.index"), 303)
    session, waiting, case_ids = ledger_session(), list[str](), list[int]()
    for case in cases_with_projects(session, both(visible_projects(actor()), of_ended_cases())):
        binding = binding_of(session, settings().papers, rows_of(session, _shelf(), case))
        waiting += [paper.sha256 for paper in binding.waiting]
        case_ids.append(case.id)
    for first in range(0, len(waiting), _ASKED_AT_ONCE):
        ask(session, waiting[first : first + _ASKED_AT_ONCE], moment().real_at)
    shelf, user_id, back = _shelf(), actor().user_id, url_for("reports.index")

    def bind() -> None:
        bind_cases(there, shelf, case_ids)
        with transaction(there.sessions) as after:
            told = Finished("装订本已生成", f"{len(case_ids)} 个已归档项目，压缩包里带装订本。", back)
            tell_finished(after, user_id, told, moment_of(installation(after), there.clock()).at)

    after_the_answer(bind)
    flash(
        f"正在为 {len(case_ids)} 个已归档项目生成装订本，{len(set(waiting))} 份材料排队转换；完成后，压缩包里带装订本。"
    )
    return redirect(url_for("reports.index"), 303)


def _visible(case_id: int) -> Case:
    return visible_case(ledger_session(), actor(), case_id) or abort(404)


def _title(case: Case) -> str:
    return binder_title(case.project)


def _shelf() -> Shelf:
    return Shelf(settings().papers, settings().previews, bind=True, reader=actor())


def _bound(case: Case) -> Bound | None:
    shelf = _shelf()
    return binder_of(ledger_session(), shelf, rows_of(ledger_session(), shelf, case), _title(case))


def _binding(case: Case) -> Binding:
    return binding_of(ledger_session(), settings().papers, rows_of(ledger_session(), _shelf(), case))


def _standing(case_id: int) -> dict[str, Any]:
    case = _visible(case_id)
    binding = _binding(case)
    turned = len(binding.leaves) - len(binding.waiting)
    waiting = waiting_among(ledger_session(), [paper.sha256 for paper in binding.waiting])
    refused, bound = "", None
    if binding.leaves and not binding.waiting:
        try:
            bound = _bound(case)
        except CannotBind as wrong:
            refused = str(wrong)
    return {
        "case": case,
        "binding": binding,
        "turned": turned,
        "waits": waiting > 0,
        "bound": bound,
        "refused": refused,
        "installed": office() is not None,
    }
