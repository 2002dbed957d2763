"""/healthz: red when the database does not answer, the clock has not beaten for 90 seconds, or the disk is nearly full.

(safety rules 7 and 16)
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint
from flask.typing import ResponseReturnValue

from webapp.permissions import PUBLIC, allows
from webapp.request import here, moment, settings
from webapp.uploads import has_room

bp = Blueprint("health", __name__)
_SILENCE_ALLOWED = timedelta(seconds=90)


@bp.get("/healthz")
@allows(PUBLIC)
def healthz() -> ResponseReturnValue:
    beat = here().heartbeat_at
    clock = "正常"
    if beat is None or moment().real_at - beat > _SILENCE_ALLOWED:
        clock = "时钟没有运行" if beat is None else "时钟停止超过 90 秒"
    disk = "正常" if has_room(settings().data) else "磁盘空间不足，不能上传"
    healthy = clock == disk == "正常"
    return {"ok": healthy, "clock": clock, "disk": disk}, 200 if healthy else 503
