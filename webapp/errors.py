"""Domain errors become HTTP answers here and nowhere else; the unexpected gets a number and no detail."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex

import orjson
from flask import Flask, Response, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from bpmn.drafting import DraftGone
from bpmn.runtime import ActRefused, AlreadyDone, CannotStart, CaseClosed, ItemGone, NotYours, OutsidePublicity
from forms.parsing import FormErrors
from handlers.outcome import StepRefused
from ledger.archive import WaiverRefused
from ledger.copies import CopyRefused
from ledger.db import RowChanged, transaction
from ledger.inbox import PlaceRefused
from ledger.installation import installation
from ledger.journal import Act
from ledger.procedure_drafts import DraftConflict
from ledger.writing import record
from webapp import failures, kept
from webapp.api.operations import BodyRefused
from webapp.request import READING, NotSignedIn, PasswordDue, moment_of, real_now, sessions
from webapp.uploads import FileRefused

_SENTENCES = {
    400: "请求不完整或格式有误，请返回上一页重试。",
    401: "登录已失效，请重新登录。",
    403: "您没有使用此功能的权限。如工作需要，请联系本单位管理员。",
    404: "没有找到您要看的内容：它不存在，或不在您的查看范围内。",
    405: "此页面不能这样访问，请从菜单进入。",
    413: "提交的内容太大。请减少附件数量或压缩后再上传。",
    429: "操作过于频繁，请稍后再试。",
}
_TITLES = {
    400: "请求内容有误",
    401: "没有有效的令牌",
    403: "没有权限",
    404: "没有找到",
    405: "不能这样访问",
    409: "情况已经改变",
    413: "内容太大",
    415: "内容类型不对",
    422: "不能这样办",
    429: "访问过于频繁",
    500: "系统出错",
}


def register(app: Flask) -> None:
    app.register_error_handler(NotSignedIn, _not_signed_in)
    app.register_error_handler(PasswordDue, _password_due)
    app.register_error_handler(FormErrors, _form_errors)
    app.register_error_handler(StepRefused, _form_errors)
    app.register_error_handler(FileRefused, _file_refused)
    app.register_error_handler(AlreadyDone, _already_done)
    app.register_error_handler(RowChanged, _stale)
    app.register_error_handler(ItemGone, _not_found)
    app.register_error_handler(DraftGone, _draft_gone)
    app.register_error_handler(DraftConflict, _refused)
    app.register_error_handler(NotYours, _not_yours)
    app.register_error_handler(CaseClosed, _closed)
    app.register_error_handler(ActRefused, _act_refused)
    for refusal in (CannotStart, OutsidePublicity, WaiverRefused, PlaceRefused, CopyRefused):
        app.register_error_handler(refusal, _refused)
    app.register_error_handler(BodyRefused, _body_refused)
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _page(status: int, sentence: str, *lines: str) -> ResponseReturnValue:
    """Answer with a page of ours, or to a program with a problem as RFC 9457 writes it."""
    if _asked_by_program():
        return _problem(status, "；".join((sentence, *lines)))
    return render_template("problem.html", status=status, sentence=sentence, lines=lines), status


def _asked_by_program() -> bool:
    return request.path.startswith("/api/")


def _problem(status: int, detail: str, errors: Mapping[str, str] | None = None) -> ResponseReturnValue:
    known = {"type": "about:blank", "title": _TITLES.get(status, "请求没有办成"), "status": status}
    told = {**known, "detail": detail, "instance": request.path}
    if errors:
        told["errors"] = [{"field": field, "detail": sentence} for field, sentence in errors.items()]
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Response(orjson.dumps(told), status, headers, mimetype="application/problem+json")


def _body_refused(error: BodyRefused) -> ResponseReturnValue:
    return _problem(400, "请求内容不符合接口说明，没有办理。", error.errors)


def _not_signed_in(_error: NotSignedIn) -> ResponseReturnValue:
    if _asked_by_program():
        return _problem(401, "请在 Authorization 请求头里写有效的令牌。")
    if kept.is_form():
        return kept.signed_out()
    if request.method in READING and "HX-Request" not in request.headers:
        following = request.full_path.rstrip("?")
        return redirect(url_for("auth.login", next=following if following != "/" else None), 302)
    return _page(401, _SENTENCES[401])


def _password_due(_error: PasswordDue) -> ResponseReturnValue:
    if _asked_by_program():
        return _problem(403, "请先在网页上修改初始密码。")
    return redirect(url_for("auth.password"), 303)


def _form_errors(error: FormErrors | StepRefused) -> ResponseReturnValue:
    if _asked_by_program():
        return _problem(422, "填写的内容有误，没有办理。", error.errors)
    return _page(422, "提交的内容有误，没有保存。", *error.errors.values())


def _file_refused(error: FileRefused) -> ResponseReturnValue:
    return _page(422, str(error))


def _already_done(error: AlreadyDone) -> ResponseReturnValue:
    return _page(409, str(error))


def _not_yours(error: NotYours) -> ResponseReturnValue:
    """The case is visible, its view asked that first; only this act is not theirs."""
    return _page(403, str(error))


def _closed(error: CaseClosed) -> ResponseReturnValue:
    return _page(409, str(error))


def _draft_gone(_error: DraftGone) -> ResponseReturnValue:
    return _page(409, "这份草稿不在这一步上：它可能已经提交、发布或作废。请回到“流程设计”查看。")


def _act_refused(error: ActRefused) -> ResponseReturnValue:
    """The case does not stand so that the act is possible, or something the act needs was not given."""
    return _page(409, str(error))


def _refused(error: Exception) -> ResponseReturnValue:
    return _page(422, str(error))


def _stale(_error: RowChanged) -> ResponseReturnValue:
    return _page(409, "这条记录刚刚被他人更改，您的操作没有保存。请刷新后再试。")


def _not_found(_error: Exception) -> ResponseReturnValue:
    return _page(404, _SENTENCES[404])


def _form_too_old(_error: CSRFError) -> ResponseReturnValue:
    if kept.is_form():
        return kept.page_too_old()
    return _page(400, "页面已过期，没有保存。请返回上一页刷新后再提交。")


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status == 403:
        _record_denied()
    if status < 400:
        return error
    return _page(status, _SENTENCES.get(status, "请求没有办成，请返回上一页重试。"))


def _record_denied() -> None:
    """Write the attempt into the journal in a transaction of its own: the request's was rolled back."""
    actor = g.get("actor")
    if actor is None:
        return
    with transaction(sessions()) as session:
        now = moment_of(installation(session), real_now())
        record(session, now, actor, Act("denied", detail={"route": request.endpoint or ""}))


def _unexpected(error: Exception) -> ResponseReturnValue:
    number = token_hex(4)
    current_app.logger.error("error %s at %s", number, request.endpoint, exc_info=error)
    lines = failures.written_down(error)
    return _page(500, f"系统出错，操作没有保存。错误编号：{number}。", *(lines or ("请把编号告诉系统管理员。",)))
