"""The second step of signing in: a one-time code beside the password; the first time, the secret to take along.

Between the two steps there is no session: a signed cookie says for five minutes whose password was right.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import segno
from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as form_session
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from ledger.journal import Act
from ledger.people import User
from ledger.scope import Actor
from ledger.second_factors import (
    SecondFactor,
    begin_factor,
    confirm_factor,
    factor_address,
    factor_of,
    is_code,
    is_recovery_code,
)
from ledger.sign_ins import count_failure, is_locked
from ledger.staff import ADMINISTRATORS
from ledger.writing import record
from webapp.opening import open_session
from webapp.permissions import PUBLIC, allows
from webapp.request import here, ledger_session, moment, settings

bp = Blueprint("proofs", __name__)
_WAITS_SECONDS = 300
_HALF = "half"
_WRONG = "验证码不正确或已用过，请等下一个再试"
_LATE = "请重新登录：验证码须在 5 分钟内输入。"


def is_asked(session: Session, user: User) -> bool:
    """Say whether a password is not enough: for who set a factor up, and for every administrator outside a drill."""
    factor = factor_of(session, user.id)
    if factor is not None and factor.confirmed_at is not None:
        return True
    drill = here().demonstration or not settings().administrators_prove_twice
    return not drill and any(post.role in ADMINISTRATORS for post in user.posts)


def begin(
    session: Session, user: User, following: str | None, real_now: datetime, portal_token: str | None = None
) -> None:
    """Remember for five minutes that the password was right, or the portal vouched; who has no secret yet gets one."""
    factor = factor_of(session, user.id)
    if factor is None or factor.confirmed_at is None:
        begin_factor(session, user.id, real_now)
    form_session[_HALF] = {
        "user": user.id,
        "at": int(real_now.timestamp()),
        "password": _mark(user),
        "next": following or "",
        "portal": portal_token,
    }


@bp.get("/login/code")
@allows(PUBLIC)
def show() -> ResponseReturnValue:
    found = _half()
    return redirect(url_for("auth.login"), 303) if found is None else _page(*found)


@bp.post("/login/code")
@allows(PUBLIC)
def check() -> ResponseReturnValue:
    """Open the session when the code is right; a wrong one counts like a wrong password."""
    found = _half()
    if found is None:
        form_session.pop(_HALF, None)
        return render_template("auth/login.html", login="", wrong=_LATE, following=None), 422
    user, factor = found
    now, code = moment().real_at, request.form.get("code", "")[:40]
    if factor.confirmed_at is None:
        codes = confirm_factor(ledger_session(), factor, code, now)
        if codes:
            changes = {"second_factor": ["未绑定", "已绑定"]}
            act = Act("second_factor_set", detail={"changes": changes})
            record(ledger_session(), moment(), Actor(user.id, user.name), act)
            form_session[_HALF] = {**form_session[_HALF], "shown": True}
            return render_template("auth/codes.html", codes=codes)
    elif form_session[_HALF].get("shown") or is_code(factor, code, now):
        return _in(user)
    elif is_recovery_code(ledger_session(), user.id, code, now):
        record(ledger_session(), moment(), Actor(user.id, user.name), Act("recovery_code_used"))
        return _in(user)
    count_failure(user, now)
    record(ledger_session(), moment(), Actor(user.id, user.name), Act("sign_in_refused"))
    return _page(user, factor, _WRONG), 422


def _in(user: User) -> ResponseReturnValue:
    half = form_session[_HALF]
    return open_session(user, half["next"] or None, half["portal"])


def _half() -> tuple[User, SecondFactor] | None:
    """Return whose password was right a moment ago, with the factor; None when that is over."""
    told = form_session.get(_HALF)
    if not told or moment().real_at.timestamp() - told["at"] > _WAITS_SECONDS:
        return None
    user = ledger_session().get(User, told["user"])
    if user is None or user.disabled_at is not None or is_locked(user, moment().real_at):
        return None
    if _mark(user) != told["password"]:
        return None
    factor = factor_of(ledger_session(), user.id)
    return None if factor is None else (user, factor)


def _mark(user: User) -> str:
    """Tie the half-open sign-in to the password: one changed meanwhile ends it."""
    return sha256(user.password_hash.encode()).hexdigest()[:16]


def picture_of(login: str, secret: str) -> str:
    """Return the QR code of a secret, as a picture within the page."""
    return str(segno.make(factor_address(login, secret), error="m").svg_data_uri(scale=4))


def _page(user: User, factor: SecondFactor, wrong: str = "") -> str:
    secret = "" if factor.confirmed_at else factor.secret
    picture = picture_of(user.login, secret) if secret else ""
    return render_template("auth/code.html", wrong=wrong, secret=secret, picture=picture)
