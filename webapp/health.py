"""/healthz: red when the database does not answer or the clock has not beaten for 90 seconds (safety rule 16)."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint
from flask.typing import ResponseReturnValue

from webapp.permissions import PUBLIC, allows
from webapp.request import here, moment

bp = Blueprint("health", __name__)
_SILENCE_ALLOWED = timedelta(seconds=90)


@bp.get("/healthz")
@allows(PUBLIC)
def healthz() -> ResponseReturnValue:
    beat = here().heartbeat_at
    if beat is None or moment().real_at - beat > _SILENCE_ALLOWED:
        return {"ok": False, "clock": "时钟没有运行" if beat is None else "时钟停止超过 90 秒"}, 503
    return {"ok": True, "clock": "正常"}
