"""The forms of a draft: which there are and what uses them, the editor's page, a preview as it will be filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.condition_words import variable_kind
from bpmn.drafting import new_form
from bpmn.engine import DiagramProblems
from bpmn.engine.diagram import index
from bpmn.engine.xml import read_tree
from bpmn.lookups import list_options
from bpmn.refusals import ActRefused
from bpmn.wording import VARIABLES
from forms.definition import DefinitionRefused, read_form, vocabulary_options
from forms.fields import Asked, FieldType, Form, Option
from forms.words import ADDED_TYPES, FILLED_TYPES
from handlers import HANDLERS
from ledger.choice_lists import SOURCE, WholeList, whole_lists
from ledger.procedure_drafts import DraftPart, DraftStage, PartKind, Place, parts_of
from ledger.vocabulary import PaperKind
from webapp.design import draft_or_404, editable, part_or_404, saved
from webapp.form_page import FormPage
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import acting, ledger_session

bp = Blueprint("form_design", __name__, url_prefix="/design/drafts/<int:draft_id>/forms")
VOCABULARIES = ("Category", "Level", "Industry", "OperatingMode", "Function", "Use", "Operation", "ReviewOpinion")
_SOURCED = (Option("1", "（办理时由系统列出）"),)


@bp.get("")
@allows(DESIGN)
def index_page(draft_id: int) -> ResponseReturnValue:
    draft = draft_or_404(draft_id)
    return _list_page(draft_id, editable(draft), "")


@bp.post("")
@allows(SYSTEM)
def add(draft_id: int) -> ResponseReturnValue:
    """Begin a form of one's own."""
    draft = draft_or_404(draft_id)
    try:
        part = new_form(acting(), draft_id, request.form.get("title", ""))
    except ActRefused as refused:
        return _list_page(draft_id, editable(draft), str(refused)), 422
    return redirect(url_for("form_design.edit", draft_id=draft_id, stem=part.name), 303)


@bp.get("/<stem>")
@allows(DESIGN)
def edit(draft_id: int, stem: str) -> ResponseReturnValue:
    draft = draft_or_404(draft_id)
    part = part_or_404(draft_id, PartKind.FORM, stem)
    base = draft.base.forms.get(stem) if draft.base is not None else None
    known = {
        "types": {str(kind): label for kind, label in ADDED_TYPES.items()},
        "words": {str(kind): label for kind, label in FILLED_TYPES.items()},
        "kinds": {str(kind): kind.label for kind in PaperKind},
        "vocabularies": {name: "、".join(option.label for option in vocabulary_options(name)) for name in VOCABULARIES},
        "lists": {each.head.source: _list_words(each) for each in whole_lists(ledger_session())},
        "variables": [{"value": name, "label": VARIABLES[name], "kind": variable_kind(name)} for name in VARIABLES],
        "kept": sorted(_names(base)),
        "needed": stem in HANDLERS,
    }
    return render_template(
        "design/form.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        part=part,
        known=json.dumps(known),
        definition=part.content,
        page=_preview(part),
        problems=problems_in(part),
        editable=editable(draft),
    )


@bp.post("/<stem>")
@allows(SYSTEM)
def save(draft_id: int, stem: str) -> ResponseReturnValue:
    """Save a form as the editor has it and tell what is wrong with it."""
    draft_or_404(draft_id)
    return saved(Place(draft_id, PartKind.FORM, stem), request.form.get("content", ""), problems_in)


@bp.get("/<stem>/preview")
@allows(DESIGN)
def preview(draft_id: int, stem: str) -> ResponseReturnValue:
    """Answer the form as it will be filled in, from what is saved."""
    draft_or_404(draft_id)
    return render_template("design/preview.html", page=_preview(part_or_404(draft_id, PartKind.FORM, stem)))


def problems_in(part: DraftPart) -> list[str]:
    """Return every mistake of a form's definition."""
    try:
        read_form(json.loads(part.content))
    except DefinitionRefused as wrong:
        return list(wrong.problems)
    return []


def _preview(part: DraftPart) -> FormPage | None:
    """Return the form with nothing filled in; what the system would list or show is only hinted at."""
    try:
        form = read_form(json.loads(part.content))
    except DefinitionRefused:
        return None
    fields = [each for _section, each in form.fields()]
    hinted = {each.name: [("1", "（办理时由系统列出）")] for each in fields if each.type is FieldType.RECORDS}
    shown = {each.name: "（办理时由系统显示）" for each in fields if each.type is FieldType.DISPLAY}
    return FormPage(form, {}, Asked(options=_choices(form), records=hinted, display=shown))


def _choices(form: Form) -> dict[str, Sequence[Option]]:
    """Return the entries of the installation's own lists, and a hint for what the system lists."""
    session = ledger_session()
    return {each: list_options(session, each) if each.startswith(SOURCE) else _SOURCED for each in form.sources}


def _list_words(known: WholeList) -> str:
    return f"{known.head.title}：{'、'.join(each.label for each in known.offered) or '（空）'}"


def _names(form: Mapping[str, Any] | None) -> set[str]:
    sections = (form or {}).get("sections", ())
    return {str(field["name"]) for section in sections for field in section["fields"]}


def _list_page(draft_id: int, may_edit: bool, wrong: str) -> str:
    draft = draft_or_404(draft_id)
    parts = parts_of(ledger_session(), draft_id)
    users = _users(next(part.content for part in parts if part.kind == PartKind.DIAGRAM))
    forms = [
        (part, _title(part), users.get(part.name, []), part.name in HANDLERS)
        for part in parts
        if part.kind == PartKind.FORM
    ]
    return render_template(
        "design/forms.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        forms=sorted(forms, key=lambda each: each[3]),
        editable=may_edit,
        wrong=wrong,
    )


def _title(part: DraftPart) -> str:
    return str(json.loads(part.content).get("title") or part.name)


def _users(diagram: str) -> dict[str, list[str]]:
    """Return the names of the steps that each form is asked at; none for a diagram that cannot be read."""
    try:
        elements = index(read_tree(diagram.encode()))
    except DiagramProblems:
        return {}
    found: dict[str, list[str]] = {}
    for each in elements.values():
        stem = each.attributes.get("form") or each.attributes.get("handler")
        if stem:
            found.setdefault(stem, []).append(each.name or each.id)
    return found
