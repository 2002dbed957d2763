"""What each step may do with the fields of one form of a draft: a table of fields by steps, kept in the diagram."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.drafting import DraftGone, change_part
from bpmn.engine import DiagramProblems, Element
from bpmn.engine.diagram import each_process, index
from bpmn.engine.xml import read_tree, with_attributes
from bpmn.refusals import ActRefused
from forms.definition import DefinitionRefused, read_form
from forms.fields import SILENT, Field, Form
from forms.permissions import (
    BadPermissions,
    FieldPermission,
    permission_faults,
    read_permissions,
    written_permissions,
)
from handlers import HANDLERS
from handlers.plain import stem_of
from ledger.procedure_drafts import DraftConflict, DraftStage, PartKind, Place
from webapp.design import DIAGRAM, draft_or_404, editable, part_or_404
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import acting

bp = Blueprint("form_permissions", __name__, url_prefix="/design/drafts/<int:draft_id>/forms/<stem>/permissions")
BY_HAND = ("userTask", "manualTask")
Chosen = Mapping[str, Mapping[str, FieldPermission]]
"""What is chosen, by step and field."""


@bp.get("")
@allows(DESIGN)
def show(draft_id: int, stem: str) -> ResponseReturnValue:
    return _page(draft_id, stem)


@bp.post("")
@allows(SYSTEM)
def save(draft_id: int, stem: str) -> ResponseReturnValue:
    """Write what is chosen into the diagram, all steps at once; answer the page again when that cannot be."""
    form, steps = _form(draft_id, stem), _steps(draft_id, stem)
    chosen = {each.id: _chosen(form, each, request.form) for each in steps}
    wrong = [
        f"“{each.name or each.id}”：{fault}"
        for each in steps
        for fault in permission_faults(form, chosen[each.id], needed=stem in HANDLERS)
    ]
    if wrong:
        return _page(draft_id, stem, chosen, wrong), 422
    texts = {name: written_permissions(permissions) for name, permissions in chosen.items()}
    diagram = with_attributes(part_or_404(draft_id, *DIAGRAM).content, "fields", texts)
    try:
        change_part(acting(), Place(draft_id, *DIAGRAM), diagram, request.form.get("revision", 0, type=int))
    except DraftConflict as conflict:
        return _page(draft_id, stem, chosen, [f"{conflict}，请核对后再保存"]), 409
    except DraftGone:
        return _page(draft_id, stem, chosen, ["这份草稿已经提交或作废，不能再改"]), 410
    except ActRefused as refused:
        return _page(draft_id, stem, chosen, [str(refused)]), 422
    flash("字段权限已保存。")
    return redirect(url_for("form_permissions.show", draft_id=draft_id, stem=stem), 303)


def _page(draft_id: int, stem: str, chosen: Chosen | None = None, wrong: list[str] | None = None) -> str:
    draft, steps = draft_or_404(draft_id), _steps(draft_id, stem)
    try:
        form: Form | None = _form(draft_id, stem)
    except DefinitionRefused as refused:
        form, wrong = None, list(refused.problems)
    return render_template(
        "design/field_permissions.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        stem=stem,
        form=form,
        fields=[each for _section, each in form.fields() if not each.retired] if form else [],
        steps=steps,
        chosen=chosen or {each.id: _given(each) for each in steps},
        choices=choices,
        usual=usual,
        revision=part_or_404(draft_id, *DIAGRAM).revision,
        editable=editable(draft),
        wrong=wrong or [],
    )


def choices(each: Field) -> tuple[FieldPermission, ...]:
    """Return what may be chosen for a field: what is only shown may be hidden."""
    return (FieldPermission.HIDDEN,) if each.type in SILENT else tuple(FieldPermission)


def usual(each: Field) -> str:
    """Say what holds where nothing is chosen."""
    return "显示" if each.type in SILENT else f"按表单（{'必填' if each.required else '可填'}）"


def box(field: Field, step: Element) -> str:
    """Return the name of the choice for one field at one step."""
    return f"{field.name}@{step.id}"


def _chosen(form: Form, step: Element, posted: Mapping[str, str]) -> dict[str, FieldPermission]:
    found = {each.name: posted.get(box(each, step), "") for _section, each in form.fields()}
    return {name: FieldPermission(word) for name, word in found.items() if word in set(FieldPermission)}


def _given(step: Element) -> Mapping[str, FieldPermission]:
    try:
        return read_permissions(step.attributes.get("fields", ""))
    except BadPermissions:
        return {}


def _form(draft_id: int, stem: str) -> Form:
    definition: Any = json.loads(part_or_404(draft_id, PartKind.FORM, stem).content)
    return read_form(definition)


def _steps(draft_id: int, stem: str) -> list[Element]:
    """Return the steps that ask a form, in the order of the diagram; none for one that cannot be read."""
    try:
        tree = read_tree(part_or_404(draft_id, *DIAGRAM).content.encode())
    except DiagramProblems:
        return []
    found = (each for part in each_process(tree) for each in index(part).values())
    return [each for each in found if each.kind in BY_HAND and stem_of(each.attributes) == stem]
