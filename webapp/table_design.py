"""The decision tables of a draft: edited without quotes to type, looked through as one types, tried with values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.catalogue import definition_of
from bpmn.condition_words import words_anywhere
from bpmn.decision_checks import check_table, labels_of
from bpmn.decisions import Column, DecisionTable, read_table
from bpmn.deployment import FINDING_COUNTS
from bpmn.drafting import new_table
from bpmn.engine import DiagramProblems, Severity
from bpmn.expressions import PUBLISHED
from bpmn.refusals import ActRefused, ItemGone
from bpmn.surroundings import CLASSIFICATION
from bpmn.table_columns import offered
from bpmn.table_comparison import POLICIES
from bpmn.table_trials import asked_of_case
from bpmn.table_writing import column_model, meeting_rules, model_of, text_of_model
from ledger.procedure_drafts import DraftPart, DraftStage, PartKind, Place, ProcedureDraft, parts_of
from ledger.rehearsals import cases_to_try
from webapp.design import draft_or_404, editable, part_or_404, saved
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import acting, ledger_session

bp = Blueprint("table_design", __name__, url_prefix="/design/drafts/<int:draft_id>/tables")
_CASES = 60


@bp.get("")
@allows(DESIGN)
def index(draft_id: int) -> ResponseReturnValue:
    return _index(draft_or_404(draft_id), "")


def _index(draft: ProcedureDraft, wrong: str) -> str:
    tables = [part for part in parts_of(ledger_session(), draft.id) if part.kind == PartKind.DECISION]
    return render_template(
        "design/tables.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        tables=[(part, model_of(part.content)["name"]) for part in tables],
        editable=editable(draft),
        wrong=wrong,
    )


@bp.post("")
@allows(SYSTEM)
def add(draft_id: int) -> ResponseReturnValue:
    """Begin a table of one's own."""
    draft = draft_or_404(draft_id)
    try:
        part = new_table(acting(), draft_id, request.form.get("title", ""))
    except ActRefused as refused:
        return _index(draft, str(refused)), 422
    return redirect(url_for("table_design.edit", draft_id=draft_id, stem=part.name), 303)


@bp.get("/<stem>")
@allows(DESIGN)
def edit(draft_id: int, stem: str) -> ResponseReturnValue:
    draft, part = draft_or_404(draft_id), part_or_404(draft_id, PartKind.DECISION, stem)
    return render_template(
        "design/table.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        part=part,
        model=json.dumps(_model(part, _words(draft_id))),
        table=read_table(part.content.encode()),
        told=problems_in(part),
        cases=[] if draft.base is None else cases_to_try(ledger_session(), draft.process_id, _CASES),
        editable=editable(draft),
    )


@bp.post("/<stem>")
@allows(SYSTEM)
def save(draft_id: int, stem: str) -> ResponseReturnValue:
    """Save a table as the editor has it, written as DMN, and tell what is wrong with it."""
    draft_or_404(draft_id)
    part = part_or_404(draft_id, PartKind.DECISION, stem)
    try:
        model = json.loads(request.form.get("content", ""))
        text = text_of_model(model if isinstance(model, dict) else {}, part.content, stem)
    except (ValueError, ActRefused) as refused:
        return jsonify(message=str(refused) if isinstance(refused, ActRefused) else "内容有误，没有保存。"), 422
    except DiagramProblems as wrong:
        return jsonify(message="；".join(each.message for each in wrong.problems[:5])), 422
    return saved(Place(draft_id, PartKind.DECISION, stem), text, problems_in)


def _model(part: DraftPart, words: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return a table as the editor has it, with the columns it can be given; `words` are values of the forms."""
    may, table = offered(part.name), model_of(part.content)
    sides = {"inputs": may.inputs, "outputs": may.outputs}
    columns = {side: [column_model(each) for each in known.values()] for side, known in sides.items()}
    for column in (*table["inputs"], *table["outputs"], *columns["inputs"], *columns["outputs"]):
        known = words.get(column["name"], {})
        column["values"] = column["values"] or [{"value": value, "label": label} for value, label in known.items()]
    return {**table, "offered": columns, "fixed": may.fixed, "policies": POLICIES}


def _words(draft_id: int) -> Mapping[str, Mapping[str, str]]:
    """Return what the values of the variables are called in the draft's forms, by variable."""
    forms = [part for part in parts_of(ledger_session(), draft_id) if part.kind == PartKind.FORM]
    return words_anywhere({part.name: definition_of(part.content) for part in forms})


def problems_in(part: DraftPart) -> list[str]:
    """Return what is wrong with a table, where nothing applies, and where two classes meet."""
    names = FINDING_COUNTS if part.name == CLASSIFICATION else PUBLISHED
    found = [
        each.message if each.severity is Severity.ERROR else f"提醒：{each.message}"
        for each in check_table(part.content.encode(), names)
    ]
    met = meeting_rules(read_table(part.content.encode()))
    if met:
        pairs = "、".join(f"{left} 和 {right}" for left, right in met)
        found.append(f"提醒：规则 {pairs} 可能同时成立而结论不同，那时不作建议，由人认定。")
    return found


@bp.get("/<stem>/try")
@allows(DESIGN)
def attempt(draft_id: int, stem: str) -> ResponseReturnValue:
    """Answer what the table as saved says to the values in the query, or to those of a project that is named."""
    draft_or_404(draft_id)
    table = read_table(part_or_404(draft_id, PartKind.DECISION, stem).content.encode())
    case_id = request.args.get("case", 0, type=int)
    known = _known(stem, case_id) if case_id else {}
    if case_id:
        values = {name: known.get(name) for name in sorted(table.names)}
    else:
        values = {name: _value(table, name, request.args.get(name, "")) for name in sorted(table.names)}
    try:
        rows, wrong = table.decide(values), ""
    except ValueError as refused:
        rows, wrong = (), str(refused)
    words = _words(draft_id)
    numbers = {rule.id: number for number, rule in enumerate(table.rules, 1)}
    lines = [(numbers[row.rule], [_said(each, row.values[each.name], words) for each in table.outputs]) for row in rows]
    shown = [(each.label or each.name, _seen(each, known.get(each.name), words)) for each in table.inputs if case_id]
    return render_template("design/tried.html", table=table, lines=lines, wrong=wrong, shown=shown)


def _known(stem: str, case_id: int) -> Mapping[str, Any]:
    """Return what the table would look at on a case; 404 for one that is not."""
    try:
        return asked_of_case(acting(), stem, case_id)
    except ItemGone:
        abort(404)


def _seen(column: Column, value: Any, words: Mapping[str, Mapping[str, str]]) -> str:
    if value is None:
        return "（还没有）"
    return ("是" if value else "否") if isinstance(value, bool) else _said(column, value, words)


def _value(table: DecisionTable, name: str, text: str) -> Any:
    column = next((each for each in table.inputs if each.name == name), None)
    if text == "":
        return None
    if column is not None and column.kind == "boolean":
        return text == "true"
    if column is not None and column.kind in ("number", "integer", "long", "double"):
        try:
            return Decimal(text)
        except InvalidOperation:
            return None
    return text


def _said(column: Column, value: Any, words: Mapping[str, Mapping[str, str]]) -> str:
    if value is None:
        return ""
    if value in words.get(column.name, {}):
        return words[column.name][value]
    allowed = [tests[0].operand.constant for tests in column.values.alternatives] if column.values else []
    return labels_of([value])[0] if value in allowed else str(value)
