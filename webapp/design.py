"""流程设计: versions and drafts of procedures, the editor's page and what it asks and saves while one draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.bundles import seal_of
from bpmn.catalogue import catalogue
from bpmn.deployment import Bundle
from bpmn.drafting import DraftGone, begin_draft, change_part, draft_findings, file_name
from bpmn.publishing import discard
from bpmn.refusals import ActRefused
from bpmn.starting import PROCESS
from bpmn.uploads import Finding
from ledger.procedure_drafts import (
    OPEN_STAGES,
    DraftConflict,
    DraftPart,
    DraftStage,
    PartKind,
    Place,
    ProcedureDraft,
    draft_of,
    drafts_of,
    part_of,
    parts_of,
    saved_state,
    saves_of,
)
from ledger.procedures import Procedure, newest_versions, versions_of
from webapp.deploying import told
from webapp.layout import stamp_text
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.procedure import diagram_answer
from webapp.request import acting, actor, ledger_session

bp = Blueprint("design", __name__, url_prefix="/design")
_LISTED = 30
DIAGRAM = (PartKind.DIAGRAM, "")


@bp.get("")
@allows(DESIGN)
def index() -> ResponseReturnValue:
    session = ledger_session()
    newest = sorted(newest_versions(session).values(), key=lambda each: (each.process_id != PROCESS, each.name))
    return render_template(
        "design/index.html",
        procedures=[(each, versions_of(session, each.process_id, _LISTED)) for each in newest],
        drafts=drafts_of(session, OPEN_STAGES, _LISTED),
        closed=drafts_of(session, (DraftStage.PUBLISHED, DraftStage.DISCARDED), _LISTED),
        stages=DraftStage,
        may_edit=SYSTEM.admits(actor()),
    )


@bp.post("/versions/<int:procedure_id>/drafts")
@allows(SYSTEM)
def begin(procedure_id: int) -> ResponseReturnValue:
    """Begin a draft from a version, an old one where one wants to go back to it."""
    procedure = version_or_404(procedure_id)
    draft = begin_draft(acting(), procedure)
    return redirect(url_for("design.edit", draft_id=draft.id), 303)


@bp.get("/versions/<int:procedure_id>")
@allows(DESIGN)
def version(procedure_id: int) -> ResponseReturnValue:
    procedure = version_or_404(procedure_id)
    newest = newest_versions(ledger_session())[procedure.process_id]
    seal = seal_of(Bundle(procedure.diagram, procedure.decisions, procedure.forms))
    return render_template("design/version.html", procedure=procedure, current=newest.id == procedure.id, seal=seal)


@bp.get("/versions/<int:procedure_id>/diagram.bpmn")
@allows(DESIGN)
def version_diagram(procedure_id: int) -> ResponseReturnValue:
    return diagram_answer(version_or_404(procedure_id).diagram)


@bp.get("/drafts/<int:draft_id>")
@allows(DESIGN)
def edit(draft_id: int) -> ResponseReturnValue:
    """Show the editor; whoever may not change the draft now sees the same picture without tools."""
    draft = draft_or_404(draft_id)
    return render_template(
        "design/edit.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        part=part_or_404(draft_id, *DIAGRAM),
        editable=editable(draft),
        saves_page=url_for("design.saves", draft_id=draft_id, kind=PartKind.DIAGRAM),
    )


@bp.get("/drafts/<int:draft_id>/diagram.bpmn")
@allows(DESIGN)
def diagram(draft_id: int) -> ResponseReturnValue:
    return diagram_answer(part_or_404(draft_id, *DIAGRAM).content)


@bp.post("/drafts/<int:draft_id>/diagram")
@allows(SYSTEM)
def save(draft_id: int) -> ResponseReturnValue:
    """Save the diagram as the editor has it."""
    return saved(Place(draft_id, *DIAGRAM), request.form.get("content", ""))


def saved(place: Place, content: str, look: Callable[[DraftPart], list[str]] | None = None) -> ResponseReturnValue:
    """Save a part for a page's script and tell what `look` finds wrong in it.

    409 says who saved it meanwhile, 410 that the draft is not edited any more, 422 why it cannot be saved.
    """
    revision = request.form.get("revision", 0, type=int)
    try:
        part = change_part(acting(), place, content, revision)
    except DraftConflict as conflict:
        return jsonify(told_saved(conflict.part) | {"message": str(conflict)}), 409
    except DraftGone:
        return jsonify(message="这份草稿已经提交或作废，不能再改。"), 410
    except ActRefused as refused:
        return jsonify(message=str(refused)), 422
    return jsonify(told_saved(part) | ({"problems": look(part)} if look else {}))


def told_saved(part: DraftPart) -> dict[str, Any]:
    return {"revision": part.revision, "by": part.saved_by, "at": stamp_text(part.saved_at)}


@bp.get("/drafts/<int:draft_id>/problems.json")
@allows(DESIGN)
def problems(draft_id: int) -> ResponseReturnValue:
    """Return what the server finds in the draft as it is saved, each with its place and an example path."""
    draft_or_404(draft_id)
    session = ledger_session()
    parts = parts_of(session, draft_id)
    titles = {file_name(part): (part.kind, part.name) for part in parts}
    found = draft_findings(session, parts)
    revision = next((part.revision for part in parts if part.kind == PartKind.DIAGRAM), 0)
    return jsonify(revision=revision, problems=[_told(each, titles) for each in found])


def _told(finding: Finding, titles: dict[str, tuple[str, str]]) -> dict[str, Any]:
    kind, name = titles.get(finding.file, (PartKind.DIAGRAM, ""))
    more = {"kind": kind, "stem": name, "path": list(finding.problem.path)}
    return {**told(finding, alone=True), **more, "severity": finding.problem.severity.name.lower()}


@bp.get("/drafts/<int:draft_id>/catalogue.json")
@allows(DESIGN)
def choices(draft_id: int) -> ResponseReturnValue:
    draft_or_404(draft_id)
    return jsonify(catalogue(ledger_session(), parts_of(ledger_session(), draft_id)))


@bp.post("/drafts/<int:draft_id>/discard")
@allows(SYSTEM)
def give_up(draft_id: int) -> ResponseReturnValue:
    draft_or_404(draft_id)
    discard(acting(), draft_id)
    flash("草稿已作废。")
    return redirect(url_for("design.index"), 303)


@bp.get("/drafts/<int:draft_id>/saves")
@allows(DESIGN)
def saves(draft_id: int) -> ResponseReturnValue:
    """List the saved states of a part: who saved it and when, each to be looked at and taken again."""
    draft, part = draft_or_404(draft_id), _asked_part(draft_id)
    return render_template(
        "design/saves.html",
        draft=draft,
        part=part,
        kind=PartKind(part.kind),
        saves=saves_of(ledger_session(), part.id, _LISTED),
        editable=editable(draft),
    )


@bp.get("/drafts/<int:draft_id>/saves/<int:save_id>.txt")
@allows(DESIGN)
def saved_content(draft_id: int, save_id: int) -> ResponseReturnValue:
    part = _asked_part(draft_id)
    state = saved_state(ledger_session(), part.id, save_id)
    if state is None:
        abort(404)
    return diagram_answer(state.content)


@bp.post("/drafts/<int:draft_id>/saves/<int:save_id>")
@allows(SYSTEM)
def restore(draft_id: int, save_id: int) -> ResponseReturnValue:
    """Take a saved state again; what was there before stays among the saved states."""
    part = _asked_part(draft_id)
    state = saved_state(ledger_session(), part.id, save_id)
    if state is None:
        abort(404)
    change_part(acting(), Place(draft_id, PartKind(part.kind), part.name), state.content, part.revision)
    flash(f"已恢复到{stamp_text(state.saved_at)}的内容。")
    return redirect(url_for("design.saves", draft_id=draft_id, kind=part.kind, name=part.name), 303)


def _asked_part(draft_id: int) -> DraftPart:
    kind, name = request.values.get("kind", PartKind.DIAGRAM), request.values.get("name", "")
    if kind not in set(PartKind):
        abort(404)
    return part_or_404(draft_id, PartKind(kind), name)


def draft_or_404(draft_id: int) -> ProcedureDraft:
    found = draft_of(ledger_session(), draft_id)
    if found is None:
        abort(404)
    return found


def editable(draft: ProcedureDraft) -> bool:
    """Say whether the person at the page may change the draft now."""
    return draft.stage == DraftStage.EDITING and SYSTEM.admits(actor())


def part_or_404(draft_id: int, kind: PartKind, name: str) -> DraftPart:
    found = part_of(ledger_session(), Place(draft_id, kind, name))
    if found is None:
        abort(404)
    return found


def version_or_404(procedure_id: int) -> Procedure:
    found = ledger_session().get(Procedure, procedure_id)
    if found is None:
        abort(404)
    return found
