"""A case: what it is about, 流转记录, the diagram, the papers and Annex 6; objections and waivers are entered here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.casefile import take_case
from bpmn.demands import is_bureau
from bpmn.objections import keep_with_objection
from bpmn.position import position
from bpmn.publicity_record import POSTED_ON, publicities
from bpmn.runtime import OutsidePublicity, register_objection
from bpmn.versions import version_of_case
from forms.fields import Asked
from forms.parsing import FormErrors, parse
from ledger.archive import WaiverRefused, confirm_waiver, request_waiver
from ledger.case_views import visible_case, waiver_of
from ledger.cases import WAITING as WAITING_STATES
from ledger.cases import Case, WorkItem, objections_of
from ledger.journal import Act
from ledger.procedures import Procedure
from ledger.projects import funding_of
from ledger.register import cases_of_project, classifications_of
from ledger.vocabulary import CaseStatus, FundingSource, FundingTier, Role, UnitKind
from ledger.writing import record
from webapp.case_parts import case_parts, opinions_of, pauses
from webapp.comments import discussion
from webapp.form_page import FormPage
from webapp.own_forms import OBJECTION, WAIVER
from webapp.permissions import ACTING, OBJECTIONS, STAFF, allows
from webapp.procedure import diagram_answer
from webapp.project_facts import facts_of
from webapp.request import acting, actor, ledger_session, moment, typed
from webapp.uploads import FileRefused, sent_files, take

bp = Blueprint("cases", __name__)
TABS = {"overview": "概况", "trail": "流转记录", "diagram": "流程图", "papers": "材料", "comments": "留言"}
_REVIEW = "joint_review"


@bp.get("/cases/<int:case_id>")
@allows(STAFF)
def show(case_id: int) -> ResponseReturnValue:
    return _page(_asked(case_id), request.args.get("tab", ""), {})


@bp.get("/cases/<int:case_id>/diagram.bpmn")
@allows(STAFF)
def diagram(case_id: int) -> ResponseReturnValue:
    procedure: Procedure = _asked(case_id).procedure
    return diagram_answer(procedure.diagram)


@bp.get("/cases/<int:case_id>/position.json")
@allows(STAFF)
def state(case_id: int) -> ResponseReturnValue:
    return position(ledger_session(), _asked(case_id), moment().at)


@bp.get("/cases/<int:case_id>/objections/new")
@allows(OBJECTIONS)
def new_objection(case_id: int) -> ResponseReturnValue:
    case = _visible(case_id)
    if not may_object(case):
        abort(404)
    return render_template("cases/objection.html", case=case, page=FormPage(OBJECTION, {}))


@bp.post("/cases/<int:case_id>/objections/new")
@allows(OBJECTIONS)
def object_to(case_id: int) -> ResponseReturnValue:
    case, posted = _visible(case_id), typed()
    if not may_object(case):
        abort(404)
    try:
        answers = parse(OBJECTION, posted, Asked())
        files = tuple(take(each) for each in sent_files(request.files.getlist("files")))
        said = (answers["raised_by"], answers.get("contact", ""), answers["content"])
        objection = register_objection(acting(), case_id, *said)
    except FormErrors as refused:
        return _objection_page(case, posted, refused.errors)
    except (FileRefused, OutsidePublicity) as refused:
        return _objection_page(case, posted, {"": str(refused)})
    keep_with_objection(acting(), objection, files)
    flash(f"异议已登记，回执号 {objection.receipt}，已送承办单位核查。公告期在异议核查办结前不会结束。")
    return redirect(url_for("cases.show", case_id=case_id), 303)


@bp.post("/cases/<int:case_id>/waivers/<int:row>")
@allows(ACTING)
def waive(case_id: int, row: int) -> ResponseReturnValue:
    """Ask that a row of Annex 6 be taken as not applicable."""
    case = _own(case_id)
    try:
        reason = parse(WAIVER, request.form.to_dict(flat=False), Asked()).get("reason", "")
        request_waiver(ledger_session(), case, row, reason, actor(), moment().at)
    except FormErrors as wrong:
        return _page(case, "papers", {f"waiver-{row}": "；".join(wrong.errors.values())}), 422
    except WaiverRefused as refused:
        return _page(case, "papers", {f"waiver-{row}": str(refused)}), 422
    _record(case, "waiver_requested", row, reason)
    flash("已申请不适用，请本单位另一人确认。")
    return redirect(url_for("cases.show", case_id=case_id, tab="papers"), 303)


@bp.post("/cases/<int:case_id>/waivers/<int:row>/confirm")
@allows(ACTING)
def confirm(case_id: int, row: int) -> ResponseReturnValue:
    """Agree, as a second person of the unit, that a row does not apply."""
    case = _own(case_id)
    waiver = waiver_of(ledger_session(), case_id, row) or abort(404)
    try:
        confirm_waiver(ledger_session(), waiver, actor(), moment().at)
    except WaiverRefused as refused:
        return _page(case, "papers", {f"waiver-{row}": str(refused)}), 422
    _record(case, "waiver_confirmed", row, waiver.reason)
    flash("已确认该项不适用。")
    return redirect(url_for("cases.show", case_id=case_id, tab="papers"), 303)


def _visible(case_id: int) -> Case:
    return visible_case(ledger_session(), actor(), case_id) or abort(404)


def _asked(case_id: int) -> Case:
    """Return a case for pages that show no more of it than an opinion is asked on."""
    return visible_case(ledger_session(), actor(), case_id, asked=True) or abort(404)


def _own(case_id: int) -> Case:
    """Return a case that the person's own unit runs."""
    case = _visible(case_id)
    unit_id = case.project.responsible_unit_id
    if unit_id is None or not actor().in_unit(unit_id):
        abort(404)
    return case


