"""个人信息: one number shown for a reason, what is held on oneself, and clearing away what has served its purpose."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.approvals import ApprovalKind, ApprovalRefused, Wish, ask
from ledger.journal import Act
from ledger.personal import due_for_purge, held_on
from ledger.register import visible_project
from ledger.writing import record
from webapp.permissions import SIGNED_IN, STAFF, SYSTEM, allows
from webapp.request import actor, ledger_session, moment, settings

bp = Blueprint("personal", __name__)
_REASON = 100  # characters
_YEAR = timedelta(days=365)


@bp.post("/projects/<int:project_id>/telephone")
@allows(STAFF)
def reveal(project_id: int) -> ResponseReturnValue:
    """Show a project's telephone number this once to who may see the project and says why; it is recorded."""
    project = visible_project(ledger_session(), actor(), project_id) or abort(404)
    reason = " ".join(request.form.get("reason", "")[:400].split())
    if not reason or len(reason) > _REASON:
        flash(f"请写明查看电话的理由（最多 {_REASON} 字）。", "wrong")
        return redirect(url_for("projects.show", project_id=project_id), 303)
    record(
        ledger_session(),
        moment(),
        actor(),
        Act("telephone_revealed", detail={"project_id": project.id, "number": project.number, "reason": reason}),
    )
    return render_template("personal/telephone.html", project=project)


@bp.get("/account/data")
@allows(SIGNED_IN)
def mine() -> ResponseReturnValue:
    """Send what is held on the person who asks, as a file."""
    told = held_on(ledger_session(), actor().user_id or 0)
    record(ledger_session(), moment(), actor(), Act("export", detail={"what": "own_data"}))
    response = Response(orjson.dumps(told, option=orjson.OPT_INDENT_2), mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename="my-data.json")
    return response


@bp.get("/purge")
@allows(SYSTEM)
def purging() -> ResponseReturnValue:
    return _page()


@bp.post("/purge")
@allows(SYSTEM)
def ask_purge() -> ResponseReturnValue:
    """Ask for the purge; the security administrator's approval carries it out."""
    before = _before()
    found = due_for_purge(ledger_session(), before)
    if found.is_empty:
        return _page("没有需要清除的个人信息"), 422
    wanted = {
        "name": f"{before:%Y-%m-%d} 以前办结的",
        "login": "",
        "before_at": before.isoformat(),
        "before": [f"{found.project_count} 个项目的责任人和电话", f"{found.person_count} 个停用账号的联系方式"],
        "after": ["清除"],
    }
    try:
        wish = Wish(ApprovalKind.PURGE, 0, wanted, request.form.get("reason", ""))
        approval = ask(ledger_session(), wish, actor(), moment().real_at)
    except ApprovalRefused as refused:
        return _page(str(refused)), 422
    detail = {"approval_id": approval.id, "projects": found.project_count, "people": found.person_count}
    record(ledger_session(), moment(), actor(), Act("purge_asked", detail={**detail, "reason": approval.reason}))
    flash("申请已提交，由安全管理员复核后清除。")
    return redirect(url_for("approvals.index"), 303)


def _page(wrong: str = "") -> str:
    before = _before()
    found = due_for_purge(ledger_session(), before)
    years = settings().purge_after_years
    return render_template("personal/purge.html", found=found, before=before, years=years, wrong=wrong)


def _before() -> datetime:
    return moment().at - _YEAR * settings().purge_after_years
