"""A draft compared, submitted, sent back and published; any two versions compared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.comparison import differences
from bpmn.deployment import Bundle
from bpmn.difference import ChangeKind, Difference
from bpmn.publishing import DraftFaulty, approve, bindings, draft_differences, draft_pins, refuse, submit, take_back
from bpmn.refusals import ActRefused
from bpmn.rehearsal.drafted import DraftUnreadable, try_scenarios
from ledger.db import day_of
from ledger.procedure_drafts import DraftStage, ProcedureDraft, author_ids
from ledger.procedures import Procedure, newest_versions, versions_of
from webapp.design import draft_or_404, editable, version_or_404
from webapp.permissions import DESIGN, SECURITY, SYSTEM, allows
from webapp.request import acting, actor, ledger_session, moment

bp = Blueprint("publishing", __name__, url_prefix="/design")
_LISTED = 30


@bp.get("/drafts/<int:draft_id>/changes")
@allows(DESIGN)
def changes(draft_id: int) -> ResponseReturnValue:
    return _changes_page(draft_or_404(draft_id), "")


@bp.post("/drafts/<int:draft_id>/submit")
@allows(SYSTEM)
def hand_in(draft_id: int) -> ResponseReturnValue:
    """Hand the draft to the second person, or say on the same page why not."""
    draft = draft_or_404(draft_id)
    try:
        live_on = _day(request.form.get("live_on", ""))
        submit(acting(), draft_id, request.form.get("note", ""), live_on)
    except DraftFaulty as faulty:
        sentences = "；".join(each.problem.message.rstrip("。") for each in faulty.findings[:5])
        return _changes_page(draft, f"{faulty}：{sentences}"), 422
    except ActRefused as refused:
        return _changes_page(draft, str(refused)), 422
    flash("已提交审核，安全管理员会收到消息。")
    return redirect(url_for("publishing.changes", draft_id=draft_id), 303)


@bp.post("/drafts/<int:draft_id>/take-back")
@allows(SYSTEM)
def resume(draft_id: int) -> ResponseReturnValue:
    draft_or_404(draft_id)
    take_back(acting(), draft_id)
    flash("已收回，可以继续修改。")
    return redirect(url_for("design.edit", draft_id=draft_id), 303)


@bp.post("/drafts/<int:draft_id>/refuse")
@allows(SECURITY)
def send_back(draft_id: int) -> ResponseReturnValue:
    draft = draft_or_404(draft_id)
    try:
        refuse(acting(), draft_id, request.form.get("reason", ""))
    except ActRefused as refused:
        return _changes_page(draft, str(refused)), 422
    flash("已退回修改。")
    return redirect(url_for("design.index"), 303)


@bp.post("/drafts/<int:draft_id>/approve")
@allows(SECURITY)
def publish(draft_id: int) -> ResponseReturnValue:
    draft, acknowledged = draft_or_404(draft_id), request.form.get("acknowledged") == "1"
    try:
        draft = approve(acting(), draft_id, request.form.get("revision", 0, type=int), acknowledged=acknowledged)
    except ActRefused as refused:
        return _changes_page(draft, str(refused)), 409
    if draft.procedure is not None:
        flash(f"已发布为第{draft.procedure.number}版，新开始的项目按新版办理。")
        return redirect(url_for("design.version", procedure_id=draft.procedure.id), 303)
    flash(f"审核通过，{draft.live_on}起生效。")
    return redirect(url_for("design.index"), 303)


@bp.get("/versions/<int:procedure_id>/changes")
@allows(DESIGN)
def versions(procedure_id: int) -> ResponseReturnValue:
    """Compare a version with another one of its process, by default the one before it."""
    new = version_or_404(procedure_id)
    others = [each for each in versions_of(ledger_session(), new.process_id, _LISTED) if each.id != new.id]
    chosen = request.args.get("with", type=int)
    old = next((each for each in others if each.id == chosen), None)
    old = old or next((each for each in others if each.number < new.number), None)
    found = [] if old is None else differences(_bundle(old), _bundle(new))
    found += [] if old is None else bindings(ledger_session(), old.callees, new.callees)
    pictures = (
        old and url_for("design.version_diagram", procedure_id=old.id),
        url_for("design.version_diagram", procedure_id=new.id),
    )
    return render_template(
        "design/versions.html", new=new, old=old, others=others, told=told_of(found), pictures=pictures
    )


def told_of(found: Sequence[Difference]) -> Mapping[str, Any]:
    """Return what the comparison's page shows: lines, counts by kind, and the marks of the pictures."""
    marks: dict[str, str] = {}
    weights = [ChangeKind.MOVED, ChangeKind.CHANGED, ChangeKind.ADDED, ChangeKind.REMOVED]
    for each in found:
        known = marks.get(each.element)
        if each.element and (known is None or weights.index(ChangeKind(known)) < weights.index(each.kind)):
            marks[each.element] = each.kind
    counts = Counter(each.kind for each in found)
    moved = [each for each in found if each.kind is ChangeKind.MOVED and each.element]  # drawn elsewhere, no more
    content = [each for each in found if each not in moved]
    return {
        "lines": content,
        "moved": moved,
        "counts": [(kind, counts[kind]) for kind in ChangeKind if counts[kind]],
        "marks": json.dumps(marks),
    }


def _bundle(procedure: Procedure) -> Bundle:
    return Bundle(procedure.diagram, procedure.decisions, procedure.forms)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(400)


def _changes_page(draft: ProcedureDraft, wrong: str) -> str:
    session = ledger_session()
    current = newest_versions(session).get(draft.process_id)
    closed = draft.stage in (DraftStage.PUBLISHED, DraftStage.DISCARDED)
    found = [] if closed else draft_differences(session, draft)
    if found and current is not None:  # by itself what it calls makes no new version
        found += bindings(session, current.callees, draft_pins(session, draft))
    tried = None
    try:
        tried = None if closed else try_scenarios(session, draft, moment().at)
    except DraftUnreadable as unreadable:
        wrong = wrong or str(unreadable)
    pictures = (
        url_for("design.version_diagram", procedure_id=current.id) if current else None,
        url_for("design.diagram", draft_id=draft.id),
    )
    return render_template(
        "design/changes.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        current=current,
        closed=closed,
        told=told_of(found),
        tried=tried,
        pictures=pictures,
        wrong=wrong,
        editable=editable(draft),
        may_edit=SYSTEM.admits(actor()),
        may_publish=SECURITY.admits(actor()) and actor().user_id not in author_ids(session, draft),
        day=day_of(moment().at),
        typed=request.form,
    )