def _record(case: Case, act: str, row: int, reason: str) -> None:
    detail = {"name": f"归档目录第 {row} 项", "reason": reason}
    record(ledger_session(), moment(), actor(), Act(act, case_id=case.id, detail=detail))


def may_object(case: Case) -> bool:
    """Say whether the person enters objections: for the responsible unit or the county's office (P7)."""
    county_id = case.project.county_id
    office = any(
        p.role is Role.HANDLER and p.unit_kind is UnitKind.OFFICE and p.county_id == county_id for p in actor().posts
    )
    unit_id = case.project.responsible_unit_id
    return office or (unit_id is not None and actor().holds(Role.HANDLER, unit_id))


def _objection_page(case: Case, posted: Any, errors: dict[str, str]) -> ResponseReturnValue:
    page = FormPage(OBJECTION, posted, errors=errors)
    return render_template("cases/objection.html", case=case, page=page), 422


def _hears_objections(case: Case) -> bool:
    """Say whether an objection can be entered: both notices hang, and their last day is not over."""
    found = publicities(take_case(acting(), case.id, lock=False))
    return bool(found) and found[0].hears_objections


def _is_late_review(item: WorkItem) -> bool:
    return item.stem == _REVIEW and item.due_at <= moment().at


def _page(case: Case, tab: str, errors: dict[str, str]) -> str:
    session, project = ledger_session(), case.project
    parts = case_parts(case)
    known = parts.pop("items")
    items = [item for item in known if item.status in WAITING_STATES]
    posted = any(item.stem in POSTED_ON for item in known)
    unit_id = project.responsible_unit_id
    runs_it = unit_id is not None and actor().holds(Role.HANDLER, unit_id)
    return render_template(
        "cases/show.html",
        tab=tab if tab in TABS else "overview",
        tabs=TABS,
        errors=errors,
        waiting=items,
        pauses=() if parts["asked"] else pauses(case),
        opinions=() if parts["asked"] else opinions_of(known),
        mine={item.id for item in items if (item.unit_id, item.role) in actor().places},
        late_reviews={item.id for item in items if runs_it and _is_late_review(item)},
        may_object=posted and may_object(case) and _hears_objections(case),
        publicity=posted,
        objections=() if parts["asked"] else objections_of(session, case.id),
        administers=is_bureau(actor(), project.county_id),
        own=unit_id is not None and actor().in_unit(unit_id),
        person_id=actor().user_id,
        facts=facts_of(project, actor()),
        funding=funding_of(project),
        sources=FundingSource,
        tiers=FundingTier,
        classifications=classifications_of(session, project.id),
        earlier=[each for each in cases_of_project(session, project.id) if each.id != case.id and not parts["asked"]],
        statuses=CaseStatus,
        status=CaseStatus(case.status).label,
        version=version_of_case(case).diagram.name,
        **discussion(case),
        **parts,
    )
