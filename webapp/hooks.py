"""事件通知: a person names addresses that are told what happens to the cases the person sees."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.journal import Act
from ledger.webhooks import URL_LENGTH, HookRefused, create_hook, end_hook, hooks_of, told
from ledger.writing import record
from webapp.permissions import STAFF, allows
from webapp.request import actor, ledger_session, moment, settings

bp = Blueprint("hooks", __name__)


@bp.get("/hooks")
@allows(STAFF)
def index() -> ResponseReturnValue:
    return _page()


@bp.post("/hooks")
@allows(STAFF)
def create() -> ResponseReturnValue:
    """Begin to tell an address; its secret is shown this once."""
    url = request.form.get("url", "")[: URL_LENGTH + 1].strip().replace("\0", "")
    try:
        secret, hook = create_hook(ledger_session(), actor().user_id or 0, admitted(url), moment())
    except HookRefused as refused:
        return _page(error=str(refused), url=url), 422
    record(
        ledger_session(),
        moment(),
        actor(),
        Act("hook_created", detail={"url": hook.url, "changes": {"state": ["", "启用"]}}),
    )
    return _page(secret=secret)


@bp.post("/hooks/<int:hook_id>/end")
@allows(STAFF)
def end(hook_id: int) -> ResponseReturnValue:
    hook = end_hook(ledger_session(), actor().user_id or 0, hook_id, moment()) or abort(404)
    record(
        ledger_session(),
        moment(),
        actor(),
        Act("hook_ended", detail={"url": hook.url, "changes": {"state": ["启用", "停用"]}}),
    )
    flash("已停用，不再向这个地址发送通知。")
    return redirect(url_for("hooks.index"), 303)


def admitted(url: str) -> str:
    """Return an address the installation may send to; HookRefused for any other."""
    allowed = settings().channels.webhooks
    if allowed is None or not allowed.admits(url):
        raise HookRefused("地址应以 https:// 或 http:// 开头，主机须在系统管理员允许的范围内")
    return url


def _page(secret: str = "", error: str = "", url: str = "") -> str:
    session, allowed = ledger_session(), settings().channels.webhooks
    return render_template(
        "tokens/hooks.html",
        hooks=[(hook, told(session, hook)) for hook in hooks_of(session, actor().user_id or 0)],
        hosts=allowed.hosts if allowed is not None else (),
        secret=secret,
        error=error,
        url=url,
        most=URL_LENGTH,
    )
