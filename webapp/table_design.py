"""The decision tables of a draft: edited without quotes to type, looked through as one types, tried with values."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from bpmn.decision_checks import check_table
from bpmn.decisions import Column, DecisionTable, read_table
from bpmn.deployment import FINDING_COUNTS
from bpmn.engine import DiagramProblems
from bpmn.expressions import PUBLISHED
from bpmn.refusals import ActRefused
from bpmn.surroundings import CLASSIFICATION
from bpmn.table_writing import labels_of, meeting_rules, model_of, text_of_model
from ledger.procedure_drafts import DraftPart, DraftStage, PartKind, Place, parts_of
from webapp.design import draft_or_404, editable, part_or_404, saved
from webapp.permissions import DESIGN, SYSTEM, allows
from webapp.request import ledger_session

bp = Blueprint("table_design", __name__, url_prefix="/design/drafts/<int:draft_id>/tables")


@bp.get("")
@allows(DESIGN)
def index(draft_id: int) -> ResponseReturnValue:
    draft = draft_or_404(draft_id)
    tables = [part for part in parts_of(ledger_session(), draft_id) if part.kind == PartKind.DECISION]
    named = [(part, model_of(part.content)["name"]) for part in tables]
    return render_template(
        "design/tables.html", draft=draft, stage=DraftStage(draft.stage), tables=named, editable=editable(draft)
    )


@bp.get("/<stem>")
@allows(DESIGN)
def edit(draft_id: int, stem: str) -> ResponseReturnValue:
    draft, part = draft_or_404(draft_id), part_or_404(draft_id, PartKind.DECISION, stem)
    return render_template(
        "design/table.html",
        draft=draft,
        stage=DraftStage(draft.stage),
        part=part,
        model=json.dumps(model_of(part.content)),
        table=read_table(part.content.encode()),
        told=problems_in(part),
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
        text = text_of_model(model if isinstance(model, dict) else {}, part.content)
    except (ValueError, ActRefused) as refused:
        return jsonify(message=str(refused) if isinstance(refused, ActRefused) else "内容有误，没有保存。"), 422
    except DiagramProblems as wrong:
        return jsonify(message="；".join(each.message for each in wrong.problems[:5])), 422
    return saved(Place(draft_id, PartKind.DECISION, stem), text, problems_in)


def problems_in(part: DraftPart) -> list[str]:
    """Return what is wrong with a table, where nothing applies, and where two classes meet."""
    names = FINDING_COUNTS if part.name == CLASSIFICATION else PUBLISHED
    found = [each.message for each in check_table(part.content.encode(), names)]
    met = meeting_rules(read_table(part.content.encode()))
    if met:
        pairs = "、".join(f"{left} 和 {right}" for left, right in met)
        found.append(f"提醒：规则 {pairs} 可能同时成立而结论不同，那时不作建议，由人认定。")
    return found


@bp.get("/<stem>/try")
@allows(DESIGN)
def attempt(draft_id: int, stem: str) -> ResponseReturnValue:
    """Answer what the table as saved says to the values in the query."""
    draft_or_404(draft_id)
    table = read_table(part_or_404(draft_id, PartKind.DECISION, stem).content.encode())
    values = {name: _value(table, name, request.args.get(name, "")) for name in sorted(table.names)}
    try:
        rows, wrong = table.decide(values), ""
    except ValueError as refused:
        rows, wrong = (), str(refused)
    numbers = {rule.id: number for number, rule in enumerate(table.rules, 1)}
    lines = [(numbers[row.rule], [_said(each, row.values[each.name]) for each in table.outputs]) for row in rows]
    return render_template("design/tried.html", table=table, lines=lines, wrong=wrong)


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


def _said(column: Column, value: Any) -> str:
    if value is None:
        return ""
    allowed = [tests[0].operand.constant for tests in column.values.alternatives] if column.values else []
    return labels_of([value])[0] if value in allowed else str(value)
