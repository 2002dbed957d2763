"""Domain errors become HTTP answers here and nowhere else; the unexpected gets a number and no detail."""

from __future__ import annotations

from secrets import token_hex

from flask import Flask, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from bpmn.runtime import ActRefused, AlreadyDone, CannotStart, CaseClosed, ItemGone, NotYours, OutsidePublicity
from forms.fields import FormErrors
from handlers.outcome import StepRefused
from ledger.archive import WaiverRefused
from ledger.db import RowChanged, transaction
from ledger.inbox import PlaceRefused
from ledger.installation import installation
from ledger.journal import Act, record
from webapp import failures
from webapp.auth import NotSignedIn, PasswordDue
from webapp.request import READING, moment_of, real_now, sessions
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


def register(app: Flask) -> None:
    app.register_error_handler(NotSignedIn, _not_signed_in)
    app.register_error_handler(PasswordDue, _password_due)
    app.register_error_handler(FormErrors, _form_errors)
    app.register_error_handler(StepRefused, _form_errors)
    app.register_error_handler(FileRefused, _file_refused)
    app.register_error_handler(AlreadyDone, _already_done)
    app.register_error_handler(RowChanged, _stale)
    app.register_error_handler(ItemGone, _not_found)
    app.register_error_handler(NotYours, _not_yours)
    app.register_error_handler(CaseClosed, _closed)
    app.register_error_handler(ActRefused, _act_refused)
    for refusal in (CannotStart, OutsidePublicity, WaiverRefused, PlaceRefused):
        app.register_error_handler(refusal, _refused)
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _page(status: int, sentence: str, *lines: str) -> tuple[str, int]:
    return render_template("problem.html", status=status, sentence=sentence, lines=lines), status


def _not_signed_in(_error: NotSignedIn) -> ResponseReturnValue:
    if request.method in READING and "HX-Request" not in request.headers:
        following = request.full_path.rstrip("?")
        return redirect(url_for("auth.login", next=following if following != "/" else None), 302)
    return _page(401, _SENTENCES[401])


def _password_due(_error: PasswordDue) -> ResponseReturnValue:
    return redirect(url_for("auth.password"), 303)


def _form_errors(error: FormErrors | StepRefused) -> ResponseReturnValue:
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
