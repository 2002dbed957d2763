"""接口令牌: a person makes and ends the tokens of the own programs; and the interface described on a page."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.api_tokens import LIVES_DAYS, NAME_LENGTH, TokenRefused, create_token, revoke_token, tokens_of
from ledger.journal import Act
from ledger.writing import record
from webapp.api.description import PREFIX, TAGS, path_of, tag_of
from webapp.api.operations import OPERATIONS, Operation, Schema
from webapp.permissions import STAFF, allows
from webapp.request import actor, ledger_session, moment

bp = Blueprint("tokens", __name__)
_KINDS = {"string": "文字", "integer": "整数", "boolean": "true/false", "object": "对象", "array": "数组", "null": "空"}


@bp.get("/tokens")
@allows(STAFF)
def index() -> ResponseReturnValue:
    return _page()


@bp.post("/tokens")
@allows(STAFF)
def create() -> ResponseReturnValue:
    """Make a token and show it this once; it is never shown again, because it is not kept."""
    name, days = request.form.get("name", "")[:100].replace("\0", ""), request.form.get("days", default=0, type=int)
    try:
        token, row = create_token(ledger_session(), actor().user_id or 0, name, days, moment().real_at)
    except TokenRefused as refused:
        return _page(error=str(refused), name=name), 422
    detail = {"name": row.name, "days": days, "changes": {"state": ["", "启用"]}}
    record(ledger_session(), moment(), actor(), Act("token_created", detail=detail))
    return _page(token=token)


@bp.post("/tokens/<int:token_id>/revoke")
@allows(STAFF)
def revoke(token_id: int) -> ResponseReturnValue:
    row = revoke_token(ledger_session(), actor().user_id or 0, token_id, moment().real_at) or abort(404)
    record(
        ledger_session(),
        moment(),
        actor(),
        Act("token_revoked", detail={"name": row.name, "changes": {"state": ["启用", "停用"]}}),
    )
    flash(f"令牌“{row.name}”已停用，使用它的程序不能再访问。")
    return redirect(url_for("tokens.index"), 303)


@bp.get("/interface")
@allows(STAFF)
def interface() -> ResponseReturnValue:
    """Describe the interface to who writes a program against it; needs nothing from elsewhere."""
    groups: dict[str, list[Operation]] = {name: [] for name in TAGS.values()}
    for operation in OPERATIONS:
        groups[tag_of(operation)].append(operation)
    return render_template(
        "tokens/interface.html",
        groups={name: found for name, found in groups.items() if found},
        prefix=PREFIX,
        path_of=path_of,
        lines=lines_of,
    )


def lines_of(schema: Schema, name: str = "", depth: int = 0) -> list[tuple[int, str, str, bool]]:
    """Return a schema as lines to read: depth, name, what it is, and whether it is required."""
    found: list[tuple[int, str, str, bool]] = []
    inner = schema.get("items", {}) if schema.get("type") == "array" else schema
    required = inner.get("required", ())
    for key, each in inner.get("properties", {}).items():
        found.append((depth, f"{name}{key}", kind_of(each), key in required))
        found += lines_of(each, depth=depth + 1)
    return found


def kind_of(schema: Schema) -> str:
    """Say in words what a value is."""
    if "enum" in schema:
        return " / ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " 或 ".join(kind_of(each) for each in schema["anyOf"])
    kinds = schema.get("type", [])
    words = "、".join(_KINDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)) or "任意"
    formats: Mapping[str, str] = {"date-time": "（时间）", "date": "（日期）", "binary": "（文件）"}
    told = words + formats.get(schema.get("format", ""), "")
    return f"{told}：{schema['description']}" if "description" in schema else told


def _page(token: str = "", error: str = "", name: str = "") -> str:
    return render_template(
        "tokens/index.html",
        tokens=tokens_of(ledger_session(), actor().user_id or 0),
        now_real=moment().real_at,
        token=token,
        error=error,
        name=name,
        lives=LIVES_DAYS,
        most=NAME_LENGTH,
    )
