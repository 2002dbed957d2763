"""我的账号: one's own sessions with a way to end them, when one signed in, and the one-time code."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ledger.journal import Act
from ledger.people import User
from ledger.scope import hash_token
from ledger.second_factors import begin_factor, confirm_factor, drop_factor, factor_of, recovery_codes_left
from ledger.sign_in_trail import end_one, open_sign_ins, sign_in_trail
from ledger.sign_ins import check_password
from ledger.staff import ADMINISTRATORS
from ledger.writing import record
from webapp.permissions import SIGNED_IN, allows
from webapp.proofs import picture_of
from webapp.request import actor, cookie_name, here, ledger_session, moment, settings

bp = Blueprint("account", __name__)


@bp.get("/account")
@allows(SIGNED_IN)
def show() -> ResponseReturnValue:
    return _page()


@bp.post("/account/sessions/end")
@allows(SIGNED_IN)
def end() -> ResponseReturnValue:
    """End one of one's own sessions, or all but this one."""
    session, user_id, now = ledger_session(), actor().user_id or 0, moment().real_at
    wanted = request.form.get("session", "")[:64]
    mine = [each.token_hash for each in open_sign_ins(session, user_id, now)]
    chosen = [each for each in mine if wanted in ("others", each) and each != _this()]
    ended = sum(end_one(session, user_id, each, now) for each in chosen)
    if not ended:
        abort(404)
    record(session, moment(), actor(), Act("sessions_ended", detail={"count": ended}))
    flash(f"已结束 {ended} 个登录。")
    return redirect(url_for(".show"), 303)


@bp.post("/account/factor")
@allows(SIGNED_IN)
def begin() -> ResponseReturnValue:
    """Begin to set the one-time code up: shows the secret once the password was given again."""
    session, user_id, now = ledger_session(), actor().user_id or 0, moment().real_at
    if _password_is_wrong():
        return _page(wrong="密码不正确"), 422
    factor = begin_factor(session, user_id, now)
    record(session, moment(), actor(), Act("second_factor_begun"))
    return _page(secret=factor.secret)


@bp.post("/account/factor/confirm")
@allows(SIGNED_IN)
def confirm() -> ResponseReturnValue:
    session, now = ledger_session(), moment().real_at
    factor = factor_of(session, actor().user_id or 0)
    if factor is None or factor.confirmed_at is not None:
        abort(404)
    codes = confirm_factor(session, factor, request.form.get("code", "")[:20], now)
    if not codes:
        return _page(secret=factor.secret, wrong="验证码不正确，请看清手机上现在显示的 6 位数字"), 422
    record(
        session,
        moment(),
        actor(),
        Act("second_factor_set", detail={"changes": {"second_factor": ["未绑定", "已绑定"]}}),
    )
    return _page(codes=codes)


@bp.post("/account/factor/drop")
@allows(SIGNED_IN)
def drop() -> ResponseReturnValue:
    """Do without the one-time code from now on; administrators cannot, outside a drill."""
    if _is_required():
        abort(403)
    if _password_is_wrong():
        return _page(wrong="密码不正确"), 422
    drop_factor(ledger_session(), actor().user_id or 0)
    record(
        ledger_session(),
        moment(),
        actor(),
        Act("second_factor_dropped", detail={"changes": {"second_factor": ["已绑定", "未绑定"]}}),
    )
    flash("已停用验证码登录。")
    return redirect(url_for(".show"), 303)


def _page(secret: str = "", wrong: str = "", codes: object = ()) -> str:
    session, user_id, now = ledger_session(), actor().user_id or 0, moment().real_at
    factor = factor_of(session, user_id)
    return render_template(
        "account/show.html",
        open_sessions=open_sign_ins(session, user_id, now, timedelta(minutes=settings().idle_minutes)),
        this=_this(),
        trail=sign_in_trail(session, user_id),
        factor=factor if factor is not None and factor.confirmed_at else None,
        left=recovery_codes_left(session, user_id),
        required=_is_required(),
        secret=secret,
        picture=picture_of(actor().name, secret) if secret else "",
        wrong=wrong,
        codes=codes,
        idle=settings().idle_minutes,
        absolute=settings().absolute_hours,
    )


def _this() -> str:
    return hash_token(request.cookies.get(cookie_name(settings().https), ""))


def _is_required() -> bool:
    drill = here().demonstration or not settings().administrators_prove_twice
    return not drill and any(post.role in ADMINISTRATORS for post in actor().posts)


def _password_is_wrong() -> bool:
    login = ledger_session().get_one(User, actor().user_id).login
    return check_password(ledger_session(), login, request.form.get("password", "")[:200], moment().real_at) is None
