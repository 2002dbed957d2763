"""Signing in and out, and a person's own password.

Nothing about the person is kept in a cookie, so signing out, disabling and a changed password end a session at once.
"""

from __future__ import annotations

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for
from flask import session as form_session
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect

from ledger.journal import Act
from ledger.passwords import REMEMBERED, Policy, is_too_old, password_faults, policy_text, remember, was_used
from ledger.people import User
from ledger.scope import Actor
from ledger.sign_ins import (
    check_password,
    end_sign_in,
    set_password,
    user_named,
)
from ledger.staff import ADMINISTRATORS
from ledger.writing import record
from webapp import portal, proofs
from webapp.opening import first_page, local_address, open_session
from webapp.permissions import PUBLIC, SIGNED_IN, allows
from webapp.request import cookie_name, ledger_session, moment, settings, signed_in

bp = Blueprint("auth", __name__)
_WRONG = "用户名或密码不正确，或连续失败次数过多（请15分钟后再试）"


def register(app: Flask, https: bool) -> CSRFProtect:
    """Set up the request loader and the CSRF check, which is returned."""
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name(https) + "-form",  # holds the form token's seed, never a person
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_TIME_LIMIT=None,  # a form left open over lunch is not lost
        WTF_CSRF_SSL_STRICT=https,
    )
    login_manager = LoginManager()
    login_manager.session_protection = None  # our own table of sign-ins does this
    login_manager.init_app(app, add_context_processor=False)  # pages of errors are drawn outside the transaction
    login_manager.request_loader(signed_in)
    protection = CSRFProtect(app)
    for provider in ("messaging.yunmas", "receipts.aliyun", "receipts.tencent"):
        protection.exempt(f"webapp.{provider}")  # a provider has no session; its address holds a secret
    return protection


@bp.get("/login")
@allows(PUBLIC)
def login() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(first_page(current_user.actor), 303)
    return render_template("auth/login.html", login="", wrong="", following=local_address(request.args.get("next")))


@bp.post("/login")
@allows(PUBLIC)
def sign_in() -> ResponseReturnValue:
    session, now = ledger_session(), moment()
    login, password = request.form.get("login", "")[:100].strip(), request.form.get("password", "")[:200]
    login = login.replace("\0", "")  # PostgreSQL cannot even be asked for a name with one
    following = local_address(request.form.get("next"))
    user = check_password(session, login, password, now.real_at)
    if user is None:
        _record_refusal(user_named(session, login))
        return render_template("auth/login.html", login=login, wrong=_WRONG, following=following), 422
    if is_too_old(session, user.id, settings().password_policy, now.real_at):
        user.must_change_password = True
    if proofs.is_asked(session, user):
        proofs.begin(session, user, following, now.real_at)
        return redirect(url_for("proofs.show"), 303)
    return open_session(user, following)


def _record_refusal(user: User | None) -> None:
    """Record a failure; a name that is nobody's is not kept: people type passwords into the wrong box."""
    address = request.remote_addr or ""
    who, act = (Actor(None, "未知", address=address), "sign_in_failed")
    if user is not None:
        who, act = Actor(user.id, user.name, address=address), "sign_in_refused"
    record(ledger_session(), moment(), who, Act(act))


@bp.post("/logout")
@allows(SIGNED_IN)
def logout() -> ResponseReturnValue:
    https = settings().https
    portal_token = end_sign_in(ledger_session(), request.cookies[cookie_name(https)], moment().real_at)
    record(ledger_session(), moment(), g.actor, Act("sign_out"))
    form_session.clear()
    through_portal = portal_token is not None and portal.leads_out()
    response = portal.leave_too(portal_token or "") if through_portal else redirect(url_for("auth.login"), 303)
    response.delete_cookie(cookie_name(https), secure=https, httponly=True, samesite="Lax")
    return response


@bp.get("/password")
@allows(SIGNED_IN)
def password() -> ResponseReturnValue:
    return _password_page({})


@bp.post("/password")
@allows(SIGNED_IN)
def change_password() -> ResponseReturnValue:
    user: User = current_user.user
    session, now = ledger_session(), moment()
    errors = _password_errors(user)
    if errors:
        return _password_page(errors), 422
    if not was_used(session, user.id, request.form["old"]):
        remember(session, user.id, user.password_hash, now.real_at)  # the one they came with
    set_password(session, user, request.form["new"], now.real_at)
    remember(session, user.id, user.password_hash, now.real_at)
    record(session, now, g.actor, Act("password_changed"))
    flash("密码已修改，请用新密码登录。")
    return redirect(url_for("auth.login"), 303)


def _password_page(errors: dict[str, str]) -> str:
    hint = policy_text(settings().password_policy, administrator=_is_administrator())
    return render_template("auth/password.html", errors=errors, due=current_user.must_change_password, hint=hint)


def _password_errors(user: User) -> dict[str, str]:
    new, again = request.form.get("new", "")[:300], request.form.get("again", "")[:300]
    old, policy = request.form.get("old", "")[:200], settings().password_policy
    errors = {}
    if check_password(ledger_session(), user.login, old, moment().real_at) is None:
        errors["old"] = "原密码不正确"
    faults = password_faults(new, policy, administrator=_is_administrator(), login=user.login)
    if new == old:
        faults.append("新密码不能与原密码相同")
    elif policy is Policy.DENGBAO and was_used(ledger_session(), user.id, new):
        faults.append(f"不能使用最近 {REMEMBERED} 次用过的密码")
    if faults:
        errors["new"] = "；".join(faults)
    if new != again:
        errors["again"] = "两次输入的新密码不一致"
    return errors


def _is_administrator() -> bool:
    return any(post.role in ADMINISTRATORS for post in g.actor.posts)
