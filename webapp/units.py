"""单位: the tree of units as the system administrator keeps it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.journal import Act
from ledger.people import Unit
from ledger.scope import units_below
from ledger.staff import StaffRefused, UnitFacts, close_unit, enter_unit, rename_unit, staff_counts, unit_of
from ledger.vocabulary import Role, UnitKind
from ledger.writing import record
from webapp.permissions import STAFFING, SYSTEM, allows
from webapp.request import actor, ledger_session, moment, number_asked

bp = Blueprint("units", __name__)


@bp.get("/units")
@allows(STAFFING)
def index() -> ResponseReturnValue:
    return _page({}, {})


@bp.post("/units")
@allows(SYSTEM)
def create() -> ResponseReturnValue:
    try:
        unit = enter_unit(ledger_session(), actor(), _typed())
    except StaffRefused as refused:
        return _page(request.form, refused.errors), 422
    known = {"name": unit.name, "short_name": unit.short_name, "code": unit.code, "kind": UnitKind(unit.kind).label}
    changes = {name: ["", value] for name, value in known.items()}
    detail = {"unit_id": unit.id, "name": unit.name, "parent_id": unit.parent_id, "changes": changes}
    record(ledger_session(), moment(), actor(), Act("unit_entered", detail=detail))
    flash(f"已新增{unit.short_name}。")
    return redirect(url_for(".index"), 303)


@bp.get("/units/<int:unit_id>")
@allows(SYSTEM)
def edit(unit_id: int) -> ResponseReturnValue:
    unit = _unit(unit_id)
    return render_template("units/edit.html", unit=unit, typed=unit, errors={}, kind=UnitKind(unit.kind))


@bp.post("/units/<int:unit_id>")
@allows(SYSTEM)
def rename(unit_id: int) -> ResponseReturnValue:
    unit = _unit(unit_id)
    try:
        changes = rename_unit(unit, request.form.get("name", "")[:200], request.form.get("short_name", "")[:200])
    except StaffRefused as refused:
        typed, kind = request.form, UnitKind(unit.kind)
        return render_template("units/edit.html", unit=unit, typed=typed, errors=refused.errors, kind=kind), 422
    if changes:
        act = Act("unit_renamed", detail={"unit_id": unit.id, "changes": changes})
        record(ledger_session(), moment(), actor(), act)
        flash("已保存，以后生成的文件使用新名称。")
    return redirect(url_for(".index"), 303)


@bp.post("/units/<int:unit_id>/close")
@allows(SYSTEM)
def close(unit_id: int) -> ResponseReturnValue:
    unit = _unit(unit_id)
    try:
        close_unit(ledger_session(), unit, moment().at)
    except StaffRefused as refused:
        flash(str(refused), "wrong")
        return redirect(url_for(".edit", unit_id=unit_id), 303)
    detail = {"unit_id": unit.id, "name": unit.name, "changes": {"state": ["在用", "已撤销"]}}
    record(ledger_session(), moment(), actor(), Act("unit_closed", detail=detail))
    flash(f"{unit.short_name}已撤销。")
    return redirect(url_for(".index"), 303)


def _page(typed: object, errors: dict[str, str]) -> str:
    units = sorted(units_below(ledger_session(), actor()), key=_in_tree_order)
    return render_template(
        "units/index.html",
        units=units,
        depth_of=lambda unit: unit.path.count("/") - units[0].path.count("/"),
        people_counts=staff_counts(ledger_session(), [unit.id for unit in units]),
        kinds={str(kind): kind.label for kind in UnitKind},
        parents=[unit for unit in units if unit.kind != UnitKind.VILLAGE],
        may_edit=actor().holds(Role.SYSTEM_ADMIN),
        typed=typed,
        errors=errors,
    )


def _in_tree_order(unit: Unit) -> tuple[int, ...]:
    return tuple(int(part) for part in unit.path.strip("/").split("/"))


def _unit(unit_id: int) -> Unit:
    return unit_of(ledger_session(), actor(), unit_id) or abort(404)


def _typed() -> UnitFacts:
    one_line = {
        name: " ".join(request.form.get(name, "")[:200].replace("\0", "").split()) for name in UnitFacts.__annotations__
    }
    parent = one_line.pop("parent_id")
    return UnitFacts(**one_line, parent_id=number_asked(parent) or 0)
